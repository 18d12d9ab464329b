/* SPDX-License-Identifier: MIT */
/* Goal of this test: who listens to every message gets each frame once, with one that holds several
 * messages or none; and a frame is published as the bytes it is, with a patience of its own. */
#include <string.h>

#include "tests/support/test.h"
#include "tests/unit/backplane/backplane_fixture.h"

static const struct signalr_message two_messages[] = {
    {.source = {(const uint8_t *)"s", 1},
     .topic = {(const uint8_t *)"h-A", 3},
     .value = {(const uint8_t *)"1", 1}},
    {.source = {(const uint8_t *)"s", 1},
     .topic = {(const uint8_t *)"h-B", 3},
     .value = {(const uint8_t *)"2", 1}},
};

static struct payload *
encode(size_t count)
{
    struct buffer buffer;

    buffer_init(&buffer, 4096);
    assert_status(signalr_message_encode(two_messages, count, 638000000000000000, &buffer),
                  STATUS_OK);
    struct payload *frame = payload_from(buffer_bytes(&buffer));
    assert_non_null(frame);
    buffer_deinit(&buffer);
    return frame;
}

static void
deliver(struct backplane_fixture *f, uint32_t request, uint64_t id, size_t count)
{
    struct payload *frame = encode(count);

    link_server_deliver(f->server, 1, request, id, payload_whole(frame), false);
    payload_unref(frame);
}

static void
every_frame_once(void **state)
{
    struct backplane_fixture f;

    (void)state;
    backplane_fixture_init(&f, 100000, 100000);
    backplane_fixture_link(&f);
    backplane_fixture_subscribe(&f, 1, "*", BACKPLANE_NO_REPLAY);
    backplane_fixture_subscribe(&f, 0, "h-A", BACKPLANE_NO_REPLAY);
    backplane_fixture_run(&f);
    link_server_interest_ack(f.server, 1, 1, 100);
    backplane_fixture_forget(&f);
    deliver(&f, 0, 101, 2);
    deliver(&f, 0, 102, 0);
    backplane_fixture_expect(&f, "worker 0: message 101 h-A 1\n"
                                 "worker 0: position 102\n"
                                 "worker 1: message 101 h-B 2\n"
                                 "worker 1: message 102  \n"
                                 "worker 1: position 102\n");
    backplane_fixture_deinit(&f);
}

/* What was missed while the link was down comes in order, before what is live. */
static void
catching_up(void **state)
{
    struct backplane_fixture f;

    (void)state;
    backplane_fixture_init(&f, 100000, 100000);
    backplane_fixture_link(&f);
    backplane_fixture_listen(&f, 1, "*");
    backplane_fixture_cut(&f);
    backplane_fixture_forget(&f);
    f.opened.current_id = 103;
    backplane_fixture_link(&f);
    backplane_fixture_expect(&f, "bridge: open ChatApp seen 100 acknowledged 0\n"
                                 "bridge: interest +*\n"
                                 "bridge: interest end 0\n"
                                 "bridge: replay 2\n"
                                 "bridge:   * since 100\n"
                                 "worker 0: state open\n"
                                 "worker 1: state open\n");
    deliver(&f, 0, 104, 0);
    deliver(&f, 2, 101, 0);
    deliver(&f, 2, 103, 2);
    link_server_replayed(f.server, 1, 2, 103, 0);
    backplane_fixture_expect(&f, "worker 0: position 104\n"
                                 "worker 1: message 101  \n"
                                 "worker 1: message 103 h-B 2\n"
                                 "worker 1: message 104  \n"
                                 "worker 1: position 104\n");
    backplane_fixture_deinit(&f);
}

static void
told(void *owner, enum status status, uint64_t id)
{
    struct backplane_fixture *f = owner;

    buffer_append_format(&f->told_workers, "frame: %s %llu\n", status_name(status),
                         (unsigned long long)id);
}

static void
a_frame_has_its_own_patience(void **state)
{
    struct backplane_fixture f;
    struct payload *frame = encode(1);

    (void)state;
    backplane_fixture_init(&f, 100000, 100000);
    backplane_publish_frame(f.ports[0], 1, frame, 4000, told, &f);
    backplane_fixture_publish(&f, 0, "h-ChatHub", "patient");
    backplane_fixture_advance(&f, 3000);
    backplane_fixture_expect(&f, "");
    backplane_fixture_advance(&f, 2000);
    backplane_fixture_expect(&f, "frame: TIMED_OUT 0\n");
    backplane_fixture_link(&f);
    backplane_fixture_expect(&f, "bridge: open ChatApp seen 0 acknowledged 0\n"
                                 "bridge: publish 1 patient\n"
                                 "worker 0: secrets 1 ab\n"
                                 "worker 0: state open\n"
                                 "worker 0: position 100\n"
                                 "worker 1: secrets 1 ab\n"
                                 "worker 1: state open\n"
                                 "worker 1: position 100\n");
    backplane_publish_frame(f.ports[0], 1, frame, 4000, told, &f);
    backplane_fixture_expect(&f, "bridge: publish 2 1\n");
    link_server_published(f.server, 1, 2, 102);
    backplane_fixture_expect(&f, "worker 0: published OK 0\n"
                                 "frame: OK 102\n");
    payload_unref(frame);
    backplane_fixture_deinit(&f);
}

static void
what_is_no_frame_is_refused(void **state)
{
    struct backplane_fixture f;
    struct payload *frame = encode(1);
    struct payload *longer = payload_new(frame->length + 1);
    struct payload *none = payload_from(BYTES("12345"));

    (void)state;
    assert_non_null(longer);
    assert_non_null(none);
    memcpy(longer->data, frame->data, frame->length);
    longer->data[frame->length] = 0;
    backplane_fixture_init(&f, 100000, 100000);
    backplane_publish_frame(f.ports[0], 1, longer, 0, told, &f);
    backplane_publish_frame(f.ports[0], 1, none, 0, told, &f);
    backplane_fixture_expect(&f, "frame: INVALID 0\n"
                                 "frame: INVALID 0\n");
    payload_unref(frame);
    payload_unref(longer);
    payload_unref(none);
    backplane_fixture_deinit(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_once),
        cmocka_unit_test(catching_up),
        cmocka_unit_test(a_frame_has_its_own_patience),
        cmocka_unit_test(what_is_no_frame_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
