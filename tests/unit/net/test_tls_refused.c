/* SPDX-License-Identifier: MIT */
/* Goal of this test: a stranger gets no link, and both ends say why in words an operator
 * understands. */
#include "tests/unit/net/net_fixture.h"

#include <string.h>

struct farms {
    struct net_fixture net;
    struct test_authority *ours;
    struct test_authority *theirs;
    struct tls_context *client;
    struct tls_context *server;
};

static void
open_farms(struct farms *farms)
{
    const struct test_certificate bridge = {.name = "bridge1", .is_bridge = true};
    struct buffer credential;
    buffer_init(&credential, NET_PEM_LIMIT_BYTES);
    memset(farms, 0, sizeof *farms);
    net_fixture_open(&farms->net);
    farms->ours = test_authority_new("our farm");
    farms->theirs = test_authority_new("their farm");
    test_authority_issue(farms->ours, &bridge, &credential);
    farms->server = net_tls_link(TLS_SERVER, buffer_bytes(&credential));
    farms->net.server_options.tls = farms->server;
    buffer_deinit(&credential);
}

static void
close_farms(struct farms *farms)
{
    net_fixture_close(&farms->net);
    tls_context_free(farms->client);
    tls_context_free(farms->server);
    test_authority_free(farms->ours);
    test_authority_free(farms->theirs);
}

/* A client that is less careful than ours: it would present anything, and checks nothing. */
static void
use_careless_client(struct farms *farms, struct test_authority *authority,
                    const struct test_certificate *wanted)
{
    struct buffer text;
    struct tls_options options = {.role = TLS_CLIENT};
    buffer_init(&text, NET_PEM_LIMIT_BYTES);
    if (wanted != NULL) {
        test_authority_issue(authority, wanted, &text);
        options.certificate_pem = options.key_pem = buffer_bytes(&text);
    }
    struct buffer problem;
    buffer_init(&problem, 1000);
    assert_status(tls_context_new(&options, &problem, &farms->client), STATUS_OK);
    farms->net.client_options.tls = farms->client;
    buffer_deinit(&problem);
    buffer_deinit(&text);
}

static void
wait_for_end(struct farms *farms)
{
    net_fixture_dial(&farms->net);
    net_wait(&farms->net,
             farms->net.client.closed_count == 1 && farms->net.server.closed_count == 1);
}

#define assert_says(text, part)                                     \
    do {                                                            \
        if (strstr((text), (part)) == NULL) {                       \
            fail_msg("\"%s\" does not say \"%s\"", (text), (part)); \
        }                                                           \
    } while (0)

static void
without_certificate(void **state)
{
    struct farms farms;
    (void)state;
    open_farms(&farms);
    use_careless_client(&farms, NULL, NULL);
    wait_for_end(&farms);
    assert_status(farms.net.server.status, STATUS_TLS);
    assert_says(farms.net.server.reason, "the peer presented no certificate");
    assert_int_equal(farms.net.server.open_count, 0);
    /* TLS 1.3: the client has completed the handshake by then. */
    assert_status(farms.net.client.status, STATUS_TLS);
    assert_says(farms.net.client.reason, "the peer requires a certificate and was given none");
    close_farms(&farms);
}

static void
certificate_of_another_farm(void **state)
{
    const struct test_certificate stranger = {.name = "stranger"};
    struct farms farms;
    (void)state;
    open_farms(&farms);
    use_careless_client(&farms, farms.theirs, &stranger);
    wait_for_end(&farms);
    assert_status(farms.net.server.status, STATUS_TLS);
    assert_says(farms.net.server.reason, "(stranger) is not of this farm");
    assert_int_equal(farms.net.server.open_count, 0);
    assert_status(farms.net.client.status, STATUS_TLS);
    assert_says(farms.net.client.reason, "another farm's authority");
    close_farms(&farms);
}

static void
bridge_of_another_farm(void **state)
{
    const struct test_certificate node = {.name = "web01"};
    struct farms farms;
    struct buffer credential;
    (void)state;
    open_farms(&farms);
    buffer_init(&credential, NET_PEM_LIMIT_BYTES);
    test_authority_issue(farms.theirs, &node, &credential);
    farms.client = net_tls_link(TLS_CLIENT, buffer_bytes(&credential));
    farms.net.client_options.tls = farms.client;
    buffer_deinit(&credential);
    wait_for_end(&farms);
    assert_int_equal(farms.net.client.open_count, 0);
    assert_status(farms.net.client.status, STATUS_TLS);
    assert_says(farms.net.client.reason, "(bridge1) is not of this farm");
    assert_status(farms.net.server.status, STATUS_TLS);
    assert_says(farms.net.server.reason, "another farm's authority");
    close_farms(&farms);
}

static void
expired_certificate(void **state)
{
    /* Long enough to be loaded even under valgrind, since nobody loads what has expired. */
    const struct test_certificate expired = {.name = "old", .until_s = 4};
    struct farms farms;
    (void)state;
    open_farms(&farms);
    use_careless_client(&farms, farms.ours, &expired);
    net_run_ms(&farms.net, 5500);
    wait_for_end(&farms);
    assert_status(farms.net.server.status, STATUS_TLS);
    assert_says(farms.net.server.reason, "(old) expired on 20");
    assert_status(farms.net.client.status, STATUS_TLS);
    assert_says(farms.net.client.reason, "it has expired");
    close_farms(&farms);
}

static void
certificate_without_role(void **state)
{
    const struct test_certificate nobody = {.name = "nobody",
                                            .has_no_role = true,
                                            .uris = {"hubplane:app:*"}};
    const struct test_certificate two_roles = {.name = "both", .uris = {"hubplane:bridge:both"}};
    const struct test_certificate hidden = {.name = "bad%00name"};
    const struct test_certificate *all[] = {&nobody, &two_roles, &hidden};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct farms farms;
        open_farms(&farms);
        use_careless_client(&farms, farms.ours, all[i]);
        wait_for_end(&farms);
        assert_status(farms.net.server.status, STATUS_TLS);
        assert_says(farms.net.server.reason, "names neither a node nor a bridge");
        assert_int_equal(farms.net.server.open_count, 0);
        close_farms(&farms);
    }
}

static void
another_protocol(void **state)
{
    const struct test_certificate node = {.name = "web01"};
    struct farms farms;
    (void)state;
    open_farms(&farms);
    use_careless_client(&farms, farms.ours, &node);
    wait_for_end(&farms);
    assert_int_equal(farms.net.server.open_count, 0);
    assert_status(farms.net.server.status, STATUS_TLS);
    assert_says(farms.net.server.reason, "does not speak hubplane/1");
    close_farms(&farms);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_certificate),      cmocka_unit_test(certificate_of_another_farm),
        cmocka_unit_test(bridge_of_another_farm),   cmocka_unit_test(expired_certificate),
        cmocka_unit_test(certificate_without_role), cmocka_unit_test(another_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
