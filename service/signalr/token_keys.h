/* SPDX-License-Identifier: MIT */
/* token_keys: the keys that seal an app's connection and groups tokens, derived from its token
 * secrets. */
#ifndef HUBPLANE_SERVICE_TOKEN_KEYS_H
#define HUBPLANE_SERVICE_TOKEN_KEYS_H

#include "common/base/crypto.h"

enum { TOKEN_KEYS_MAX = 4, TOKEN_KEYS_SECRET_BYTES = 32 };

/* What a token is for; part of its key, so that one kind is never accepted as the other. */
enum token_purpose { TOKEN_CONNECTION, TOKEN_GROUPS, TOKEN_PURPOSES };

/* Zero-initialised means: no keys yet, nothing can be sealed or opened. */
struct token_keys {
    size_t count; /* the current one first, then those still accepted */
    uint8_t keys[TOKEN_KEYS_MAX][TOKEN_PURPOSES][CRYPTO_KEY_BYTES];
};

/**
 * token_keys_set(keys, count, secrets):
 * Replace all keys by those of ${secrets} (current first), as backplane_port's on_secrets hands
 * them out. Secrets after the first TOKEN_KEYS_MAX are ignored. May be called on zeroed memory.
 *   Returns:  OK;  INVALID - no secrets: the keys are unchanged;  NO_MEMORY - likewise.
 */
MUST_CHECK enum status token_keys_set(struct token_keys *keys, size_t count,
                                      const uint8_t (*secrets)[TOKEN_KEYS_SECRET_BYTES]);
/** Wipe. */
void token_keys_deinit(struct token_keys *keys);

/**
 * token_keys_seal(keys, purpose, app_key, plain, out):
 * Append ${plain}, encrypted and authenticated together with ${app_key} (the app's Redis key), as
 * base64url text: needs no escaping in URLs or JSON.
 *   Returns:  OK;  INVALID - no keys yet;  LIMIT, NO_MEMORY - of ${out}, which is then unchanged.
 */
MUST_CHECK enum status token_keys_seal(const struct token_keys *keys, enum token_purpose purpose,
                                       struct bytes app_key, struct bytes plain,
                                       struct buffer *out);
/**
 * token_keys_open(keys, purpose, app_key, token, plain):
 * The reverse, with each key in turn: replaces the content of ${plain}, whose limit bounds the
 * work.
 *   Returns:  OK;  INVALID - not sealed for this purpose and app with any of the keys, or longer than
 *             ${plain} may hold;  NO_MEMORY.
 */
MUST_CHECK enum status token_keys_open(const struct token_keys *keys, enum token_purpose purpose,
                                       struct bytes app_key, struct bytes token,
                                       struct buffer *plain);

#endif
