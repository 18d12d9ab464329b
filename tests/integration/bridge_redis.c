/* SPDX-License-Identifier: MIT */
/* Goal of these tests: a bridge on a real Redis carries messages both ways, beside .NET servers and
 * plain subscribers. */
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/integration/bridge_rig.h"
#include "tests/support/hex.h"
#include "tests/support/test.h"
#include "tests/unit/wire/signalr_vectors.h"

enum { VECTORS_MAX_BYTES = 1024 * 1024 };

static void
start(struct rig *rig)
{
    rig_init(rig);
    rig_start_redis(rig);
    rig_start_bridge(rig, 0);
    rig_join(rig, 0);
    rig_join(rig, 1);
}

static void
messages_cross_between_nodes(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    assert_int_equal(rig.nodes[0].state, LINK_BACKPLANE_OPEN);
    rig_listen(&rig, 0, "h-ChatHub");
    rig_listen(&rig, 1, "h-ChatHub");
    rig_publish_run(&rig, "h-ChatHub", 1, 1000);
    rig_wait(&rig, rig.nodes[1].delivered_count == 1000 && rig.nodes[0].acknowledged == 1000);
    rig_wait(&rig, rig.nodes[0].delivered_count == 1000);
    assert_true(rig_has_run(&rig.nodes[0], 0, 1, 1000));
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 1000));
    assert_int_equal(rig.nodes[1].delivered[0].id, 1);
    assert_int_equal(rig.nodes[0].published_id, 1000);
    assert_int_equal(rig_redis(&rig, "GET " RIG_KEY), 1000);
    assert_int_equal(rig_redis(&rig, "ZCARD {" RIG_KEY "}:hubplane:log"), 1000);
    rig_deinit(&rig);
}

/* A subscriber without any of our code. */
static redisContext *
subscribe(struct rig *rig)
{
    redisContext *subscriber = redisConnect("127.0.0.1", rig->redis_port);
    redisReply *reply = redisCommand(subscriber, "SUBSCRIBE " RIG_KEY);

    assert_non_null(reply);
    freeReplyObject(reply);
    return subscriber;
}

static uint64_t
next_id(redisContext *subscriber)
{
    void *answer = NULL;
    struct bytes frame;
    redisReply *reply;
    uint64_t id = 0;

    assert_int_equal(redisGetReply(subscriber, &answer), REDIS_OK);
    reply = answer;
    assert_int_equal(reply->elements, 3);
    assert_status(signalr_message_split_channel(bytes_from(reply->element[2]->str,
                                                           reply->element[2]->len),
                                                &id, &frame),
                  STATUS_OK);
    freeReplyObject(answer);
    return id;
}

static void
a_plain_subscriber_sees_ids_one_by_one(void **state)
{
    struct payload *frame = rig_frame("h-ChatHub", 1);
    redisContext *subscriber;
    struct rig rig;

    (void)state;
    start(&rig);
    rig_join(&rig, 2);
    rig_join(&rig, 3);
    subscriber = subscribe(&rig);
    for (uint64_t round = 0; round < 200; round++) {
        for (size_t node = 0; node < 4; node++) {
            rig_publish(&rig, node, "h-ChatHub", round);
        }
        rig_publish_dotnet(&rig, payload_bytes(frame));
        if (round % 10 == 0) {
            rig_run(&rig, 1);
        }
    }
    for (size_t node = 0; node < 4; node++) {
        rig_wait(&rig, rig.nodes[node].acknowledged == 200);
    }
    for (uint64_t id = 1; id <= 1000; id++) {
        assert_int_equal(next_id(subscriber), id);
    }
    redisFree(subscriber);
    payload_unref(frame);
    rig_deinit(&rig);
}

static void
dotnet_vectors_are_delivered(void **state)
{
    static const char *const vectors[] = {SIGNALR_VECTOR_1, SIGNALR_VECTOR_2, SIGNALR_VECTOR_3,
                                          SIGNALR_VECTOR_4, SIGNALR_VECTOR_5, SIGNALR_VECTOR_6,
                                          SIGNALR_VECTOR_7, SIGNALR_VECTOR_8};
    struct buffer bytes;
    struct rig rig;

    (void)state;
    start(&rig);
    buffer_init(&bytes, VECTORS_MAX_BYTES);
    rig_listen(&rig, 0, "*");
    rig_listen(&rig, 1, "h-ChatHub");
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        buffer_clear(&bytes);
        rig_publish_dotnet(&rig, hex_decode(vectors[i], &bytes));
    }
    rig_wait(&rig, rig.nodes[0].delivered_count == 8);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(rig.nodes[0].delivered[i].id, i + 1);
        assert_true(rig.nodes[0].delivered[i].is_foreign);
    }
    assert_int_equal(rig.nodes[1].delivered_count, 1);
    /* The bridge has added them to the log, where a late node finds them. */
    rig_wait(&rig, rig_redis(&rig, "ZCARD {" RIG_KEY "}:hubplane:log") == 8);
    buffer_deinit(&bytes);
    rig_deinit(&rig);
}

