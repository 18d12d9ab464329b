/* SPDX-License-Identifier: MIT */
/* Goal of this test: clientProtocol is clamped and echoed as old clients need it (T11). */
#include "service/signalr/protocol_version.h"
#include "tests/support/test.h"

#include <string.h>

static void
assert_resolves(const char *sent, const char *answered)
{
    struct protocol_version version = protocol_version_resolve(bytes_from_string(sent));

    if (strcmp(version.text, answered) != 0) {
        fail_msg("%s resolves to %s, not %s", sent, version.text, answered);
    }
}

static void
known_versions_are_echoed(void **state)
{
    (void)state;
    assert_resolves("1.2", "1.2");
    assert_resolves("1.3", "1.3");
    assert_resolves("1.4", "1.4");
    assert_resolves("1.5", "1.5");
    assert_resolves("2.0", "2.0");
    assert_resolves("1.2.5", "1.2.5");
    assert_resolves("1.9.2147483647.0", "1.9.2147483647.0");
    assert_resolves("01.4", "1.4");
}

static void
others_are_clamped(void **state)
{
    (void)state;
    assert_resolves("2.1", "2.0");
    assert_resolves("2.0.0", "2.0");
    assert_resolves("9.9", "2.0");
    assert_resolves("0.9", "1.2");
    assert_resolves("1.1.9", "1.2");
}

static void
garbage_is_the_lowest(void **state)
{
    static const char *const garbage[] = {
        "abc",  "1337", "",    ".",    "1.",    ".4",  "1..4",         "1.4.0.0.0",
        "-1.4", "+1.4", "1,4", "1.4 ", "1.4\n", "1.x", "2147483648.0", "1.99999999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
        assert_resolves(garbage[i], "1.2");
    }
    assert_resolves(NULL, "1.2");
}

static void
a_missing_part_sorts_below_zero(void **state)
{
    struct protocol_version shorter = protocol_version_resolve(BYTES("1.5"));
    struct protocol_version longer = protocol_version_resolve(BYTES("1.5.0"));

    (void)state;
    assert_true(protocol_version_compare(&shorter, &longer) < 0);
    assert_true(protocol_version_compare(&longer, &shorter) > 0);
    assert_true(protocol_version_compare(&longer, &longer) == 0);
}

static void
behaviour_follows_the_version(void **state)
{
    struct protocol_version v13 = protocol_version_resolve(BYTES("1.3"));
    struct protocol_version v14 = protocol_version_resolve(BYTES("1.4"));
    struct protocol_version v15 = protocol_version_resolve(BYTES("1.5"));
    struct protocol_version v21 = protocol_version_resolve(BYTES("2.1"));

    (void)state;
    assert_false(protocol_version_has_start(&v13));
    assert_true(protocol_version_has_start(&v14));
    assert_false(protocol_version_has_redirect(&v15));
    assert_true(protocol_version_has_redirect(&v21));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_versions_are_echoed),
        cmocka_unit_test(others_are_clamped),
        cmocka_unit_test(garbage_is_the_lowest),
        cmocka_unit_test(a_missing_part_sorts_below_zero),
        cmocka_unit_test(behaviour_follows_the_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
