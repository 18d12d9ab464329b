/* SPDX-License-Identifier: MIT */
#include "tests/support/test_certificates.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>

enum { HOUR_S = 3600, PEM_LIMIT_BYTES = 64 * 1024 };

struct test_authority {
    X509 *certificate;
    EVP_PKEY *key;
    long next_serial;
    struct buffer pem;
};

#define CHECK(expression)                                                    \
    do {                                                                     \
        if (!(expression)) {                                                 \
            fprintf(stderr, "test_certificates: failed: %s\n", #expression); \
            ERR_print_errors_fp(stderr);                                     \
            abort();                                                         \
        }                                                                    \
    } while (0)

static void
append_bio(BIO *bio, struct buffer *out)
{
    char *data;
    long length = BIO_get_mem_data(bio, &data);
    CHECK(buffer_append(out, bytes_from(data, (size_t)length)) == STATUS_OK);
    BIO_free(bio);
}

static void
append_certificate(X509 *certificate, struct buffer *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_X509(bio, certificate) == 1);
    append_bio(bio, out);
}

static void
append_key(EVP_PKEY *key, struct buffer *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
    append_bio(bio, out);
}

static void
add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    CHECK(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static X509 *
new_certificate(const char *name, long serial, EVP_PKEY *key, int64_t from_s, int64_t until_s)
{
    X509 *certificate = X509_new();
    X509_NAME *subject = X509_get_subject_name(certificate);
    CHECK(X509_set_version(certificate, 2) == 1);
    CHECK(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial) == 1);
    CHECK(X509_gmtime_adj(X509_getm_notBefore(certificate), (long)from_s) != NULL);
    CHECK(X509_gmtime_adj(X509_getm_notAfter(certificate), (long)until_s) != NULL);
    CHECK(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
                                     -1, 0) == 1);
    CHECK(X509_set_pubkey(certificate, key) == 1);
    return certificate;
}

struct test_authority *
test_authority_new(const char *name)
{
    struct test_authority *authority = calloc(1, sizeof *authority);
    CHECK(authority != NULL);
    buffer_init(&authority->pem, PEM_LIMIT_BYTES);
    authority->next_serial = 2;
    authority->key = EVP_EC_gen("P-256");
    CHECK(authority->key != NULL);
    X509 *certificate = new_certificate(name, 1, authority->key, -HOUR_S, HOUR_S);
    CHECK(X509_set_issuer_name(certificate, X509_get_subject_name(certificate)) == 1);
    add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    CHECK(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
    authority->certificate = certificate;
    append_certificate(certificate, &authority->pem);
    return authority;
}

void
test_authority_free(struct test_authority *authority)
{
    if (authority != NULL) {
        X509_free(authority->certificate);
        EVP_PKEY_free(authority->key);
        buffer_deinit(&authority->pem);
        free(authority);
    }
}

struct bytes
test_authority_pem(const struct test_authority *authority)
{
    return buffer_bytes(&authority->pem);
}

static void
add_name(GENERAL_NAMES *names, int type, const char *text)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *value = ASN1_IA5STRING_new();
    CHECK(name != NULL && value != NULL && ASN1_STRING_set(value, text, -1) == 1);
    GENERAL_NAME_set0_value(name, type, value);
    CHECK(sk_GENERAL_NAME_push(names, name) > 0);
}

static void
add_host(GENERAL_NAMES *names, const char *host)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);
    if (address == NULL) {
        ERR_clear_error();
        add_name(names, GEN_DNS, host);
        return;
    }
    GENERAL_NAME *name = GENERAL_NAME_new();
    CHECK(name != NULL);
    GENERAL_NAME_set0_value(name, GEN_IPADD, address);
    CHECK(sk_GENERAL_NAME_push(names, name) > 0);
}

static void
add_names(X509 *certificate, const struct test_certificate *wanted)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    char role[300];
    (void)snprintf(role, sizeof role, "hubplane:%s:%s", wanted->is_bridge ? "bridge" : "node",
                   wanted->name);
    if (!wanted->has_no_role) {
        add_name(names, GEN_URI, role);
    }
    for (size_t i = 0; i < sizeof wanted->uris / sizeof wanted->uris[0]; i++) {
        if (wanted->uris[i] != NULL) {
            add_name(names, GEN_URI, wanted->uris[i]);
        }
    }
    if (wanted->host_name != NULL) {
        add_host(names, wanted->host_name);
    }
    if (sk_GENERAL_NAME_num(names) > 0) {
        CHECK(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0) == 1);
    }
    GENERAL_NAMES_free(names);
}

void
test_authority_issue(struct test_authority *authority, const struct test_certificate *wanted,
                     struct buffer *out)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    CHECK(key != NULL);
    X509 *certificate = new_certificate(wanted->name, authority->next_serial++, key,
                                        wanted->from_s == 0 ? -HOUR_S : wanted->from_s,
                                        wanted->until_s == 0 ? HOUR_S : wanted->until_s);
    CHECK(X509_set_issuer_name(certificate, X509_get_subject_name(authority->certificate)) == 1);
    add_extension(certificate, authority->certificate, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate, authority->certificate, NID_ext_key_usage,
                  wanted->is_bridge ? "serverAuth,clientAuth" : "clientAuth");
    add_names(certificate, wanted);
    CHECK(X509_sign(certificate, authority->key, EVP_sha256()) > 0);
    append_certificate(certificate, out);
    append_key(key, out);
    CHECK(buffer_append(out, test_authority_pem(authority)) == STATUS_OK);
    X509_free(certificate);
    EVP_PKEY_free(key);
}
