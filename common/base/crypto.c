/* SPDX-License-Identifier: MIT */
#include "common/base/crypto.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NONCE_BYTES = 12, TAG_BYTES = 16 };

/* For primitives that cannot fail but for lack of memory or a broken OpenSSL: going on without them
 * would be worse than stopping. */
static void
require(bool is_done)
{
    if (!is_done) {
        fputs("crypto: a primitive of OpenSSL failed\n", stderr);
        abort();
    }
}

/* OpenSSL takes lengths as int. */
static bool
fits_int(struct bytes bytes)
{
    return bytes.length <= INT_MAX - 64;
}

void
crypto_random(void *out, size_t length)
{
    uint8_t *next = out;

    while (length > 0) {
        int chunk = length > 65536 ? 65536 : (int)length;

        require(RAND_bytes(next, chunk) == 1);
        next += chunk;
        length -= (size_t)chunk;
    }
}

void
crypto_wipe(void *secret, size_t length)
{
    if (length > 0) {
        OPENSSL_cleanse(secret, length);
    }
}

bool
crypto_equal(const void *left, const void *right, size_t length)
{
    return length == 0 || CRYPTO_memcmp(left, right, length) == 0;
}

void
crypto_guid(char out[CRYPTO_GUID_TEXT_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t random[16];
    size_t used = 0;

    crypto_random(random, sizeof(random));
    random[6] = (uint8_t)((random[6] & 0x0F) | 0x40); /* version 4 */
    random[8] = (uint8_t)((random[8] & 0x3F) | 0x80); /* the variant of RFC 9562 */
    for (size_t i = 0; i < sizeof(random); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out[used++] = '-';
        }
        out[used++] = digits[random[i] >> 4];
        out[used++] = digits[random[i] & 15];
    }
    out[used] = '\0';
}

void
crypto_sha1(struct bytes input, uint8_t out[20])
{
    require(EVP_Digest(input.data, input.length, out, NULL, EVP_sha1(), NULL) == 1);
}

void
crypto_sha256(struct bytes input, uint8_t out[32])
{
    require(EVP_Digest(input.data, input.length, out, NULL, EVP_sha256(), NULL) == 1);
}

static void
hmac(const EVP_MD *digest, struct bytes key, struct bytes input, uint8_t *out)
{
    /* A NULL key would mean "the key of the last call". */
    const void *key_data = key.length == 0 ? (const void *)"" : key.data;

    require(fits_int(key) &&
            HMAC(digest, key_data, (int)key.length, input.data, input.length, out, NULL) != NULL);
}

void
crypto_hmac_sha256(struct bytes key, struct bytes input, uint8_t out[32])
{
    hmac(EVP_sha256(), key, input, out);
}

void
crypto_hmac_sha512(struct bytes key, struct bytes input, uint8_t out[64])
{
    hmac(EVP_sha512(), key, input, out);
}

enum status
crypto_derive_key(struct bytes secret, struct bytes purpose, uint8_t out[CRYPTO_KEY_BYTES])
{
    enum status status = STATUS_NO_MEMORY;
    char digest[] = "SHA256";
    EVP_KDF *kdf;
    EVP_KDF_CTX *context;
    OSSL_PARAM params[4];
    uint8_t secret_copy[256];
    uint8_t purpose_copy[256];

    if (secret.length == 0 || secret.length > sizeof(secret_copy) ||
        purpose.length > sizeof(purpose_copy)) {
        return STATUS_INVALID;
    }
    /* OSSL_PARAM wants pointers that are not const, so it gets copies. */
    memcpy(secret_copy, secret.data, secret.length);
    if (purpose.length > 0) {
        memcpy(purpose_copy, purpose.data, purpose.length);
    }
    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    if (kdf == NULL) {
        goto wipe_copy;
    }
    context = EVP_KDF_CTX_new(kdf);
    if (context == NULL) {
        goto free_kdf;
    }
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret_copy, secret.length);
    params[2] =
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, purpose_copy, purpose.length);
    params[3] = OSSL_PARAM_construct_end();
    if (EVP_KDF_derive(context, out, CRYPTO_KEY_BYTES, params) == 1) {
        status = STATUS_OK;
    }
    EVP_KDF_CTX_free(context);
