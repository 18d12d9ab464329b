/* SPDX-License-Identifier: MIT */
#include "service/api/rest_access.h"

#include "service/http/http_parameters.h"

enum { PATH_BYTES_MAX = 64 * 1024 };

/* The path of a URL: "http://host:8081/api?x" -> "/api". */
static struct bytes
path_of(struct bytes url)
{
    for (size_t i = 0; i + 2 < url.length && url.data[i] != '/' && url.data[i] != '?'; i++) {
        if (bytes_starts_with(bytes_after(url, i), BYTES("://"))) {
            url = bytes_after(url, i + 3);
            size_t slash = bytes_find(url, '/');
            url = slash == SIZE_MAX ? BYTES("/") : bytes_after(url, slash);
            break;
        }
    }
    size_t query = bytes_find(url, '?');
    return query == SIZE_MAX ? url : bytes_slice(url, 0, query);
}

/* Decoded, without the slash at its end; older SDKs write two at its start. */
static enum status
append_path(struct bytes path, struct buffer *out)
{
    while (bytes_starts_with(path, BYTES("//"))) {
        path = bytes_after(path, 1);
    }
    if (path.length > 1 && path.data[path.length - 1] == '/') {
        path.length--;
    }
    return http_percent_decode(path, false, out);
}

bool
rest_access_is_audience(struct bytes audience, struct bytes path)
{
    struct buffer meant, asked;

    buffer_init(&meant, PATH_BYTES_MAX);
    buffer_init(&asked, PATH_BYTES_MAX);
    bool is_same = append_path(path_of(audience), &meant) == STATUS_OK &&
                   append_path(path, &asked) == STATUS_OK &&
                   bytes_equal_ignore_case(buffer_bytes(&meant), buffer_bytes(&asked));
    buffer_deinit(&meant);
    buffer_deinit(&asked);
    return is_same;
}

static bool
is_audience(const void *context, struct bytes audience)
{
    const struct rest_access *access = context;

    return rest_access_is_audience(audience, access->path);
}

static enum jwt_verdict
verify(const struct app *app, const struct rest_access *access)
{
    const struct jwt_rules rules = {
        .keys = app->access_keys,
        .key_count = app->access_key_count,
        .is_audience = is_audience,
        .context = access,
        .now_seconds = access->wall_ms / 1000,
        .leeway_seconds = JWT_LEEWAY_SECONDS,
    };
    struct jwt jwt = {0};
    enum jwt_verdict verdict = jwt_verify(access->token, &rules, &jwt);

    jwt_deinit(&jwt);
    return verdict;
}

/* Its hub of that name, also as "<app>_<hub>"; SIZE_MAX when it has none. */
static size_t
find_hub(const struct app *app, const struct rest_access *access)
{
    struct bytes name = bytes_from_string(app->name);
    size_t hub = app_find_hub(app, access->hub);

    if (access->application.length > 0 && !bytes_equal_ignore_case(access->application, name)) {
        return SIZE_MAX;
    }
    if (hub == SIZE_MAX && bytes_starts_with_ignore_case(access->hub, name) &&
        access->hub.length > name.length && access->hub.data[name.length] == '_') {
        hub = app_find_hub(app, bytes_after(access->hub, name.length + 1));
    }
    return hub;
}

enum rest_access_verdict
rest_access_check(const struct app *apps, size_t count, const struct rest_access *access,
                  size_t *app, size_t *hub, const char **why)
{
    enum jwt_verdict best = JWT_SIGNATURE;
    size_t found_count = 0;
    bool is_known = false;

    for (size_t i = 0; i < count && access->token.data != NULL; i++) {
        enum jwt_verdict verdict =
            apps[i].access_key_count > 0 ? verify(&apps[i], access) : JWT_SIGNATURE;
        if (verdict != JWT_VALID) {
            best = verdict != JWT_SIGNATURE ? verdict : best;
            continue;
        }
        is_known = true;
        size_t found = find_hub(&apps[i], access);
        if (found != SIZE_MAX) {
            *app = i;
            *hub = found;
            found_count++;
        }
    }
    if (found_count == 1) {
        return REST_ACCESS_GRANTED;
    }
    if (found_count > 1) {
        *why = "Several apps have this hub and the key of the token: name one with application=.";
        return REST_ACCESS_AMBIGUOUS;
    }
    if (is_known) {
        *why = "No app with the key of the token has this hub: see [hub APP/NAME] in the "
               "configuration.";
        return REST_ACCESS_NO_HUB;
    }
    *why = access->token.data == NULL ? "the request has no token: Authorization: Bearer"
                                      : jwt_verdict_sentence(best);
    return REST_ACCESS_DENIED;
}
