/* SPDX-License-Identifier: MIT */
/* Goal of this test: where a request came from, and how it was addressed, is told by trusted
 * proxies and nobody else. */
#include "service/http/http_forwarded.h"

#include <string.h>

#include "tests/support/test.h"

static const char *const addresses[] = {"198.51.100.7", "2001:db8::7"};
static const struct http_proxies proxies = {addresses, 2};

/* One request by ${peer} with up to two headers of one name. */
static struct http_forwarded
read_one(const char *peer, const char *name, const char *first, const char *second)
{
    struct http_request request = {.peer_address = peer};
    struct http_forwarded forwarded;

    request.headers[request.header_count++] =
        (struct http_header){BYTES("Host"), BYTES("inside:8080")};
    for (const char *value = first; value != NULL; value = value == first ? second : NULL) {
        request.headers[request.header_count++] =
            (struct http_header){bytes_from_string(name), bytes_from_string(value)};
    }
    http_forwarded_read(&request, &proxies, &forwarded);
    return forwarded;
}

static void
check_address(const char *peer, const char *first, const char *second, const char *expected)
{
    assert_bytes(read_one(peer, "x-forwarded-for", first, second).address,
                 bytes_from_string(expected));
}

static void
strangers_are_not_believed(void **state)
{
    (void)state;
    check_address("192.0.2.1:5000", NULL, NULL, "192.0.2.1");
    check_address("192.0.2.1:5000", "203.0.113.9", NULL, "192.0.2.1");
    check_address("[2001:db8::1]:5000", "203.0.113.9", NULL, "2001:db8::1");
    assert_text(read_one("192.0.2.1:1", "X-Forwarded-Proto", "https", NULL).scheme, "http");
    assert_text(read_one("192.0.2.1:1", "X-Forwarded-Host", "www", NULL).host, "inside:8080");
}

static void
the_last_hop_that_is_no_proxy_is_the_client(void **state)
{
    (void)state;
    check_address("198.51.100.7:1", NULL, NULL, "198.51.100.7");
    check_address("198.51.100.7:1", "203.0.113.9", NULL, "203.0.113.9");
    check_address("198.51.100.7:1", "1.1.1.1, 203.0.113.9", NULL, "203.0.113.9");
    check_address("198.51.100.7:1", "1.1.1.1", "203.0.113.9", "203.0.113.9");
    check_address("198.51.100.7:1", "203.0.113.9 , 2001:DB8::7", NULL, "203.0.113.9");
    check_address("198.51.100.7:1", "1.1.1.1, 203.0.113.9", "2001:db8::7", "203.0.113.9");
    check_address("[2001:db8::7]:1", "203.0.113.9, 198.51.100.7", NULL, "203.0.113.9");
    check_address("198.51.100.7:1", "2001:db8::7", NULL, "2001:db8::7");
}

/* IIS writes the port of the client, too. */
static void
entries_may_have_ports(void **state)
{
    (void)state;
    check_address("198.51.100.7:1", "203.0.113.9:49152", NULL, "203.0.113.9");
    check_address("198.51.100.7:1", "[2001:db8::9]:49152", NULL, "2001:db8::9");
    check_address("198.51.100.7:1", "[2001:db8::9]", NULL, "2001:db8::9");
    check_address("198.51.100.7:1", "2001:db8::9", NULL, "2001:db8::9");
    check_address("198.51.100.7:1", "203.0.113.9, 198.51.100.7:80", NULL, "203.0.113.9");
}

static void
nonsense_ends_the_search(void **state)
{
    (void)state;
    check_address("198.51.100.7:1", "", NULL, "198.51.100.7");
    check_address("198.51.100.7:1", "unknown", NULL, "198.51.100.7");
    check_address("198.51.100.7:1", "203.0.113.9,", NULL, "198.51.100.7");
    check_address("198.51.100.7:1", "[", NULL, "198.51.100.7");
    check_address("198.51.100.7:1", "[]", NULL, "198.51.100.7");
    check_address("198.51.100.7:1", ":80", NULL, "198.51.100.7");
    check_address("198.51.100.7:1", "203.0.113.9 evil=1", NULL, "198.51.100.7");
    check_address("198.51.100.7:1",
                  "1111111111111111111111111111111111111111111111111111111111111111", NULL,
                  "198.51.100.7");
}

static void
scheme_and_host_are_the_last_proxys_word(void **state)
{
    (void)state;
    const char *peer = "198.51.100.7:1";
    assert_text(read_one(peer, "X-Forwarded-Proto", "https", NULL).scheme, "https");
    assert_text(read_one(peer, "X-Forwarded-Proto", "http, HTTPS", NULL).scheme, "https");
    assert_text(read_one(peer, "X-Forwarded-Proto", "https", "http").scheme, "http");
    assert_text(read_one(peer, "X-Forwarded-Proto", "gopher", NULL).scheme, "");
    assert_text(read_one(peer, "X-Other", "https", NULL).scheme, "");
    assert_text(read_one(peer, "X-Forwarded-Host", "www.example.com", NULL).host,
                "www.example.com");
    assert_text(read_one(peer, "X-Forwarded-Host", "evil, www.example.com:8443", NULL).host,
                "www.example.com:8443");
    assert_text(read_one(peer, "X-Forwarded-Host", "", NULL).host, "inside:8080");
    assert_text(read_one(peer, "X-Other", "www", NULL).host, "inside:8080");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_are_not_believed),
        cmocka_unit_test(the_last_hop_that_is_no_proxy_is_the_client),
        cmocka_unit_test(entries_may_have_ports),
        cmocka_unit_test(nonsense_ends_the_search),
        cmocka_unit_test(scheme_and_host_are_the_last_proxys_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
