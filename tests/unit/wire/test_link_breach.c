/* SPDX-License-Identifier: MIT */
/* Goal of this test: what PROTOCOL.md forbids ends the link with an ERROR that says why, on both
 * sides. */
#include "tests/support/test.h"

#include "tests/support/hex.h"
#include "tests/unit/wire/link_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REST_OF_HELLO \
    "000007d0 01000000 0000000000000064 a1000000000000000000000000000000 0005 7765623031 0001 73"

/* Give ${hex} to an open bridge as from the node; both ends must fail with ${sentence}. */
static void
check_bridge(const char *hex, const char *status, const char *sentence)
{
    for (size_t chunk = 0; chunk <= 1; chunk++) {
        struct link_fixture fixture;
        link_fixture_init_open(&fixture);
        fixture.pipe.chunk_bytes = chunk;
        link_fixture_inject_from_node(&fixture, hex);
        char expected[300];
        snprintf(expected, sizeof(expected), "bridge: failed %s %s\nnode: failed %s %s\n", status,
                 sentence, status, sentence);
        link_fixture_expect(&fixture, expected);
        assert_true(fixture.pipe.bridge.is_closed);
        link_fixture_deinit(&fixture);
    }
}

static void
check_node(const char *hex, const char *status, const char *sentence)
{
    for (size_t chunk = 0; chunk <= 1; chunk++) {
        struct link_fixture fixture;
        link_fixture_init_open(&fixture);
        fixture.pipe.chunk_bytes = chunk;
        link_fixture_inject_from_bridge(&fixture, hex);
        char expected[300];
        snprintf(expected, sizeof(expected), "node: failed %s %s\nbridge: failed %s %s\n", status,
                 sentence, status, sentence);
        link_fixture_expect(&fixture, expected);
        assert_true(fixture.pipe.node.is_closed);
        link_fixture_deinit(&fixture);
    }
}

static void
check_bridge_protocol(const char *hex, const char *sentence)
{
    check_bridge(hex, "PROTOCOL", sentence);
}

static void
check_node_protocol(const char *hex, const char *kind)
{
    char sentence[100];
    snprintf(sentence, sizeof(sentence), "%s: cut short, out of range or not for a node", kind);
    check_node(hex, "PROTOCOL", sentence);
}

static void
test_version_mismatch(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init(&fixture);
    buffer_clear(&fixture.pipe.node.outgoing);
    /* A node of the far future, whose HELLO goes on in its own way. */
    link_fixture_inject_from_node(&fixture, "0000000d 01 00 0000 00000000 0000000000000000"
                                            "0007 0009 000007d0 01000000 ff");
    link_fixture_expect(
        &fixture,
        "bridge: failed UNSUPPORTED this bridge speaks versions 1 to 1, the node versions 7 to 9\n"
        "node: failed UNSUPPORTED this bridge speaks versions 1 to 1, the node versions 7 to 9\n");
    assert_string_equal(fixture.pipe.bridge.close_reason, "version");
    link_fixture_deinit(&fixture);
}

static void
test_highest_common_version(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init(&fixture);
    buffer_clear(&fixture.pipe.node.outgoing);
    link_fixture_inject_from_node(
        &fixture,
        "00000032 01 00 0000 00000000 0000000000000000 0000 0009" REST_OF_HELLO "abcdabcd");
    link_fixture_expect(&fixture, "bridge: hello web01 s a1\n"
                                  "bridge: credit 100\n"
                                  "node: welcome bridge1 bridge 1 b2\n"
                                  "node: credit 4194304\n");
    link_fixture_deinit(&fixture);
}

static void
test_welcome_out_of_range(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init(&fixture);
    link_pipe_detach(&fixture.pipe.bridge);
    link_pipe_run(&fixture.pipe);
    link_fixture_inject_from_bridge(
        &fixture, "0000002e 02 00 0000 00000000 0000000000000000 0002 0002" REST_OF_HELLO);
    link_fixture_expect(
        &fixture,
        "node: failed UNSUPPORTED the bridge chose version 2, this node speaks versions 1 to 1\n");
    link_fixture_deinit(&fixture);
}

/* HELLO in other words. */
static void
check_hello(const char *hex, const char *sentence)
{
    struct link_fixture fixture;
    link_fixture_init(&fixture);
    buffer_clear(&fixture.pipe.node.outgoing);
    link_fixture_inject_from_node(&fixture, hex);
    char expected[300];
    snprintf(expected, sizeof(expected), "bridge: failed PROTOCOL %s\nnode: failed PROTOCOL %s\n",
             sentence, sentence);
    link_fixture_expect(&fixture, expected);
    link_fixture_deinit(&fixture);
}

