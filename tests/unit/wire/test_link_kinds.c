/* SPDX-License-Identifier: MIT */
/* Goal of this test: every kind of envelope says at the other end what was said at this one, whole
 * and byte by byte. */
#include "tests/support/test.h"

#include "tests/unit/wire/link_fixture.h"

#include <stdlib.h>
#include <string.h>

/* Each case runs twice: all at once, and one byte at a time. */
static const size_t chunkings[] = {0, 1};

#define EACH_CHUNKING(index) \
    for (size_t index = 0; index < sizeof(chunkings) / sizeof(*chunkings); index++)

static void
open_fixture(struct link_fixture *fixture, size_t chunking)
{
    link_fixture_init_open(fixture);
    fixture->pipe.chunk_bytes = chunkings[chunking];
}

static void
test_hello_and_welcome(void **state)
{
    (void)state;
    EACH_CHUNKING(i)
    {
        struct link_fixture fixture;
        link_fixture_init(&fixture);
        fixture.pipe.chunk_bytes = chunkings[i];
        assert_int_equal(link_client_frame_max(fixture.client), 0);
        link_fixture_expect(&fixture, "bridge: hello web01 service 1 a1\n"
                                      "bridge: credit 4194304\n"
                                      "node: welcome bridge1 bridge 1 b2\n"
                                      "node: credit 4194304\n");
        assert_int_equal(link_client_frame_max(fixture.client), ENVELOPE_PAYLOAD_MAX_BYTES);
        assert_true(link_client_send_credit(fixture.client) == LINK_CREDIT_BYTES);
        assert_true(link_server_send_credit(fixture.server) == LINK_CREDIT_BYTES);
        link_fixture_deinit(&fixture);
    }
}

static void
test_open(void **state)
{
    (void)state;
    EACH_CHUNKING(i)
    {
        struct link_fixture fixture;
        open_fixture(&fixture, i);
        fixture.is_open_answered = false;
        link_client_open_app(fixture.client, 65535, BYTES("Chat\xc3\xa9"), UINT64_MAX, 41);
        link_fixture_expect(&fixture, "bridge: open 65535 Chat\xc3\xa9 18446744073709551615 41\n");
        struct link_opened opened = {.current_id = 1000,
                                     .oldest_id = 900,
                                     .last_sequence = 42,
                                     .state = LINK_BACKPLANE_BUFFERING,
                                     .secret_count = 2};
        opened.secrets[0][31] = 0x11;
        opened.secrets[1][31] = 0x22;
        link_server_opened(fixture.server, 65535, &opened);
        link_fixture_expect(
            &fixture,
            "node: opened 65535 id=1000 oldest=900 sequence=42 state=2 secrets=2 11 22\n");

        link_client_open_app(fixture.client, 2, BYTES(""), 0, 0);
        link_fixture_expect(&fixture, "bridge: open 2  0 0\n");
        link_server_refuse_open(fixture.server, 2, STATUS_DENIED, BYTES("not for web01"));
        link_fixture_expect(&fixture, "node: open refused 2 DENIED not for web01\n");
        /* The handle is free again. */
        link_client_open_app(fixture.client, 2, BYTES("Other"), 0, 0);
        link_fixture_expect(&fixture, "bridge: open 2 Other 0 0\n");
        link_fixture_deinit(&fixture);
    }
}

static void
test_publish(void **state)
{
    (void)state;
    EACH_CHUNKING(i)
    {
        struct link_fixture fixture;
        open_fixture(&fixture, i);
        struct payload *frame = payload_from(BYTES("hello"));
        link_client_publish(fixture.client, 1, 41, frame);
        link_client_publish(fixture.client, 1, 42, NULL);
        assert_true(link_client_send_credit(fixture.client) == LINK_CREDIT_BYTES - 5);
        link_fixture_expect(&fixture, "bridge: publish 1 41 hello\nbridge: publish 1 42 \n");
        link_server_published(fixture.server, 1, 41, 1007);
        link_server_refused(fixture.server, 1, 42, STATUS_QUEUE_FULL, BYTES("full"));
        link_server_published(fixture.server, 1, 43, 0);
        link_fixture_expect(&fixture, "node: published 1 41 1007\n"
                                      "node: refused 1 42 QUEUE_FULL full\n"
                                      "node: published 1 43 0\n");
        payload_unref(frame);
        link_fixture_deinit(&fixture);
    }
}

