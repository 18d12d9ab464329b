/* SPDX-License-Identifier: MIT */
/* Goal of this test: a connection token proves id, user and app, and nothing else passes for one
 * (T17, T18). */
#include "service/signalr/connection_token.h"
#include "service/signalr/groups_token.h"
#include "tests/support/test.h"

#include <string.h>

static const uint8_t secrets[3][TOKEN_KEYS_SECRET_BYTES] = {{1}, {2}, {3}};

static struct token_keys
keys_of(size_t first, size_t count)
{
    struct token_keys keys = {0};

    assert_status(token_keys_set(&keys, count, &secrets[first]), STATUS_OK);
    return keys;
}

/* The token of that user, in ${out}. */
static struct bytes
seal(const struct token_keys *keys, const char *id, const char *user, struct buffer *out)
{
    buffer_init(out, 4096);
    assert_status(connection_token_seal(keys, BYTES("ChatApp"), bytes_from_string(id),
                                        bytes_from_string(user), out),
                  STATUS_OK);
    return buffer_bytes(out);
}

static void
assert_opens(const struct token_keys *keys, struct bytes text, const char *id, const char *user)
{
    struct connection_token token;

    assert_status(connection_token_open(keys, BYTES("ChatApp"), text, &token), STATUS_OK);
    assert_bytes(token.id, bytes_from_string(id));
    assert_bytes(token.user, bytes_from_string(user));
    connection_token_deinit(&token);
}

static void
assert_refused(const struct token_keys *keys, const char *app, struct bytes text)
{
    struct connection_token token;

    assert_status(connection_token_open(keys, bytes_from_string(app), text, &token),
                  STATUS_INVALID);
}

static void
id_and_user_come_back(void **state)
{
    struct token_keys keys = keys_of(0, 1);
    struct buffer text;

    (void)state;
    assert_opens(&keys, seal(&keys, "d1f3a3a0-7a3e", "ann", &text), "d1f3a3a0-7a3e", "ann");
    buffer_deinit(&text);
    assert_opens(&keys, seal(&keys, "id", "", &text), "id", "");
    buffer_deinit(&text);
    assert_opens(&keys, seal(&keys, "id", "DOMAIN:ann:b", &text), "id", "DOMAIN:ann:b");
    buffer_deinit(&text);
    assert_opens(&keys, seal(&keys, "id", "J\xC3\xBCrgen", &text), "id", "J\xC3\xBCrgen");
    buffer_deinit(&text);
}

static void
the_text_needs_no_escaping(void **state)
{
    struct token_keys keys = keys_of(0, 1);
    struct buffer text, escaped;

    (void)state;
    seal(&keys, "d1f3a3a0-7a3e-4c55-9d1e-2f8c0b6c9e11", "some user", &text);
    buffer_init(&escaped, 4096);
    buffer_append_url_encoded(&escaped, buffer_bytes(&text));
    assert_bytes(buffer_bytes(&escaped), buffer_bytes(&text));
    buffer_deinit(&escaped);
    buffer_deinit(&text);
}

static void
every_flipped_or_missing_byte_is_noticed(void **state)
{
    struct token_keys keys = keys_of(0, 1);
    struct buffer text;

    (void)state;
    seal(&keys, "id", "ann", &text);
    for (size_t i = 0; i < text.length; i++) {
        uint8_t before = text.data[i];
        text.data[i] = (before == 'A') ? 'Q' : 'A';
        assert_refused(&keys, "ChatApp", buffer_bytes(&text));
        text.data[i] = before;
        assert_refused(&keys, "ChatApp", bytes_slice(buffer_bytes(&text), 0, i));
    }
    buffer_deinit(&text);
}

static void
junk_is_refused(void **state)
{
    struct token_keys keys = keys_of(0, 1);
    struct token_keys none = {0};
    struct buffer large;

    (void)state;
    assert_refused(&keys, "ChatApp", BYTES_NONE);
    assert_refused(&keys, "ChatApp", BYTES(""));
    assert_refused(&keys, "ChatApp", BYTES("junk"));
    assert_refused(&keys, "ChatApp", BYTES("%%%\0\xFF"));
    assert_refused(&none, "ChatApp", BYTES("junk"));
    buffer_init(&large, 1000000);
    memset(buffer_reserve(&large, 1000000), 'A', 1000000);
    buffer_commit(&large, 1000000);
    assert_refused(&keys, "ChatApp", buffer_bytes(&large));
    buffer_deinit(&large);
}

static void
keys_rotate(void **state)
{
    struct token_keys before = keys_of(1, 1);
    struct token_keys during = keys_of(0, 2); /* 0 is current, 1 the previous one */
    struct token_keys after = keys_of(0, 1);
    struct buffer old, fresh;

    (void)state;
    seal(&before, "id", "ann", &old);
    seal(&during, "id", "ann", &fresh);
    assert_opens(&during, buffer_bytes(&old), "id", "ann");
    assert_opens(&after, buffer_bytes(&fresh), "id", "ann");
    assert_refused(&after, "ChatApp", buffer_bytes(&old));
    assert_refused(&before, "ChatApp", buffer_bytes(&fresh));
    buffer_deinit(&old);
    buffer_deinit(&fresh);
}

