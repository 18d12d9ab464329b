/* SPDX-License-Identifier: MIT */
/* Goal of this test: results, errors, progress and calls to clients have the members and order of
 * the reference (T55, T56, T57, T58, T59). */
#include "service/signalr/hub_message.h"
#include "tests/support/test.h"

static void
assert_result(const struct hub_message_result *result, const char *expected)
{
    struct buffer out;

    buffer_init(&out, 1000);
    assert_status(hub_message_append_result(&out, result), STATUS_OK);
    assert_bytes(buffer_bytes(&out), bytes_from_string(expected));
    buffer_deinit(&out);
}

static void
results_are_written(void **state)
{
    struct hub_message_result result = {.id = BYTES("3"), .value = BYTES("{\"ok\":true}")};

    (void)state;
    assert_result(&result, "{\"R\":{\"ok\":true},\"I\":\"3\"}");
    result.value = BYTES("[\r\n20.0]");
    assert_result(&result, "{\"R\":[  20.0],\"I\":\"3\"}");
    result = (struct hub_message_result){.id = BYTES("5"),
                                         .state = BYTES("{\"Company\":\"X\"}"),
                                         .value = BYTES("\"X\"")};
    assert_result(&result, "{\"S\":{\"Company\":\"X\"},\"R\":\"X\",\"I\":\"5\"}");
}

static void
void_and_null_are_omitted(void **state)
{
    struct hub_message_result result = {.id = BYTES("4")};

    (void)state;
    assert_result(&result, "{\"I\":\"4\"}");
    result.value = BYTES(" null ");
    assert_result(&result, "{\"I\":\"4\"}");
    result.value = BYTES("false");
    assert_result(&result, "{\"R\":false,\"I\":\"4\"}");
}

static void
an_id_is_text_or_null(void **state)
{
    struct hub_message_result result = {.id = BYTES_NONE};

    (void)state;
    assert_result(&result, "{\"I\":null}");
    result.id = BYTES("");
    assert_result(&result, "{\"I\":\"\"}");
    result.id = BYTES("a\"<\n");
    assert_result(&result, "{\"I\":\"a\\\"\\u003c\\n\"}");
}

static void
errors_are_written(void **state)
{
    struct hub_message_result result = {
        .id = BYTES("6"),
        .value = BYTES("1"),
        .error = BYTES("There was an error invoking Hub method 'chathub.Send'."),
        .error_data = BYTES("{\"code\":12}"),
    };

    (void)state;
    assert_result(&result,
                  "{\"I\":\"6\",\"E\":\"There was an error invoking Hub method 'chathub.Send'.\"}");
    result.error = BYTES("Not enough funds");
    result.is_hub_exception = true;
    assert_result(&result,
                  "{\"I\":\"6\",\"H\":true,\"E\":\"Not enough funds\",\"D\":{\"code\":12}}");
    result.error_data = BYTES("");
    result.error = BYTES("");
    assert_result(&result, "{\"I\":\"6\",\"H\":true,\"E\":\"\"}");
}

static void
progress_is_written(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    assert_status(hub_message_append_progress(&out, BYTES("3"), BYTES("40")), STATUS_OK);
    assert_text(buffer_bytes(&out), "{\"I\":\"P|3\",\"P\":{\"I\":\"3\",\"D\":40}}");
    buffer_clear(&out);
    assert_status(hub_message_append_progress(&out, BYTES("a\"b"), BYTES("")), STATUS_OK);
    assert_text(buffer_bytes(&out), "{\"I\":\"P|a\\\"b\",\"P\":{\"I\":\"a\\\"b\",\"D\":null}}");
    buffer_deinit(&out);
}

static void
calls_to_clients_are_written(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    assert_status(hub_message_append_client_call(&out, BYTES("ChatHub"), BYTES("addMessage"),
                                                 BYTES("[\"bob\",12345678901234567890]"),
                                                 BYTES("")),
                  STATUS_OK);
    assert_text(buffer_bytes(&out),
                "{\"H\":\"ChatHub\",\"M\":\"addMessage\",\"A\":[\"bob\",12345678901234567890]}");
    buffer_clear(&out);
    assert_status(hub_message_append_client_call(&out, BYTES("ChatHub"), BYTES("hi"), BYTES(""),
                                                 BYTES("{\"n\":1}")),
                  STATUS_OK);
    assert_text(buffer_bytes(&out), "{\"H\":\"ChatHub\",\"M\":\"hi\",\"A\":[],\"S\":{\"n\":1}}");
    buffer_deinit(&out);
}

static void
error_sentences_are_the_references(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    hub_message_append_generic_error(&out, BYTES("chathub"), BYTES("Send"));
    assert_text(buffer_bytes(&out), "There was an error invoking Hub method 'chathub.Send'.");
    buffer_clear(&out);
    hub_message_append_unknown_method(&out, BYTES("Nix"), BYTES(""));
    assert_text(buffer_bytes(&out),
                "'Nix' method could not be resolved. No method found with that name.");
    buffer_clear(&out);
    hub_message_append_unknown_method(&out, BYTES("Send"), BYTES("Send($1, $2)"));
    assert_text(buffer_bytes(&out),
                "'Send' method could not be resolved. Potential candidates are: \nSend($1, $2)");
    buffer_deinit(&out);
}

static void
a_full_buffer_is_reported(void **state)
{
    struct hub_message_result result = {.id = BYTES("1"), .value = BYTES("\"long enough\"")};
    struct buffer out;

    (void)state;
    for (size_t limit = 0; limit < 27; limit++) {
        buffer_init(&out, limit);
        assert_status(hub_message_append_result(&out, &result), STATUS_LIMIT);
        buffer_deinit(&out);
        buffer_init(&out, limit);
        assert_status(hub_message_append_progress(&out, BYTES("1"), BYTES("12345")), STATUS_LIMIT);
        buffer_deinit(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_written),
        cmocka_unit_test(void_and_null_are_omitted),
        cmocka_unit_test(an_id_is_text_or_null),
        cmocka_unit_test(errors_are_written),
        cmocka_unit_test(progress_is_written),
        cmocka_unit_test(calls_to_clients_are_written),
        cmocka_unit_test(error_sentences_are_the_references),
        cmocka_unit_test(a_full_buffer_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