static void
test_interest(void **state)
{
    (void)state;
    EACH_CHUNKING(i)
    {
        struct link_fixture fixture;
        open_fixture(&fixture, i);
        fixture.position = 1009;
        const struct bytes added[] = {BYTES("h-ChatHub"), BYTES("*"), BYTES("")};
        const struct bytes removed[] = {BYTES("hg-ChatHub.a")};
        link_client_interest(fixture.client, 1, 7, added, 3, removed, 1);
        link_fixture_expect(&fixture, "bridge: interest 1 -hg-ChatHub.a\n"
                                      "bridge: interest 1 +h-ChatHub\n"
                                      "bridge: interest 1 +*\n"
                                      "bridge: interest 1 +\n"
                                      "bridge: interest end 1 7\n"
                                      "node: interest ack 1 7 1009\n");
        /* Without a request there is no answer. */
        link_client_interest(fixture.client, 1, 0, added, 1, NULL, 0);
        link_fixture_expect(&fixture, "bridge: interest 1 +h-ChatHub\nbridge: interest end 1 0\n");
        link_client_interest(fixture.client, 1, 8, NULL, 0, NULL, 0);
        link_fixture_expect(&fixture, "bridge: interest end 1 8\nnode: interest ack 1 8 1009\n");
        link_fixture_deinit(&fixture);
    }
}

static void
test_long_interest_is_split(void **state)
{
    (void)state;
    struct link_fixture fixture;
    open_fixture(&fixture, 0);
    enum { COUNT = 9, LENGTH = 65535 };
    char *text = malloc(LENGTH + 1);
    assert_non_null(text);
    memset(text, 't', LENGTH + 1);
    struct bytes topics[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        topics[i] = bytes_from(text, LENGTH);
    }
    topics[4] = bytes_from(text, LENGTH + 1); /* left out, and logged */
    topics[8] = BYTES("last");
    link_client_interest(fixture.client, 1, 9, topics, COUNT, NULL, 0);
    link_fixture_expect(&fixture, "bridge: interest end 1 0\n"
                                  "bridge: interest end 1 0\n"
                                  "bridge: interest 1 +last\n"
                                  "bridge: interest end 1 9\n"
                                  "node: interest ack 1 9 0\n");
    assert_true(bytes_ends_with_ignore_case(buffer_bytes(&fixture.logged),
                                            BYTES("too long for the link bytes=65536\n")));
    free(text);
    link_fixture_deinit(&fixture);
}

static void
test_deliver(void **state)
{
    (void)state;
    EACH_CHUNKING(i)
    {
        struct link_fixture fixture;
        open_fixture(&fixture, i);
        struct payload *frame = payload_from(BYTES("0123456789"));
        struct payload_slice part = {frame, 2, 5};
        link_server_deliver(fixture.server, 1, 0, 1007, payload_whole(frame), false);
        link_server_deliver(fixture.server, 1, 8, 1008, part, true);
        assert_true(link_server_send_credit(fixture.server) == LINK_CREDIT_BYTES - 15);
        link_server_replayed(fixture.server, 1, 8, 1010, 990);
        link_server_gap(fixture.server, 1, 1011, 1020);
        link_fixture_expect(&fixture, "node: deliver 1 0 1007 0123456789\n"
                                      "node: deliver 1 8 1008 23456 foreign\n"
                                      "node: replayed 1 8 1010 990\n"
                                      "node: gap 1 1011 1020\n");
        payload_unref(frame);
        link_fixture_deinit(&fixture);
    }
}

static void
test_large_frames_are_shared(void **state)
{
    (void)state;
    EACH_CHUNKING(i)
    {
        struct link_fixture fixture;
        open_fixture(&fixture, i);
        struct payload *frame = payload_new(5000);
        assert_non_null(frame);
        memset(frame->data, 'x', frame->length);
        link_server_deliver(fixture.server, 1, 0, 1, payload_whole(frame), false);
        assert_ptr_equal(fixture.pipe.bridge.latest, frame);
        link_client_publish(fixture.client, 1, 1, frame);
        assert_ptr_equal(fixture.pipe.node.latest, frame);
        payload_unref(frame);
        link_fixture_expect(&fixture, "bridge: publish 1 1 5000 bytes\n"
                                      "node: deliver 1 0 1 5000 bytes\n");
        link_fixture_deinit(&fixture);
    }
}

static void
test_replay_and_query(void **state)
{
    (void)state;
    EACH_CHUNKING(i)
    {
        struct link_fixture fixture;
        open_fixture(&fixture, i);
        const struct link_topic topics[] = {{BYTES("h-ChatHub"), 5}, {BYTES("c-1"), UINT64_MAX}};
        link_client_replay(fixture.client, 1, 8, topics, 2);
        link_client_replay(fixture.client, 1, 9, NULL, 0);
        link_client_replay_range(fixture.client, 1, 10, 6, UINT64_MAX);
        link_client_query(fixture.client, 1, 4294967295, BYTES("c-1"));
        link_fixture_expect(&fixture, "bridge: replay 1 8 h-ChatHub>5 c-1>18446744073709551615\n"
                                      "bridge: replay 1 9\n"
                                      "bridge: replay 1 10 to 18446744073709551615 *>5\n"
                                      "bridge: query 1 4294967295 c-1\n");
        link_server_query_ack(fixture.server, 1, 4294967295, true);
        link_server_query_ack(fixture.server, 1, 5, false);
        link_fixture_expect(&fixture, "node: query ack 1 4294967295 1\nnode: query ack 1 5 0\n");
        link_fixture_deinit(&fixture);
    }
}

