/* SPDX-License-Identifier: MIT */
/* Goal of this test: a credential file that cannot work is refused with a sentence that says what
 * is wrong. */
#include "common/net/tls_session.h"
#include "tests/unit/net/net_fixture.h"

#include <string.h>

static void
expect(const struct tls_options *options, enum status expected, const char *part)
{
    struct tls_context *context = NULL;
    struct buffer problem;
    buffer_init(&problem, 1024);
    enum status status = tls_context_new(options, &problem, &context);
    assert_status(buffer_append_byte(&problem, 0), STATUS_OK);
    const char *text = (const char *)problem.data;
    if (status != expected || strstr(text, part) == NULL) {
        fail_msg("%s \"%s\" instead of %s \"%s\"", status_name(status), text, status_name(expected),
                 part);
    }
    tls_context_free(context);
    buffer_deinit(&problem);
}

static struct tls_options
link_options(struct bytes pem)
{
    return (struct tls_options){.role = TLS_CLIENT,
                                .certificate_pem = pem,
                                .key_pem = pem,
                                .authority_pem = pem,
                                .is_link = true};
}

static void
what_is_wrong_is_said(void **state)
{
    const struct test_certificate good = {.name = "web01"};
    const struct test_certificate old = {.name = "web02", .from_s = -7200, .until_s = -3600};
    const struct test_certificate future = {.name = "web03", .from_s = 7200, .until_s = 9000};
    struct test_authority *ours = test_authority_new("our farm");
    struct test_authority *theirs = test_authority_new("their farm");
    struct buffer pem;
    struct buffer other;
    (void)state;
    buffer_init(&pem, NET_PEM_LIMIT_BYTES);
    buffer_init(&other, NET_PEM_LIMIT_BYTES);
    test_authority_issue(ours, &good, &pem);
    test_authority_issue(ours, &good, &other);
    struct tls_options options = link_options(buffer_bytes(&pem));
    expect(&options, STATUS_OK, "");

    options.key_pem = buffer_bytes(&other);
    expect(&options, STATUS_INVALID, "the private key does not belong to the certificate");
    options.key_pem = BYTES("hello");
    expect(&options, STATUS_INVALID, "no readable private key");
    options.key_pem = BYTES_NONE;
    expect(&options, STATUS_INVALID, "no readable private key");

    options = link_options(buffer_bytes(&pem));
    options.authority_pem = test_authority_pem(theirs);
    expect(&options, STATUS_INVALID, "web01 does not go with the authority given beside it");
    options.authority_pem = BYTES_NONE;
    expect(&options, STATUS_INVALID, "no certificate of an authority");
    options.authority_pem = BYTES("no pem");
    expect(&options, STATUS_INVALID, "no certificate of an authority");

    options = link_options(buffer_bytes(&pem));
    options.certificate_pem = BYTES_NONE;
    expect(&options, STATUS_INVALID, "no certificate in PEM form");
    options.certificate_pem =
        BYTES("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    expect(&options, STATUS_INVALID, "a certificate is damaged");

    buffer_clear(&other);
    test_authority_issue(ours, &old, &other);
    options = link_options(buffer_bytes(&other));
    expect(&options, STATUS_EXPIRED, "the certificate of web02 expired on 20");
    buffer_clear(&other);
    test_authority_issue(ours, &future, &other);
    options = link_options(buffer_bytes(&other));
    expect(&options, STATUS_INVALID, "the certificate of web03 is not valid before 20");

    const struct test_certificate nobody = {.name = "web04", .has_no_role = true};
    buffer_clear(&other);
    test_authority_issue(ours, &nobody, &other);
    options = link_options(buffer_bytes(&other));
    expect(&options, STATUS_INVALID, "web04 names neither a node nor a bridge");

    options = (struct tls_options){.role = TLS_SERVER};
    expect(&options, STATUS_INVALID, "no certificate in PEM form");
    buffer_deinit(&pem);
    buffer_deinit(&other);
    test_authority_free(ours);
    test_authority_free(theirs);
}

/* ---- the client listener and its clients ------------------------------------------------------
 */

struct visit {
    struct net_fixture net;
    struct test_authority *authority;
    struct tls_context *server;
    struct tls_context *client;
    const char *certificate_host;
};

static void
visit(struct visit *visit, const char *server_name, struct bytes authority_pem)
{
    const struct test_certificate web = {.name = "www",
                                         .has_no_role = true,
                                         .is_bridge = true,
                                         .host_name = visit->certificate_host};
    struct buffer pem;
    struct buffer problem;
    buffer_init(&pem, NET_PEM_LIMIT_BYTES);
    buffer_init(&problem, 1024);
    net_fixture_open(&visit->net);
    test_authority_issue(visit->authority, &web, &pem);
    struct tls_options server = {.role = TLS_SERVER,
                                 .certificate_pem = buffer_bytes(&pem),
                                 .key_pem = buffer_bytes(&pem)};
    struct tls_options client = {.role = TLS_CLIENT,
                                 .authority_pem = authority_pem.length == 0
                                                      ? test_authority_pem(visit->authority)
                                                      : authority_pem,
                                 .verifies_host_name = true};
    assert_status(tls_context_new(&server, &problem, &visit->server), STATUS_OK);
    assert_status(tls_context_new(&client, &problem, &visit->client), STATUS_OK);
    visit->net.server_options.tls = visit->server;
    visit->net.client_options.tls = visit->client;
    visit->net.client_options.tls_server_name = server_name;
    net_fixture_dial(&visit->net);
    buffer_deinit(&pem);
    buffer_deinit(&problem);
}

static void
leave(struct visit *visit)
{
    net_fixture_close(&visit->net);
    tls_context_free(visit->server);
    tls_context_free(visit->client);
}

static void
host_names_are_verified(void **state)
{
    struct visit guest;
    struct test_authority *stranger = test_authority_new("stranger");
    (void)state;
    guest.authority = test_authority_new("public CA");
    guest.certificate_host = "www.example.test";

    visit(&guest, "www.example.test", BYTES_NONE);
    net_wait(&guest.net, guest.net.client.open_count == 1 && guest.net.server.open_count == 1);
    assert_null(stream_tls_peer(guest.net.server.stream));
    assert_non_null(stream_tls_peer(guest.net.client.stream));
    net_write_text(guest.net.client.stream, "GET /");
    net_wait(&guest.net, guest.net.server.received.length == 5);
    leave(&guest);

    visit(&guest, "other.example.test", BYTES_NONE);
    net_wait(&guest.net, guest.net.client.closed_count == 1);
    assert_status(guest.net.client.status, STATUS_TLS);
    assert_non_null(strstr(guest.net.client.reason, "is for another host name"));
    leave(&guest);

    guest.certificate_host = "192.0.2.7";
    visit(&guest, "192.0.2.7", BYTES_NONE);
    net_wait(&guest.net, guest.net.client.open_count == 1);
    leave(&guest);

    visit(&guest, "192.0.2.8", BYTES_NONE);
    net_wait(&guest.net, guest.net.client.closed_count == 1);
    assert_status(guest.net.client.status, STATUS_TLS);
    assert_non_null(strstr(guest.net.client.reason, "is for another host name"));
    leave(&guest);

    guest.certificate_host = "www.example.test";
    visit(&guest, "www.example.test", test_authority_pem(stranger));
    net_wait(&guest.net, guest.net.client.closed_count == 1);
    assert_status(guest.net.client.status, STATUS_TLS);
    leave(&guest);

    test_authority_free(guest.authority);
    test_authority_free(stranger);
}

static void
system_trust_can_be_used(void **state)
{
    const struct tls_options options = {.role = TLS_CLIENT, .verifies_host_name = true};
    struct tls_context *context = NULL;
    struct tls_session *session = NULL;
    struct buffer problem;
    (void)state;
    buffer_init(&problem, 1024);
    assert_status(tls_context_new(&options, &problem, &context), STATUS_OK);
    assert_status(tls_session_new(context, NULL, &session), STATUS_INVALID);
    assert_status(tls_session_new(context, "www.example.test", &session), STATUS_OK);
    tls_session_free(session);
    tls_context_free(context);
    buffer_deinit(&problem);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(host_names_are_verified),
        cmocka_unit_test(system_trust_can_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
