/* SPDX-License-Identifier: MIT */
/* Goal of this test: the hash is SipHash-1-3. Values made with
 * openssl mac -macopt hexkey:000102..0f -macopt c-rounds:1 -macopt d-rounds:3 -macopt size:8
 * SIPHASH. */
#include "common/base/hash.h"
#include "tests/support/test.h"

static void
known_values(void **state)
{
    static const struct {
        size_t length;
        uint64_t hash;
    } vectors[] = {
        {0, UINT64_C(0xABAC0158050FC4DC)},  {1, UINT64_C(0xC9F49BF37D57CA93)},
        {7, UINT64_C(0xD3927D989BB11140)},  {8, UINT64_C(0x369095118D299A8E)},
        {15, UINT64_C(0xD320D86D2A519956)}, {16, UINT64_C(0xCC4FDD1A7D908B66)},
        {63, UINT64_C(0x9D199062B7BBB3A8)},
    };
    struct hash_key key = {{UINT64_C(0x0706050403020100), UINT64_C(0x0F0E0D0C0B0A0908)}};
    uint8_t text[64];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        assert_true(hash_bytes(&key, bytes_from(text, vectors[i].length)) == vectors[i].hash);
    }
    assert_true(hash_bytes(&key, BYTES_NONE) == vectors[0].hash);
}

static void
keys_differ(void **state)
{
    struct hash_key first, second;

    (void)state;
    hash_key_init(&first);
    hash_key_init(&second);
    assert_false(first.words[0] == 0 && first.words[1] == 0);
    assert_true(hash_bytes(&first, BYTES("room")) != hash_bytes(&second, BYTES("room")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(keys_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
