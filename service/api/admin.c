/* SPDX-License-Identifier: MIT */
#include "service/api/admin.h"

enum { ADMIN_BODY_MAX_BYTES = 1024 * 1024 };

static void
respond(struct http_exchange *exchange, uint16_t status, const char *content_type,
        struct bytes body)
{
    static const struct http_header headers[] = {
        {{(const uint8_t *)"Cache-Control", 13}, {(const uint8_t *)"no-store", 8}},
    };
    struct http_response response = {
        .status = status,
        .content_type = content_type,
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .body = body,
    };
    http_exchange_respond(exchange, &response);
}

static void
write_metrics(const void *owner, struct buffer *out)
{
    const struct admin *admin = owner;

    backplane_measure(admin->backplane);
    (void)metrics_render(admin->metrics, out);
    backplane_render_last_ids(admin->backplane, out);
}

static void
respond_written(struct http_exchange *exchange, const char *content_type,
                void (*write)(const void *owner, struct buffer *out), const void *owner)
{
    struct buffer text;

    buffer_init(&text, ADMIN_BODY_MAX_BYTES);
    write(owner, &text);
    if (text.status == STATUS_OK) {
        respond(exchange, 200, content_type, buffer_bytes(&text));
    } else {
        respond(exchange, 500, "text/plain", BYTES("out of memory\n"));
    }
    buffer_deinit(&text);
}

void
admin_handle(const struct admin *admin, struct http_exchange *exchange)
{
    const struct http_request *request = http_exchange_request(exchange);

    if (request->method != HTTP_METHOD_GET && request->method != HTTP_METHOD_HEAD) {
        respond(exchange, 405, "text/plain", BYTES("only GET and HEAD\n"));
    } else if (bytes_equal(request->path, BYTES("/metrics"))) {
        respond_written(exchange, "text/plain; version=0.0.4", write_metrics, admin);
    } else if (bytes_equal(request->path, BYTES("/status"))) {
        respond_written(exchange, "application/json", admin->write_json, admin->owner);
    } else if (bytes_equal(request->path, BYTES("/"))) {
        respond_written(exchange, "text/plain; charset=utf-8", admin->write_table, admin->owner);
    } else if (bytes_equal(request->path, BYTES("/live"))) {
        respond(exchange, 200, "text/plain", BYTES("live\n"));
    } else if (bytes_equal(request->path, BYTES("/ready"))) {
        if (backplane_is_ready(admin->backplane)) {
            respond(exchange, 200, "text/plain", BYTES("ready\n"));
        } else {
            respond(exchange, 503, "text/plain",
                    BYTES("not ready: publishes wait for a bridge or for Redis\n"));
        }
    } else {
        respond(
            exchange, 404, "text/plain",
            BYTES(
                "there are /, /metrics, /status, /live and /ready; /api is there where an app has "
                "access_keys_file\n"));
    }
}
