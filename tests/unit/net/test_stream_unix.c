/* SPDX-License-Identifier: MIT */
/* Goal of this test: streams and listeners work over Unix sockets, and a stale socket file is no
 * obstacle. */
#include "tests/unit/net/net_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct place {
    char folder[64];
    char path[96];
    char address[112];
};

static void
make_place(struct place *place)
{
    (void)snprintf(place->folder, sizeof place->folder, "/tmp/hubplane-net-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->path, sizeof place->path, "%s/socket", place->folder);
    (void)snprintf(place->address, sizeof place->address, "unix:%s", place->path);
}

static void
remove_place(const struct place *place)
{
    (void)unlink(place->path);
    assert_int_equal(rmdir(place->folder), 0);
}

static void
accept_one(void *owner, stream_socket socket)
{
    struct net_fixture *net = owner;
    assert_status(stream_open_accepted(net->loop, socket, &net->server_options, &net_end_handler,
                                       &net->server, &net->server.stream),
                  STATUS_OK);
}

static const struct listener_handler handler = {.on_socket = accept_one};

static void
talk(struct net_fixture *fixture, const struct place *place)
{
    struct listener *listener;
    assert_status(listener_open(fixture->loop, place->address, &handler, fixture, &listener),
                  STATUS_OK);
    assert_int_equal(listener_port(listener), 0);
    (void)snprintf(fixture->address, sizeof fixture->address, "%s", place->address);
    net_fixture_connect(fixture);
    assert_string_equal(stream_peer_address(fixture->client.stream), "unix");
    assert_string_equal(stream_peer_address(fixture->server.stream), "unix");
    net_write_pattern(fixture->client.stream, 1000000, 999);
    net_wait(fixture, fixture->server.received.length == 1000000);
    assert_true(net_is_pattern(buffer_bytes(&fixture->server.received)));
    sink_finish(stream_sink(fixture->client.stream), "done");
    net_wait(fixture, fixture->client.closed_count == 1 && fixture->server.closed_count == 1);
    assert_status(fixture->client.status, STATUS_OK);
    listener_close(listener);
    net_run_ms(fixture, 5);
    /* The file is gone with the listener. */
    assert_int_not_equal(access(place->path, F_OK), 0);
}

static void
talks_over_a_unix_socket(void **state)
{
    struct net_fixture fixture;
    struct place place;
    (void)state;
    make_place(&place);
    net_fixture_open_loop(&fixture);
    talk(&fixture, &place);
    net_fixture_close(&fixture);
    remove_place(&place);
}

static void
stale_file_is_replaced(void **state)
{
    struct net_fixture fixture;
    struct place place;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)state;
    make_place(&place);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", place.path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(descriptor, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(close(descriptor), 0);
    net_fixture_open_loop(&fixture);
    talk(&fixture, &place);
    net_fixture_close(&fixture);
    remove_place(&place);
}

static void
live_file_is_respected(void **state)
{
    struct net_fixture fixture;
    struct listener *first;
    struct listener *second;
    struct place place;
    (void)state;
    make_place(&place);
    net_fixture_open_loop(&fixture);
    assert_status(listener_open(fixture.loop, place.address, &handler, &fixture, &first),
                  STATUS_OK);
    assert_status(listener_open(fixture.loop, place.address, &handler, &fixture, &second),
                  STATUS_ADDRESS_IN_USE);
    listener_close(first); /* accepts the probe of the second, which has gone already */
    net_wait(&fixture, fixture.server.closed_count == 1);
    net_fixture_close(&fixture);
    remove_place(&place);
}

static void
nobody_there(void **state)
{
    struct net_fixture fixture;
    struct place place;
    (void)state;
    make_place(&place);
    net_fixture_open_loop(&fixture);
    assert_status(dialer_open(fixture.loop, place.address, 1000, NULL, &net_end_handler,
                              &fixture.client, &fixture.client.stream),
                  STATUS_OK);
    assert_int_equal(fixture.client.closed_count, 0);
    net_wait(&fixture, fixture.client.closed_count == 1);
    assert_status(fixture.client.status, STATUS_UNREACHABLE);
    net_fixture_close(&fixture);
    remove_place(&place);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(talks_over_a_unix_socket),
        cmocka_unit_test(stale_file_is_replaced),
        cmocka_unit_test(live_file_is_respected),
        cmocka_unit_test(nobody_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
