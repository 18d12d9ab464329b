/* SPDX-License-Identifier: MIT */
/* Goal of this test: of tokens that an issuer has properly signed, only those within their time,
 * for this audience and of this issuer are believed, and each refusal names its rule. */
#include "service/identity/jwt.h"
#include "tests/support/test.h"
#include "tests/unit/identity/jwt_signer.h"

#include <string.h>

#define HS256           "{\"alg\":\"HS256\"}"
#define SECRET          "a secret of some length"
#define NAME_IDENTIFIER "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"

static const struct jwt_key shared_key = {
    .secret = {(const uint8_t *)SECRET, sizeof(SECRET) - 1},
};

static bool
is_chat(const void *context, struct bytes audience)
{
    return bytes_equal(audience, bytes_from_string(context));
}

static struct jwt_rules
rules_at(uint64_t now_seconds)
{
    return (struct jwt_rules){.keys = &shared_key,
                              .key_count = 1,
                              .now_seconds = now_seconds,
                              .leeway_seconds = JWT_LEEWAY_SECONDS};
}

/* What becomes of a token of the shared key. */
static enum jwt_verdict
judge(const char *header, const char *claims, const struct jwt_rules *rules)
{
    struct jwt_signer *signer = jwt_signer_new("HS256", shared_key.secret);
    struct jwt jwt = {0};
    struct buffer token;

    buffer_init(&token, 64 * 1024);
    jwt_signer_sign(signer, bytes_from_string(header), bytes_from_string(claims), &token);
    enum jwt_verdict verdict = jwt_verify(buffer_bytes(&token), rules, &jwt);
    jwt_deinit(&jwt);
    buffer_deinit(&token);
    jwt_signer_free(signer);
    return verdict;
}

static void
every_algorithm_signs(void **state)
{
    static const struct {
        const char *algorithm, *header;
    } cases[] = {{"RS256", "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"1\"}"},
                 {"ES256", "{\"typ\":\"JWT\",\"alg\":\"ES256\",\"kid\":\"1\"}"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct jwt_signer *signer = jwt_signer_new(cases[i].algorithm, BYTES_NONE);
        struct jwt_signer *stranger = jwt_signer_new(cases[i].algorithm, BYTES_NONE);
        struct jwt jwt = {0};
        struct jwt_key keys[2] = {{.public_key = NULL}};
        struct jwt_rules rules = {.keys = keys, .key_count = 2, .now_seconds = 1000};
        struct crypto_public_key *key, *other;
        struct buffer pem, token;

        buffer_init(&pem, 10000);
        buffer_init(&token, 10000);
        jwt_signer_public_key(signer, &pem);
        assert_status(crypto_public_key_read(buffer_bytes(&pem), &key), STATUS_OK);
        jwt_signer_public_key(stranger, &pem);
        assert_status(crypto_public_key_read(buffer_bytes(&pem), &other), STATUS_OK);
        jwt_signer_sign(signer, bytes_from_string(cases[i].header),
                        BYTES("{\"exp\":2000,\"sub\":\"ann\"}"), &token);
        /* The second key is as good as the first. */
        keys[0].public_key = other;
        keys[1].public_key = key;
        assert_int_equal(jwt_verify(buffer_bytes(&token), &rules, &jwt), JWT_VALID);
        assert_text(jwt_user_id(&jwt, NULL), "ann");
        jwt_deinit(&jwt);
        rules.key_count = 1;
        assert_int_equal(jwt_verify(buffer_bytes(&token), &rules, &jwt), JWT_SIGNATURE);
        rules.key_count = 0;
        assert_int_equal(jwt_verify(buffer_bytes(&token), &rules, &jwt), JWT_ALGORITHM);

        crypto_public_key_free(key);
        crypto_public_key_free(other);
        buffer_deinit(&pem);
        buffer_deinit(&token);
        jwt_signer_free(signer);
        jwt_signer_free(stranger);
    }
}

static void
a_short_rsa_key_is_not_read(void **state)
{
    struct crypto_public_key *key = NULL;

    (void)state;
    /* 1024 bits */
    assert_status(crypto_public_key_read(
                      BYTES("-----BEGIN PUBLIC KEY-----\n"
                            "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCl9WzSrdU2iHPx2wwzetaoYppg\n"
                            "x4vN4Nww+jh47aJ8+UznfqaXiXxEezm8UwSEmINWSVhUeT+2j+l4pL84V4rXJhIU\n"
                            "0YUKn8XHh33/l2e/6xDJr9tk1aX28EySt295ZHOV5SDo+w2Q+57mw6yUZMlVi9LH\n"
                            "gkraBGAoyxGVm1GTSwIDAQAB\n"
                            "-----END PUBLIC KEY-----\n"),
                      &key),
                  STATUS_INVALID);
}

static void
times_count(void **state)
{
    static const struct {
        const char *claims;
        enum jwt_verdict verdict; /* at 100000, give or take 60 */
    } cases[] = {
        {"{\"exp\":100001}", JWT_VALID},
        {"{\"exp\":99941}", JWT_VALID},
        {"{\"exp\":99940}", JWT_EXPIRED},
        {"{\"exp\":0}", JWT_EXPIRED},
        {"{\"exp\":18446744073709551615}", JWT_VALID},
        {"{\"exp\":100001.5}", JWT_VALID},
        {"{\"exp\":200000,\"nbf\":100060}", JWT_VALID},
        {"{\"exp\":200000,\"nbf\":100061}", JWT_NOT_YET},
        {"{\"exp\":200000,\"nbf\":18446744073709551615}", JWT_NOT_YET},
        {"{}", JWT_NO_EXPIRY},
        {"{\"nbf\":1}", JWT_NO_EXPIRY},
        {"{\"exp\":\"200000\"}", JWT_MALFORMED},
        {"{\"exp\":null}", JWT_MALFORMED},
        {"{\"exp\":-1}", JWT_MALFORMED},
        {"{\"exp\":2e9}", JWT_MALFORMED},
        {"{\"exp\":2.0e9}", JWT_MALFORMED},
        {"{\"exp\":18446744073709551616}", JWT_MALFORMED},
        {"{\"exp\":200000,\"nbf\":\"soon\"}", JWT_MALFORMED},
    };
    struct jwt_rules rules = rules_at(100000);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum jwt_verdict verdict = judge(HS256, cases[i].claims, &rules);
        if (verdict != cases[i].verdict) {
            fail_msg("%s: %s", cases[i].claims, jwt_verdict_sentence(verdict));
        }
    }
}

