/* SPDX-License-Identifier: MIT */
#include "tests/unit/identity/jwt_signer.h"

#include "common/base/crypto.h"
#include "tests/support/test.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

struct jwt_signer {
    EVP_PKEY *key; /* NULL: the secret */
    bool is_elliptic;
    bool is_long; /* SHA-512 */
    struct bytes secret;
};

struct jwt_signer *
jwt_signer_new(const char *algorithm, struct bytes secret)
{
    struct jwt_signer *signer = calloc(1, sizeof(*signer));

    assert_non_null(signer);
    signer->secret = secret;
    signer->is_elliptic = strcmp(algorithm, "ES256") == 0;
    signer->is_long = strcmp(algorithm, "HS512") == 0;
    if (signer->is_elliptic) {
        signer->key = EVP_EC_gen("P-256");
        assert_non_null(signer->key);
    } else if (strcmp(algorithm, "RS256") == 0) {
        signer->key = EVP_RSA_gen(2048);
        assert_non_null(signer->key);
    }
    return signer;
}

void
jwt_signer_free(struct jwt_signer *signer)
{
    if (signer != NULL) {
        EVP_PKEY_free(signer->key);
        free(signer);
    }
}

void
jwt_signer_public_key(const struct jwt_signer *signer, struct buffer *pem)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;

    assert_non_null(bio);
    assert_int_equal(PEM_write_bio_PUBKEY(bio, signer->key), 1);
    long length = BIO_get_mem_data(bio, &text);
    buffer_clear(pem);
    assert_status(buffer_append(pem, bytes_from(text, (size_t)length)), STATUS_OK);
    BIO_free(bio);
}

/* r and s of a DER signature as 32 bytes each. */
static size_t
flatten(uint8_t *signature, size_t length)
{
    const uint8_t *der = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)length);

    assert_non_null(pair);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32), 32);
    ECDSA_SIG_free(pair);
    return 64;
}

void
jwt_signer_sign(const struct jwt_signer *signer, struct bytes header, struct bytes claims,
                struct buffer *token)
{
    uint8_t signature[512];
    size_t length = sizeof(signature);

    buffer_clear(token);
    crypto_base64url_encode(header, token);
    buffer_append_byte(token, '.');
    crypto_base64url_encode(claims, token);
    if (signer->key == NULL) {
        length = signer->is_long ? 64 : 32;
        (signer->is_long ? crypto_hmac_sha512 : crypto_hmac_sha256)(signer->secret,
                                                                    buffer_bytes(token), signature);
    } else {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, signer->key), 1);
        assert_int_equal(EVP_DigestSign(context, signature, &length, token->data, token->length),
                         1);
        EVP_MD_CTX_free(context);
        length = signer->is_elliptic ? flatten(signature, length) : length;
    }
    buffer_append_byte(token, '.');
    crypto_base64url_encode(bytes_from(signature, length), token);
    assert_status(token->status, STATUS_OK);
}
