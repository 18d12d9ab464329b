/* SPDX-License-Identifier: MIT */
/* test_certificates: throw-away farms and certificates in memory, good ones and bad ones. */
#ifndef HUBPLANE_TESTS_SUPPORT_TEST_CERTIFICATES_H
#define HUBPLANE_TESTS_SUPPORT_TEST_CERTIFICATES_H

#include "common/base/bytes.h"

/* The CA of a farm. */
struct test_authority;

/* Zero-initialised but for the name: a node that may open no app, valid for an hour. */
struct test_certificate {
    const char *name;
    bool is_bridge;
    bool has_no_role;      /* no hubplane URI at all */
    const char *uris[8];   /* more URIs, as they are */
    const char *host_name; /* an alternative name, DNS or IP address; NULL = none */
    int64_t from_s;        /* relative to now; 0 = an hour ago */
    int64_t until_s;       /* relative to now; 0 = in an hour; negative = has expired */
};

/** test_authority_new(name): A new farm; aborts the program when OpenSSL fails, as all here. */
struct test_authority *test_authority_new(const char *name);
void test_authority_free(struct test_authority *authority);
/** The CA's certificate. Lives as long as ${authority}. */
struct bytes test_authority_pem(const struct test_authority *authority);
/** test_authority_issue(authority, wanted, out): Append a credential file: certificate, key, CA. */
void test_authority_issue(struct test_authority *authority, const struct test_certificate *wanted,
                          struct buffer *out);

#endif
