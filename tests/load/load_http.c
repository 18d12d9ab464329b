/* SPDX-License-Identifier: MIT */
#include "tests/load/load_http.h"

#include <llhttp.h>
#include <stdlib.h>

struct load_http {
    struct stream *stream;
    const struct load_http_handler *handler;
    void *owner;
    struct payload *request; /* until the stream is open */
    llhttp_t parser;
    llhttp_settings_t settings;
    bool is_upgraded;
    bool is_complete;
};

static int
on_head(llhttp_t *parser)
{
    struct load_http *http = parser->data;

    http->handler->on_status(http->owner, parser->status_code);
    http->is_upgraded = parser->status_code == 101;
    return 0;
}

static int
on_body(llhttp_t *parser, const char *data, size_t length)
{
    struct load_http *http = parser->data;

    http->handler->on_data(http->owner, bytes_from(data, length));
    return 0;
}

static int
on_complete(llhttp_t *parser)
{
    struct load_http *http = parser->data;

    if (!http->is_upgraded) {
        http->is_complete = true;
        stream_close(http->stream, "done");
    }
    return 0;
}

static void
on_open(void *owner, struct stream *stream)
{
    struct load_http *http = owner;

    sink_write(stream_sink(stream), payload_whole(http->request));
    payload_unref(http->request);
    http->request = NULL;
}

static void
on_data(void *owner, struct stream *stream, struct bytes input)
{
    struct load_http *http = owner;

    if (http->is_upgraded) {
        http->handler->on_data(http->owner, input);
        return;
    }
    llhttp_errno_t code = llhttp_execute(&http->parser, (const char *)input.data, input.length);
    if (code == HPE_PAUSED_UPGRADE) {
        const uint8_t *rest = (const uint8_t *)llhttp_get_error_pos(&http->parser);
        http->is_upgraded = true;
        http->handler->on_data(http->owner,
                               bytes_from(rest, (size_t)(input.data + input.length - rest)));
    } else if (code != HPE_OK) {
        stream_close(stream, "not http");
    }
}

static void
on_closed(void *owner, enum status status, const char *reason)
{
    struct load_http *http = owner;

    (void)reason;
    if (!http->is_complete && !http->is_upgraded && llhttp_finish(&http->parser) == HPE_OK &&
        http->is_complete) {
        status = STATUS_OK; /* a body that ends with the connection */
    }
    http->handler->on_end(http->owner, http->is_complete     ? STATUS_OK
                                       : status == STATUS_OK ? STATUS_CANCELED
                                                             : status);
    payload_unref(http->request);
    free(http);
}

enum status
load_http_open(struct loop *loop, const char *address, struct bytes request,
               const struct load_http_handler *handler, void *owner, struct load_http **out)
{
    static const struct stream_handler stream_handler = {.on_open = on_open,
                                                         .on_data = on_data,
                                                         .on_closed = on_closed};
    struct stream_options options = {.queue_limit_bytes = (size_t)64 * 1024 * 1024};
    struct load_http *http = calloc(1, sizeof(*http));

    if (http == NULL) {
        return STATUS_NO_MEMORY;
    }
    http->handler = handler;
    http->owner = owner;
    http->request = payload_from(request);
    llhttp_settings_init(&http->settings);
    http->settings.on_headers_complete = on_head;
    http->settings.on_body = on_body;
    http->settings.on_message_complete = on_complete;
    llhttp_init(&http->parser, HTTP_RESPONSE, &http->settings);
    http->parser.data = http;
    enum status status =
        dialer_open(loop, address, 5000, &options, &stream_handler, http, &http->stream);
    if (status != STATUS_OK) {
        payload_unref(http->request);
        free(http);
        return status;
    }
    *out = http;
    return STATUS_OK;
}

void
load_http_write(struct load_http *http, struct bytes data)
{
    sink_write_bytes(stream_sink(http->stream), data);
}

void
load_http_close(struct load_http *http)
{
    stream_close(http->stream, "dropped");
}
