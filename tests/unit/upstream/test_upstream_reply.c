/* SPDX-License-Identifier: MIT */
/* Goal of this test: what each answer of a web application does to the call it answers; a reply
 * with a mistake orders nothing. */
#include "service/upstream/upstream_reply.h"
#include "tests/support/test.h"
#include "tests/unit/hubs/fake_hub_call.h"

static void
assert_answer(enum hub_event event, const struct http_answer *answer, const char *expected)
{
    struct hub_call call;

    fake_hub_call_init(&call, "Send", "[]");
    call.info.event = event;
    upstream_reply_carry_out(answer, &call);
    assert_int_equal(call.end_count, 1);
    assert_bytes(buffer_bytes(&call.record), bytes_from_string(expected));
    fake_hub_call_deinit(&call);
}

static void
assert_body(const char *type, const char *body, const char *expected)
{
    const struct http_answer answer = {.status = 200,
                                       .content_type = bytes_from_string(type),
                                       .body = bytes_from_string(body)};

    assert_answer(HUB_INVOCATION, &answer, expected);
}

static void
assert_reply(const char *body, const char *expected)
{
    assert_body(UPSTREAM_REPLY_TYPE, body, expected);
}

static void
bodies(void **state)
{
    (void)state;
    assert_body("application/json", "", "return\n");
    assert_body("application/json", " {\"a\": 1.0}\r\n", "return {\"a\": 1.0}\n");
    assert_body("", "12345678901234567890", "return 12345678901234567890\n");
    assert_body("Application/Problem+JSON", "[]", "return []\n");
    assert_body("text/plain", "a \"b\"", "return \"a \\\"b\\\"\"\n");
    assert_body("text/html", " ", "return\n");
    assert_body("application/json", "\xEF\xBB\xBF{}", "return {}\n");
    assert_body("text/plain", "\xEF\xBB\xBFhi", "return \"hi\"\n");
    assert_body("", "\xEF\xBB\xBF", "return\n");
    assert_body("application/json", "{\"actions\":[]}", "return {\"actions\":[]}\n");
    assert_body("application/json", "{",
                "throw The application's answer cannot be used: it is not JSON.\n");
    assert_body("text/plain", "\xFF",
                "throw The application's answer cannot be used: it is neither JSON nor UTF-8 "
                "text.\n");
}

static void
completions_of_azure_functions(void **state)
{
    (void)state;
    assert_body("application/json", "{\"type\":3,\"invocationId\":\"0\",\"result\":[1]}\x1E",
                "return [1]\n");
    assert_body("text/plain", "{\"type\":3,\"invocationId\":\"0\"}\x1E", "return\n");
    assert_body("", "{\"type\":3,\"error\":\"no\"}\x1E", "throw no\n");
    assert_body("", "{\"type\":1}\x1E",
                "throw The application's answer cannot be used: it is a hub message, but no "
                "completion.\n");
    assert_body("", "\x1E", "throw The application's answer cannot be used: it is not JSON.\n");
}

static void
every_action(void **state)
{
    (void)state;
    assert_reply("{\"actions\":["
                 "{\"target\":\"m\"},"
                 "{\"target\":\"m\",\"arguments\":[1.0,{}],\"to\":\"Others\"},"
                 "{\"Target\":\"m\",\"to\":\"caller\"},"
                 "{\"target\":\"m\",\"groupName\":\"r\\u00e9\",\"excluded\":[\"c1\",\"c2\"]},"
                 "{\"target\":\"m\",\"groupName\":\"r\",\"to\":\"others\"},"
                 "{\"target\":\"m\",\"userId\":\"bob\"},"
                 "{\"target\":\"m\",\"connectionId\":\"c9\",\"userId\":null},"
                 "{\"action\":\"add\",\"groupName\":\"r\"},"
                 "{\"action\":\"Remove\",\"groupName\":\"r\",\"connectionId\":\"c9\"},"
                 "{\"progress\":50}],"
                 "\"state\":{\"a\":1,\"b\":null},\"result\":{\"x\":2}}",
                 "send all m []\n"
                 "send others m [1.0,{}]\n"
                 "send caller m []\n"
                 "send group \"r\xC3\xA9\" m [] but c1,c2\n"
                 "send others_in_group \"r\" m []\n"
                 "send user \"bob\" m []\n"
                 "send client \"c9\" m []\n"
                 "join r\n"
                 "leave r c9\n"
                 "progress 50\n"
                 "set_state a 1\n"
                 "set_state b null\n"
                 "return {\"x\":2}\n");
}

