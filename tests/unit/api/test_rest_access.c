/* SPDX-License-Identifier: MIT */
/* Goal of this test: the key that has signed a token tells whose hub is meant; what the audience of
 * a token must have in common with the request. */
#include "service/api/rest_access.h"
#include "tests/support/test.h"
#include "tests/unit/identity/jwt_signer.h"

#include <stdio.h>
#include <string.h>

enum { NOW_SECONDS = 1700000000 };
#define PATH "/api/hubs/chat/:send"

static const struct app_hub chat_hubs[] = {{.name = "ChatHub"}, {.name = "Other"}};
static const struct app_hub twin_hubs[] = {{.name = "chathub"}};

struct world {
    struct app apps[4];
    struct jwt_signer *first, *second, *other, *stranger;
    struct buffer token;
    size_t app, hub;
    const char *why;
};

static void
set_app(struct app *app, const char *name, const struct app_hub *hubs, size_t hub_count,
        const char *first, const char *second)
{
    app->name = name;
    app->hubs = hubs;
    app->hub_count = hub_count;
    app->access_keys[0].secret = bytes_from_string(first);
    app->access_keys[1].secret = bytes_from_string(second);
    app->access_key_count = (first != NULL) + (size_t)(second != NULL);
}

static void
world_init(struct world *world)
{
    memset(world, 0, sizeof(*world));
    set_app(&world->apps[0], "none", chat_hubs, 2, NULL, NULL);
    set_app(&world->apps[1], "chat", chat_hubs, 2, "first", "second");
    set_app(&world->apps[2], "twin", twin_hubs, 1, "first", NULL);
    set_app(&world->apps[3], "third", twin_hubs, 1, "third", NULL);
    world->first = jwt_signer_new("HS256", BYTES("first"));
    world->second = jwt_signer_new("HS256", BYTES("second"));
    world->other = jwt_signer_new("HS256", BYTES("third"));
    world->stranger = jwt_signer_new("HS256", BYTES("stranger"));
    buffer_init(&world->token, 4096);
}

static void
world_deinit(struct world *world)
{
    jwt_signer_free(world->first);
    jwt_signer_free(world->second);
    jwt_signer_free(world->other);
    jwt_signer_free(world->stranger);
    buffer_deinit(&world->token);
}

static enum rest_access_verdict
check(struct world *world, const struct jwt_signer *signer, int lifetime, const char *hub,
      const char *application)
{
    struct rest_access access = {.path = BYTES(PATH),
                                 .hub = bytes_from_string(hub),
                                 .application = bytes_from_string(application),
                                 .wall_ms = NOW_SECONDS * UINT64_C(1000)};
    char claims[128];

    if (signer != NULL) {
        snprintf(claims, sizeof(claims), "{\"exp\":%d,\"aud\":\"http://x" PATH "\"}",
                 NOW_SECONDS + lifetime);
        jwt_signer_sign(signer, BYTES("{\"alg\":\"HS256\"}"), bytes_from_string(claims),
                        &world->token);
        access.token = buffer_bytes(&world->token);
    }
    world->why = NULL;
    world->app = world->hub = 99;
    return rest_access_check(world->apps, 4, &access, &world->app, &world->hub, &world->why);
}

static void
expect(struct world *world, const struct jwt_signer *signer, const char *hub,
       const char *application, size_t app, size_t index)
{
    assert_int_equal(check(world, signer, 60, hub, application), REST_ACCESS_GRANTED);
    assert_int_equal(world->app, app);
    assert_int_equal(world->hub, index);
}

static void
the_key_tells_the_app(void **state)
{
    struct world world;

    (void)state;
    world_init(&world);
    expect(&world, world.other, "CHATHUB", NULL, 3, 0);
    expect(&world, world.second, "chathub", NULL, 1, 0);
    expect(&world, world.first, "other", NULL, 1, 1);
    expect(&world, world.first, "chathub", "TWIN", 2, 0);
    expect(&world, world.first, "chat_chathub", NULL, 1, 0);
    expect(&world, world.first, "twin_chathub", "twin", 2, 0);
    world_deinit(&world);
}

static void
who_is_refused(void **state)
{
    struct world world;

    (void)state;
    world_init(&world);
    assert_int_equal(check(&world, NULL, 60, "chathub", NULL), REST_ACCESS_DENIED);
    assert_int_equal(check(&world, world.stranger, 60, "chathub", NULL), REST_ACCESS_DENIED);
    assert_string_equal(world.why, "the signature of the token is invalid");
    assert_int_equal(check(&world, world.first, -61, "chathub", NULL), REST_ACCESS_DENIED);
    assert_string_equal(world.why, "the token has expired");
    assert_int_equal(check(&world, world.first, 60, "chathub", NULL), REST_ACCESS_AMBIGUOUS);
    assert_non_null(world.why);
    assert_int_equal(check(&world, world.first, 60, "nohub", NULL), REST_ACCESS_NO_HUB);
    assert_int_equal(check(&world, world.first, 60, "chathub", "third"), REST_ACCESS_NO_HUB);
    assert_int_equal(check(&world, world.other, 60, "other", NULL), REST_ACCESS_NO_HUB);
    world_deinit(&world);
}

static void
what_an_audience_means(void **state)
{
    static const char *const good[] = {
        "http://host:8081" PATH,
        "http://host" PATH "?api-version=2022-06-01",
        "https://other//api/hubs/chat/:send",
        PATH,
        "http://x/API/hubs/CHAT/%3asend/",
        "http://host" PATH "/",
    };
    static const char *const bad[] = {
        "",
        "http://host",
        "http://host/",
        "http://host/api/hubs/chat",
        "http://host" PATH "x",
        "http://host/x" PATH,
        "http://host/?" PATH,
        "http://host/%zz",
        "host" PATH,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!rest_access_is_audience(bytes_from_string(good[i]), BYTES(PATH))) {
            fail_msg("refused: %s", good[i]);
        }
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (rest_access_is_audience(bytes_from_string(bad[i]), BYTES(PATH))) {
            fail_msg("accepted: %s", bad[i]);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_tells_the_app),
        cmocka_unit_test(who_is_refused),
        cmocka_unit_test(what_an_audience_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