static void
test_bad_hello(void **state)
{
    (void)state;
    check_hello("00000000 01 00 0000 00000000 0000000000000000", "HELLO: cut short");
    check_hello("0000000c 01 00 0000 00000000 0000000000000000 0001 0001 000007d0 01000000",
                "HELLO: cut short");
    check_hello("0000002d 01 00 0000 00000000 0000000000000000 0001 0001" REST_OF_HELLO,
                "HELLO: cut short");
    check_hello("0000002e 01 00 0000 00000000 0000000000000000 0001 0000" REST_OF_HELLO,
                "HELLO: a limit is out of range");
    check_hello("0000002a 01 00 0000 00000000 0000000000000000 0001 0001 000007d0 0000ffff"
                "0000000000000064 a1000000000000000000000000000000 0001 77 0001 73",
                "HELLO: a limit is out of range");
    check_hello("0000002a 01 00 0000 00000000 0000000000000000 0001 0001 000007d0 01000000"
                "0000000000000064 a1000000000000000000000000000000 0001 0a 0001 73",
                "HELLO: the name is not printable UTF-8");
    check_hello("0000002a 01 00 0000 00000000 0000000000000000 0001 0001 000007d0 01000000"
                "0000000000000064 a1000000000000000000000000000000 0001 77 0001 ff",
                "HELLO: the name is not printable UTF-8");
    /* Anything else first. */
    check_hello("00000000 10 00 0000 00000000 0000000000000000", "PING: sent before the handshake");
    check_hello("00000000 02 00 0000 00000000 0000000000000000",
                "WELCOME: sent before the handshake");
}

static void
test_unknown_kinds(void **state)
{
    (void)state;
    check_bridge_protocol("00000000 c8 00 0000 00000000 0000000000000000",
                          "envelope of the unknown kind 200");
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    link_fixture_inject_from_node(&fixture, "00000002 c8 80 0000 00000000 0000000000000000 abcd"
                                            "00000000 0e 80 0000 00000000 0000000000000005");
    link_fixture_expect(&fixture, "bridge: credit 5\n");
    link_fixture_inject_from_bridge(&fixture, "00000000 c9 80 0000 00000000 0000000000000000"
                                              "00000000 0e 00 0000 00000000 0000000000000006");
    link_fixture_expect(&fixture, "node: credit 6\n");
    link_fixture_deinit(&fixture);
}

static void
test_unknown_optional_kind_before_hello(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init(&fixture);
    struct buffer late;
    buffer_init(&late, SIZE_MAX);
    hex_decode("00000000 c8 80 0000 00000000 0000000000000000", &late);
    buffer_append(&late, buffer_bytes(&fixture.pipe.node.outgoing));
    buffer_clear(&fixture.pipe.node.outgoing);
    buffer_append(&fixture.pipe.node.outgoing, buffer_bytes(&late));
    buffer_deinit(&late);
    link_fixture_expect(&fixture, "bridge: hello web01 service 1 a1\n"
                                  "bridge: credit 4194304\n"
                                  "node: welcome bridge1 bridge 1 b2\n"
                                  "node: credit 4194304\n");
    link_fixture_deinit(&fixture);
}

static void
test_bridge_refuses(void **state)
{
    (void)state;
    check_bridge_protocol("0000002e 01 00 0000 00000000 0000000000000000 0001 0001" REST_OF_HELLO,
                          "HELLO: sent twice");
    check_bridge("01000001 05 00 0001 00000000 0000000000000001", "LIMIT", "PUBLISH is too long");
    check_bridge_protocol("0000000a 03 00 0001 00000000 0000000000000000 0000000000000000 0000",
                          "OPEN: the handle is in use");
    check_bridge_protocol("0000000a 03 00 0000 00000000 0000000000000000 0000000000000000 0000",
                          "OPEN: cut short or without a handle");
    check_bridge_protocol("00000009 03 00 0002 00000000 0000000000000000 0000000000000000 00",
                          "OPEN: cut short or without a handle");
    check_bridge_protocol("00000000 05 00 0002 00000000 0000000000000001",
                          "PUBLISH: the app is not open");
    check_bridge_protocol("00000000 05 00 0001 00000000 0000000000000000",
                          "PUBLISH: sequences start at 1");
    check_bridge_protocol("00000003 08 00 0001 00000000 0000000000000000 020000",
                          "INTEREST: the list is malformed");
    check_bridge_protocol("00000007 08 00 0001 00000000 0000000000000000 01000161 010001",
                          "INTEREST: the list is malformed");
    check_bridge_protocol("00000009 0a 00 0001 00000000 0000000000000000 0000000000000000 00",
                          "REPLAY: the list is malformed");
    check_bridge_protocol("00000001 0d 00 0001 00000000 0000000000000000 00", "QUERY: cut short");
    check_bridge_protocol("00000001 12 00 0000 00000000 0000000000000000 00", "GOAWAY: cut short");
    check_bridge_protocol("00000000 09 00 0001 00000000 0000000000000000",
                          "DELIVER: not for a bridge");
    check_bridge_protocol("00000000 10 00 0002 00000000 0000000000000000",
                          "PING: the app is not open");
}

