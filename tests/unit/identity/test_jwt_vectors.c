/* SPDX-License-Identifier: MIT */
/* Goal of this test: the published tokens of RFC 7515 are believed with their keys, and with no
 * change and no other key. */
#include "service/identity/jwt.h"
#include "tests/support/test.h"
#include "tests/unit/identity/jwt_vectors.h"

#include <string.h>

struct vectors {
    struct buffer secret;
    struct crypto_public_key *rsa, *p256;
    struct jwt_key keys[3];
    struct jwt_rules rules;
};

static struct vectors vectors;

static int
set_up(void **state)
{
    (void)state;
    buffer_init(&vectors.secret, 1000);
    assert_status(crypto_base64_decode(BYTES(JWT_VECTORS_HS256_SECRET), &vectors.secret),
                  STATUS_OK);
    assert_status(crypto_public_key_read(BYTES(JWT_VECTORS_RS256_KEY), &vectors.rsa), STATUS_OK);
    assert_status(crypto_public_key_read(BYTES(JWT_VECTORS_ES256_KEY), &vectors.p256), STATUS_OK);
    vectors.keys[0].secret = buffer_bytes(&vectors.secret);
    vectors.keys[1].public_key = vectors.rsa;
    vectors.keys[2].public_key = vectors.p256;
    vectors.rules = (struct jwt_rules){.keys = vectors.keys,
                                       .key_count = 3,
                                       .now_seconds = JWT_VECTORS_EXPIRY - 1};
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    crypto_public_key_free(vectors.rsa);
    crypto_public_key_free(vectors.p256);
    buffer_deinit(&vectors.secret);
    return 0;
}

static void
assert_verdict(struct bytes token, const struct jwt_rules *rules, enum jwt_verdict expected)
{
    struct jwt jwt = {0};
    enum jwt_verdict verdict = jwt_verify(token, rules, &jwt);

    if (verdict != expected) {
        fail_msg("%.*s: %s, not: %s", BYTES_PRINTF(token), jwt_verdict_sentence(verdict),
                 jwt_verdict_sentence(expected));
    }
    if (verdict == JWT_VALID) {
        assert_text(jwt_claim_text(&jwt, "iss"), "joe");
        assert_text(jwt_claim_text(&jwt, "exp"), "1300819380");
        assert_true(yyjson_is_true(jwt_claim(&jwt, "http://example.com/is_root")));
        assert_null(jwt_claim(&jwt, "sub"));
        assert_null(jwt_user_id(&jwt, NULL).data);
    }
    jwt_deinit(&jwt);
}

static const char *const tokens[] = {JWT_VECTORS_HS256_TOKEN, JWT_VECTORS_RS256_TOKEN,
                                     JWT_VECTORS_ES256_TOKEN};

static void
each_is_believed_with_its_key_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct bytes token = bytes_from_string(tokens[i]);
        struct jwt_rules rules = vectors.rules;
        assert_verdict(token, &rules, JWT_VALID);
        rules.key_count = 1;
        for (size_t j = 0; j < 3; j++) {
            rules.keys = &vectors.keys[j];
            assert_verdict(token, &rules, i == j ? JWT_VALID : JWT_ALGORITHM);
        }
    }
}

/* Every character of header, claims and signature counts. */
static void
no_character_may_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char token[sizeof(JWT_VECTORS_RS256_TOKEN)];
        size_t length = strlen(tokens[i]);
        memcpy(token, tokens[i], length);
        for (size_t j = 0; j < length; j++) {
            struct jwt jwt = {0};
            char before = token[j];
            token[j] = before == 'A' ? 'B' : 'A';
            assert_int_not_equal(jwt_verify(bytes_from(token, length), &vectors.rules, &jwt),
                                 JWT_VALID);
            token[j] = before;
        }
        for (size_t j = 0; j < length; j++) {
            struct jwt jwt = {0};
            assert_int_not_equal(jwt_verify(bytes_from(token, j), &vectors.rules, &jwt), JWT_VALID);
        }
    }
}

