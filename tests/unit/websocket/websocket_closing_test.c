/* SPDX-License-Identifier: MIT */
/* Goal of this test: either side can close, each ending sends the right code, and the owner hears
 * of it at most once. */
#include "tests/unit/websocket/websocket_peer.h"

static void
check_by_client(struct websocket_peer *peer)
{
    websocket_peer_send(peer, "t:a x:1001,bye t:late");
    assert_text(websocket_peer_take(peer), "\x88\x02\x03\xE9");
    assert_string_equal(peer->fake.finish_reason, "client-close");
    assert_string_equal(peer->texts, "a\n");
    assert_int_equal(peer->closed_count, 0); /* never inside another call */
    websocket_peer_close(peer, "client-close");
    assert_int_equal(peer->closed_count, 1);
    assert_string_equal(peer->closed_reason, "client-close");
}

static void
check_by_client_without_code(struct websocket_peer *peer)
{
    websocket_peer_send(peer, "x:");
    assert_text(websocket_peer_take(peer), "\x88\x00");
    assert_string_equal(peer->fake.finish_reason, "client-close");
}

static void
check_send_after_clients_close(struct websocket_peer *peer)
{
    websocket_peer_send(peer, "x:1000");
    struct payload *frame = websocket_frame_from(BYTES("late"));
    websocket_send(peer->websocket, frame);
    payload_unref(frame);
    assert_text(websocket_peer_take(peer), "\x88\x02\x03\xE8");
    websocket_close(peer->websocket, WEBSOCKET_CLOSE_NORMAL, "timeout");
    websocket_peer_advance(peer, WEBSOCKET_CLOSE_WAIT_MS);
    assert_text(websocket_peer_take(peer), "");
    websocket_peer_close(peer, "client-close");
    assert_int_equal(peer->closed_count, 0);
}

static void
the_clients_close_is_echoed(void **state)
{
    (void)state;
    websocket_peer_each_chunking(check_by_client);
    websocket_peer_each_chunking(check_by_client_without_code);
    websocket_peer_each_chunking(check_send_after_clients_close);
}

static void
check_echo(struct websocket_peer *peer)
{
    websocket_close(peer->websocket, WEBSOCKET_CLOSE_NORMAL, "replaced");
    assert_text(websocket_peer_take(peer), "\x88\x02\x03\xE8");
    assert_true(fake_sink_is_open(&peer->fake));
    websocket_peer_advance(peer, WEBSOCKET_CLOSE_WAIT_MS - 1);
    websocket_peer_send(peer, "t:under-way p:x"); /* sent before the client knew */
    assert_text(websocket_peer_take(peer), "");
    websocket_peer_send(peer, "x:1000");
    assert_text(websocket_peer_take(peer), "");
    assert_string_equal(peer->fake.finish_reason, "replaced");
    websocket_peer_close(peer, "replaced");
    assert_int_equal(peer->closed_count, 0);
    assert_string_equal(peer->texts, "");
}

static void
check_no_echo(struct websocket_peer *peer)
{
    websocket_close(peer->websocket, WEBSOCKET_CLOSE_GOING_AWAY, "drain");
    assert_text(websocket_peer_take(peer), "\x88\x02\x03\xE9");
    websocket_peer_advance(peer, WEBSOCKET_CLOSE_WAIT_MS - 1);
    assert_true(fake_sink_is_open(&peer->fake));
    websocket_peer_advance(peer, 1);
    assert_string_equal(peer->fake.finish_reason, "drain");
    websocket_peer_send(peer, "x:1000");
    assert_text(websocket_peer_take(peer), "");
}

static void
check_nonsense_instead_of_echo(struct websocket_peer *peer)
{
    websocket_close(peer->websocket, WEBSOCKET_CLOSE_NORMAL, "drain");
    (void)websocket_peer_take(peer);
    websocket_peer_send(peer, "=ffff");
    assert_text(websocket_peer_take(peer), ""); /* one Close is enough */
    assert_string_equal(peer->fake.finish_reason, "websocket-protocol");
}

static void
check_close_inside_on_text(struct websocket_peer *peer)
{
    peer->closes_on_text = true;
    websocket_peer_send(peer, "t:one t:two p: x:1000");
    assert_string_equal(peer->texts, "one\n");
    assert_text(websocket_peer_take(peer), "\x88\x02\x03\xE8");
    assert_string_equal(peer->fake.finish_reason, "replaced");
}

static void
our_close_waits_for_the_echo_but_not_long(void **state)
{
    (void)state;
    websocket_peer_each_chunking(check_echo);
    websocket_peer_each_chunking(check_no_echo);
    websocket_peer_each_chunking(check_nonsense_instead_of_echo);
    websocket_peer_each_chunking(check_close_inside_on_text);
}

struct failure_case {
    const char *script;
    const char *close_frame;
    const char *reason;
};

static const struct failure_case failures[] = {
    {"b:x", "\x88\x02\x03\xEB", "binary-message"},                   /* 1003 */
    {"=8105", "\x88\x02\x03\xEA", "websocket-protocol"},             /* 1002, unmasked */
    {"t:\\xFF", "\x88\x02\x03\xEF", "invalid-utf8"},                 /* 1007 */
    {"=81fe004100000000", "\x88\x02\x03\xEA", "websocket-protocol"}, /* 1002 */
    {"=81fe01000000000000", "\x88\x02\x03\xF1", "message-too-big"},  /* 1009 */
    {"x:999", "\x88\x02\x03\xEA", "websocket-protocol"},             /* 1002 */
};

static const struct failure_case *current;

static void
check_failure(struct websocket_peer *peer)
{
    websocket_peer_send(peer, "t:before");
    websocket_peer_send(peer, current->script);
    assert_bytes(websocket_peer_take(peer), bytes_from(current->close_frame, 4));
    assert_string_equal(peer->fake.finish_reason, current->reason);
    websocket_peer_send(peer, "t:after");
    assert_string_equal(peer->texts, "before\n");
    assert_int_equal(peer->closed_count, 0);
    websocket_peer_close(peer, current->reason);
    assert_string_equal(peer->closed_reason, current->reason);
}

static void
broken_rules_end_it_with_their_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        current = &failures[i];
        websocket_peer_each_chunking(check_failure);
    }
}

static void
check_peer_gone(struct websocket_peer *peer)
{
    websocket_peer_send(peer, "t-:half");
    websocket_peer_close(peer, "reset");
    assert_string_equal(peer->closed_reason, "reset");
    assert_int_equal(peer->closed_count, 1);
}

static void
check_peer_gone_while_closing(struct websocket_peer *peer)
{
    websocket_close(peer->websocket, WEBSOCKET_CLOSE_NORMAL, "replaced");
    websocket_peer_close(peer, "reset");
    assert_int_equal(peer->closed_count, 0);
    websocket_peer_advance(peer, WEBSOCKET_CLOSE_WAIT_MS);
}

static void
a_lost_connection_is_reported(void **state)
{
    (void)state;
    websocket_peer_each_chunking(check_peer_gone);
    websocket_peer_each_chunking(check_peer_gone_while_closing);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clients_close_is_echoed),
        cmocka_unit_test(our_close_waits_for_the_echo_but_not_long),
        cmocka_unit_test(broken_rules_end_it_with_their_code),
        cmocka_unit_test(a_lost_connection_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
