/* SPDX-License-Identifier: MIT */
#include "bridge/authority/farm_certificate.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

enum { DAY_S = 24 * 3600, COMMON_NAME_MAX = 64, URI_MAX_BYTES = 4096 };

/* ---- PEM ---- */

static enum status
append_bio(BIO *bio, struct buffer *out)
{
    char *data = NULL;
    long length = BIO_get_mem_data(bio, &data);

    return length > 0 ? buffer_append(out, bytes_from(data, (size_t)length)) : STATUS_NO_MEMORY;
}

static enum status
append_certificate(X509 *certificate, struct buffer *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    enum status status = STATUS_NO_MEMORY;

    if (bio != NULL && PEM_write_bio_X509(bio, certificate) == 1) {
        status = append_bio(bio, out);
    }
    BIO_free(bio);
    return status;
}

static enum status
append_key(EVP_PKEY *key, struct buffer *out)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    enum status status = STATUS_NO_MEMORY;

    if (bio != NULL && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1) {
        status = append_bio(bio, out);
    }
    BIO_free(bio);
    return status;
}

static X509 *
read_certificate(struct bytes pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return certificate;
}

static EVP_PKEY *
read_key(struct bytes pem)
{
    BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.length);
    EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

    BIO_free(bio);
    return key;
}

/* ---- Parts of a certificate; each returns whether it worked ---- */

static bool
set_serial(X509 *certificate, struct farm_certificate *made)
{
    BIGNUM *number = BN_new();
    ASN1_INTEGER *serial = NULL;
    char *text = NULL;

    /* One bit less than the bytes hold, so that it is positive and has no leading zero byte. */
    if (number != NULL &&
        BN_rand(number, 8 * FARM_SERIAL_BYTES - 1, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1) {
        serial = BN_to_ASN1_INTEGER(number, NULL);
        text = BN_bn2hex(number);
    }
    bool is_set = serial != NULL && text != NULL && strlen(text) < sizeof(made->serial) &&
                  X509_set_serialNumber(certificate, serial) == 1;
    if (is_set) {
        memcpy(made->serial, text, strlen(text) + 1);
    }
    OPENSSL_free(text);
    ASN1_INTEGER_free(serial);
    BN_free(number);
    return is_set;
}

static bool
set_life(X509 *certificate, int64_t now_s, uint32_t days, struct farm_certificate *made)
{
    made->expires_s = now_s + (int64_t)days * DAY_S;
    return ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(now_s - DAY_S)) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)made->expires_s) != NULL;
}

static bool
set_subject(X509 *certificate, struct bytes name)
{
    struct bytes common_name = bytes_slice(name, 0, COMMON_NAME_MAX);
    X509_NAME *subject = X509_get_subject_name(certificate);

    return X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, common_name.data,
                                      (int)common_name.length, -1, 0) == 1;
}

static bool
add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX context;
    bool is_added;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    is_added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return is_added;
}

static bool
add_uri(GENERAL_NAMES *names, const char *prefix, struct bytes text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *value = ASN1_IA5STRING_new();
    struct buffer uri;
    bool is_added;

    buffer_init(&uri, URI_MAX_BYTES);
    (void)buffer_append_string(&uri, prefix);
    (void)buffer_append_url_encoded(&uri, text);
    is_added = name != NULL && value != NULL && uri.status == STATUS_OK &&
               ASN1_STRING_set(value, uri.data, (int)uri.length) == 1;
    if (is_added) {
        GENERAL_NAME_set0_value(name, GEN_URI, value);
        value = NULL;
        is_added = sk_GENERAL_NAME_push(names, name) > 0;
    }
    if (!is_added) {
        GENERAL_NAME_free(name);
        ASN1_IA5STRING_free(value);
    }
    buffer_deinit(&uri);
    return is_added;
}

/* The one name that is not a key and therefore not encoded. */
static bool
add_every_app(GENERAL_NAMES *names)
{
    return add_uri(names, "hubplane:app:*", BYTES(""));
}

static bool
add_identity(X509 *certificate, const struct farm_certificate_wanted *wanted)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    const char *role = wanted->is_bridge ? "hubplane:bridge:" : "hubplane:node:";
    bool is_added = names != NULL && add_uri(names, role, wanted->name);

    for (size_t i = 0; i < wanted->app_count; i++) {
        is_added = is_added && add_uri(names, "hubplane:app:", wanted->apps[i]);
    }
    if (wanted->app_count == 0) {
        is_added = is_added && add_every_app(names);
    }
    is_added = is_added && X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1;
    GENERAL_NAMES_free(names);
    return is_added;
}

/* ---- Whole certificates ---- */

static bool
begin(X509 *certificate, EVP_PKEY *key, struct bytes name, int64_t now_s, uint32_t days,
      struct farm_certificate *made)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate, made) &&
           set_life(certificate, now_s, days, made) && set_subject(certificate, name) &&
           X509_set_pubkey(certificate, key) == 1;
}

enum status
farm_certificate_new_authority(struct bytes name, int64_t now_s, struct buffer *certificate_pem,
                               struct buffer *key_pem)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    enum status status = STATUS_NO_MEMORY;
    struct farm_certificate made;

    if (key != NULL && certificate != NULL &&
        begin(certificate, key, name, now_s, FARM_CERTIFICATE_AUTHORITY_DAYS, &made) &&
        X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1 &&
        add_extension(certificate, certificate, NID_basic_constraints,
                      "critical,CA:TRUE,pathlen:0") &&
        add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(certificate, certificate, NID_subject_key_identifier, "hash") &&
        X509_sign(certificate, key, EVP_sha256()) > 0) {
        status = append_certificate(certificate, certificate_pem);
    }
    if (status == STATUS_OK) {
        status = append_key(key, key_pem);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return status;
}

static bool
build(X509 *certificate, EVP_PKEY *key, X509 *authority, EVP_PKEY *authority_key,
      const struct farm_certificate_wanted *wanted, struct farm_certificate *made)
{
    return begin(certificate, key, wanted->name, wanted->now_s, wanted->days, made) &&
           X509_set_issuer_name(certificate, X509_get_subject_name(authority)) == 1 &&
           add_extension(certificate, authority, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, authority, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, authority, NID_ext_key_usage, "clientAuth,serverAuth") &&
           add_extension(certificate, authority, NID_authority_key_identifier, "keyid") &&
           add_identity(certificate, wanted) &&
           X509_sign(certificate, authority_key, EVP_sha256()) > 0;
}

enum status
farm_certificate_issue(struct bytes authority_pem, struct bytes authority_key_pem,
                       const struct farm_certificate_wanted *wanted, struct buffer *out,
                       struct farm_certificate *made)
{
    X509 *authority = read_certificate(authority_pem);
    EVP_PKEY *authority_key = read_key(authority_key_pem);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    enum status status = STATUS_NO_MEMORY;

    if (authority == NULL || authority_key == NULL ||
        X509_check_private_key(authority, authority_key) != 1) {
        status = STATUS_INVALID;
    } else if (key != NULL && certificate != NULL &&
               build(certificate, key, authority, authority_key, wanted, made)) {
        status = append_certificate(certificate, out);
        if (status == STATUS_OK) {
            status = append_key(key, out);
        }
        if (status == STATUS_OK) {
            status = append_certificate(authority, out);
        }
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    EVP_PKEY_free(authority_key);
    X509_free(authority);
    ERR_clear_error();
    return status;
}
