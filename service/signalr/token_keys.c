/* SPDX-License-Identifier: MIT */
#include "service/signalr/token_keys.h"

static struct bytes
purpose_name(enum token_purpose purpose)
{
    return (purpose == TOKEN_GROUPS) ? BYTES("SignalR.Groups.v1.1")
                                     : BYTES("SignalR.ConnectionToken");
}

static enum status
derive(struct token_keys *keys, const uint8_t secret[TOKEN_KEYS_SECRET_BYTES])
{
    for (int purpose = 0; purpose < TOKEN_PURPOSES; purpose++) {
        enum status status = crypto_derive_key(bytes_from(secret, TOKEN_KEYS_SECRET_BYTES),
                                               purpose_name((enum token_purpose)purpose),
                                               keys->keys[keys->count][purpose]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    keys->count++;
    return STATUS_OK;
}

enum status
token_keys_set(struct token_keys *keys, size_t count,
               const uint8_t (*secrets)[TOKEN_KEYS_SECRET_BYTES])
{
    struct token_keys fresh = {0};
    enum status status = (count > 0) ? STATUS_OK : STATUS_INVALID;

    for (size_t i = 0; i < count && i < TOKEN_KEYS_MAX && status == STATUS_OK; i++) {
        status = derive(&fresh, secrets[i]);
    }
    if (status == STATUS_OK) {
        *keys = fresh;
    }
    token_keys_deinit(&fresh);
    return status;
}

void
token_keys_deinit(struct token_keys *keys)
{
    crypto_wipe(keys, sizeof(*keys));
}

enum status
token_keys_seal(const struct token_keys *keys, enum token_purpose purpose, struct bytes app_key,
                struct bytes plain, struct buffer *out)
{
    struct buffer sealed;
    enum status status;

    if (keys->count == 0) {
        return STATUS_INVALID;
    }
    buffer_init(&sealed, plain.length + CRYPTO_SEAL_OVERHEAD_BYTES);
    status = crypto_seal(keys->keys[0][purpose], app_key, plain, &sealed);
    if (status == STATUS_OK) {
        size_t before = out->length;
        status = crypto_base64url_encode(buffer_bytes(&sealed), out);
        if (status != STATUS_OK) {
            buffer_truncate(out, before);
        }
    }
    buffer_deinit(&sealed);
    return status;
}

enum status
token_keys_open(const struct token_keys *keys, enum token_purpose purpose, struct bytes app_key,
                struct bytes token, struct buffer *plain)
{
    struct buffer sealed;
    enum status status;

    buffer_clear(plain);
    buffer_init(&sealed, plain->limit_bytes + CRYPTO_SEAL_OVERHEAD_BYTES);
    if (token.length / 4 * 3 > sealed.limit_bytes) {
        return STATUS_INVALID;
    }
    status = crypto_base64_decode(token, &sealed);
    if (status == STATUS_OK) {
        status = STATUS_INVALID;
        for (size_t i = 0; i < keys->count && status == STATUS_INVALID; i++) {
            status = crypto_open(keys->keys[i][purpose], app_key, buffer_bytes(&sealed), plain);
        }
    }
    buffer_deinit(&sealed);
    return (status == STATUS_LIMIT) ? STATUS_INVALID : status;
}
