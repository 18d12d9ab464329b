/* SPDX-License-Identifier: MIT */
#include "tests/unit/net/net_fixture.h"

#include "common/base/clock.h"

#include <stdio.h>
#include <string.h>

enum { RECEIVED_LIMIT_BYTES = 256 * 1024 * 1024 };

static void
log_line(void *context, enum log_level level, const char *line)
{
    struct net_fixture *fixture = context;
    (void)level;
    (void)buffer_append_string(&fixture->logged, line);
    (void)buffer_append_byte(&fixture->logged, '\n');
}

/* ---- a stream's record ------------------------------------------------------------------------
 */

static void
on_open(void *owner, struct stream *stream)
{
    struct net_end *end = owner;
    assert_false(end->is_inside);
    assert_int_equal(end->open_count, 0);
    end->is_inside = true;
    end->stream = stream;
    end->open_count++;
    if (end->on_open != NULL) {
        end->on_open(end);
    }
    end->is_inside = false;
}

static void
on_data(void *owner, struct stream *stream, struct bytes input)
{
    struct net_end *end = owner;
    assert_false(end->is_inside);
    assert_int_equal(end->open_count, 1);
    assert_int_equal(end->closed_count, 0);
    assert_true(input.length > 0);
    end->is_inside = true;
    end->stream = stream;
    end->data_count++;
    end->received_bytes += input.length;
    if (end->on_data != NULL) {
        end->on_data(end, input);
    } else if (!end->forgets) {
        assert_status(buffer_append(&end->received, input), STATUS_OK);
    }
    end->is_inside = false;
}

static void
on_drained(void *owner, struct stream *stream)
{
    struct net_end *end = owner;
    (void)stream;
    assert_false(end->is_inside);
    end->is_inside = true;
    end->drained_count++;
    if (end->on_drained != NULL) {
        end->on_drained(end);
    }
    end->is_inside = false;
}

static void
on_closed(void *owner, enum status status, const char *reason)
{
    struct net_end *end = owner;
    assert_false(end->is_inside);
    end->closed_count++;
    end->stream = NULL;
    end->status = status;
    (void)snprintf(end->reason, sizeof end->reason, "%s", reason);
}

