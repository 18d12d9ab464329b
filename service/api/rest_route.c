/* SPDX-License-Identifier: MIT */
#include "service/api/rest_route.h"

#include "service/http/http_parameters.h"
#include "service/signalr/json_span.h"

enum { SEGMENTS_MAX = 5, HUB_CHARS_MAX = 128, GROUP_CHARS_MAX = 1024 };

static const struct {
    enum http_method method;
    const char *path;
    enum rest_operation operation;
} rows[] = {
#define REST_OPERATION(method, path, kind) {HTTP_METHOD_##method, path, REST_##kind},
#include "service/api/rest_operation.def"
#undef REST_OPERATION
};

/* What follows the hub, decoded. */
struct segments {
    struct bytes items[SEGMENTS_MAX];
    size_t count;
};

/* The storage never moves: it has room for all of the path from the start. */
static enum status
decode(struct bytes text, struct buffer *storage, struct bytes *out)
{
    size_t from = storage->length;
    enum status status = http_percent_decode(text, false, storage);

    *out = bytes_from(storage->data + from, storage->length - from);
    return status;
}

static enum status
read_segments(struct bytes path, struct buffer *storage, struct segments *segments)
{
    struct bytes rest = path, part;

    segments->count = 0;
    while (rest.data != NULL && bytes_split(&rest, '/', &part)) {
        if (segments->count == SEGMENTS_MAX) {
            return STATUS_NOT_FOUND;
        }
        enum status status = decode(part, storage, &segments->items[segments->count]);
        if (status != STATUS_OK) {
            return status;
        }
        segments->count++;
    }
    return STATUS_OK;
}

static bool
take_name(struct bytes pattern, struct bytes segment, struct rest_route *route)
{
    if (bytes_equal(pattern, BYTES("{connection}"))) {
        route->connection = segment;
    } else if (bytes_equal(pattern, BYTES("{group}"))) {
        route->group = segment;
    } else if (bytes_equal(pattern, BYTES("{user}"))) {
        route->user = segment;
    } else {
        return bytes_equal_ignore_case(pattern, segment);
    }
    return true;
}

/* Whether the segments are those of a row's path; the last ":send" may be missing. */
static bool
matches(const char *path, const struct segments *segments, struct rest_route *route)
{
    struct bytes rest = bytes_from_string(path + 1), pattern;
    size_t index = 0;

    while (rest.data != NULL && bytes_split(&rest, '/', &pattern)) {
        if (index == segments->count) {
            return bytes_equal(pattern, BYTES(":send"));
        }
        if (!take_name(pattern, segments->items[index], route)) {
            return false;
        }
        index++;
    }
    return index == segments->count;
}

/*
 * Names.
 */

static bool
is_hub_name(struct bytes name)
{
    for (size_t i = 0; i < name.length; i++) {
        uint8_t byte = name.data[i];
        bool is_letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
        bool is_other = (byte >= '0' && byte <= '9') || bytes_find(BYTES("_`,.[]"), byte) < 6;
        if (!is_letter && (i == 0 || !is_other)) {
            return false;
        }
    }
    return name.length > 0 && name.length <= HUB_CHARS_MAX;
}

static bool
is_text(struct bytes name)
{
    return name.data == NULL ||
           (bytes_is_utf8(name) && bytes_trim(name).length > 0 && bytes_find(name, 0) == SIZE_MAX);
}

static enum status
check_names(const struct rest_route *route, const char **problem)
{
    if (!is_hub_name(route->hub)) {
        *problem =
            "A hub's name begins with a letter and has at most 128 letters, digits and _`,.[].";
    } else if (!is_text(route->group) || json_span_utf16_length(route->group) > GROUP_CHARS_MAX) {
        *problem = "A group's name has 1 to 1024 characters in UTF-8 and is not blank.";
    } else if (!is_text(route->user)) {
        *problem = "A user's id is not blank, and UTF-8.";
    } else if (!is_text(route->connection)) {
        *problem = "A connection's id is not blank, and UTF-8.";
    } else {
        return STATUS_OK;
    }
    return STATUS_INVALID;
}

/*
 * The whole path.
 */

static bool
skip(struct bytes *path, struct bytes prefix)
{
    if (!bytes_starts_with_ignore_case(*path, prefix)) {
        return false;
    }
    *path = bytes_after(*path, prefix.length);
    return true;
}

static bool
find_common(enum http_method method, struct bytes path, struct rest_route *out)
{
    if (method != HTTP_METHOD_HEAD) {
        return false;
    }
    if (bytes_equal_ignore_case(path, BYTES("health"))) {
        out->operation = REST_HEALTH;
        return true;
    }
    out->operation = REST_DOCUMENT;
    return bytes_equal_ignore_case(path, BYTES("openapi.json"));
}

static enum status
find_row(enum http_method method, const struct segments *segments, struct rest_route *out)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rest_route route = *out;
        if (rows[i].method == method && matches(rows[i].path, segments, &route)) {
            *out = route;
            out->operation = rows[i].operation;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

enum status
rest_route_find(enum http_method method, struct bytes path, struct buffer *storage,
                struct rest_route *out, const char **problem)
{
    struct segments segments;
    struct bytes hub;

    *out = (struct rest_route){0};
    if (method == HTTP_METHOD_GET) {
        method = HTTP_METHOD_HEAD;
    }
    if (path.length > 0 && path.data[path.length - 1] == '/') {
        path.length--;
    }
    if (!skip(&path, BYTES("/api/"))) {
        return STATUS_NOT_FOUND;
    }
    out->is_version_1 = skip(&path, BYTES("v1/"));
    if (find_common(method, path, out)) {
        return STATUS_OK;
    }
    if (!skip(&path, BYTES("hubs/")) || !bytes_split(&path, '/', &hub)) {
        return STATUS_NOT_FOUND;
    }
    if (buffer_reserve(storage, hub.length + path.length + 1) == NULL) {
        return storage->status;
    }
    *problem = "A percent sign in the path is not followed by two hexadecimal digits.";
    enum status status = decode(hub, storage, &out->hub);
    if (status == STATUS_OK) {
        status = read_segments(path, storage, &segments);
    }
    if (status == STATUS_OK) {
        status = find_row(method, &segments, out);
    }
    return status != STATUS_OK ? status : check_names(out, problem);
}
