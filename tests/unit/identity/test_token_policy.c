/* SPDX-License-Identifier: MIT */
/* Goal of this test: which keys a file gives, and with what words a bad one is refused; where a
 * request's token is. */
#include "service/identity/token_policy.h"
#include "tests/support/test.h"
#include "tests/unit/identity/jwt_signer.h"
#include "tests/unit/identity/jwt_vectors.h"

#include <string.h>

#define LONG_KEY "0123456789abcdef0123456789abcdef"

static void
expect_keys(const char *text, size_t key_count)
{
    struct token_policy *policy = token_policy_new();
    const char *problem = NULL;

    assert_non_null(policy);
    assert_status(token_policy_add_keys(policy, bytes_from_string(text), &problem), STATUS_OK);
    assert_null(problem);
    assert_int_equal(policy->key_count, key_count);
    token_policy_free(policy);
}

static void
expect_problem(const char *text, const char *expected)
{
    struct token_policy *policy = token_policy_new();
    const char *problem = "";

    assert_non_null(policy);
    assert_status(token_policy_add_keys(policy, bytes_from_string(text), &problem), STATUS_INVALID);
    if (strstr(problem, expected) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", problem, expected);
    }
    token_policy_free(policy);
}

static void
keys_of_a_file(void **state)
{
    (void)state;
    expect_keys(LONG_KEY, 1);
    expect_keys("\n  " LONG_KEY "\t\r\n\r\n" LONG_KEY "2", 2);
    expect_keys(JWT_VECTORS_RS256_KEY, 1);
    expect_keys("issued by the login service\n" JWT_VECTORS_RS256_KEY "next:\n" //
                JWT_VECTORS_ES256_KEY,
                2);
    expect_problem("", "no key");
    expect_problem("\n \n", "no key");
    expect_problem("too short", "fewer than 32");
    expect_problem(LONG_KEY "\nshort", "fewer than 32");
    expect_problem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "PEM block");
    expect_problem("-----BEGIN PUBLIC KEY-----\nAAAA\n", "no key");
}

static void
there_is_an_end_to_keys(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, 10000);
    for (int i = 0; i < TOKEN_POLICY_KEYS_MAX; i++) {
        buffer_append_string(&text, LONG_KEY "\n");
    }
    buffer_append_byte(&text, '\0');
    expect_keys((const char *)text.data, TOKEN_POLICY_KEYS_MAX);
    buffer_truncate(&text, text.length - 1);
    buffer_append_string(&text, LONG_KEY "\n");
    buffer_append_byte(&text, '\0');
    expect_problem((const char *)text.data, "more than 16");
    buffer_deinit(&text);
}

static struct bytes
find(const char *authorization, const char *query_text, struct http_parameters *query)
{
    static struct http_request request;

    request.headers[0] =
        (struct http_header){BYTES("authorization"), bytes_from_string(authorization)};
    request.header_count = authorization == NULL ? 0 : 1;
    assert_status(http_parameters_init(query, bytes_from_string(query_text)), STATUS_OK);
    return token_policy_find(&request, query);
}

static void
the_token_of_a_request(void **state)
{
    static const struct {
        const char *authorization, *query, *token;
    } cases[] = {
        {"Bearer a.b.c", "", "a.b.c"},
        {"bearer  a.b.c ", "", "a.b.c"},
        {NULL, "access_token=a.b%2Ec", "a.b.c"},
        {"Bearer a.b.c", "access_token=d", "a.b.c"},
        {"Basic YTpi", "access_token=d", "d"},
        {"Negotiate x", "", NULL},
        {"Bearer", "", NULL},
        {NULL, "access_token=", NULL},
        {NULL, "", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_parameters query;
        struct bytes token = find(cases[i].authorization, cases[i].query, &query);
        assert_bytes(token, bytes_from_string(cases[i].token));
        assert_true((token.data == NULL) == (cases[i].token == NULL));
        http_parameters_deinit(&query);
    }
}

static void
what_the_policy_asks(void **state)
{
    static const char *const audiences[] = {"mail", "chat"};
    struct token_policy *policy = token_policy_new();
    struct jwt_signer *signer = jwt_signer_new("HS256", BYTES(LONG_KEY));
    const char *problem = NULL;
    struct buffer token, user, claims;

    (void)state;
    assert_non_null(policy);
    assert_status(token_policy_add_keys(policy, BYTES(LONG_KEY), &problem), STATUS_OK);
    policy->audiences = audiences;
    policy->audience_count = 2;
    policy->issuer = "login";
    policy->user_claim = "email";
    buffer_init(&token, 10000);
    buffer_init(&user, 8);
    buffer_init(&claims, 1000);
    jwt_signer_sign(
        signer, BYTES("{\"alg\":\"HS256\"}"),
        BYTES("{\"exp\":1000,\"aud\":\"chat\",\"iss\":\"login\",\"sub\":\"x\",\"email\":\"ann\"}"),
        &token);
    assert_int_equal(token_policy_check(policy, buffer_bytes(&token), 1059999, &user, &claims),
                     JWT_VALID);
    assert_text(buffer_bytes(&user), "ann");
    assert_text(buffer_bytes(&claims), "sub: x, email: ann");
    buffer_clear(&user);
    assert_int_equal(token_policy_check(policy, buffer_bytes(&token), 1060000, &user, &claims),
                     JWT_EXPIRED);
    policy->issuer = "other";
    assert_int_equal(token_policy_check(policy, buffer_bytes(&token), 1000, &user, &claims),
                     JWT_ISSUER);
    policy->audience_count = 1;
    assert_int_equal(token_policy_check(policy, buffer_bytes(&token), 1000, &user, &claims),
                     JWT_AUDIENCE);
    assert_int_equal(user.length, 0);
    /* A user id is bounded. */
    policy->audience_count = 0;
    policy->issuer = NULL;
    jwt_signer_sign(signer, BYTES("{\"alg\":\"HS256\"}"),
                    BYTES("{\"exp\":1000,\"email\":\"123456789\"}"), &token);
    assert_int_equal(token_policy_check(policy, buffer_bytes(&token), 1000, &user, &claims),
                     JWT_MALFORMED);
    /* What an application is told. */
    policy->user_claim = NULL;
    buffer_clear(&user);
    buffer_clear(&claims);
    buffer_clear(&token);
    jwt_signer_sign(
        signer, BYTES("{\"alg\":\"HS256\"}"),
        BYTES("{\"exp\":1000,\"iat\":1,\"sub\":\"x\",\"role\":[\"a, b: 5%\",\"c\",{}],"
              "\"n\":1.0,\"ok\":true,\"no\":null,\"asrs.s.aut\":\"y\",\"asrs.u.iss\":\"z\"}"),
        &token);
    assert_int_equal(token_policy_check(policy, buffer_bytes(&token), 1000, &user, &claims),
                     JWT_VALID);
    assert_text(buffer_bytes(&claims),
                "sub: x, role: a%2C b: 5%25, role: c, n: 1.0, ok: true, iss: z");
    buffer_deinit(&claims);
    buffer_deinit(&user);
    buffer_deinit(&token);
    jwt_signer_free(signer);
    token_policy_free(policy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_a_file),
        cmocka_unit_test(there_is_an_end_to_keys),
        cmocka_unit_test(the_token_of_a_request),
        cmocka_unit_test(what_the_policy_asks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
