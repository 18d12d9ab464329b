/* SPDX-License-Identifier: MIT */
/* Goal of this test: the chat of the tutorial, over every transport and across two hosts. T25, T37.
 */
#include <stdio.h>

#include "tests/scenario/signalr_client.h"

static void
chat_over(enum signalr_transport transport)
{
    struct scenario scenario;
    struct signalr_client ann, bob;

    scenario_init(&scenario);
    scenario_start(&scenario, 2);
    signalr_client_init(&ann, &scenario, 0, transport);
    signalr_client_init(&bob, &scenario, 1, transport);

    /* 1. Both connect, to different hosts. */
    signalr_client_start(&ann);
    signalr_client_start(&bob);
    scenario_expect_events(&scenario, "connected ChatHub\nconnected ChatHub\n");

    /* 2. Ann speaks; both hear it, and ann gets her result. */
    signalr_client_call(&ann, "Send", "[\"ann\",\"hi\"]");
    signalr_client_run(&bob);
    signalr_client_expect(&ann, "broadcastMessage:ann");
    signalr_client_expect(&bob, "broadcastMessage:ann");
    signalr_client_expect_results(&ann, "{\"I\":\"0\"}\n");
    signalr_client_expect_results(&bob, "");

    /* 3. Bob answers only ann's side of the room. */
    signalr_client_call(&bob, "Others", "[\"hello\"]");
    signalr_client_run(&ann);
    signalr_client_expect(&ann, "say:hello");
    signalr_client_expect(&bob, "");

    /* 4. Both say goodbye. */
    assert_int_equal(signalr_client_abort(&ann), 200);
    assert_int_equal(signalr_client_abort(&bob), 200);
    scenario_advance(&scenario, 300);
    assert_false(signalr_client_is_receiving(&ann) && transport != LONG_POLLING);
    scenario_expect_events(&scenario, "disconnected ChatHub stop=1\ndisconnected ChatHub stop=1\n");
    assert_int_equal(ann.backward_count + bob.backward_count, 0);
    signalr_client_deinit(&ann);
    signalr_client_deinit(&bob);
    scenario_deinit(&scenario);
}

static void
chat_over_websockets(void **state)
{
    (void)state;
    chat_over(WEB_SOCKETS);
}

static void
chat_over_event_streams(void **state)
{
    (void)state;
    chat_over(EVENT_STREAM);
}

static void
chat_over_forever_frames(void **state)
{
    (void)state;
    chat_over(FOREVER_FRAME);
}

static void
chat_over_long_polling(void **state)
{
    (void)state;
    chat_over(LONG_POLLING);
}

/* What comes in one batch to one topic travels in one envelope, whose cursor covers it all; a
 * message of another topic ends it. */
static void
a_run_of_messages_shares_an_envelope(void **state)
{
    struct scenario scenario;
    struct signalr_client ann;

    (void)state;
    for (int transport = WEB_SOCKETS; transport < SIGNALR_TRANSPORTS; transport++) {
        scenario_init(&scenario);
        scenario_start(&scenario, 1);
        signalr_client_init(&ann, &scenario, 0, (enum signalr_transport)transport);
        signalr_client_start(&ann);
        buffer_clear(&ann.texts);
        size_t before = ann.envelope_count;
        uint64_t id = scenario.farm.last_id;
        char cursor[32], topic[96];

        scenario.hosts[0].port->holds_events = true;
        scenario_say(&scenario, "1");
        scenario_say(&scenario, "2");
        scenario_say(&scenario, "3");
        snprintf(topic, sizeof(topic), "hc-ChatHub.%s", ann.id);
        scenario_publish(&scenario, topic, "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"you\"]}");
        scenario_say(&scenario, "4");
        scenario_say(&scenario, "5");
        scenario.hosts[0].port->holds_events = false;
        signalr_client_run(&ann);
        signalr_client_expect(&ann, "say:1 say:2 say:3 say:you say:4 say:5");
        assert_int_equal(ann.envelope_count - before, transport == LONG_POLLING ? 1 : 3);
        snprintf(cursor, sizeof(cursor), "s-0,%llX", (unsigned long long)id + 6);
        assert_string_equal(ann.cursor, cursor);
        assert_int_equal(ann.backward_count, 0);
        signalr_client_deinit(&ann);
        scenario_deinit(&scenario);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chat_over_websockets),
        cmocka_unit_test(chat_over_event_streams),
        cmocka_unit_test(chat_over_forever_frames),
        cmocka_unit_test(chat_over_long_polling),
        cmocka_unit_test(a_run_of_messages_shares_an_envelope),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
