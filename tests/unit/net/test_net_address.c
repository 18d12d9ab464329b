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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_have_one_form),
        cmocka_unit_test(what_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
