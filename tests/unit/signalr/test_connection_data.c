/* SPDX-License-Identifier: MIT */
/* Goal of this test: the hubs a client names are found in any case, and bad lists are refused with
 * a reason (T6, T20). */
#include "service/signalr/connection_data.h"
#include "tests/support/test.h"

static bool
look_up(void *context, struct bytes name, uint16_t *hub_index)
{
    static const char *const hubs[] = {"ChatHub", "StockTicker", "\303\234berHub"};

    assert_string_equal(context, "context");
    for (uint16_t i = 0; i < 3; i++) {
        if (bytes_equal_ignore_case(name, bytes_from_string(hubs[i]))) {
            *hub_index = i;
            return true;
        }
    }
    return false;
}

static enum status
parse(const char *text, struct connection_data *data, struct buffer *problem)
{
    static char context[] = "context";

    return connection_data_parse(bytes_from_string(text), look_up, context, data, problem);
}

static void
assert_hubs(const char *text, size_t count, uint16_t first, uint16_t second)
{
    struct connection_data data;

    assert_status(parse(text, &data, NULL), STATUS_OK);
    assert_int_equal(data.count, count);
    if (count > 0) {
        assert_int_equal(data.hubs[0], first);
    }
    if (count > 1) {
        assert_int_equal(data.hubs[1], second);
    }
}

static void
both_clients_are_understood(void **state)
{
    (void)state;
    assert_hubs("[{\"name\":\"chathub\"},{\"name\":\"stockticker\"}]", 2, 0, 1);
    assert_hubs("[{\"Name\":\"StockTicker\"},{\"Name\":\"ChatHub\"}]", 2, 1, 0);
    assert_hubs(" [ {\"x\":[{}], \"NAME\" : \"CHATHUB\" , \"y\":1} ] ", 1, 0, 0);
    assert_hubs("[{\"name\":\"\\u00dcberhub\"}]", 1, 2, 0);
}

static void
nothing_named_is_no_hubs(void **state)
{
    (void)state;
    assert_hubs(NULL, 0, 0, 0);
    assert_hubs("", 0, 0, 0);
    assert_hubs("[]", 0, 0, 0);
    assert_hubs("null", 0, 0, 0);
}

static void
assert_problem(const char *text, enum status status, const char *sentence)
{
    struct connection_data data;
    struct buffer problem;

    buffer_init(&problem, CONNECTION_DATA_PROBLEM_BYTES_MAX);
    assert_status(parse(text, &data, &problem), status);
    assert_bytes(buffer_bytes(&problem), bytes_from_string(sentence));
    buffer_deinit(&problem);
    assert_status(parse(text, &data, NULL), status);
}

static void
unknown_and_repeated_hubs_are_refused(void **state)
{
    (void)state;
    assert_problem("[{\"name\":\"nohub\"}]", STATUS_NOT_FOUND,
                   "'nohub' Hub could not be resolved.");
    assert_problem("[{\"name\":\"\"}]", STATUS_NOT_FOUND, "'' Hub could not be resolved.");
    assert_problem("[{\"name\":\"chathub\"},{\"Name\":\"ChatHub\"}]", STATUS_EXISTS,
                   "Duplicate Hub names found.");
}

static void
malformed_lists_are_refused(void **state)
{
    static const char *const not_json[] = {"[",
                                           "[{]",
                                           "chathub",
                                           "[{\"name\":\"chathub\"}] x",
                                           "[{'name':'chathub'}]",
                                           "[{\"name\":\"\xFF\"}]",
                                           " "};
    static const char *const nameless[] = {
        "[{}]", "[1]", "[null]", "[{\"name\":1}]", "[{\"name\":null}]", "[[\"name\"]]"};

    (void)state;
    for (size_t i = 0; i < sizeof(not_json) / sizeof(not_json[0]); i++) {
        assert_problem(not_json[i], STATUS_INVALID, "connectionData is not valid JSON.");
    }
    for (size_t i = 0; i < sizeof(nameless) / sizeof(nameless[0]); i++) {
        assert_problem(nameless[i], STATUS_INVALID, "A hub in connectionData has no name.");
    }
    assert_problem("{\"name\":\"chathub\"}", STATUS_INVALID, "connectionData is not a JSON array.");
    assert_problem("\"chathub\"", STATUS_INVALID, "connectionData is not a JSON array.");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_clients_are_understood),
        cmocka_unit_test(nothing_named_is_no_hubs),
        cmocka_unit_test(unknown_and_repeated_hubs_are_refused),
        cmocka_unit_test(malformed_lists_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