static void
the_audience_counts(void **state)
{
    static const struct {
        const char *claims;
        enum jwt_verdict verdict;
    } cases[] = {
        {"{\"exp\":1,\"aud\":\"chat\"}", JWT_VALID},
        {"{\"exp\":1,\"aud\":[\"mail\",\"chat\"]}", JWT_VALID},
        {"{\"exp\":1,\"aud\":\"Chat\"}", JWT_AUDIENCE},
        {"{\"exp\":1,\"aud\":[\"mail\",7,null,[\"chat\"]]}", JWT_AUDIENCE},
        {"{\"exp\":1,\"aud\":[]}", JWT_AUDIENCE},
        {"{\"exp\":1,\"aud\":{\"chat\":\"chat\"}}", JWT_AUDIENCE},
        {"{\"exp\":1}", JWT_AUDIENCE},
    };
    struct jwt_rules rules = rules_at(1);

    (void)state;
    assert_int_equal(judge(HS256, "{\"exp\":1,\"aud\":\"mail\"}", &rules), JWT_VALID);
    rules.is_audience = is_chat;
    rules.context = "chat";
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (judge(HS256, cases[i].claims, &rules) != cases[i].verdict) {
            fail_msg("%s", cases[i].claims);
        }
    }
}

static void
the_issuer_counts(void **state)
{
    struct jwt_rules rules = rules_at(1);

    (void)state;
    rules.issuer = BYTES("https://login.example.com/");
    assert_int_equal(judge(HS256, "{\"exp\":1,\"iss\":\"https://login.example.com/\"}", &rules),
                     JWT_VALID);
    assert_int_equal(judge(HS256, "{\"exp\":1,\"iss\":\"https://example.org/\"}", &rules),
                     JWT_ISSUER);
    assert_int_equal(judge(HS256, "{\"exp\":1}", &rules), JWT_ISSUER);
}

/* The header says which digest the signature was made with. */
static void
a_shared_key_signs_with_either_digest(void **state)
{
    static const struct {
        const char *algorithm, *header;
        enum jwt_verdict verdict;
    } cases[] = {{"HS256", "{\"alg\":\"HS256\"}", JWT_VALID},
                 {"HS512", "{\"alg\":\"HS512\"}", JWT_VALID},
                 {"HS256", "{\"alg\":\"HS512\"}", JWT_SIGNATURE},
                 {"HS512", "{\"alg\":\"HS256\"}", JWT_SIGNATURE}};
    struct jwt_rules rules = rules_at(1);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct jwt_signer *signer = jwt_signer_new(cases[i].algorithm, shared_key.secret);
        struct jwt jwt = {0};
        struct buffer token;

        buffer_init(&token, 1000);
        jwt_signer_sign(signer, bytes_from_string(cases[i].header), BYTES("{\"exp\":1}"), &token);
        assert_int_equal(jwt_verify(buffer_bytes(&token), &rules, &jwt), cases[i].verdict);
        jwt_deinit(&jwt);
        buffer_deinit(&token);
        jwt_signer_free(signer);
    }
}

