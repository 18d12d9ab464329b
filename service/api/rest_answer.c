/* SPDX-License-Identifier: MIT */
#include "service/api/rest_answer.h"

#include <stdio.h>

enum { BODY_BYTES_MAX = 4096, HEADERS_MAX = 4 };

/* What the farm may say. Those that may have been carried out are not to be retried blindly. */
static const struct {
    enum status status;
    struct rest_answer_error error;
} rows[] = {
    {STATUS_QUEUE_FULL,
     {503, "Error.Queue.Full", "Too many messages wait for the farm. Nothing was sent.", true}},
    {STATUS_TIMED_OUT,
     {503, "Error.Farm.TimedOut", "The farm did not take it in time. Nothing was sent.", true}},
    {STATUS_BACKPLANE_DOWN,
     {503, "Error.Farm.Unavailable", "The farm cannot be reached. Nothing was sent.", true}},
    {STATUS_OUTCOME_UNKNOWN,
     {503, "Error.Outcome.Unknown",
      "The outcome is unknown: the farm has been told and has not answered. It goes on trying.",
      false}},
    {STATUS_LIMIT, {413, "Error.Request.TooLarge", "The request is too large.", false}},
    {STATUS_INVALID, {400, "Error.Request.Invalid", "A text of the request is not UTF-8.", false}},
    {STATUS_NO_MEMORY, {503, "Error.Memory", "Out of memory. Nothing was sent.", true}},
};

static void
respond(struct http_exchange *exchange, struct http_response response)
{
    static const struct http_header no_store = {
        {(const uint8_t *)"Cache-Control", 13},
        {(const uint8_t *)"no-store", 8},
    };
    struct http_header headers[HEADERS_MAX + 1];

    for (size_t i = 0; i < response.header_count; i++) {
        headers[i] = response.headers[i];
    }
    headers[response.header_count] = no_store;
    response.headers = headers;
    response.header_count++;
    http_exchange_respond(exchange, &response);
}

void
rest_answer_empty(struct http_exchange *exchange, uint16_t status)
{
    struct http_response response = {.status = status, .body = BYTES("")};

    respond(exchange, response);
}

void
rest_answer_document(struct http_exchange *exchange, struct bytes json)
{
    struct http_response response = {.status = 200,
                                     .content_type = "application/json",
                                     .body = json};

    respond(exchange, response);
}

static void
respond_error(struct http_exchange *exchange, const struct rest_answer_error *error,
              const char *challenge)
{
    struct http_header headers[HEADERS_MAX];
    size_t count = 0;
    char seconds[16];
    struct buffer body;

    buffer_init(&body, BODY_BYTES_MAX);
    buffer_append_string(&body, "{\"code\":");
    buffer_append_json_string(&body, bytes_from_string(error->code));
    buffer_append_string(&body, ",\"message\":");
    buffer_append_json_string(&body, bytes_from_string(error->message));
    buffer_append_string(&body, "}\n");
    headers[count++] =
        (struct http_header){BYTES("x-ms-error-code"), bytes_from_string(error->code)};
    if (error->may_retry) {
        snprintf(seconds, sizeof(seconds), "%d", REST_ANSWER_RETRY_SECONDS);
        headers[count++] = (struct http_header){BYTES("Retry-After"), bytes_from_string(seconds)};
    }
    if (challenge != NULL) {
        headers[count++] =
            (struct http_header){BYTES("WWW-Authenticate"), bytes_from_string(challenge)};
    }
    struct http_response response = {.status = error->status,
                                     .content_type = "application/json",
                                     .headers = headers,
                                     .header_count = count,
                                     .body = buffer_bytes(&body)};
    respond(exchange, response);
    buffer_deinit(&body);
}

void
rest_answer_error(struct http_exchange *exchange, const struct rest_answer_error *error)
{
    respond_error(exchange, error, NULL);
}

void
rest_answer_unauthorized(struct http_exchange *exchange, const char *why)
{
    const struct rest_answer_error error = {401, "Error.Token.Refused", why, false};
    char challenge[160];

    snprintf(challenge, sizeof(challenge),
             "Bearer error=\"invalid_token\", error_description=\"%s\"", why);
    respond_error(exchange, &error, challenge);
}

void
rest_answer_status(struct http_exchange *exchange, enum status status)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].status == status) {
            rest_answer_error(exchange, &rows[i].error);
            return;
        }
    }
    const struct rest_answer_error other = {500, "Error.Farm.Refused", status_sentence(status),
                                            false};
    rest_answer_error(exchange, &other);
}
