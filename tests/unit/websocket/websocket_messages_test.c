/* SPDX-License-Identifier: MIT */
/* Goal of this test: texts reach the owner, pings are answered within bounds, frames are shared by
 * reference. */
#include "tests/unit/websocket/websocket_peer.h"

static void
check_texts(struct websocket_peer *peer)
{
    websocket_peer_send(peer, "t:one p:x t-:tw q: c:o t:");
    assert_string_equal(peer->texts, "one\ntwo\n\n");
    assert_text(websocket_peer_take(peer), "\x8A\x01x");
    assert_true(fake_sink_is_open(&peer->fake));
}

static void
texts_reach_the_owner(void **state)
{
    (void)state;
    websocket_peer_each_chunking(check_texts);
}

static void
check_pings(struct websocket_peer *peer)
{
    peer->fake.is_stuck = true;
    for (size_t i = 0; i < 100 * 1000; i++) {
        websocket_peer_send(peer, "p:0123456789");
    }
    assert_true(peer->fake.queued_bytes >= 16 * 1024);
    assert_true(peer->fake.queued_bytes < 17 * 1024);
    fake_sink_drain(&peer->fake, SIZE_MAX);
    (void)websocket_peer_take(peer);
    websocket_peer_send(peer, "p:last");
    assert_text(websocket_peer_take(peer), "\x8A\x04last");
}

static void
a_flood_of_pings_fills_nothing(void **state)
{
    (void)state;
    struct websocket_peer peer;
    websocket_peer_init(&peer);
    check_pings(&peer);
    websocket_peer_deinit(&peer);
}

static void
a_frame_is_written_by_reference(void **state)
{
    (void)state;
    struct websocket_peer one;
    struct websocket_peer two;
    websocket_peer_init(&one);
    websocket_peer_init(&two);
    struct payload *frame = websocket_frame_from(BYTES("Hello"));
    websocket_send(one.websocket, frame);
    websocket_send(two.websocket, frame);
    assert_ptr_equal(one.fake.latest, frame);
    assert_ptr_equal(two.fake.latest, frame);
    payload_unref(frame);
    assert_text(websocket_peer_take(&one), "\x81\x05Hello");
    assert_text(websocket_peer_take(&two), "\x81\x05Hello");
    websocket_peer_deinit(&one);
    websocket_peer_deinit(&two);
}

static void
a_slow_client_is_seen(void **state)
{
    (void)state;
    struct websocket_peer peer;
    websocket_peer_init(&peer);
    peer.fake.is_stuck = true;
    struct payload *frame = websocket_frame_from(BYTES("Hello"));
    websocket_send(peer.websocket, frame);
    payload_unref(frame);
    assert_int_equal(websocket_queued_bytes(peer.websocket), 7);
    fake_sink_drain(&peer.fake, SIZE_MAX);
    websocket_drained(peer.websocket);
    assert_int_equal(peer.drained_count, 1);
    websocket_peer_deinit(&peer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_reach_the_owner),
        cmocka_unit_test(a_flood_of_pings_fills_nothing),
        cmocka_unit_test(a_frame_is_written_by_reference),
        cmocka_unit_test(a_slow_client_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