static void
the_script_cache_may_be_flushed(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    rig_listen(&rig, 1, "t");
    for (uint64_t number = 1; number <= 500; number++) {
        rig_publish(&rig, 0, "t", number);
        if (number % 50 == 0) {
            assert_true(rig_redis(&rig, "SCRIPT FLUSH") >= 0);
            rig_run(&rig, 2);
        }
    }
    rig_wait(&rig, rig.nodes[1].delivered_count >= 500 && rig.nodes[0].acknowledged == 500);
    assert_true(rig_has_run(&rig.nodes[1], 0, 1, 500));
    assert_int_equal(rig.nodes[0].refused_count, 0);
    rig_deinit(&rig);
}

static void
a_late_node_replays_from_the_log(void **state)
{
    struct rig rig;

    (void)state;
    start(&rig);
    for (uint64_t number = 1; number <= 700; number++) {
        rig_publish(&rig, 0, number % 2 == 0 ? "even" : "odd", number);
    }
    rig_wait(&rig, rig.nodes[0].acknowledged == 700);
    /* A bridge that has just started has no history of its own. */
    rig.nodes[0].reconnects = rig.nodes[1].reconnects = true;
    assert_int_equal(rig_stop_bridge(&rig, 0, SIGKILL), 128 + SIGKILL);
    rig_wait(&rig, !rig.nodes[0].is_open && !rig.nodes[1].is_open);
    rig_start_bridge(&rig, 0);
    rig_wait(&rig, rig.nodes[0].is_open && rig.nodes[1].is_open);
    rig_replay(&rig, 1, "even", 100);
    assert_int_equal(rig.nodes[1].delivered_count, 300);
    assert_int_equal(rig.nodes[1].delivered[0].number, 102);
    assert_int_equal(rig.nodes[1].delivered[299].number, 700);
    assert_int_equal(rig.nodes[1].missing_to, 0);
    assert_int_equal(rig.nodes[1].replayed_to, 700);
    rig_deinit(&rig);
}

static void
the_log_is_trimmed(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    rig_start_redis(&rig);
    snprintf(rig.redis_section, sizeof(rig.redis_section),
             "address = 127.0.0.1:%u\nlog_messages = 1000\n", rig.redis_port);
    rig_start_bridge(&rig, 0);
    rig_join(&rig, 0);
    rig_publish_run(&rig, "t", 1, 3000);
    rig_wait(&rig, rig.nodes[0].acknowledged == 3000);
    assert_true(rig_redis(&rig, "ZCARD {" RIG_KEY "}:hubplane:log") < 1000 + 256 + 64);
    rig_deinit(&rig);
}

static void
an_acl_user_database_and_unix_socket(void **state)
{
    struct rig rig;

    (void)state;
    rig_init(&rig);
    snprintf(rig.redis_options, sizeof(rig.redis_options), "--unixsocket redis.sock");
    rig_start_redis(&rig);
    assert_true(rig_redis(&rig, "ACL SETUSER hubplane on >secret resetkeys ~" RIG_KEY " ~{" RIG_KEY
                                "}:hubplane:* resetchannels &" RIG_KEY
                                " -@all +subscribe +unsubscribe +ping +auth +select +client|setname"
                                " +eval +evalsha +incrby +publish +get +set +zadd +zrangebyscore"
                                " +zremrangebyrank") >= 0);
    assert_int_equal(rig_shell(&rig, "printf 'secret\\n' > password; chmod 600 password"), 0);
    snprintf(rig.redis_section, sizeof(rig.redis_section),
             "address = unix:redis.sock\nuser = hubplane\npassword_file = password\n"
             "database = 3\n");
    rig_start_bridge(&rig, 0);
    rig_join(&rig, 0);
    rig_listen(&rig, 0, "t");
    rig_publish(&rig, 0, "t", 1);
    rig_wait(&rig, rig.nodes[0].delivered_count == 1 && rig.nodes[0].acknowledged == 1);
    assert_true(rig_redis(&rig, "SELECT 3") >= 0);
    assert_int_equal(rig_redis(&rig, "GET " RIG_KEY), 1);
    assert_int_equal(rig_redis(&rig, "ZCARD {" RIG_KEY "}:hubplane:log"), 1);
    rig_deinit(&rig);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_cross_between_nodes),
        cmocka_unit_test(a_plain_subscriber_sees_ids_one_by_one),
        cmocka_unit_test(dotnet_vectors_are_delivered),
        cmocka_unit_test(the_script_cache_may_be_flushed),
        cmocka_unit_test(a_late_node_replays_from_the_log),
        cmocka_unit_test(the_log_is_trimmed),
        cmocka_unit_test(an_acl_user_database_and_unix_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
