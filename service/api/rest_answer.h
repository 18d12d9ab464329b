/* SPDX-License-Identifier: MIT */
/* rest_answer: what the REST interface answers, in the shape that SDKs of Azure SignalR expect. */
#ifndef HUBPLANE_SERVICE_REST_ANSWER_H
#define HUBPLANE_SERVICE_REST_ANSWER_H

#include "service/http/http_exchange.h"

enum { REST_ANSWER_RETRY_SECONDS = 5 };

/* An error: goes into the body, and its code also into the header x-ms-error-code, without which an
 * SDK takes a 404 for a host that is not there. */
struct rest_answer_error {
    uint16_t status;
    const char *code;
    const char *message;
    bool may_retry; /* Retry-After: nothing has happened */
};

/** 200, 202 or 204 without a body. */
void rest_answer_empty(struct http_exchange *exchange, uint16_t status);
/** The OpenAPI document. */
void rest_answer_document(struct http_exchange *exchange, struct bytes json);
void rest_answer_error(struct http_exchange *exchange, const struct rest_answer_error *error);
/** 401 with its challenge. ${why} is a clause: "the token has expired". */
void rest_answer_unauthorized(struct http_exchange *exchange, const char *why);
/** What the farm said instead of doing it. */
void rest_answer_status(struct http_exchange *exchange, enum status status);

#endif
