/* SPDX-License-Identifier: MIT */
/* Goal of this test: no descriptor outlives its stream, whatever way it ends. */
#include "tests/unit/net/net_descriptors.h"
#include "tests/unit/net/net_fixture.h"

#include <stdio.h>

static void
one_of_each(void)
{
    const struct test_certificate bridge = {.name = "bridge1", .is_bridge = true};
    struct test_authority *authority = test_authority_new("farm");
    struct buffer credential;
    buffer_init(&credential, NET_PEM_LIMIT_BYTES);
    test_authority_issue(authority, &bridge, &credential);
    struct tls_context *client = net_tls_link(TLS_CLIENT, buffer_bytes(&credential));
    struct tls_context *server = net_tls_link(TLS_SERVER, buffer_bytes(&credential));
    for (int i = 0; i < 8; i++) {
        struct net_fixture fixture;
        net_fixture_open(&fixture);
        fixture.client_options.tls = i >= 4 ? client : NULL;
        fixture.server_options.tls = i >= 2 && i < 6 ? server : NULL; /* two of them do not match */
        net_fixture_dial(&fixture);
        if (i % 2 == 1) {
            net_write_text(fixture.client.stream, "hello to you, whoever you are\r\n\r\n");
            net_run_ms(&fixture, 10);
            if (fixture.client.stream != NULL) {
                sink_finish(stream_sink(fixture.client.stream), "done");
            }
            net_run_ms(&fixture, 10);
        }
        net_fixture_close(&fixture);
    }
    struct net_fixture fixture;
    net_fixture_open_loop(&fixture);
    assert_status(dialer_open(fixture.loop, "localhost:1", 5000, NULL, &net_end_handler,
                              &fixture.client, &fixture.client.stream),
                  STATUS_OK);
    net_wait(&fixture, fixture.client.closed_count == 1);
    net_fixture_close(&fixture);
    tls_context_free(client);
    tls_context_free(server);
    buffer_deinit(&credential);
    test_authority_free(authority);
}

static void
none_is_left(void **state)
{
    (void)state;
    one_of_each(); /* whatever libraries open once */
    long before = net_descriptors();
    one_of_each();
    one_of_each();
    assert_int_equal(net_descriptors(), before);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