static void
test_node_refuses(void **state)
{
    (void)state;
    check_node("0000002e 02 00 0000 00000000 0000000000000000 0001 0001" REST_OF_HELLO, "PROTOCOL",
               "WELCOME: sent twice");
    check_node_protocol("00000000 05 00 0001 00000000 0000000000000001", "PUBLISH");
    check_node_protocol("00000000 09 00 0000 00000000 0000000000000001", "DELIVER");
    check_node_protocol("00000000 08 00 0001 00000000 0000000000000001", "INTEREST");
    check_node_protocol("00000000 0d 00 0001 00000000 0000000000000001", "QUERY");
    check_node_protocol("00000000 0d 01 0001 00000000 0000000000000002", "QUERY");
    check_node_protocol("00000007 06 00 0001 00000000 0000000000000001 00000000000000",
                        "PUBLISHED");
    check_node_protocol("00000002 07 00 0001 00000000 0000000000000001 0000", "REFUSED");
    check_node_protocol("00000007 0b 00 0001 00000000 0000000000000001 00000000000000", "REPLAYED");
    check_node_protocol("00000008 0c 00 0001 00000000 0000000000000005 0000000000000004", "GAP");
    check_node_protocol("00000002 0f 00 0001 00000000 0000000000000000 0000", "STATE");
    check_node_protocol("00000002 0f 00 0001 00000000 0000000000000004 0000", "STATE");
    check_node_protocol("00000002 0f 00 0001 00000000 0000000100000001 0000", "STATE");
    check_node_protocol("00000003 12 00 0000 00000000 0000000000000000 000000", "GOAWAY");
    check_node_protocol("00000001 14 00 0001 00000000 0000000000000000 03", "SECRETS");
    check_node_protocol("00000002 14 00 0001 00000000 0000000000000000 0100", "SECRETS");
    check_node_protocol("00000012 04 00 0001 00000000 0000000000000000"
                        "0000000000000000 0000000000000000 00 00",
                        "OPENED");
    check_node_protocol("00000012 04 00 0001 00000000 0000000000000000"
                        "0000000000000000 0000000000000000 01 01",
                        "OPENED");
}

static void
test_trailing_bytes_are_ignored(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    link_fixture_inject_from_bridge(
        &fixture, "00000009 06 00 0001 00000000 0000000000000005 0000000000000006 ff"
                  "00000014 04 00 0001 00000000 0000000000000007"
                  "0000000000000008 0000000000000009 01 00 ffff"
                  "00000005 12 00 0000 00000000 0000000000000000 0000 0000 ff"
                  "00000004 0e 00 0000 00000000 0000000000000001 ffffffff");
    link_fixture_expect(&fixture,
                        "node: published 1 5 6\n"
                        "node: opened 1 id=7 oldest=8 sequence=9 state=1 secrets=0 00 00\n"
                        "node: goaway ; \n"
                        "node: credit 1\n");
    link_fixture_deinit(&fixture);
}

static void
test_error_without_a_reason(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    link_fixture_inject_from_bridge(&fixture, "00000000 13 00 0000 00000000 0000000000000000");
    link_fixture_expect(&fixture, "node: failed UNSUPPORTED the peer gave no reason\n"
                                  "bridge: failed CLOSED closed by the other end\n");
    link_fixture_deinit(&fixture);

    link_fixture_init_open(&fixture);
    link_fixture_inject_from_node(
        &fixture, "00000009 13 00 0000 00000000 0000000000000000 01 0006 61 c3a9 ff 0a 62");
    link_fixture_expect(&fixture, "bridge: failed PROTOCOL a????b\n"
                                  "node: failed CLOSED closed by the other end\n");
    link_fixture_deinit(&fixture);
}

static void
test_credit_is_enforced(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    struct payload *frame = payload_new(LINK_CREDIT_BYTES - 1);
    assert_non_null(frame);
    memset(frame->data, 'x', frame->length);
    link_client_publish(fixture.client, 1, 1, frame);
    assert_true(link_client_send_credit(fixture.client) == 1);
    link_client_publish(fixture.client, 1, 2, frame);
    link_fixture_expect(&fixture, "bridge: publish 1 1 4194303 bytes\n"
                                  "bridge: publish 1 2 4194303 bytes\n");
    /* Overdrawn by one payload, which is allowed; giving up sequences is free. */
    link_client_publish(fixture.client, 1, 3, NULL);
    link_fixture_expect(&fixture, "bridge: publish 1 3 \n");
    link_server_credit(fixture.server, LINK_CREDIT_BYTES);
    link_fixture_expect(&fixture, "node: credit 4194304\n");
    assert_true(link_client_send_credit(fixture.client) == 2);
    link_client_publish(fixture.client, 1, 4, frame);
    link_client_publish(fixture.client, 1, 5, frame);
    link_fixture_expect(&fixture, "bridge: publish 1 4 4194303 bytes\n"
                                  "bridge: failed LIMIT PUBLISH sent without credit\n"
                                  "node: failed LIMIT PUBLISH sent without credit\n");
    payload_unref(frame);
    link_fixture_deinit(&fixture);
}