static void
ends(void **state)
{
    (void)state;
    assert_reply("{}", "return\n");
    assert_reply("{\"result\":null}", "return\n");
    assert_reply("{\"error\":\"no\",\"errorData\":{\"a\":1},\"actions\":[{\"target\":\"m\"}]}",
                 "send all m []\nthrow no {\"a\":1}\n");
    assert_reply("{\"error\":null,\"result\":1}", "return 1\n");
}

/* Nothing is ordered before the mistake is found. */
static void
mistakes(void **state)
{
    static const char *const replies[][2] = {
        {"[]", "it is not an object."},
        {"{\"error\":1}", "\"error\" is not a text."},
        {"{\"error\":\"\"}", "\"error\" is not a text."},
        {"{\"state\":[]}", "\"state\" is not an object."},
        {"{\"state\":{\"\":1}}", "A name in \"state\" is empty."},
        {"{\"actions\":{}}", "\"actions\" is not a list."},
        {"{\"actions\":[{\"target\":\"m\"},1]}",
         "An action has none of \"target\", \"action\" and \"progress\"."},
        {"{\"actions\":[[\"target\",1]]}",
         "An action has none of \"target\", \"action\" and \"progress\"."},
        {"{\"actions\":[{\"target\":1}]}", "\"target\" of an action is not a text."},
        {"{\"actions\":[{\"target\":\"m\",\"arguments\":{}}]}",
         "\"arguments\" of an action is not a list."},
        {"{\"actions\":[{\"target\":\"m\",\"to\":\"nobody\"}]}",
         "\"to\" of an action is not all, others or caller."},
        {"{\"actions\":[{\"target\":\"m\",\"to\":\"caller\",\"groupName\":\"r\"}]}",
         "An action has both \"to\" and a name."},
        {"{\"actions\":[{\"target\":\"m\",\"userId\":\"a\",\"groupName\":\"r\"}]}",
         "An action names more than one of \"groupName\", \"userId\" and \"connectionId\"."},
        {"{\"actions\":[{\"target\":\"m\",\"groupName\":\"\"}]}", "\"groupName\" is not a text."},
        {"{\"actions\":[{\"target\":\"m\",\"excluded\":\"c\"}]}",
         "\"excluded\" of an action is not a list."},
        {"{\"actions\":[{\"target\":\"m\",\"excluded\":[1]}]}",
         "\"excluded\" of an action holds something else than ids."},
        {"{\"actions\":[{\"action\":\"add\"}]}", "An action lacks its \"groupName\"."},
        {"{\"actions\":[{\"action\":\"join\",\"groupName\":\"r\"}]}",
         "\"action\" of an action is not add or remove."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        char expected[256];
        snprintf(expected, sizeof(expected), "throw The application's answer cannot be used: %s\n",
                 replies[i][1]);
        assert_reply(replies[i][0], expected);
    }
}

static void
statuses(void **state)
{
    struct http_answer answer = {.status = 404, .body = BYTES("nothing here")};

    (void)state;
    assert_answer(HUB_INVOCATION, &answer, "throw Invocation failed, status code 404\n");
    assert_answer(HUB_CONNECTED, &answer, "refuse Invocation failed, status code 404\n");
    answer.status = 403;
    assert_answer(HUB_INVOCATION, &answer, "throw Invocation failed, status code 403\n");
    assert_answer(HUB_CONNECTED, &answer, "refuse The application refused the connection.\n");
    answer.status = 302;
    assert_answer(HUB_DISCONNECTED, &answer, "throw Invocation failed, status code 302\n");
    answer = (struct http_answer){.status = 204, .body = BYTES("")};
    assert_answer(HUB_CONNECTED, &answer, "return\n");
}

static void
events_have_no_result(void **state)
{
    struct http_answer answer = {.status = 200,
                                 .content_type = BYTES("text/plain"),
                                 .body = BYTES("welcome")};

    (void)state;
    assert_answer(HUB_CONNECTED, &answer, "return\n");
    answer.content_type = BYTES(UPSTREAM_REPLY_TYPE);
    answer.body = BYTES("{\"result\":1,\"actions\":[{\"progress\":1},{\"target\":\"m\"}]}");
    assert_answer(HUB_DISCONNECTED, &answer, "send all m []\nreturn\n");
    answer.body = BYTES("{\"error\":\"not you\",\"errorData\":1}");
    assert_answer(HUB_CONNECTED, &answer, "refuse not you\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(completions_of_azure_functions),
        cmocka_unit_test(every_action),
        cmocka_unit_test(ends),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(statuses),
        cmocka_unit_test(events_have_no_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