static void
test_replay_leaves_out_what_no_envelope_holds(void **state)
{
    (void)state;
    struct link_fixture fixture;
    open_fixture(&fixture, 0);
    char *text = calloc(1, LINK_TEXT_MAX_BYTES + 1);
    assert_non_null(text);
    const struct link_topic topics[] = {{bytes_from(text, LINK_TEXT_MAX_BYTES + 1), 5},
                                        {BYTES("c-1"), 7}};
    link_client_replay(fixture.client, 1, 8, topics, 2);
    link_fixture_expect(&fixture, "bridge: replay 1 8 c-1>7\n");
    assert_true(bytes_ends_with_ignore_case(buffer_bytes(&fixture.logged),
                                            BYTES("too long for the link bytes=65536\n")));
    free(text);
    link_fixture_deinit(&fixture);
}

static void
test_state_secrets_credit_goaway(void **state)
{
    (void)state;
    EACH_CHUNKING(i)
    {
        struct link_fixture fixture;
        open_fixture(&fixture, i);
        uint8_t secrets[2][ENVELOPE_SECRET_BYTES] = {{0}};
        secrets[0][31] = 0x33;
        secrets[1][31] = 0x44;
        link_server_state(fixture.server, 1, LINK_BACKPLANE_CLOSED, BYTES("no such database"));
        link_server_secrets(fixture.server, 1, 2, (const uint8_t(*)[ENVELOPE_SECRET_BYTES])secrets);
        link_server_credit(fixture.server, 77);
        link_server_credit(fixture.server, 0);
        link_server_goaway(fixture.server, BYTES("drain"), BYTES("b2:7443,b3:7443"));
        link_fixture_expect(&fixture, "node: state 1 3 no such database\n"
                                      "node: secrets 1 2 33 44\n"
                                      "node: credit 77\n"
                                      "node: goaway drain; b2:7443,b3:7443\n");
        assert_true(link_client_send_credit(fixture.client) == LINK_CREDIT_BYTES + 77);
        link_client_credit(fixture.client, 88);
        link_client_goaway(fixture.client, BYTES("service stop"));
        link_fixture_expect(&fixture, "bridge: credit 88\nbridge: goaway service stop\n");
        link_fixture_deinit(&fixture);
    }
}

static void
test_thousands_of_small_deliveries(void **state)
{
    (void)state;
    struct link_fixture fixture;
    open_fixture(&fixture, 0);
    struct payload *frame = payload_from(BYTES("a frame of some thirty characters"));
    for (uint64_t id = 1; id <= 5000; id++) {
        link_server_deliver(fixture.server, 1, 0, id, payload_whole(frame), false);
    }
    link_pipe_run(&fixture.pipe);
    assert_true(bytes_ends_with_ignore_case(
        buffer_bytes(&fixture.told),
        BYTES("node: deliver 1 0 5000 a frame of some thirty characters\n")));
    /* One slice each: what is small is copied behind its header. */
    assert_true(fixture.pipe.bridge.write_count < 5010);
    payload_unref(frame);
    link_fixture_deinit(&fixture);
}

/* Before any app is open, too. */
static void
test_share(void **state)
{
    (void)state;
    EACH_CHUNKING(i)
    {
        struct link_fixture fixture;
        link_fixture_init(&fixture);
        fixture.pipe.chunk_bytes = chunkings[i];
        link_fixture_expect(&fixture, "bridge: hello web01 service 1 a1\n"
                                      "bridge: credit 4194304\n"
                                      "node: welcome bridge1 bridge 1 b2\n"
                                      "node: credit 4194304\n");
        link_server_share(fixture.server, BYTES("revoked"), BYTES("a\tb\t1"));
        link_fixture_expect(&fixture, "node: share revoked a\tb\t1\n");
        link_client_share(fixture.client, BYTES("issued"), BYTES_NONE);
        link_fixture_expect(&fixture, "bridge: share issued \n");
        link_fixture_deinit(&fixture);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_hello_and_welcome),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_publish),
        cmocka_unit_test(test_interest),
        cmocka_unit_test(test_long_interest_is_split),
        cmocka_unit_test(test_deliver),
        cmocka_unit_test(test_large_frames_are_shared),
        cmocka_unit_test(test_replay_and_query),
        cmocka_unit_test(test_replay_leaves_out_what_no_envelope_holds),
        cmocka_unit_test(test_state_secrets_credit_goaway),
        cmocka_unit_test(test_thousands_of_small_deliveries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