static void
an_update_without_secrets_changes_nothing(void **state)
{
    struct token_keys keys = keys_of(0, 1);
    struct buffer text;

    (void)state;
    assert_status(token_keys_set(&keys, 0, NULL), STATUS_INVALID);
    assert_opens(&keys, seal(&keys, "id", "ann", &text), "id", "ann");
    token_keys_deinit(&keys);
    assert_refused(&keys, "ChatApp", buffer_bytes(&text));
    buffer_deinit(&text);
}

static void
a_token_is_of_one_app(void **state)
{
    struct token_keys keys = keys_of(0, 1);
    struct buffer text;

    (void)state;
    seal(&keys, "id", "ann", &text);
    assert_refused(&keys, "OtherApp", buffer_bytes(&text));
    buffer_deinit(&text);
}

static void
a_groups_token_is_no_connection_token(void **state)
{
    struct token_keys keys = keys_of(0, 1);
    struct groups_token groups;
    struct buffer text;

    (void)state;
    buffer_init(&text, 4096);
    assert_status(groups_token_seal(&keys, BYTES("ChatApp"), BYTES("id"), NULL, 0, &text),
                  STATUS_OK);
    assert_refused(&keys, "ChatApp", buffer_bytes(&text));
    buffer_deinit(&text);
    seal(&keys, "id", "[]", &text);
    assert_status(groups_token_open(&keys, BYTES("ChatApp"), BYTES("id"), buffer_bytes(&text),
                                    &groups),
                  STATUS_INVALID);
    buffer_deinit(&text);
}

static void
what_cannot_be_sealed_is_refused(void **state)
{
    struct token_keys keys = keys_of(0, 1);
    struct token_keys none = {0};
    uint8_t long_text[CONNECTION_TOKEN_USER_BYTES_MAX + 1];
    struct bytes too_long = bytes_from(long_text, sizeof(long_text));
    struct bytes longest = bytes_from(long_text, CONNECTION_TOKEN_USER_BYTES_MAX);
    struct bytes app = BYTES("ChatApp");
    struct buffer text;

    (void)state;
    memset(long_text, 'u', sizeof(long_text));
    buffer_init(&text, 4096);
    assert_status(connection_token_seal(&keys, app, BYTES(""), BYTES("u"), &text), STATUS_INVALID);
    assert_status(connection_token_seal(&keys, app, BYTES("a:b"), BYTES("u"), &text),
                  STATUS_INVALID);
    assert_status(connection_token_seal(&keys, app, BYTES("a|b"), BYTES("u"), &text),
                  STATUS_INVALID);
    assert_status(connection_token_seal(&none, app, BYTES("id"), BYTES("u"), &text),
                  STATUS_INVALID);
    assert_status(connection_token_seal(&keys, app, BYTES("id"), too_long, &text), STATUS_LIMIT);
    assert_status(connection_token_seal(&keys, app, too_long, BYTES("u"), &text), STATUS_LIMIT);
    assert_int_equal(text.length, 0);
    assert_status(connection_token_seal(&keys, app, BYTES("id"), longest, &text), STATUS_OK);
    buffer_deinit(&text);
    buffer_init(&text, 10);
    assert_status(connection_token_seal(&keys, app, BYTES("id"), BYTES("u"), &text), STATUS_LIMIT);
    assert_int_equal(text.length, 0);
    buffer_deinit(&text);
}

static void
users_compare_without_ascii_case(void **state)
{
    (void)state;
    assert_true(connection_token_user_matches(BYTES("Ann"), BYTES("aNN")));
    assert_true(connection_token_user_matches(BYTES(""), BYTES_NONE));
    assert_true(connection_token_user_matches(BYTES("J\xC3\xBCrgen"), BYTES("j\xC3\xBCRGEN")));
    assert_false(connection_token_user_matches(BYTES("J\xC3\xBCrgen"), BYTES("J\xC3\x9CRGEN")));
    assert_false(connection_token_user_matches(BYTES("ann"), BYTES("")));
    assert_false(connection_token_user_matches(BYTES("ann"), BYTES("anna")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(id_and_user_come_back),
        cmocka_unit_test(the_text_needs_no_escaping),
        cmocka_unit_test(every_flipped_or_missing_byte_is_noticed),
        cmocka_unit_test(junk_is_refused),
        cmocka_unit_test(keys_rotate),
        cmocka_unit_test(an_update_without_secrets_changes_nothing),
        cmocka_unit_test(a_token_is_of_one_app),
        cmocka_unit_test(a_groups_token_is_no_connection_token),
        cmocka_unit_test(what_cannot_be_sealed_is_refused),
        cmocka_unit_test(users_compare_without_ascii_case),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
