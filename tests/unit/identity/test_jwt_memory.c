/* SPDX-License-Identifier: MIT */
/* Goal of this test: whichever allocation fails while a token is checked, it is not believed, and
 * nothing leaks. Not on Windows: there OpenSSL's own allocations would fail as well. */
#include "service/identity/jwt.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/test.h"
#include "tests/unit/identity/jwt_vectors.h"

static void
tokens_survive(void **state)
{
    struct crypto_public_key *key = NULL;
    struct jwt jwt = {0};
    size_t n;

    (void)state;
    for (n = 0;; n++) {
        fail_alloc_at(n);
        enum jwt_verdict verdict = JWT_UNAVAILABLE;
        enum status status = crypto_public_key_read(BYTES(JWT_VECTORS_ES256_KEY), &key);
        struct jwt_key keys[] = {{.public_key = key}};
        struct jwt_rules rules = {.keys = keys, .key_count = 1};
        if (status == STATUS_OK) {
            verdict = jwt_verify(BYTES(JWT_VECTORS_ES256_TOKEN), &rules, &jwt);
            jwt_deinit(&jwt);
            crypto_public_key_free(key);
        }
        if (!fail_alloc_off()) {
            assert_status(status, STATUS_OK);
            assert_int_equal(verdict, JWT_VALID);
            break;
        }
        assert_int_equal(verdict, JWT_UNAVAILABLE);
    }
    assert_true(n > 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_survive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
