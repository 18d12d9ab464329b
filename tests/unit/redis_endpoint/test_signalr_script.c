/* SPDX-License-Identifier: MIT */
/* Goal of this test: the scripts are recognised with either line end and any layout, and by the
 * digests they are called by; nothing else is. */
#include <string.h>

#include "service/redis_endpoint/signalr_script.h"
#include "tests/support/test.h"
#include "tests/unit/redis_endpoint/redis_fixture.h"

#define LAID_OUT(end)                                               \
    "local newId = redis.call('INCR', KEYS[1])" end                 \
    "                  local payload = newId .. ' ' .. ARGV[1]" end \
    "                  redis.call('PUBLISH', KEYS[1], payload)" end \
    "                  return {newId, ARGV[1], payload}"

static void
assert_script(struct bytes text, enum signalr_script kind, const char *expected)
{
    uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES];

    assert_int_equal(signalr_script_of_text(text, digest), kind);
    if (expected != NULL) {
        assert_memory_equal(digest, expected, sizeof(digest));
        assert_int_equal(signalr_script_of_digest(bytes_from_string(expected)), kind);
    }
}

static void
texts(void **state)
{
    (void)state;
    assert_script(BYTES(LAID_OUT("\n")), SIGNALR_SCRIPT_PUBLISH, REDIS_FIXTURE_PUBLISH);
    assert_script(BYTES(LAID_OUT("\r\n")), SIGNALR_SCRIPT_PUBLISH,
                  "5b8e3b60e050400311bc8b6ef2cbba37bc0b9cb3");
    assert_script(BYTES(REDIS_FIXTURE_PUBLISH_SCRIPT), SIGNALR_SCRIPT_PUBLISH, NULL);
    assert_script(BYTES("\t " LAID_OUT("\n\n\t") "\r\n"), SIGNALR_SCRIPT_PUBLISH, NULL);
    assert_script(BYTES(LAID_OUT(";")), SIGNALR_SCRIPT_UNKNOWN, NULL);
    assert_script(BYTES("return 1"), SIGNALR_SCRIPT_UNKNOWN, NULL);
    assert_script(BYTES(""), SIGNALR_SCRIPT_UNKNOWN, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void
a_long_text_is_none_of_them(void **state)
{
    char text[2 * SIGNALR_SCRIPT_TEXT_MAX_BYTES];

    (void)state;
    memset(text, ' ', sizeof(text));
    memcpy(text, REDIS_FIXTURE_PUBLISH_SCRIPT, sizeof(REDIS_FIXTURE_PUBLISH_SCRIPT) - 1);
    assert_script(bytes_from(text, sizeof(text)), SIGNALR_SCRIPT_UNKNOWN, NULL);
    assert_script(bytes_from(text, SIGNALR_SCRIPT_TEXT_MAX_BYTES), SIGNALR_SCRIPT_PUBLISH, NULL);
}

static void
digests(void **state)
{
    (void)state;
    assert_int_equal(signalr_script_of_digest(BYTES(REDIS_FIXTURE_RESTORE)),
                     SIGNALR_SCRIPT_RESTORE);
    assert_int_equal(signalr_script_of_digest(BYTES(REDIS_FIXTURE_PUBLISH_COUNT)),
                     SIGNALR_SCRIPT_PUBLISH_COUNT);
    assert_int_equal(signalr_script_of_digest(BYTES("EDEB7A3B4FB872B8A76AE281CC47BD2C4D2DA9B0")),
                     SIGNALR_SCRIPT_PUBLISH);
    assert_int_equal(signalr_script_of_digest(BYTES("edeb7a3b")), SIGNALR_SCRIPT_UNKNOWN);
    assert_int_equal(signalr_script_of_digest(BYTES("")), SIGNALR_SCRIPT_UNKNOWN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(a_long_text_is_none_of_them),
        cmocka_unit_test(digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
