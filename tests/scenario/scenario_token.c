/* SPDX-License-Identifier: MIT */
/* Goal of this test: with user = token, who brings no token or a bad one is answered 401 with the
 * reason, whatever it asks; who brings a good one is that user, on every request anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenario/signalr_client.h"
#include "tests/unit/identity/jwt_signer.h"

#define KEY     "0123456789abcdef0123456789abcdef"
#define INVALID "Bearer error=\"invalid_token\", error_description=\"%s\""

enum { HOUR_SECONDS = 3600 };

struct world {
    struct scenario scenario;
    struct token_policy *policy;
    struct jwt_signer *signer, *stranger;
    struct buffer token;
};

static void
world_init(struct world *world)
{
    const char *problem = NULL;

    scenario_init(&world->scenario);
    world->policy = token_policy_new();
    assert_non_null(world->policy);
    assert_status(token_policy_add_keys(world->policy, BYTES(KEY), &problem), STATUS_OK);
    world->policy->is_required = true;
    world->signer = jwt_signer_new("HS256", BYTES(KEY));
    world->stranger = jwt_signer_new("HS256", BYTES("another " KEY));
    buffer_init(&world->token, 4096);
    world->scenario.app.user_source = APP_USER_TOKEN;
    world->scenario.app.tokens = world->policy;
    scenario_start(&world->scenario, 1);
}

static void
world_deinit(struct world *world)
{
    scenario_deinit(&world->scenario);
    buffer_deinit(&world->token);
    jwt_signer_free(world->signer);
    jwt_signer_free(world->stranger);
    token_policy_free(world->policy);
}

/* A token of ${user} for the seconds from ${from} to ${to} from now; a view into the world. */
static struct bytes
make_token(struct world *world, const struct jwt_signer *signer, const char *user, int from, int to)
{
    long long now = (long long)(world->scenario.clock.wall_ms / 1000);
    char claims[256];

    snprintf(claims, sizeof(claims), "{\"nameid\":\"%s\",\"nbf\":%lld,\"exp\":%lld}", user,
             now + from, now + to);
    jwt_signer_sign(signer, BYTES("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), bytes_from_string(claims),
                    &world->token);
    return buffer_bytes(&world->token);
}

/* Ask with "Authorization: Bearer", unless ${token} is absent; a refusal must have the challenge.
 */
static void
expect(struct world *world, const char *method, const char *target, struct bytes token, int status,
       const char *challenge)
{
    struct fake_client *client = fake_client_open(&world->scenario, 0, NULL);
    struct fake_response response;
    char headers[1024] = "";

    if (token.data != NULL) {
        snprintf(headers, sizeof(headers), "Authorization: Bearer %.*s\r\n", BYTES_PRINTF(token));
    }
    fake_client_request(client, method, target, headers, NULL);
    scenario_run(&world->scenario);
    fake_client_response(client, &response);
    if (response.status != status) {
        fail_msg("%s %s is answered %d, not %d", method, target, response.status, status);
    }
    assert_bytes(fake_response_header(&response, "WWW-Authenticate"), bytes_from_string(challenge));
    if (status == 401) {
        assert_int_equal(response.body.length, 0);
    }
    fake_response_deinit(&response);
    fake_client_free(client);
}

static void
expect_invalid(struct world *world, struct bytes token, const char *reason)
{
    char challenge[200];

    snprintf(challenge, sizeof(challenge), INVALID, reason);
    expect(world, "GET", "/signalr/negotiate", token, 401, challenge);
}

static void
strangers_are_turned_away(void **state)
{
    static const char *const targets[] = {"/signalr/negotiate",
                                          "/signalr/ping",
                                          "/signalr/connect?transport=longPolling",
                                          "/signalr/send?transport=longPolling",
                                          "/signalr/start",
                                          "/signalr/abort",
                                          "/echo/negotiate"};
    struct world world;

    (void)state;
    world_init(&world);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        expect(&world, "GET", targets[i], BYTES_NONE, 401, "Bearer");
    }
    expect_invalid(&world, BYTES("x"), "the token is malformed");
    expect_invalid(&world, make_token(&world, world.stranger, "ann", 0, HOUR_SECONDS),
                   "the signature of the token is invalid");
    expect_invalid(&world, make_token(&world, world.signer, "ann", -HOUR_SECONDS, -60),
                   "the token has expired");
    expect_invalid(&world, make_token(&world, world.signer, "ann", 61, HOUR_SECONDS),
                   "the token is not valid yet");
    assert_int_equal(scenario_metric(&world.scenario, SCENARIO_UNAUTHORIZED),
                     sizeof(targets) / sizeof(targets[0]) + 4);
    /* A preflight and a <script> cannot bring one. */
    expect(&world, "OPTIONS", "/signalr/negotiate", BYTES_NONE, 204, NULL);
    expect(&world, "GET", "/signalr/hubs", BYTES_NONE, 200, NULL);
    expect(&world, "GET", "/signalr/negotiate",
           make_token(&world, world.signer, "ann", 0, HOUR_SECONDS), 200, NULL);
    world_deinit(&world);
}

/* As the jQuery client sends it, which cannot set headers of a WebSocket. */
static void
set_token(struct world *world, struct signalr_client *client, char *more, size_t size,
          struct bytes token)
{
    (void)world;
    snprintf(more, size, "&access_token=%.*s", BYTES_PRINTF(token));
    client->more = more;
}

static void
a_client_is_its_user(void **state)
{
    struct world world;
    struct signalr_client client;
    char more[1024];

    (void)state;
    world_init(&world);
    signalr_client_init(&client, &world.scenario, 0, WEB_SOCKETS);
    set_token(&world, &client, more, sizeof(more),
              make_token(&world, world.signer, "ann", 0, HOUR_SECONDS));
    signalr_client_start(&client);
    signalr_client_run(&client);
    assert_true(signalr_client_is_receiving(&client));
    const char *start = signalr_client_target(&client, "start", false);
    expect(&world, "GET", start, BYTES_NONE, 200, NULL);
    /* The connection is ann's, and a token is looked at every time. */
    set_token(&world, &client, more, sizeof(more),
              make_token(&world, world.signer, "bob", 0, HOUR_SECONDS));
    expect(&world, "GET", signalr_client_target(&client, "start", false), BYTES_NONE, 403, NULL);
    set_token(&world, &client, more, sizeof(more),
              make_token(&world, world.signer, "ann", 0, HOUR_SECONDS));
    world.scenario.clock.wall_ms += (uint64_t)(HOUR_SECONDS + JWT_LEEWAY_SECONDS) * 1000;
    char challenge[200];
    snprintf(challenge, sizeof(challenge), INVALID, "the token has expired");
    expect(&world, "GET", signalr_client_target(&client, "start", false), BYTES_NONE, 401,
           challenge);
    client.more = NULL;
    expect(&world, "GET", signalr_client_target(&client, "start", false), BYTES_NONE, 401,
           "Bearer");
    /* What is open stays open. */
    assert_true(signalr_client_is_receiving(&client));
    signalr_client_deinit(&client);
    world_deinit(&world);
}

static void
others_may_be_let_in(void **state)
{
    struct world world;

    (void)state;
    world_init(&world);
    world.policy->is_required = false;
    expect(&world, "GET", "/signalr/negotiate", BYTES_NONE, 200, NULL);
    expect_invalid(&world, BYTES("a.b.c"), "the token is malformed");
    world_deinit(&world);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_are_turned_away),
        cmocka_unit_test(a_client_is_its_user),
        cmocka_unit_test(others_may_be_let_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
