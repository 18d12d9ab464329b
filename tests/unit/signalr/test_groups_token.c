/* SPDX-License-Identifier: MIT */
/* Goal of this test: a groups token gives a connection its own groups back, whatever their names
 * (T22, T46, T47, T62). */
#include "service/signalr/groups_token.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define APP BYTES("ChatApp")
#define ID  BYTES("d1f3a3a0-7a3e-4c55-9d1e-2f8c0b6c9e11")

static struct token_keys keys;

static int
make_keys(void **state)
{
    static const uint8_t secrets[1][TOKEN_KEYS_SECRET_BYTES] = {{42}};

    (void)state;
    return token_keys_set(&keys, 1, secrets) == STATUS_OK ? 0 : -1;
}

static void
names_come_back_in_order(void **state)
{
    const struct bytes groups[] = {
        BYTES("ChatHub.group$&+,/:;=?@[]1"),
        BYTES("ChatHub.a\"b\\c"),
        BYTES("ChatHub.<script>\r\n"),
        BYTES("My.Name.Type.r|1"),
        BYTES("ChatHub."),
        BYTES("ChatHub.\xE2\x82\xAC\xF0\x9F\x98\x80"),
    };
    enum { COUNT = sizeof(groups) / sizeof(groups[0]) };
    struct groups_token token;
    struct buffer text;

    (void)state;
    buffer_init(&text, 4096);
    assert_true(groups_token_fits(ID, groups, COUNT));
    assert_status(groups_token_seal(&keys, APP, ID, groups, COUNT, &text), STATUS_OK);
    assert_status(groups_token_open(&keys, APP, ID, buffer_bytes(&text), &token), STATUS_OK);
    assert_int_equal(token.count, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        assert_bytes(token.groups[i], groups[i]);
    }
    groups_token_deinit(&token);
    buffer_deinit(&text);
}

static void
no_groups_are_a_token_too(void **state)
{
    struct groups_token token;
    struct buffer text;

    (void)state;
    buffer_init(&text, 4096);
    assert_status(groups_token_seal(&keys, APP, ID, NULL, 0, &text), STATUS_OK);
    assert_true(text.length > 0);
    assert_status(groups_token_open(&keys, APP, ID, buffer_bytes(&text), &token), STATUS_OK);
    assert_int_equal(token.count, 0);
    groups_token_deinit(&token);
    buffer_deinit(&text);
}

static void
assert_no_groups(struct bytes app, struct bytes id, struct bytes text)
{
    struct groups_token token;

    assert_status(groups_token_open(&keys, app, id, text, &token), STATUS_INVALID);
    assert_int_equal(token.count, 0);
    assert_null(token.groups);
    groups_token_deinit(&token);
}

static void
others_cannot_use_it(void **state)
{
    const struct bytes group = BYTES("ChatHub.room1");
    struct groups_token token;
    struct buffer text;

    (void)state;
    buffer_init(&text, 4096);
    assert_status(groups_token_seal(&keys, APP, ID, &group, 1, &text), STATUS_OK);
    assert_no_groups(APP, BYTES("another-id"), buffer_bytes(&text));
    assert_no_groups(BYTES("OtherApp"), ID, buffer_bytes(&text));
    assert_no_groups(APP, ID, bytes_slice(buffer_bytes(&text), 0, text.length - 1));
    assert_no_groups(APP, ID, BYTES("forged"));
    assert_no_groups(APP, ID, BYTES(""));
    assert_no_groups(APP, ID, BYTES_NONE);
    assert_status(groups_token_open(&keys, APP, BYTES("D1F3A3A0-7A3E-4C55-9D1E-2F8C0B6C9E11"),
                                    buffer_bytes(&text), &token),
                  STATUS_OK);
    groups_token_deinit(&token);
    buffer_deinit(&text);
}

/* Seals any plain text as a groups token, which only a holder of the keys could do. */
static void
assert_plain_refused(const char *plain)
{
    struct buffer text;

    buffer_init(&text, 65536);
    assert_status(token_keys_seal(&keys, TOKEN_GROUPS, APP, bytes_from_string(plain), &text),
                  STATUS_OK);
    assert_no_groups(APP, BYTES("id"), buffer_bytes(&text));
    buffer_deinit(&text);
}

static void
strange_plain_texts_are_refused(void **state)
{
    (void)state;
    assert_plain_refused("");
    assert_plain_refused("id");
    assert_plain_refused("id:");
    assert_plain_refused("id:{}");
    assert_plain_refused("id:\"a\"");
    assert_plain_refused("id:[1]");
    assert_plain_refused("id:[\"a\",null]");
    assert_plain_refused("id:[\"a\"");
    assert_plain_refused("id:[\"\\ud800\"]");
}

static void
size_and_number_are_capped(void **state)
{
    struct bytes *groups = calloc(GROUPS_TOKEN_COUNT_MAX + 1, sizeof(groups[0]));
    char *long_name = calloc(1, GROUPS_TOKEN_PLAIN_BYTES_MAX);
    struct bytes too_long = bytes_from(long_name, GROUPS_TOKEN_PLAIN_BYTES_MAX);
    struct buffer text;

    (void)state;
    assert_non_null(groups);
    memset(long_name, 'n', GROUPS_TOKEN_PLAIN_BYTES_MAX);
    for (size_t i = 0; i <= GROUPS_TOKEN_COUNT_MAX; i++) {
        groups[i] = BYTES("H.");
    }
    buffer_init(&text, 65536);
    assert_status(groups_token_seal(&keys, APP, ID, groups, GROUPS_TOKEN_COUNT_MAX + 1, &text),
                  STATUS_LIMIT);
    assert_false(groups_token_fits(ID, groups, GROUPS_TOKEN_COUNT_MAX + 1));
    assert_true(groups_token_fits(ID, groups, GROUPS_TOKEN_COUNT_MAX));
    assert_status(groups_token_seal(&keys, APP, ID, &too_long, 1, &text), STATUS_LIMIT);
    assert_false(groups_token_fits(ID, &too_long, 1));
    assert_int_equal(text.length, 0);
    assert_status(groups_token_seal(&keys, APP, ID, groups, GROUPS_TOKEN_COUNT_MAX, &text),
                  STATUS_OK);
    assert_in_range(text.length, 1, 15 * 1024);
    buffer_deinit(&text);
    free(long_name);
    free(groups);
}

static void
a_name_that_is_not_utf8_is_refused(void **state)
{
    const struct bytes group = BYTES("ChatHub.\xFF");
    struct buffer text;

    (void)state;
    buffer_init(&text, 4096);
    assert_status(groups_token_seal(&keys, APP, ID, &group, 1, &text), STATUS_INVALID);
    assert_false(groups_token_fits(ID, &group, 1));
    buffer_deinit(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_come_back_in_order),
        cmocka_unit_test(no_groups_are_a_token_too),
        cmocka_unit_test(others_cannot_use_it),
        cmocka_unit_test(strange_plain_texts_are_refused),
        cmocka_unit_test(size_and_number_are_capped),
        cmocka_unit_test(a_name_that_is_not_utf8_is_refused),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