static void
test_credit_does_not_overflow(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    for (int i = 0; i < 5; i++) {
        link_fixture_inject_from_bridge(&fixture, "00000000 0e 00 0000 00000000 ffffffffffffffff");
    }
    link_pipe_run(&fixture.pipe);
    assert_true(link_client_send_credit(fixture.client) == INT64_MAX / 2);
    link_fixture_deinit(&fixture);
}

static void
test_frames_the_peer_does_not_take(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init(&fixture);
    buffer_clear(&fixture.pipe.node.outgoing);
    /* A node that takes 64 KiB, and opens app 1. */
    link_fixture_inject_from_node(
        &fixture, "0000002a 01 00 0000 00000000 0000000000000000 0001 0001 000007d0 00010000"
                  "0000000000100000 a1000000000000000000000000000000 0001 77 0001 73"
                  "0000000a 03 00 0001 00000000 0000000000000000 0000000000000000 0000");
    link_pipe_run(&fixture.pipe);
    buffer_clear(&fixture.told);
    struct payload *frame = payload_new(65537);
    assert_non_null(frame);
    memset(frame->data, 'x', frame->length);
    link_server_deliver(fixture.server, 1, 0, 1007, payload_whole(frame), false);
    link_server_deliver(fixture.server, 1, 0, 1008, (struct payload_slice){frame, 0, 65536}, true);
    link_fixture_expect(&fixture, "node: gap 1 1007 1007\n"
                                  "node: deliver 1 0 1008 65536 bytes foreign\n");
    payload_unref(frame);
    link_fixture_deinit(&fixture);
}

static void
test_too_many_apps(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    for (uint16_t app = 2; app <= LINK_APPS_MAX; app++) {
        link_client_open_app(fixture.client, app, BYTES("x"), 0, 0);
    }
    link_pipe_run(&fixture.pipe);
    assert_int_equal(fixture.failed_count, 0);
    buffer_clear(&fixture.told);
    link_client_open_app(fixture.client, LINK_APPS_MAX + 1, BYTES("x"), 0, 0);
    link_fixture_expect(&fixture, "bridge: failed LIMIT more than 256 apps on one link\n"
                                  "node: failed LIMIT more than 256 apps on one link\n");
    link_fixture_deinit(&fixture);
}

static void
test_replay_that_is_too_long(void **state)
{
    (void)state;
    struct link_fixture fixture;
    link_fixture_init_open(&fixture);
    enum { COUNT = 256 };
    char *text = calloc(1, LINK_TEXT_MAX_BYTES);
    struct link_topic *topics = calloc(COUNT, sizeof(*topics));
    assert_non_null(text);
    assert_non_null(topics);
    for (size_t i = 0; i < COUNT; i++) {
        topics[i].topic = bytes_from(text, LINK_TEXT_MAX_BYTES);
    }
    assert_true(link_client_replay_fits(fixture.client, topics, COUNT - 1));
    assert_false(link_client_replay_fits(fixture.client, topics, COUNT));
    link_client_replay(fixture.client, 1, 1, topics, COUNT);
    assert_int_equal(fixture.told.length, 0);
    timers_run(&fixture.timers);
    link_fixture_expect(&fixture, "node: failed LIMIT REPLAY has too long a payload\n"
                                  "bridge: failed LIMIT REPLAY has too long a payload\n");
    free(topics);
    free(text);
    link_fixture_deinit(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_mismatch),
        cmocka_unit_test(test_highest_common_version),
        cmocka_unit_test(test_welcome_out_of_range),
        cmocka_unit_test(test_bad_hello),
        cmocka_unit_test(test_unknown_kinds),
        cmocka_unit_test(test_unknown_optional_kind_before_hello),
        cmocka_unit_test(test_bridge_refuses),
        cmocka_unit_test(test_node_refuses),
        cmocka_unit_test(test_trailing_bytes_are_ignored),
        cmocka_unit_test(test_error_without_a_reason),
        cmocka_unit_test(test_credit_is_enforced),
        cmocka_unit_test(test_credit_does_not_overflow),
        cmocka_unit_test(test_frames_the_peer_does_not_take),
        cmocka_unit_test(test_too_many_apps),
        cmocka_unit_test(test_replay_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
