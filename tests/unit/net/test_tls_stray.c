/* SPDX-License-Identifier: MIT */
/* Goal of this test: whoever does not speak TLS, leaves early or says nothing is turned away with a
 * reason. */
#include "tests/unit/net/net_fixture.h"

#include <string.h>

#define assert_says(text, part)                                     \
    do {                                                            \
        if (strstr((text), (part)) == NULL) {                       \
            fail_msg("\"%s\" does not say \"%s\"", (text), (part)); \
        }                                                           \
    } while (0)

struct door {
    struct net_fixture net;
    struct test_authority *authority;
    struct tls_context *server;
    struct tls_context *client;
};

static void
open_door(struct door *door)
{
    const struct test_certificate bridge = {.name = "bridge1", .is_bridge = true};
    struct buffer credential;
    buffer_init(&credential, NET_PEM_LIMIT_BYTES);
    net_fixture_open(&door->net);
    door->authority = test_authority_new("farm");
    test_authority_issue(door->authority, &bridge, &credential);
    door->server = net_tls_link(TLS_SERVER, buffer_bytes(&credential));
    door->client = net_tls_link(TLS_CLIENT, buffer_bytes(&credential));
    buffer_deinit(&credential);
}

static void
close_door(struct door *door)
{
    net_fixture_close(&door->net);
    tls_context_free(door->server);
    tls_context_free(door->client);
    test_authority_free(door->authority);
}

static void
send_garbage(const char *text, size_t length, const char *reason)
{
    struct door door;
    open_door(&door);
    door.net.server_options.tls = door.server;
    net_fixture_dial(&door.net);
    sink_write_bytes(stream_sink(door.net.client.stream), bytes_from(text, length));
    net_wait(&door.net, door.net.server.closed_count == 1 && door.net.client.closed_count == 1);
    assert_int_equal(door.net.server.open_count, 0);
    assert_status(door.net.server.status, STATUS_TLS);
    assert_says(door.net.server.reason, reason);
    assert_status(door.net.client.status, STATUS_CLOSED);
    close_door(&door);
}

static void
garbage_to_a_tls_server(void **state)
{
    (void)state;
    send_garbage("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, "it sent an HTTP request");
    send_garbage("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09", 10, "does not speak TLS");
    send_garbage("hello, is this the bridge?\r\n", 28, "does not speak TLS");
    send_garbage("\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10, "TLS");
    send_garbage("\x16\x03\x01\xff\xff\x01\x00\x00\x01\x00", 10, "does not speak TLS");
}

static void
garbage_to_a_tls_client(void **state)
{
    struct door door;
    (void)state;
    open_door(&door);
    door.net.client_options.tls = door.client;
    net_fixture_dial(&door.net);
    net_wait(&door.net, door.net.server.open_count == 1);
    net_write_text(door.net.server.stream, "HTTP/1.1 400 Bad Request\r\n\r\n");
    net_wait(&door.net, door.net.client.closed_count == 1 && door.net.server.closed_count == 1);
    assert_status(door.net.client.status, STATUS_TLS);
    assert_says(door.net.client.reason, "the peer does not speak TLS");
    close_door(&door);
}

static void
early_close(void **state)
{
    struct door door;
    (void)state;
    open_door(&door);
    door.net.server_options.tls = door.server;
    net_fixture_dial(&door.net);
    /* The beginning of a record. */
    sink_write_bytes(stream_sink(door.net.client.stream), bytes_from("\x16\x03\x01\x02", 4));
    net_wait(&door.net, door.net.client.open_count == 1);
    sink_finish(stream_sink(door.net.client.stream), "bye");
    net_wait(&door.net, door.net.server.closed_count == 1 && door.net.client.closed_count == 1);
    assert_status(door.net.server.status, STATUS_TLS);
    assert_says(door.net.server.reason, "the peer closed during the TLS handshake");
    close_door(&door);
}

static void
silence_to_a_tls_server(void **state)
{
    struct door door;
    (void)state;
    open_door(&door);
    door.net.server_options.tls = door.server;
    door.net.server_options.handshake_timeout_ms = 100;
    net_fixture_dial(&door.net);
    net_wait(&door.net, door.net.server.closed_count == 1 && door.net.client.closed_count == 1);
    assert_status(door.net.server.status, STATUS_TIMED_OUT);
    assert_says(door.net.server.reason, "the TLS handshake took too long");
    close_door(&door);
}

static void
end_without_close_notify(void **state)
{
    struct door door;
    (void)state;
    open_door(&door);
    door.net.server_options.tls = door.server;
    door.net.client_options.tls = door.client;
    net_fixture_connect(&door.net);
    stream_close(door.net.client.stream, "abrupt");
    net_wait(&door.net, door.net.server.closed_count == 1 && door.net.client.closed_count == 1);
    assert_status(door.net.server.status, STATUS_CLOSED);
    assert_says(door.net.server.reason, "without ending the TLS session");
    close_door(&door);
}

static void
finish_before_the_handshake(void **state)
{
    struct door door;
    (void)state;
    open_door(&door);
    door.net.client_options.tls = door.client;
    net_fixture_dial(&door.net);
    net_wait(&door.net, door.net.server.data_count == 1); /* the ClientHello */
    net_write_text(door.net.client.stream, "never enciphered");
    sink_finish(stream_sink(door.net.client.stream), "changed my mind");
    net_wait(&door.net, door.net.server.closed_count == 1 && door.net.client.closed_count == 1);
    assert_status(door.net.client.status, STATUS_OK);
    assert_string_equal(door.net.client.reason, "changed my mind");
    close_door(&door);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(garbage_to_a_tls_server),
        cmocka_unit_test(garbage_to_a_tls_client),
        cmocka_unit_test(early_close),
        cmocka_unit_test(silence_to_a_tls_server),
        cmocka_unit_test(end_without_close_notify),
        cmocka_unit_test(finish_before_the_handshake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
