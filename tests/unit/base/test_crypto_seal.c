/* SPDX-License-Identifier: MIT */
/* Goal of this test: only what was sealed with the same key and context opens, unchanged. */
#include "common/base/crypto.h"
#include "tests/support/test.h"

#include <string.h>

static const uint8_t key[CRYPTO_KEY_BYTES] = {1, 2, 3};

static void
sealed_opens(void **state)
{
    static uint8_t plain[3000];
    struct buffer sealed, opened;

    (void)state;
    buffer_init(&sealed, 4000);
    buffer_init(&opened, 4000);
    for (size_t length = 0; length < sizeof(plain); length += 1 + length / 3) {
        plain[length] = (uint8_t)length;
        buffer_clear(&sealed);
        buffer_clear(&opened);
        buffer_append_string(&opened, "before ");
        assert_status(crypto_seal(key, BYTES("context"), bytes_from(plain, length), &sealed),
                      STATUS_OK);
        assert_int_equal(sealed.length, length + CRYPTO_SEAL_OVERHEAD_BYTES);
        assert_status(crypto_open(key, BYTES("context"), buffer_bytes(&sealed), &opened),
                      STATUS_OK);
        assert_bytes(bytes_after(buffer_bytes(&opened), 7), bytes_from(plain, length));
    }
    buffer_deinit(&sealed);
    buffer_deinit(&opened);
}

static void
every_change_is_noticed(void **state)
{
    uint8_t other_key[CRYPTO_KEY_BYTES];
    struct buffer sealed, opened;

    (void)state;
    buffer_init(&sealed, 4000);
    buffer_init(&opened, 4000);
    assert_status(crypto_seal(key, BYTES_NONE, BYTES("the plain text"), &sealed), STATUS_OK);
    for (size_t i = 0; i < sealed.length; i++) {
        sealed.data[i] ^= 0x10;
        assert_status(crypto_open(key, BYTES_NONE, buffer_bytes(&sealed), &opened), STATUS_INVALID);
        sealed.data[i] ^= 0x10;
        assert_status(crypto_open(key, BYTES_NONE, bytes_slice(buffer_bytes(&sealed), 0, i),
                                  &opened),
                      STATUS_INVALID);
    }
    assert_status(crypto_open(key, BYTES("x"), buffer_bytes(&sealed), &opened), STATUS_INVALID);
    memcpy(other_key, key, sizeof(key));
    other_key[31] ^= 1;
    assert_status(crypto_open(other_key, BYTES_NONE, buffer_bytes(&sealed), &opened),
                  STATUS_INVALID);
    assert_int_equal(opened.length, 0);
    assert_status(crypto_open(key, BYTES_NONE, buffer_bytes(&sealed), &opened), STATUS_OK);
    assert_text(buffer_bytes(&opened), "the plain text");
    buffer_deinit(&sealed);
    buffer_deinit(&opened);
}

static void
limits_are_kept(void **state)
{
    struct buffer sealed, opened;

    (void)state;
    buffer_init(&sealed, 31);
    buffer_init(&opened, 3);
    assert_status(crypto_seal(key, BYTES_NONE, BYTES("1234"), &sealed), STATUS_LIMIT);
    sealed.limit_bytes = 32;
    assert_status(crypto_seal(key, BYTES_NONE, BYTES("1234"), &sealed), STATUS_OK);
    assert_status(crypto_open(key, BYTES_NONE, buffer_bytes(&sealed), &opened), STATUS_LIMIT);
    buffer_deinit(&sealed);
    buffer_deinit(&opened);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealed_opens),
        cmocka_unit_test(every_change_is_noticed),
        cmocka_unit_test(limits_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