/* The classic: the public key, which anybody may know, taken for a shared secret. */
static void
a_public_key_is_no_secret(void **state)
{
    struct jwt_rules rules = vectors.rules;
    struct buffer token;
    uint8_t mac[32];

    (void)state;
    buffer_init(&token, 10000);
    buffer_append_string(&token, "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." JWT_VECTORS_CLAIMS);
    crypto_hmac_sha256(BYTES(JWT_VECTORS_RS256_KEY), buffer_bytes(&token), mac);
    buffer_append_byte(&token, '.');
    crypto_base64url_encode(bytes_from(mac, sizeof(mac)), &token);
    assert_verdict(buffer_bytes(&token), &rules, JWT_SIGNATURE);
    rules.keys = &vectors.keys[1];
    rules.key_count = 2;
    assert_verdict(buffer_bytes(&token), &rules, JWT_ALGORITHM);
    buffer_deinit(&token);
}

static void
no_signature_is_no_algorithm(void **state)
{
    (void)state;
    /* {"alg":"none"}, {"alg":"None"}, and RS256 with nothing behind the dot */
    assert_verdict(BYTES("eyJhbGciOiJub25lIn0." JWT_VECTORS_CLAIMS "."), &vectors.rules,
                   JWT_ALGORITHM);
    assert_verdict(BYTES("eyJhbGciOiJOb25lIn0." JWT_VECTORS_CLAIMS "."), &vectors.rules,
                   JWT_ALGORITHM);
    assert_verdict(BYTES("eyJhbGciOiJSUzI1NiJ9." JWT_VECTORS_CLAIMS "."), &vectors.rules,
                   JWT_SIGNATURE);
    assert_verdict(BYTES("eyJhbGciOiJFUzI1NiJ9." JWT_VECTORS_CLAIMS "."), &vectors.rules,
                   JWT_SIGNATURE);
    assert_verdict(BYTES("eyJhbGciOiJIUzI1NiJ9." JWT_VECTORS_CLAIMS "."), &vectors.rules,
                   JWT_SIGNATURE);
}

/* The one of the REST interface's documentation: the secret is the text of the key itself. */
static void
a_secret_is_text(void **state)
{
    struct jwt_key key = {.secret = BYTES("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGH")};
    struct jwt_rules rules = {.keys = &key, .key_count = 1, .now_seconds = 1700000000};
    struct jwt jwt = {0};

    (void)state;
    assert_int_equal(
        jwt_verify(BYTES("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                         "eyJuYmYiOjE3MDAwMDAwMDAsImV4cCI6MTcwMDAwMzYwMCwiaWF0IjoxNzAwMDAwMDAwLCJh"
                         "dWQiOiJodHRwOi8vbG9jYWxob3N0Ojg4ODgvYXBpL2h1YnMvY2hhdC86c2VuZCJ9."
                         "kV1trg_14uAqQRTO1JJAeaAQYwkwwZUHZBEXeWmvrLI"),
                   &rules, &jwt),
        JWT_VALID);
    assert_text(jwt_claim_text(&jwt, "aud"), "http://localhost:8888/api/hubs/chat/:send");
    jwt_deinit(&jwt);
}

static void
other_keys_are_not_read(void **state)
{
    struct crypto_public_key *key = NULL;

    (void)state;
    assert_status(crypto_public_key_read(BYTES_NONE, &key), STATUS_INVALID);
    assert_status(crypto_public_key_read(BYTES("secret"), &key), STATUS_INVALID);
    assert_status(crypto_public_key_read(BYTES("-----BEGIN PUBLIC KEY-----\nAAAA\n"
                                               "-----END PUBLIC KEY-----\n"),
                                         &key),
                  STATUS_INVALID);
    /* Ed25519, RFC 8410 section 10.1 */
    assert_status(crypto_public_key_read(
                      BYTES("-----BEGIN PUBLIC KEY-----\n"
                            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
                            "-----END PUBLIC KEY-----\n"),
                      &key),
                  STATUS_INVALID);
    assert_null(key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_believed_with_its_key_alone),
        cmocka_unit_test(no_character_may_change),
        cmocka_unit_test(a_public_key_is_no_secret),
        cmocka_unit_test(no_signature_is_no_algorithm),
        cmocka_unit_test(a_secret_is_text),
        cmocka_unit_test(other_keys_are_not_read),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
