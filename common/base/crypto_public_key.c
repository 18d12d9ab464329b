/* SPDX-License-Identifier: MIT */
/* Signatures of others. */
#include "common/base/crypto.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum {
    RSA_BITS_MIN = 2048,
    P256_HALF_BYTES = 32,
    P256_SIGNATURE_BYTES_MAX = 80, /* the DER of two such numbers, and some */
};

struct crypto_public_key {
    enum crypto_key_kind kind;
    EVP_PKEY *key;
};

static EVP_PKEY *
read_certificate(struct bytes pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
    EVP_PKEY *key = certificate == NULL ? NULL : X509_get_pubkey(certificate);

    X509_free(certificate);
    BIO_free(bio);
    return key;
}

static EVP_PKEY *
read_key(struct bytes pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return key != NULL ? key : read_certificate(pem);
}

static bool
is_p256(const EVP_PKEY *key)
{
    char group[32] = "";
    size_t length;

    return EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                          &length) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static enum status
find_kind(const EVP_PKEY *key, enum crypto_key_kind *kind)
{
    if (EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN) {
        *kind = CRYPTO_KEY_RSA;
        return STATUS_OK;
    }
    if (is_p256(key)) {
        *kind = CRYPTO_KEY_P256;
        return STATUS_OK;
    }
    return STATUS_INVALID;
}

enum status
crypto_public_key_read(struct bytes pem, struct crypto_public_key **out)
{
    enum status status = STATUS_INVALID;
    struct crypto_public_key *key;

    if (pem.length == 0 || pem.length > INT_MAX) {
        return STATUS_INVALID;
    }
    key = calloc(1, sizeof(*key));
    if (key == NULL) {
        return STATUS_NO_MEMORY;
    }
    key->key = read_key(pem);
    if (key->key != NULL) {
        status = find_kind(key->key, &key->kind);
    }
    ERR_clear_error(); /* whoever talks TLS on this thread looks at the queue */
    if (status != STATUS_OK) {
        crypto_public_key_free(key);
        return status;
    }
    *out = key;
    return STATUS_OK;
}

void
crypto_public_key_free(struct crypto_public_key *key)
{
    if (key != NULL) {
        EVP_PKEY_free(key->key);
        free(key);
    }
}

enum crypto_key_kind
crypto_public_key_kind(const struct crypto_public_key *key)
{
    return key->kind;
}

/* OpenSSL wants r and s in DER. Returns the length, 0 for no signature at all. */
static size_t
write_der(struct bytes signature, uint8_t out[P256_SIGNATURE_BYTES_MAX])
{
    ECDSA_SIG *pair;
    BIGNUM *r, *s;
    int length = 0;

    if (signature.length != 2 * P256_HALF_BYTES) {
        return 0;
    }
    pair = ECDSA_SIG_new();
    r = BN_bin2bn(signature.data, P256_HALF_BYTES, NULL);
    s = BN_bin2bn(signature.data + P256_HALF_BYTES, P256_HALF_BYTES, NULL);
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        uint8_t *next = out;
        r = s = NULL; /* the pair has them now */
        length = i2d_ECDSA_SIG(pair, &next);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return length > 0 ? (size_t)length : 0;
}

bool
crypto_public_key_verify(const struct crypto_public_key *key, struct bytes input,
                         struct bytes signature)
{
    uint8_t der[P256_SIGNATURE_BYTES_MAX];
    EVP_MD_CTX *context;
    bool is_valid;

    if (key->kind == CRYPTO_KEY_P256) {
        signature = bytes_from(der, write_der(signature, der));
    }
    if (signature.length == 0) {
        return false;
    }
    context = EVP_MD_CTX_new();
    /* RSA pads as PKCS #1 v1.5 unless told otherwise. */
    is_valid =
        context != NULL && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key->key) == 1 &&
        EVP_DigestVerify(context, signature.data, signature.length, input.data, input.length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_valid;
}
