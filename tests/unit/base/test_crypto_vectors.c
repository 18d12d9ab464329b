/* SPDX-License-Identifier: MIT */
/* Goal of this test: hashes and keys agree with the published test vectors. */
#include "common/base/crypto.h"
#include "tests/support/hex.h"
#include "tests/support/test.h"

#include <string.h>

static void
assert_hex(const uint8_t *actual, size_t length, const char *expected)
{
    struct buffer buffer;

    buffer_init(&buffer, 1000);
    assert_bytes(bytes_from(actual, length), hex_decode(expected, &buffer));
    buffer_deinit(&buffer);
}

static void
hashes(void **state)
{
    uint8_t out[32];

    (void)state;
    crypto_sha1(BYTES("abc"), out); /* FIPS 180 */
    assert_hex(out, 20, "a9993e364706816aba3e25717850c26c9cd0d89d");
    crypto_sha1(BYTES_NONE, out);
    assert_hex(out, 20, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    crypto_sha256(BYTES("abc"), out);
    assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void
hmac(void **state)
{
    uint8_t out[64];

    (void)state;
    crypto_hmac_sha256(BYTES("Jefe"), BYTES("what do ya want for nothing?"), out); /* RFC 4231, 2 */
    assert_hex(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    crypto_hmac_sha256(BYTES_NONE, BYTES_NONE, out);
    assert_hex(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    crypto_hmac_sha512(BYTES("Jefe"), BYTES("what do ya want for nothing?"), out); /* RFC 4231, 2 */
    assert_hex(out, 64,
               "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
               "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
}

static void
derived_keys(void **state)
{
    uint8_t secret[22];
    uint8_t out[CRYPTO_KEY_BYTES];

    (void)state;
    memset(secret, 0x0B, sizeof(secret)); /* RFC 5869, A.3: no salt, no purpose */
    assert_status(crypto_derive_key(bytes_from(secret, sizeof(secret)), BYTES_NONE, out),
                  STATUS_OK);
    assert_hex(out, 32, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    assert_status(crypto_derive_key(BYTES("secret"), BYTES("connection token"), out), STATUS_OK);
    assert_hex(out, 32, "793f5d0fdce09b59597f89ec144243ee6d2f367bd230133e418cafb70ee9d96d");
    assert_status(crypto_derive_key(BYTES_NONE, BYTES("purpose"), out), STATUS_INVALID);
}

static void
guids(void **state)
{
    char first[CRYPTO_GUID_TEXT_BYTES + 1], second[CRYPTO_GUID_TEXT_BYTES + 1];

    (void)state;
    crypto_guid(first);
    crypto_guid(second);
    assert_string_not_equal(first, second);
    assert_int_equal(strlen(first), CRYPTO_GUID_TEXT_BYTES);
    assert_int_equal(strspn(first, "0123456789abcdef-"), CRYPTO_GUID_TEXT_BYTES);
    assert_true(first[8] == '-' && first[13] == '-' && first[18] == '-' && first[23] == '-');
    assert_int_equal(first[14], '4');
    assert_non_null(strchr("89ab", first[19]));
}

static void
secrets(void **state)
{
    char secret[] = "secret";
    uint8_t first[100], second[100];

    (void)state;
    assert_true(crypto_equal("abc", "abc", 3));
    assert_false(crypto_equal("abc", "abd", 3));
    assert_true(crypto_equal(NULL, NULL, 0));
    crypto_wipe(secret, sizeof(secret));
    for (size_t i = 0; i < sizeof(secret); i++) {
        assert_int_equal(secret[i], 0);
    }
    crypto_wipe(NULL, 0);
    crypto_random(first, sizeof(first));
    crypto_random(second, sizeof(second));
    assert_memory_not_equal(first, second, sizeof(first));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes), cmocka_unit_test(hmac),    cmocka_unit_test(derived_keys),
        cmocka_unit_test(guids),  cmocka_unit_test(secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
