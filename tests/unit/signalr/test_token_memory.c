/* SPDX-License-Identifier: MIT */
/* Goal of this test: whichever allocation fails while tokens are made and read, it says so and
 * leaks nothing. Not on Windows: there OpenSSL's own allocations would fail as well. */
#include "service/signalr/connection_token.h"
#include "service/signalr/groups_token.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/test.h"

static struct token_keys keys;

static enum status
use_connection_token(void)
{
    struct connection_token token;
    struct buffer text;
    enum status status;

    buffer_init(&text, 4096);
    status = connection_token_seal(&keys, BYTES("app"), BYTES("id"), BYTES("user"), &text);
    if (status == STATUS_OK) {
        status = connection_token_open(&keys, BYTES("app"), buffer_bytes(&text), &token);
    }
    if (status == STATUS_OK) {
        connection_token_deinit(&token);
    }
    buffer_deinit(&text);
    return status;
}

static enum status
use_groups_token(void)
{
    const struct bytes groups[] = {BYTES("H.a"), BYTES("H.b")};
    struct groups_token token;
    struct buffer text;
    enum status status;

    buffer_init(&text, 4096);
    status = groups_token_seal(&keys, BYTES("app"), BYTES("id"), groups, 2, &text);
    if (status == STATUS_OK) {
        status = groups_token_open(&keys, BYTES("app"), BYTES("id"), buffer_bytes(&text), &token);
    }
    if (status == STATUS_OK) {
        groups_token_deinit(&token);
    }
    buffer_deinit(&text);
    return status;
}

static void assert_survives(enum status (*try_it)(void))
{
    static const uint8_t secrets[1][TOKEN_KEYS_SECRET_BYTES] = {{7}};
    size_t n;

    assert_status(token_keys_set(&keys, 1, secrets), STATUS_OK);
    for (n = 0;; n++) {
        fail_alloc_at(n);
        enum status status = try_it();
        if (!fail_alloc_off()) {
            assert_status(status, STATUS_OK);
            break;
        }
        assert_status(status, STATUS_NO_MEMORY);
    }
    assert_true(n > 0);
}

static void
connection_tokens_survive(void **state)
{
    (void)state;
    assert_survives(use_connection_token);
}

static void
groups_tokens_survive(void **state)
{
    (void)state;
    assert_survives(use_groups_token);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connection_tokens_survive),
        cmocka_unit_test(groups_tokens_survive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