free_kdf:
    EVP_KDF_free(kdf);
wipe_copy:
    crypto_wipe(secret_copy, sizeof(secret_copy));
    return status;
}

/* OpenSSL does not like an update with no bytes. */
static bool
add_context(EVP_CIPHER_CTX *cipher, struct bytes context)
{
    int length;

    return context.length == 0 ||
           EVP_CipherUpdate(cipher, NULL, &length, context.data, (int)context.length) == 1;
}

static bool
transform(EVP_CIPHER_CTX *cipher, struct bytes input, uint8_t *out)
{
    int length;

    return input.length == 0 ||
           EVP_CipherUpdate(cipher, out, &length, input.data, (int)input.length) == 1;
}

static bool
start_cipher(EVP_CIPHER_CTX *cipher, const uint8_t *key, const uint8_t *nonce, bool is_sealing)
{
    return EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), NULL, key, nonce, is_sealing ? 1 : 0) == 1;
}

enum status
crypto_seal(const uint8_t key[CRYPTO_KEY_BYTES], struct bytes context, struct bytes plain,
            struct buffer *out)
{
    enum status status = STATUS_NO_MEMORY;
    EVP_CIPHER_CTX *cipher;
    uint8_t *nonce, *sealed, *tag;
    int length;

    if (!fits_int(context) || !fits_int(plain)) {
        return STATUS_LIMIT;
    }
    nonce = buffer_reserve(out, CRYPTO_SEAL_OVERHEAD_BYTES + plain.length);
    if (nonce == NULL) {
        return out->status;
    }
    sealed = nonce + NONCE_BYTES;
    tag = sealed + plain.length;
    crypto_random(nonce, NONCE_BYTES);
    cipher = EVP_CIPHER_CTX_new();
    if (cipher != NULL && start_cipher(cipher, key, nonce, true) && add_context(cipher, context) &&
        transform(cipher, plain, sealed) && EVP_CipherFinal_ex(cipher, tag, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1) {
        buffer_commit(out, CRYPTO_SEAL_OVERHEAD_BYTES + plain.length);
        status = STATUS_OK;
    }
    EVP_CIPHER_CTX_free(cipher);
    return status;
}

enum status
crypto_open(const uint8_t key[CRYPTO_KEY_BYTES], struct bytes context, struct bytes sealed,
            struct buffer *out)
{
    enum status status = STATUS_INVALID;
    EVP_CIPHER_CTX *cipher;
    struct bytes body;
    uint8_t tag[TAG_BYTES];
    uint8_t *plain;
    int length;

    if (sealed.length < CRYPTO_SEAL_OVERHEAD_BYTES || !fits_int(sealed) || !fits_int(context)) {
        return STATUS_INVALID;
    }
    body = bytes_slice(sealed, NONCE_BYTES, sealed.length - CRYPTO_SEAL_OVERHEAD_BYTES);
    memcpy(tag, sealed.data + sealed.length - TAG_BYTES, TAG_BYTES);
    plain = buffer_reserve(out, body.length);
    if (plain == NULL) {
        return out->status;
    }
    cipher = EVP_CIPHER_CTX_new();
    if (cipher == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (start_cipher(cipher, key, sealed.data, false) && add_context(cipher, context) &&
        transform(cipher, body, plain) &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1 &&
        EVP_CipherFinal_ex(cipher, plain + body.length, &length) == 1) {
        buffer_commit(out, body.length);
        status = STATUS_OK;
    } else {
        crypto_wipe(plain, body.length); /* never let out what was not authentic */
    }
    EVP_CIPHER_CTX_free(cipher);
    return status;
}
