/* SPDX-License-Identifier: MIT */
/* Goal of this test: a peer that closes only its own direction still gets what was queued for it.
 */
#include "common/net/loop_uv.h"
#include "tests/unit/net/net_fixture.h"

#include <uv.h>

enum { ANSWER_BYTES = 3 * 1000 * 1000 };

/* A client made of bare libuv, which reads on after its shutdown. */
struct half_client {
    struct net_fixture *net;
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_shutdown_t shutdown;
    uv_write_t write;
    char room[65536];
    size_t received_bytes;
    bool is_ended;
    bool is_closed;
};

static void
on_client_closed(uv_handle_t *handle)
{
    struct half_client *client = handle->data;
    client->is_closed = true;
}

static void
on_allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct half_client *client = handle->data;
    (void)suggested;
    *out = uv_buf_init(client->room, sizeof client->room);
}

static void
on_read(uv_stream_t *handle, ssize_t length, const uv_buf_t *buffer)
{
    struct half_client *client = handle->data;
    (void)buffer;
    if (length > 0) {
        client->received_bytes += (size_t)length;
    } else if (length < 0) {
        client->is_ended = length == UV_EOF;
        uv_close((uv_handle_t *)handle, on_client_closed);
    }
}

static void
on_connected(uv_connect_t *request, int code)
{
    struct half_client *client = request->data;
    static char mark[] = "?";
    uv_buf_t question = uv_buf_init(mark, 1);
    assert_int_equal(code, 0);
    assert_int_equal(uv_write(&client->write, (uv_stream_t *)&client->tcp, &question, 1, NULL), 0);
    assert_int_equal(uv_shutdown(&client->shutdown, (uv_stream_t *)&client->tcp, NULL), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)&client->tcp, on_allocate, on_read), 0);
}

static void
answer(struct net_end *end, struct bytes input)
{
    (void)input;
    net_write_pattern(end->stream, ANSWER_BYTES, 5000);
}

static void
answer_arrives_after_half_close(void **state)
{
    struct net_fixture fixture;
    static struct half_client client;
    struct sockaddr_in address;
    (void)state;
    net_fixture_open(&fixture);
    fixture.server.on_data = answer;
    client.tcp.data = client.connect.data = &client;
    assert_int_equal(uv_tcp_init(loop_uv(fixture.loop), &client.tcp), 0);
    assert_int_equal(uv_ip4_addr("127.0.0.1", listener_port(fixture.listener), &address), 0);
    assert_int_equal(uv_tcp_connect(&client.connect, &client.tcp, (const struct sockaddr *)&address,
                                    on_connected),
                     0);
    net_wait(&fixture, client.is_closed && fixture.server.closed_count == 1);
    assert_true(client.is_ended);
    assert_int_equal(client.received_bytes, ANSWER_BYTES);
    assert_status(fixture.server.status, STATUS_CLOSED);
    assert_string_equal(fixture.server.reason, "the peer has closed");
    net_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_arrives_after_half_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
