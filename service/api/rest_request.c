/* SPDX-License-Identifier: MIT */
#include "service/api/rest_request.h"

#include "service/signalr/topic_name.h"

static const char no_reason[] = "The application closed the connection.";

static const struct rest_answer_error name_too_long = {400, "Error.Name.Invalid",
                                                       "A name in the path is too long.", false};
static const struct rest_answer_error bad_excluded = {
    400, "Error.Query.Invalid",
    "excluded names at most 512 connections, in UTF-8 and without \"|\".", false};
static const struct rest_answer_error bad_reason = {400, "Error.Query.Invalid",
                                                    "reason has at most 1024 bytes, in UTF-8.",
                                                    false};

static const struct rest_answer_error bad_ttl = {400, "Error.Query.Invalid",
                                                 "ttl is a number of seconds, from 1 on.", false};

static enum status
refuse(const struct rest_answer_error *what, const struct rest_answer_error **error)
{
    *error = what;
    return STATUS_INVALID;
}

/* The buffer has room for all texts from the start: views into it stay. */
static struct bytes
keep(struct rest_request *request, struct bytes text)
{
    size_t from = request->texts.length;

    if (text.data == NULL) {
        return BYTES_NONE;
    }
    buffer_append(&request->texts, text);
    return bytes_from(request->texts.data + from, text.length);
}

/* "a,b": repeated parameters come joined. */
static enum status
split_excluded(struct rest_request *request, struct bytes list)
{
    struct bytes rest = list, id;

    while (rest.data != NULL && bytes_split(&rest, ',', &id)) {
        id = bytes_trim(id);
        if (request->excluded_count == HTTP_PARAMETERS_PAIRS_MAX ||
            bytes_find(id, '|') != SIZE_MAX || !bytes_is_utf8(id)) {
            return STATUS_INVALID;
        }
        if (id.length > 0) {
            request->excluded[request->excluded_count++] = id;
        }
    }
    return STATUS_OK;
}

static enum status
read_seconds(struct bytes text, uint32_t *seconds)
{
    uint64_t value;

    if (bytes_parse_uint64(text, &value) != STATUS_OK || value == 0 || value > UINT32_MAX) {
        return STATUS_INVALID;
    }
    *seconds = (uint32_t)value;
    return STATUS_OK;
}

static enum status
keep_texts(struct rest_request *request, const struct rest_route *route,
           const struct http_parameters *parameters, const struct rest_answer_error **error)
{
    struct bytes excluded = http_parameters_get(parameters, BYTES("excluded"));
    struct bytes reason = http_parameters_get(parameters, BYTES("reason"));
    struct bytes ttl = http_parameters_get(parameters, BYTES("ttl"));
    size_t total = route->connection.length + route->group.length + route->user.length +
                   excluded.length + reason.length + sizeof(no_reason);

    if (buffer_reserve(&request->texts, total) == NULL) {
        return request->texts.status == STATUS_LIMIT ? refuse(&name_too_long, error)
                                                     : request->texts.status;
    }
    request->route = *route;
    request->route.hub = request->hub;
    request->route.connection = keep(request, route->connection);
    request->route.group = keep(request, route->group);
    request->route.user = keep(request, route->user);
    request->reason = keep(request, reason.length > 0 ? reason : bytes_from_string(no_reason));
    if (reason.length > REST_REQUEST_REASON_BYTES_MAX || !bytes_is_utf8(reason)) {
        return refuse(&bad_reason, error);
    }
    if (ttl.data != NULL && read_seconds(ttl, &request->ttl_seconds) != STATUS_OK) {
        return refuse(&bad_ttl, error);
    }
    if (split_excluded(request, keep(request, excluded)) != STATUS_OK) {
        return refuse(&bad_excluded, error);
    }
    return STATUS_OK;
}

/* Whom it is about, and which group it changes: a user's, or a connection's, if it names either. */
static enum status
name_topics(struct rest_request *request)
{
    const struct rest_route *route = &request->route;
    bool has_member = route->user.data != NULL || route->connection.data != NULL;
    enum status status = STATUS_OK;

    if (route->group.data != NULL) {
        status = topic_name_append(has_member ? &request->group : &request->topic,
                                   TOPIC_NAME_HUB_GROUP, request->hub, route->group);
    }
    if (status == STATUS_OK && route->user.data != NULL) {
        status = topic_name_append(&request->topic, TOPIC_NAME_HUB_USER, request->hub, route->user);
    } else if (status == STATUS_OK && route->connection.data != NULL) {
        status = topic_name_append(&request->topic, TOPIC_NAME_HUB_CONNECTION, request->hub,
                                   route->connection);
    } else if (status == STATUS_OK && route->group.data == NULL) {
        status = topic_name_append(&request->topic, TOPIC_NAME_HUB, request->hub, BYTES(""));
    }
    return status;
}

enum status
rest_request_read(struct bytes hub, const struct rest_route *route,
                  const struct http_parameters *parameters, struct rest_request *out,
                  const struct rest_answer_error **error)
{
    *out = (struct rest_request){.hub = hub};
    buffer_init(&out->texts, REST_REQUEST_TEXTS_BYTES_MAX);
    buffer_init(&out->topic, TOPIC_NAME_BYTES_MAX);
    buffer_init(&out->group, TOPIC_NAME_BYTES_MAX);
    enum status status = keep_texts(out, route, parameters, error);
    if (status == STATUS_OK) {
        status = name_topics(out);
    }
    return status == STATUS_LIMIT ? refuse(&name_too_long, error) : status;
}

void
rest_request_deinit(struct rest_request *request)
{
    buffer_deinit(&request->texts);
    buffer_deinit(&request->topic);
    buffer_deinit(&request->group);
}
