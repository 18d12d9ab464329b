/* SPDX-License-Identifier: MIT */
/* Goal of this test: an address that a person wrote reads as that of a socket does. */
#include "common/net/net_address.h"

#include "tests/support/test.h"

static void
check(const char *text, const char *expected)
{
    char out[NET_ADDRESS_TEXT_BYTES];

    if (expected == NULL) {
        assert_status(net_address_canonical(text, out), STATUS_INVALID);
    } else {
        assert_status(net_address_canonical(text, out), STATUS_OK);
        assert_string_equal(out, expected);
    }
}

static void
addresses_have_one_form(void **state)
{
    (void)state;
    check("192.0.2.1", "192.0.2.1");
    check("::1", "::1");
    check("2001:DB8:0:0::0001", "2001:db8::1");
    check("::ffff:192.0.2.1", "192.0.2.1");
}

static void
what_is_none_is_refused(void **state)
{
    (void)state;
    check("", NULL);
    check("localhost", NULL);
    check("192.0.2.1:80", NULL);
    check("192.0.2.0/24", NULL);
    check("[::1]", NULL);
}

static void
one_socket_each(void **state)
{
    (void)state;
    assert_true(net_address_collides("127.0.0.1:80", "127.0.0.1:80"));
    assert_true(net_address_collides("Web:80", " web:080"));
    assert_true(net_address_collides("[::1]:80", "[::1]:80"));
    assert_false(net_address_collides("127.0.0.1:80", "127.0.0.1:81"));
    assert_false(net_address_collides("127.0.0.1:80", "127.0.0.2:80"));
    assert_false(net_address_collides("127.0.0.1:0", "127.0.0.1:0"));
    assert_false(net_address_collides("nonsense", "nonsense"));
    assert_false(net_address_collides(NULL, "a:1"));
    assert_false(net_address_collides("a:1", NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_have_one_form),
        cmocka_unit_test(what_is_none_is_refused),
        cmocka_unit_test(one_socket_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
