/* SPDX-License-Identifier: MIT */
/* crypto: the few primitives the project needs, all of them OpenSSL's. */
#ifndef HUBPLANE_BASE_CRYPTO_H
#define HUBPLANE_BASE_CRYPTO_H

#include "common/base/bytes.h"

enum { CRYPTO_KEY_BYTES = 32, CRYPTO_GUID_TEXT_BYTES = 36, CRYPTO_SEAL_OVERHEAD_BYTES = 12 + 16 };

/** Random bytes of the operating system's quality; aborts if there are none. Any thread. */
void crypto_random(void *out, size_t length);
/** Overwrite a secret in a way the compiler keeps. */
void crypto_wipe(void *secret, size_t length);
/** Constant time in ${length}. */
bool crypto_equal(const void *left, const void *right, size_t length);
/** A random GUID (version 4) as 36 lower-case characters plus terminator. */
void crypto_guid(char out[CRYPTO_GUID_TEXT_BYTES + 1]);
/* Digests; they abort when OpenSSL cannot do them. Any thread. */
void crypto_sha1(struct bytes input, uint8_t out[20]);
void crypto_sha256(struct bytes input, uint8_t out[32]);
void crypto_hmac_sha256(struct bytes key, struct bytes input, uint8_t out[32]);
void crypto_hmac_sha512(struct bytes key, struct bytes input, uint8_t out[64]);
/** HKDF-SHA256 (RFC 5869) without salt: one key for one ${purpose} out of ${secret}, both at most
 *  256 bytes. OK;  INVALID - ${secret} is empty or one is too long;  NO_MEMORY. */
MUST_CHECK enum status crypto_derive_key(struct bytes secret, struct bytes purpose,
                                         uint8_t out[CRYPTO_KEY_BYTES]);
/** AES-256-GCM: append nonce(12) + ciphertext + tag(16) to ${out}. ${context} is only
 *  authenticated. OK, LIMIT or NO_MEMORY. */
MUST_CHECK enum status crypto_seal(const uint8_t key[CRYPTO_KEY_BYTES], struct bytes context,
                                   struct bytes plain, struct buffer *out);
/** The reverse: append the plain text to ${out}. INVALID when it was not sealed with this key and
 *  context; LIMIT, NO_MEMORY. */
MUST_CHECK enum status crypto_open(const uint8_t key[CRYPTO_KEY_BYTES], struct bytes context,
                                   struct bytes sealed, struct buffer *out);

/* A key others sign with: RSA of at least 2048 bits, or elliptic curve P-256. Never changed after
 * it is read, so that every thread may verify with it. */
struct crypto_public_key;
enum crypto_key_kind { CRYPTO_KEY_RSA, CRYPTO_KEY_P256 };
/** Read "PUBLIC KEY" or the key of a "CERTIFICATE" from PEM text; free it with
 *  crypto_public_key_free(). OK;  INVALID - neither, or another or a weaker kind of key;
 *  NO_MEMORY. */
MUST_CHECK enum status crypto_public_key_read(struct bytes pem, struct crypto_public_key **out);
void crypto_public_key_free(struct crypto_public_key *key);
enum crypto_key_kind crypto_public_key_kind(const struct crypto_public_key *key);
/** Whether ${signature} over the SHA-256 of ${input} is this key's: PKCS #1 v1.5 for RSA, the
 *  64 bytes r and s for P-256 (RFC 7518 sections 3.3 and 3.4). Any thread. */
bool crypto_public_key_verify(const struct crypto_public_key *key, struct bytes input,
                              struct bytes signature);

/* Base64: all or nothing is appended to ${out}. OK, LIMIT or NO_MEMORY. */
/** Standard alphabet with padding. */
enum status crypto_base64_encode(struct bytes input, struct buffer *out);
/** URL alphabet without padding (RFC 4648 section 5). */
enum status crypto_base64url_encode(struct bytes input, struct buffer *out);
/** Accepts both alphabets, with or without padding; INVALID otherwise. */
MUST_CHECK enum status crypto_base64_decode(struct bytes input, struct buffer *out);

#endif
