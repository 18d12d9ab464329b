/* SPDX-License-Identifier: MIT */
/* Goal of this test: addresses of one customer are one network, however they are spelled, and what
 * is no address counts as itself. */
#include "service/identity/client_network.h"
#include "tests/support/test.h"

#include <string.h>

static void
expect(const char *address, const char *network)
{
    char text[CLIENT_NETWORK_BYTES_MAX];

    assert_bytes(client_network_of(bytes_from_string(address), text), bytes_from_string(network));
}

static void
ipv4_counts_whole(void **state)
{
    (void)state;
    expect("192.0.2.1", "192.0.2.1");
    expect("::ffff:192.0.2.1", "192.0.2.1");
    expect("::FFFF:c000:201", "192.0.2.1");
    expect("0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1");
}

static void
ipv6_counts_by_its_first_half(void **state)
{
    (void)state;
    expect("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64");
    expect("2001:0DB8:0001:0002::9", "2001:db8:1:2::/64");
    expect("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64");
    expect("2001:db8:1:3::9", "2001:db8:1:3::/64");
    expect("2001:db8::1", "2001:db8:0:0::/64");
    expect("::1", "0:0:0:0::/64");
    expect("::", "0:0:0:0::/64");
    expect("fe80::", "fe80:0:0:0::/64");
    expect("64:ff9b::192.0.2.1", "64:ff9b:0:0::/64");
}

static void
other_texts_stay(void **state)
{
    (void)state;
    expect("", "");
    expect("unix", "unix");
    expect("1:2:3", "1:2:3");
    expect("1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:9");
    expect("1:2:3:4::5:6:7:8", "1:2:3:4::5:6:7:8");
    expect("1:::2", "1:::2");
    expect("12345::", "12345::");
    expect("g::", "g::");
    expect("1.2.3.4::", "1.2.3.4::");
    expect("::1.2.3", "::1.2.3");
    expect("::1.2.3.256", "::1.2.3.256");
    expect("::1.2.3.010", "::1.2.3.010");
    expect("1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4");
}

/* Whatever a proxy passes on, the key is short. */
static void
long_texts_are_cut(void **state)
{
    char address[200], network[CLIENT_NETWORK_BYTES_MAX];

    (void)state;
    memset(address, ':', sizeof(address));
    assert_int_equal(client_network_of(bytes_from(address, sizeof(address)), network).length,
                     CLIENT_NETWORK_BYTES_MAX);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ipv4_counts_whole),
        cmocka_unit_test(ipv6_counts_by_its_first_half),
        cmocka_unit_test(other_texts_stay),
        cmocka_unit_test(long_texts_are_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
