/* SPDX-License-Identifier: MIT */
/* Goal of this test: base64 as in RFC 4648, both alphabets, and one text for one value. */
#include "common/base/crypto.h"
#include "tests/support/test.h"

static void
known_texts(void **state)
{
    /* RFC 4648 section 10, and the two letters in which the alphabets differ. */
    static const struct {
        const char *plain, *standard, *url;
    } vectors[] = {
        {"", "", ""},
        {"f", "Zg==", "Zg"},
        {"fo", "Zm8=", "Zm8"},
        {"foo", "Zm9v", "Zm9v"},
        {"foob", "Zm9vYg==", "Zm9vYg"},
        {"fooba", "Zm9vYmE=", "Zm9vYmE"},
        {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
        {"\xFB\xEF\xFF", "++//", "--__"},
    };
    struct buffer out;

    (void)state;
    buffer_init(&out, 100);
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct bytes plain = bytes_from_string(vectors[i].plain);

        buffer_clear(&out);
        assert_status(crypto_base64_encode(plain, &out), STATUS_OK);
        assert_bytes(buffer_bytes(&out), bytes_from_string(vectors[i].standard));
        buffer_clear(&out);
        assert_status(crypto_base64url_encode(plain, &out), STATUS_OK);
        assert_bytes(buffer_bytes(&out), bytes_from_string(vectors[i].url));
        buffer_clear(&out);
        assert_status(crypto_base64_decode(bytes_from_string(vectors[i].standard), &out),
                      STATUS_OK);
        assert_bytes(buffer_bytes(&out), plain);
        buffer_clear(&out);
        assert_status(crypto_base64_decode(bytes_from_string(vectors[i].url), &out), STATUS_OK);
        assert_bytes(buffer_bytes(&out), plain);
    }
    buffer_deinit(&out);
}

static void
not_base64(void **state)
{
    static const char *const texts[] = {
        "A",     "=",     "==",      "====",  "Zg=",    "Zm8==",    "Zg===",
        "Z===",  "Zm9v=", "Zm9vYg=", "Zm9vA", "Zg==Zg", "Zm 9v",    "Zm9v ",
        "Zm9\n", "Zm9*",  "Zh==",    "Zm9=",  "Z=g=",   "Zm9v====", "\xFF\xFF\xFF\xFF",
    };
    struct buffer out;

    (void)state;
    buffer_init(&out, 100);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_status(crypto_base64_decode(bytes_from_string(texts[i]), &out), STATUS_INVALID);
        assert_int_equal(out.length, 0);
    }
    buffer_deinit(&out);
}

static void
all_bytes_at_all_places(void **state)
{
    struct buffer text, out;
    uint8_t plain[259];

    (void)state;
    buffer_init(&text, 1000);
    buffer_init(&out, 1000);
    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (uint8_t)(i * 7);
    }
    for (size_t from = 0; from < 3; from++) {
        for (size_t length = 0; length <= 256; length++) {
            buffer_clear(&text);
            buffer_clear(&out);
            assert_status(crypto_base64url_encode(bytes_from(plain + from, length), &text),
                          STATUS_OK);
            assert_status(crypto_base64_decode(buffer_bytes(&text), &out), STATUS_OK);
            assert_bytes(buffer_bytes(&out), bytes_from(plain + from, length));
        }
    }
    buffer_deinit(&text);
    buffer_deinit(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts),
        cmocka_unit_test(not_base64),
        cmocka_unit_test(all_bytes_at_all_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
