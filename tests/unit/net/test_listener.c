/* SPDX-License-Identifier: MIT */
/* Goal of this test: sockets accepted on one loop live on another; closing a listener loses nobody
 * who has connected. */
#include "tests/unit/net/net_fixture.h"

#include <uv.h>

#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 100 };

struct worker {
    struct log log;
    struct loop *loop;
    uv_thread_t thread;
    struct net_end ends[CLIENTS];
    int count;
};

struct handover {
    struct worker *worker;
    stream_socket socket;
};

static void
discard_line(void *context, enum log_level level, const char *line)
{
    (void)context;
    (void)level;
    (void)line;
}

static void
echo(struct net_end *end, struct bytes input)
{
    sink_write_bytes(stream_sink(end->stream), input);
}

/* On the worker's loop. */
static void
adopt(void *context)
{
    struct handover *handover = context;
    struct worker *worker = handover->worker;
    struct net_end *end = &worker->ends[worker->count++];
    end->on_data = echo;
    if (stream_open_accepted(worker->loop, handover->socket, NULL, &net_end_handler, end,
                             &end->stream) != STATUS_OK) {
        abort();
    }
    free(handover);
}

static void
hand_over(void *owner, stream_socket socket)
{
    struct worker *worker = owner;
    struct handover *handover = malloc(sizeof *handover);
    assert_non_null(handover);
    *handover = (struct handover){worker, socket};
    assert_status(loop_post(worker->loop, adopt, handover), STATUS_OK);
}

static const struct listener_handler handler = {.on_socket = hand_over};

static void
run_worker(void *context)
{
    struct worker *worker = context;
    loop_run(worker->loop);
}

static void
stop_worker(void *context)
{
    struct worker *worker = context;
    loop_stop(worker->loop);
}

static void
handed_to_another_loop(void **state)
{
    static struct worker worker;
    static struct net_end clients[CLIENTS];
    struct net_fixture fixture;
    struct listener *listener;
    char address[64];
    int answered = 0;
    (void)state;
    net_fixture_open_loop(&fixture);
    log_init(&worker.log, LOG_ERROR, discard_line, NULL);
    assert_status(loop_new(&worker.log, &worker.loop), STATUS_OK);
    assert_int_equal(uv_thread_create(&worker.thread, run_worker, &worker), 0);
    assert_status(listener_open(fixture.loop, "127.0.0.1:0", &handler, &worker, &listener),
                  STATUS_OK);
    (void)snprintf(address, sizeof address, "127.0.0.1:%u", listener_port(listener));
    for (int i = 0; i < CLIENTS; i++) {
        buffer_init(&clients[i].received, 100);
        assert_status(dialer_open(fixture.loop, address, 20000, NULL, &net_end_handler, &clients[i],
                                  &clients[i].stream),
                      STATUS_OK);
        net_write_text(clients[i].stream, "hello");
    }
    net_wait(&fixture, clients[CLIENTS - 1].open_count == 1);
    /* Some may not be accepted yet: that happens now. */
    listener_close(listener);
    for (int i = 0; i < CLIENTS; i++) {
        net_wait(&fixture, clients[i].received.length == 5);
        answered++;
    }
    assert_int_equal(answered, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        sink_finish(stream_sink(clients[i].stream), "done");
    }
    for (int i = 0; i < CLIENTS; i++) {
        net_wait(&fixture, clients[i].closed_count == 1);
        buffer_deinit(&clients[i].received);
    }
    assert_status(loop_post(worker.loop, stop_worker, &worker), STATUS_OK);
    assert_int_equal(uv_thread_join(&worker.thread), 0);
    loop_free(worker.loop);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(worker.ends[i].closed_count, 1);
    }
    net_fixture_close(&fixture);
}

static void
count_and_reject(void *owner, stream_socket socket)
{
    int *count = owner;
    (*count)++;
    listener_reject(socket);
}

static const struct listener_handler rejecting = {.on_socket = count_and_reject};

static void
rejected_sockets_are_closed(void **state)
{
    struct net_fixture fixture;
    struct listener *listener;
    int count = 0;
    (void)state;
    net_fixture_open_loop(&fixture);
    assert_status(listener_open(fixture.loop, "127.0.0.1:0", &rejecting, &count, &listener),
                  STATUS_OK);
    (void)snprintf(fixture.address, sizeof fixture.address, "127.0.0.1:%u",
                   listener_port(listener));
    net_fixture_dial(&fixture);
    net_wait(&fixture, fixture.client.closed_count == 1);
    assert_int_equal(count, 1);
    assert_status(fixture.client.status, STATUS_CLOSED);
    listener_close(listener);
    listener_close(listener);
    net_fixture_close(&fixture);
}

static void
one_port_one_listener(void **state)
{
    struct net_fixture fixture;
    struct listener *second = NULL;
    int count = 0;
    (void)state;
    net_fixture_open(&fixture);
    enum status status = listener_open(fixture.loop, fixture.address, &rejecting, &count, &second);
    assert_status(status, STATUS_ADDRESS_IN_USE);
    assert_status(listener_open(fixture.loop, "nonsense", &rejecting, &count, &second),
                  STATUS_INVALID);
    assert_status(listener_open(fixture.loop, "192.0.2.1:0", &rejecting, &count, &second),
                  STATUS_UNREACHABLE);
    net_fixture_close(&fixture);
}

static void
every_interface(void **state)
{
    struct net_fixture fixture;
    struct listener *listener;
    int count = 0;
    (void)state;
    net_fixture_open_loop(&fixture);
    assert_status(listener_open(fixture.loop, "*:0", &rejecting, &count, &listener), STATUS_OK);
    (void)snprintf(fixture.address, sizeof fixture.address, "127.0.0.1:%u",
                   listener_port(listener));
    net_fixture_dial(&fixture);
    net_wait(&fixture, fixture.client.closed_count == 1);
    assert_int_equal(count, 1);
    listener_close(listener);
    net_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handed_to_another_loop),
        cmocka_unit_test(rejected_sockets_are_closed),
        cmocka_unit_test(one_port_one_listener),
        cmocka_unit_test(every_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
