/* SPDX-License-Identifier: MIT */
#include "service/transport/admission.h"

#include "service/transport/answer.h"

/* A place may become free at any time. */
enum { RETRY_AFTER_MS = 5000 };

static void
refuse_address(struct client_request *request, struct bytes address, size_t metric,
               const char *sentence, uint64_t wait_ms)
{
    struct worker_app *app = request->app;
    uint64_t suppressed;

    worker_app_count(app, metric, 1);
    if (log_allows(&app->address_limit, app->context->clock->now_ms, &suppressed)) {
        log_warn(app->context->log, app->app->name, "%s address=%.*s suppressed=%llu", sentence,
                 BYTES_PRINTF(address), (unsigned long long)suppressed);
    }
    answer_too_many(app->app, request->exchange, wait_ms);
}

static void
refuse_connections(struct client_request *request, struct bytes address)
{
    refuse_address(request, address, request->app->context->metrics.limited_connections,
                   "a client was refused: its address has too many connections", RETRY_AFTER_MS);
}

bool
admission_negotiate(struct client_request *request)
{
    const struct worker_context *context = request->app->context;
    struct http_forwarded forwarded;
    uint64_t wait_ms;

    if (context->limits == NULL) {
        return true;
    }
    http_forwarded_read(request->http, &context->proxies, &forwarded);
    if (!client_limits_negotiate(context->limits, forwarded.address, context->clock->now_ms,
                                 &wait_ms)) {
        refuse_address(request, forwarded.address, context->metrics.limited_rate,
                       "a client was refused: its address negotiates too often", wait_ms);
        return false;
    }
    if (!client_limits_has_place(context->limits, forwarded.address)) {
        refuse_connections(request, forwarded.address);
        return false;
    }
    return true;
}

bool
admission_take_place(struct client_request *request, struct bytes address, bool is_back,
                     struct client_place **out)
{
    struct worker_app *app = request->app;

    *out = NULL;
    if (app->context->limits == NULL) {
        return true;
    }
    switch (client_limits_take(app->context->limits, address, request->token.id, is_back, out)) {
    case CLIENT_LIMITS_GRANTED:
        return true;
    case CLIENT_LIMITS_TOO_MANY:
        refuse_connections(request, address);
        return false;
    case CLIENT_LIMITS_FULL:
        break;
    }
    worker_app_count(app, app->context->metrics.refused, 1);
    answer_unavailable(app->app, request->exchange,
                       BYTES("This server has as many connections as it may have."));
    return false;
}
