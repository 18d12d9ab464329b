/* SPDX-License-Identifier: MIT */
/* Goal of this test: whichever allocation fails, somebody is told, nothing leaks, and the loop goes
 * on. */
#include "tests/support/fail_alloc.h"
#include "tests/unit/net/net_fixture.h"

#include <stdio.h>
#include <string.h>

enum { TIMERS = 64, SIZE = 300 * 1000 };

struct attempt {
    struct net_fixture net;
    struct tls_context *server;
    struct tls_context *client;
};

static void
accept_tolerantly(void *owner, stream_socket socket)
{
    struct attempt *attempt = owner;
    struct net_fixture *net = &attempt->net;
    net->accepted_count++;
    enum status status = stream_open_accepted(net->loop, socket, &net->server_options,
                                              &net_end_handler, &net->server, &net->server.stream);
    if (status != STATUS_OK) {
        assert_status(status, STATUS_NO_MEMORY);
        net->server.closed_count = 1;
    }
}

static const struct listener_handler handler = {.on_socket = accept_tolerantly};

static void
ignore(struct timer *timer)
{
    (void)timer;
}

/* Running out of memory for a timer aborts, by design. */
static void
make_room_for_timers(struct loop *loop)
{
    struct timer timers[TIMERS];
    memset(timers, 0, sizeof timers);
    for (int i = 0; i < TIMERS; i++) {
        timer_start(loop_timers(loop), &timers[i], 1000, ignore);
    }
    for (int i = 0; i < TIMERS; i++) {
        timer_stop(loop_timers(loop), &timers[i]);
    }
}

static void
talk_and_finish(struct net_end *end)
{
    for (int i = 0; i < 10; i++) {
        net_write_text(end->stream, "some text in many pieces ");
    }
    struct payload *payload = payload_new(SIZE);
    if (payload != NULL) {
        memset(payload->data, 'x', SIZE);
        sink_write(stream_sink(end->stream), payload_whole(payload));
        payload_unref(payload);
    }
    sink_finish(stream_sink(end->stream), "done");
}

static enum status
open_all(struct attempt *attempt, struct listener **listener)
{
    struct net_fixture *net = &attempt->net;
    enum status status = listener_open(net->loop, "127.0.0.1:0", &handler, attempt, listener);
    if (status != STATUS_OK) {
        return status;
    }
    (void)snprintf(net->address, sizeof net->address, "127.0.0.1:%u", listener_port(*listener));
    return dialer_open(net->loop, net->address, 20000, &net->client_options, &net_end_handler,
                       &net->client, &net->client.stream);
}

/* True when the allocation number ${n} was reached. */
static bool
attempt_once(struct attempt *attempt, size_t n)
{
    struct net_fixture *net = &attempt->net;
    struct listener *listener = NULL;
    net_fixture_open_loop(net);
    make_room_for_timers(net->loop);
    net->client.forgets = net->server.forgets = true;
    net->client.on_open = talk_and_finish;
    net->client_options.tls = attempt->client;
    net->server_options.tls = attempt->server;
    fail_alloc_at(n);
    enum status status = open_all(attempt, &listener);
    if (status == STATUS_OK) {
        net_wait(net, net->client.closed_count == 1);
    }
    bool has_failed = fail_alloc_off();
    if (status != STATUS_OK) {
        assert_status(status, STATUS_NO_MEMORY);
        assert_int_equal(net->client.closed_count, 0);
    } else if (!has_failed) {
        assert_status(net->client.status, STATUS_OK);
    }
    listener_close(listener);
    if (net->accepted_count > 0) {
        net_wait(net, net->server.closed_count == 1);
    }
    net_fixture_close(net);
    return has_failed;
}

static void
attempt_all(struct attempt *attempt)
{
    size_t n = 0;
    while (attempt_once(attempt, n)) {
        n++;
    }
    /* Otherwise nothing was tested. */
    assert_true(n > 5);
}

static void
plain(void **state)
{
    struct attempt attempt = {0};
    (void)state;
    attempt_all(&attempt);
}

static void
tls(void **state)
{
    const struct test_certificate bridge = {.name = "bridge1", .is_bridge = true};
    struct test_authority *authority = test_authority_new("farm");
    struct attempt attempt = {0};
    struct buffer credential;
    (void)state;
    buffer_init(&credential, NET_PEM_LIMIT_BYTES);
    test_authority_issue(authority, &bridge, &credential);
    attempt.client = net_tls_link(TLS_CLIENT, buffer_bytes(&credential));
    attempt.server = net_tls_link(TLS_SERVER, buffer_bytes(&credential));
    attempt_all(&attempt);
    tls_context_free(attempt.client);
    tls_context_free(attempt.server);
    buffer_deinit(&credential);
    test_authority_free(authority);
}

static void
new_loop(void **state)
{
    struct log log;
    struct loop *loop = NULL;
    (void)state;
    log_init_stderr(&log, LOG_ERROR);
    for (size_t n = 0;; n++) {
        fail_alloc_at(n);
        enum status status = loop_new(&log, &loop);
        if (!fail_alloc_off()) {
            assert_status(status, STATUS_OK);
            break;
        }
        assert_status(status, STATUS_NO_MEMORY);
    }
    loop_free(loop);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_loop),
        cmocka_unit_test(plain),
        cmocka_unit_test(tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