static void
the_header_counts(void **state)
{
    struct jwt_rules rules = rules_at(1);

    (void)state;
    assert_int_equal(judge("{\"alg\":\"HS384\"}", "{\"exp\":1}", &rules), JWT_ALGORITHM);
    assert_int_equal(judge("{\"alg\":\"hs256\"}", "{\"exp\":1}", &rules), JWT_ALGORITHM);
    assert_int_equal(judge("{}", "{\"exp\":1}", &rules), JWT_ALGORITHM);
    assert_int_equal(judge("{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", "{\"exp\":1}", &rules),
                     JWT_ALGORITHM);
    assert_int_equal(judge("[]", "{\"exp\":1}", &rules), JWT_MALFORMED);
    assert_int_equal(judge("alg", "{\"exp\":1}", &rules), JWT_MALFORMED);
    assert_int_equal(judge(HS256, "[1]", &rules), JWT_MALFORMED);
    assert_int_equal(judge(HS256, "{\"exp\":1", &rules), JWT_MALFORMED);
}

static void
what_is_no_token(void **state)
{
    static char large[JWT_TOKEN_BYTES_MAX + 2];
    static const char *const texts[] = {"", ".", "..", "a.b", "a.b.c.d", "....", "=.=.=", "?.?.?"};
    struct jwt_rules rules = rules_at(1);
    struct jwt jwt = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(jwt_verify(bytes_from_string(texts[i]), &rules, &jwt), JWT_MALFORMED);
    }
    assert_int_equal(jwt_verify(BYTES_NONE, &rules, &jwt), JWT_MALFORMED);
    memset(large, 'A', sizeof(large) - 1);
    large[4] = large[8] = '.';
    assert_int_equal(jwt_verify(bytes_from_string(large), &rules, &jwt), JWT_MALFORMED);
}

static void
who_it_is_about(void **state)
{
    static const struct {
        const char *claims, *claim, *user;
    } cases[] = {
        {"{\"exp\":1,\"sub\":\"s\"}", NULL, "s"},
        {"{\"exp\":1,\"sub\":\"s\",\"" NAME_IDENTIFIER "\":\"i\"}", NULL, "i"},
        {"{\"exp\":1,\"sub\":\"s\",\"nameid\":\"n\"}", NULL, "n"},
        {"{\"exp\":1,\"asrs.s.uid\":\"u\",\"nameid\":\"n\"}", NULL, "u"},
        {"{\"exp\":1,\"sub\":12345678901234567890}", NULL, "12345678901234567890"},
        {"{\"exp\":1,\"sub\":\"s\",\"email\":\"e\"}", "email", "e"},
        {"{\"exp\":1,\"sub\":\"s\"}", "email", NULL},
        {"{\"exp\":1,\"sub\":[\"s\"]}", NULL, NULL},
        {"{\"exp\":1}", NULL, NULL},
    };
    struct jwt_signer *signer = jwt_signer_new("HS256", shared_key.secret);
    struct jwt_rules rules = rules_at(1);
    struct buffer token;

    (void)state;
    buffer_init(&token, 10000);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct jwt jwt = {0};
        jwt_signer_sign(signer, BYTES(HS256), bytes_from_string(cases[i].claims), &token);
        assert_int_equal(jwt_verify(buffer_bytes(&token), &rules, &jwt), JWT_VALID);
        assert_bytes(jwt_user_id(&jwt, cases[i].claim), bytes_from_string(cases[i].user));
        jwt_deinit(&jwt);
    }
    buffer_deinit(&token);
    jwt_signer_free(signer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_signs),
        cmocka_unit_test(a_short_rsa_key_is_not_read),
        cmocka_unit_test(times_count),
        cmocka_unit_test(the_audience_counts),
        cmocka_unit_test(the_issuer_counts),
        cmocka_unit_test(the_header_counts),
        cmocka_unit_test(a_shared_key_signs_with_either_digest),
        cmocka_unit_test(what_is_no_token),
        cmocka_unit_test(who_it_is_about),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