const struct stream_handler net_end_handler = {
    .on_open = on_open,
    .on_data = on_data,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

void
net_end_deinit(struct net_end *end)
{
    buffer_deinit(&end->received);
}

/* ---- listener ---------------------------------------------------------------------------------
 */

static void
on_socket(void *owner, stream_socket socket)
{
    struct net_fixture *fixture = owner;
    if (fixture->accepted_count++ > 0) {
        listener_reject(socket);
        return;
    }
    assert_status(stream_open_accepted(fixture->loop, socket, &fixture->server_options,
                                       &net_end_handler, &fixture->server, &fixture->server.stream),
                  STATUS_OK);
}

static void
on_listener_closed(void *owner)
{
    struct net_fixture *fixture = owner;
    fixture->is_listener_closed = true;
    fixture->listener = NULL;
}

static const struct listener_handler listener_handler = {
    .on_socket = on_socket,
    .on_closed = on_listener_closed,
};

void
net_fixture_open_loop(struct net_fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    buffer_init(&fixture->logged, RECEIVED_LIMIT_BYTES);
    buffer_init(&fixture->client.received, RECEIVED_LIMIT_BYTES);
    buffer_init(&fixture->server.received, RECEIVED_LIMIT_BYTES);
    log_init(&fixture->log, LOG_DEBUG, log_line, fixture);
    assert_status(loop_new(&fixture->log, &fixture->loop), STATUS_OK);
}

void
net_fixture_open(struct net_fixture *fixture)
{
    net_fixture_open_loop(fixture);
    assert_status(listener_open(fixture->loop, "127.0.0.1:0", &listener_handler, fixture,
                                &fixture->listener),
                  STATUS_OK);
    assert_int_not_equal(listener_port(fixture->listener), 0);
    (void)snprintf(fixture->address, sizeof fixture->address, "127.0.0.1:%u",
                   listener_port(fixture->listener));
}

void
net_fixture_dial(struct net_fixture *fixture)
{
    assert_status(dialer_open(fixture->loop, fixture->address, NET_WAIT_LIMIT_MS,
                              &fixture->client_options, &net_end_handler, &fixture->client,
                              &fixture->client.stream),
                  STATUS_OK);
}

void
net_fixture_connect(struct net_fixture *fixture)
{
    net_fixture_dial(fixture);
    net_wait(fixture, fixture->client.open_count == 1 && fixture->server.open_count == 1);
}

void
net_fixture_close(struct net_fixture *fixture)
{
    if (fixture->client.stream != NULL) {
        stream_close(fixture->client.stream, "test");
    }
    if (fixture->server.stream != NULL) {
        stream_close(fixture->server.stream, "test");
    }
    listener_close(fixture->listener);
    net_wait(fixture, fixture->client.stream == NULL && fixture->server.stream == NULL &&
                          fixture->listener == NULL);
    assert_true(fixture->client.closed_count <= 1 && fixture->server.closed_count <= 1);
    loop_free(fixture->loop);
    net_end_deinit(&fixture->client);
    net_end_deinit(&fixture->server);
    buffer_deinit(&fixture->logged);
}

/* ---- time -------------------------------------------------------------------------------------
 */

struct stop_timer {
    struct timer timer;
    struct loop *loop;
};

static void
stop_loop(struct timer *timer)
{
    struct stop_timer *stop = CONTAINER_OF(timer, struct stop_timer, timer);
    loop_stop(stop->loop);
}

void
net_run_ms(struct net_fixture *fixture, uint64_t duration_ms)
{
    struct stop_timer stop = {.loop = fixture->loop};
    timer_start(loop_timers(fixture->loop), &stop.timer, duration_ms, stop_loop);
    loop_run(fixture->loop);
    timer_stop(loop_timers(fixture->loop), &stop.timer);
}

void
net_step(struct net_fixture *fixture)
{
    net_run_ms(fixture, 1);
}

uint64_t
net_now_ms(void)
{
    struct clock clock;
    clock_init_system(&clock);
    return clock.now_ms;
}

/* ---- bytes ------------------------------------------------------------------------------------
 */

void
net_write_text(struct stream *stream, const char *text)
{
    sink_write_bytes(stream_sink(stream), bytes_from_string(text));
}

/* The byte at ${offset}: no period that a record or a buffer could have. */
static uint8_t
pattern_at(size_t offset)
{
    return (uint8_t)(offset * 31 + offset / 251);
}

void
net_write_pattern(struct stream *stream, size_t length, size_t piece)
{
    struct payload *payload = payload_new(length);
    assert_non_null(payload);
    for (size_t i = 0; i < length; i++) {
        payload->data[i] = pattern_at(i);
    }
    for (size_t offset = 0; offset < length; offset += piece) {
        size_t rest = length - offset;
        sink_write(stream_sink(stream),
                   (struct payload_slice){payload, offset, rest < piece ? rest : piece});
    }
    payload_unref(payload);
}

bool
net_is_pattern(struct bytes bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        if (bytes.data[i] != pattern_at(i)) {
            return false;
        }
    }
    return true;
}

struct tls_context *
net_tls_link(enum tls_role role, struct bytes credential)
{
    struct tls_options options = {
        .role = role,
        .certificate_pem = credential,
        .key_pem = credential,
        .authority_pem = credential,
        .requires_peer_certificate = role == TLS_SERVER,
        .is_link = true,
    };
    struct tls_context *context = NULL;
    struct buffer problem;
    buffer_init(&problem, 1024);
    enum status status = tls_context_new(&options, &problem, &context);
    if (status != STATUS_OK) {
        fail_msg("no context: %.*s", BYTES_PRINTF(buffer_bytes(&problem)));
    }
    buffer_deinit(&problem);
    return context;
}
