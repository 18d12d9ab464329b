/* SPDX-License-Identifier: MIT */
/* Goal of this test: bodies as SDKs and people write them are read, arguments untouched; anything
 * else is refused with a sentence. */
#include "service/api/rest_body.h"
#include "tests/support/test.h"

#define PACKED BYTES("application/octet-stream")

/* The example of the reference: json and messagepack. */
static const uint8_t sdk[] = {
    0x82, 0xa4, 'j', 's', 'o', 'n', 0xc4, 0x31, '{', '"',  't',  'y',  'p',  'e',  '"',
    ':',  '1',  ',', '"', 't', 'a', 'r',  'g',  'e', 't',  '"',  ':',  '"',  'r',  'e',
    'c',  'v',  '"', ',', '"', 'a', 'r',  'g',  'u', 'm',  'e',  'n',  't',  's',  '"',
    ':',  '[',  '"', 'h', 'i', '"', ',',  '4',  '2', ']',  '}',  0x1e, 0xab, 'm',  'e',
    's',  's',  'a', 'g', 'e', 'p', 'a',  'c',  'k', 0xc4, 0x10, 0x0f, 0x96, 0x01, 0x80,
    0xc0, 0xa4, 'r', 'e', 'c', 'v', 0x92, 0xa2, 'h', 'i',  0x2a, 0x90,
};

static void
expect(struct bytes type, struct bytes text, const char *target, const char *arguments)
{
    const char *problem = NULL;
    struct rest_body body;

    assert_status(rest_body_read(type, text, &body, &problem), STATUS_OK);
    assert_bytes(buffer_bytes(&body.target), bytes_from_string(target));
    assert_bytes(body.arguments, bytes_from_string(arguments));
    rest_body_deinit(&body);
}

static void
refuse(struct bytes type, struct bytes text)
{
    const char *problem = NULL;
    struct rest_body body;

    if (rest_body_read(type, text, &body, &problem) != STATUS_INVALID) {
        fail_msg("accepted: %.*s", BYTES_PRINTF(text));
    }
    assert_non_null(problem);
    rest_body_deinit(&body);
}

static void
json_of_any_spelling(void **state)
{
    (void)state;
    expect(BYTES("application/json"), BYTES("{\"target\":\"recv\",\"arguments\":[\"hi\",42]}"),
           "recv", "[\"hi\",42]");
    expect(BYTES_NONE,
           BYTES(" { \"Arguments\" : [1.0, 12345678901234567890] , \"TARGET\":\"a\\u00e9\" } \n"),
           "a\xc3\xa9", "[1.0, 12345678901234567890]");
    expect(BYTES("application/json; charset=utf-8"), BYTES("{\"target\":\"x\"}"), "x", "[]");
    expect(BYTES_NONE, BYTES("{\"target\":\"x\",\"arguments\":null,\"other\":{\"target\":1}}"), "x",
           "[]");
    expect(BYTES_NONE, BYTES("{\"target\":\"x\",\"target\":\"y\"}"), "y", "[]");
}

static void
messagepack_as_the_sdk_writes_it(void **state)
{
    struct bytes all = bytes_from(sdk, sizeof(sdk));

    (void)state;
    expect(PACKED, all, "recv", "[\"hi\",42]");
    expect(BYTES("Application/Octet-Stream; x=y"), all, "recv", "[\"hi\",42]");
    for (size_t length = 0; length < sizeof(sdk); length++) {
        refuse(PACKED, bytes_slice(all, 0, length));
    }
    /* Long forms of every length. */
    expect(PACKED, BYTES("\xde\x00\x01\xd9\x04json\xc5\x00\x0f{\"target\":\"x\"}\x1e"), "x", "[]");
    expect(PACKED,
           BYTES("\xdf\x00\x00\x00\x01\xda\x00\x04json\xc6\x00\x00\x00\x0f{\"target\":\"x\"}\x1e"),
           "x", "[]");
    refuse(PACKED, BYTES("\x81\xa4json\xc4\x0e{\"target\":\"x\"}"));
    refuse(PACKED, BYTES("\x81\xa3xml\xc4\x0f{\"target\":\"x\"}\x1e"));
    refuse(PACKED, BYTES("\x81\x01\xc4\x01x"));
    refuse(PACKED, BYTES("\xdf\xff\xff\xff\xff\xa4json"));
    refuse(PACKED, BYTES("{\"target\":\"x\"}"));
}

static void
rubbish(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "\"x\"",
        "{}",
        "{\"target\":\"\"}",
        "{\"target\":1}",
        "{\"target\":null}",
        "{\"target\":\"x\",\"arguments\":{}}",
        "{\"target\":\"x\",\"arguments\":\"[]\"}",
        "{\"target\":\"x\"}}",
        "{\"target\":\"\xff\"}",
        "{\"target\":\"x\",\"arguments\":[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        refuse(BYTES("application/json"), bytes_from_string(texts[i]));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_of_any_spelling),
        cmocka_unit_test(messagepack_as_the_sdk_writes_it),
        cmocka_unit_test(rubbish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
