/* SPDX-License-Identifier: MIT */
#include "tests/load/load_client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

#include "common/base/crypto.h"
#include "common/base/list.h"
#include "tests/load/load_http.h"

enum {
    CLIENT_TEXT_MAX_BYTES = 64 * 1024 * 1024,
    /* what a poll may take beyond the negotiated time, as in jquery.signalR */
    POLL_SLACK_MS = 10000,
};

enum client_state {
    CLIENT_NEGOTIATING,
    CLIENT_CONNECTING, /* /connect is open, no S yet */
    CLIENT_STARTING,   /* S has come, /start is under way */
    CLIENT_UP,
    CLIENT_DOWN, /* was up; trying to reconnect */
    CLIENT_STOPPING,
    CLIENT_ENDED,
};

struct load_client {
    struct load_client_options options;
    const struct load_client_handler *handler;
    void *owner;
    enum client_state state;
    size_t address;
    struct buffer token; /* percent-encoded */
    struct buffer cursor;
    struct buffer groups;
    char id[64];
    struct load_http *request; /* negotiate or start */
    struct buffer request_body;
    struct load_http *channel; /* the receiving side */
    bool is_channel_live;      /* it has answered 101 or 200 */
    struct buffer received;    /* of the channel, not yet understood */
    struct list sends;         /* POST /send under way */
    struct timer retry;
    struct timer silence;   /* runs while a channel is open */
    uint32_t silence_ms[2]; /* of a stream, of a poll; negotiated */
    uint64_t heard_ms;      /* when the channel last said something */
    uint64_t down_since_ms;
    uint64_t next_invocation;
    const char *end_reason;
};

struct client_send {
    struct list_node node;
    struct load_client *client;
    struct load_http *http;
    struct buffer body;
    uint64_t id;
};

static void open_channel(struct load_client *client);
static void negotiate(struct load_client *client);

static uint64_t
now_ms(const struct load_client *client)
{
    return loop_clock(client->options.loop)->now_ms;
}

/* ---- requests ---- */

static const char *
transport_name(enum load_transport transport)
{
    static const char *const names[] = {"webSockets", "serverSentEvents", "longPolling"};
    return names[transport];
}

static void
append_query(struct load_client *client, struct buffer *out)
{
    buffer_append_format(out,
                         "?transport=%s&clientProtocol=2.1&connectionData=%%5B%%7B%%22name%%22%%3A%"
                         "%22%s%%22%%7D%%5D",
                         transport_name(client->options.transport), client->options.hub);
    if (client->options.user != NULL) {
        buffer_append_string(out, "&user=");
        buffer_append_url_encoded(out, bytes_from_string(client->options.user));
    }
    if (client->token.length > 0) {
        buffer_append_string(out, "&connectionToken=");
        buffer_append(out, buffer_bytes(&client->token));
    }
}

static void
append_head(struct load_client *client, struct buffer *out, const char *method, const char *verb)
{
    buffer_append_format(out, "%s %s/%s", method, client->options.path, verb);
    append_query(client, out);
}

static const char *
address_of(const struct load_client *client)
{
    return client->options.addresses[client->address];
}

static void
append_host(struct load_client *client, struct buffer *out)
{
    buffer_append_format(out, " HTTP/1.1\r\nHost: %s\r\n", address_of(client));
}

/* ---- the end ---- */

static void
end_if_idle(struct load_client *client)
{
    if (client->state != CLIENT_STOPPING || client->request != NULL || client->channel != NULL ||
        !list_is_empty(&client->sends)) {
        return;
    }
    client->state = CLIENT_ENDED;
    client->handler->on_ended(client->owner, client->end_reason);
}

static void
begin_end(struct load_client *client, const char *reason)
{
    if (client->state == CLIENT_STOPPING || client->state == CLIENT_ENDED) {
        return;
    }
    client->state = CLIENT_STOPPING;
    client->end_reason = reason;
    timer_stop(loop_timers(client->options.loop), &client->retry);
    if (client->request != NULL) {
        load_http_close(client->request);
    }
    if (client->channel != NULL) {
        load_http_close(client->channel);
    }
}

static void
on_end_timer(struct timer *timer)
{
    end_if_idle(CONTAINER_OF(timer, struct load_client, retry));
}

/* ---- trying again ---- */

static void
on_retry(struct timer *timer)
{
    struct load_client *client = CONTAINER_OF(timer, struct load_client, retry);

    if (client->token.length == 0) {
        negotiate(client);
    } else {
        open_channel(client);
    }
}

static void
try_again(struct load_client *client)
{
    if (client->state == CLIENT_STOPPING || client->state == CLIENT_ENDED) {
        end_if_idle(client);
        return;
    }
    if (client->state == CLIENT_UP) {
        client->state = CLIENT_DOWN;
        client->down_since_ms = now_ms(client);
        client->handler->on_connection(client->owner, false);
    }
    if (now_ms(client) - client->down_since_ms > client->options.patience_ms) {
        begin_end(client, "gave up");
        timer_start(loop_timers(client->options.loop), &client->retry, 0, on_end_timer);
        return;
    }
    if (client->options.hops) {
        client->address = (client->address + 1) % client->options.address_count;
    }
    if (client->state == CLIENT_CONNECTING || client->state == CLIENT_STARTING) {
        /* Not started: begin with a new connection, as a client whose start failed does. */
        client->state = CLIENT_NEGOTIATING;
        buffer_clear(&client->token);
        buffer_clear(&client->cursor);
        buffer_clear(&client->groups);
    }
    timer_start(loop_timers(client->options.loop), &client->retry, client->options.retry_ms,
                on_retry);
}

/* ---- negotiate and start ---- */

static void
on_request_status(void *owner, int status)
{
    struct load_client *client = owner;

    if (status != 200) {
        load_http_close(client->request);
    }
}

static void
on_request_data(void *owner, struct bytes data)
{
    struct load_client *client = owner;
    buffer_append(&client->request_body, data);
}

static bool
take_negotiation(struct load_client *client)
{
    struct bytes body = buffer_bytes(&client->request_body);
    yyjson_doc *document = yyjson_read((const char *)body.data, body.length, 0);
    const char *token =
        yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(document), "ConnectionToken"));
    const char *id = yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(document), "ConnectionId"));
    double keep_alive_s =
        yyjson_get_num(yyjson_obj_get(yyjson_doc_get_root(document), "KeepAliveTimeout"));
    double poll_s =
        yyjson_get_num(yyjson_obj_get(yyjson_doc_get_root(document), "ConnectionTimeout"));

    client->silence_ms[0] = (uint32_t)(keep_alive_s * 1000);
    client->silence_ms[1] = (uint32_t)(poll_s * 1000) + POLL_SLACK_MS;
    if (token != NULL && id != NULL) {
        buffer_clear(&client->token);
        buffer_append_url_encoded(&client->token, bytes_from_string(token));
        (void)snprintf(client->id, sizeof(client->id), "%s", id);
    }
    yyjson_doc_free(document);
    return token != NULL && id != NULL;
}

static void
on_request_end(void *owner, enum status status)
{
    struct load_client *client = owner;

    client->request = NULL;
    if (client->state == CLIENT_STOPPING) {
        end_if_idle(client);
    } else if (client->state == CLIENT_NEGOTIATING) {
        if (status == STATUS_OK && take_negotiation(client)) {
            client->state = CLIENT_CONNECTING;
            open_channel(client);
        } else {
            try_again(client);
        }
    } else if (client->state == CLIENT_STARTING) {
        if (status == STATUS_OK && client->channel != NULL) {
            client->state = CLIENT_UP;
            client->handler->on_started(client->owner);
        } else if (client->channel != NULL) {
            load_http_close(client->channel); /* try again from its end */
        } else {
            try_again(client);
        }
    }
}

static const struct load_http_handler request_handler = {.on_status = on_request_status,
                                                         .on_data = on_request_data,
                                                         .on_end = on_request_end};

static void
send_request(struct load_client *client, const char *verb)
{
    struct buffer text;

    buffer_init(&text, CLIENT_TEXT_MAX_BYTES);
    append_head(client, &text, "GET", verb);
    append_host(client, &text);
    buffer_append_string(&text, "Connection: close\r\n\r\n");
    buffer_clear(&client->request_body);
    if (load_http_open(client->options.loop, address_of(client), buffer_bytes(&text),
                       &request_handler, client, &client->request) != STATUS_OK) {
        abort();
    }
    buffer_deinit(&text);
}

static void
negotiate(struct load_client *client)
{
    client->state = CLIENT_NEGOTIATING;
    send_request(client, "negotiate");
}

/* ---- what comes in ---- */

static void
take_text(struct buffer *out, yyjson_val *value)
{
    if (yyjson_is_str(value)) {
        buffer_clear(out);
        buffer_append(out, bytes_from(yyjson_get_str(value), yyjson_get_len(value)));
    }
}

static void
take_messages(struct load_client *client, yyjson_val *messages)
{
    size_t index, count;
    yyjson_val *message;

    yyjson_arr_foreach(messages, index, count, message)
    {
        size_t length;
        char *text = yyjson_val_write(message, 0, &length);
        if (text == NULL) {
            abort();
        }
        client->handler->on_message(client->owner, bytes_from(text, length));
        free(text);
    }
}

static void
take_envelope(struct load_client *client, struct bytes json)
{
    yyjson_doc *document =
        yyjson_read((const char *)json.data, json.length, YYJSON_READ_NUMBER_AS_RAW);
    yyjson_val *root = yyjson_doc_get_root(document);
    yyjson_val *id = yyjson_obj_get(root, "I");

    if (id != NULL) {
        client->handler->on_result(client->owner, strtoull(yyjson_get_str(id), NULL, 10), json);
    } else if (root != NULL) {
        take_text(&client->cursor, yyjson_obj_get(root, "C"));
        take_text(&client->groups, yyjson_obj_get(root, "G"));
        take_messages(client, yyjson_obj_get(root, "M"));
        if (yyjson_obj_get(root, "S") != NULL && client->state == CLIENT_CONNECTING) {
            client->state = CLIENT_STARTING;
            send_request(client, "start");
        }
    }
    yyjson_doc_free(document);
}

/* One server frame off the front of `received`; false when it is not whole yet. */
static bool
take_websocket_frame(struct load_client *client)
{
    struct bytes all = buffer_bytes(&client->received);
    struct bytes_reader reader = bytes_reader_from(all);
    uint8_t opcode = bytes_read_u8(&reader) & 0x0f;
    uint64_t length = bytes_read_u8(&reader) & 0x7f;

    if (length == 126) {
        length = bytes_read_u16(&reader);
    } else if (length == 127) {
        length = bytes_read_u64(&reader);
    }
    struct bytes payload = bytes_read(&reader, (size_t)length);
    if (reader.is_short) {
        return false;
    }
    if (opcode == 1) {
        take_envelope(client, payload);
    } else if (opcode == 8) {
        load_http_close(client->channel);
    }
    buffer_consume(&client->received, all.length - reader.rest.length);
    return true;
}

/* One "data: …" line. */
static bool
take_event(struct load_client *client)
{
    struct bytes all = buffer_bytes(&client->received);
    size_t end = bytes_find(all, '\n');

    if (end == SIZE_MAX) {
        return false;
    }
    struct bytes line = bytes_slice(all, 0, end);
    if (line.length > 0 && line.data[line.length - 1] == '\r') {
        line.length--;
    }
    if (bytes_starts_with(line, BYTES("data: {"))) {
        take_envelope(client, bytes_after(line, 6));
    }
    buffer_consume(&client->received, end + 1);
    return true;
}

/* A connection whose other end is gone may look open for ever; this is how a client finds out. */
static void
watch_silence(struct timer *timer)
{
    struct load_client *client = CONTAINER_OF(timer, struct load_client, silence);
    uint32_t limit_ms = client->silence_ms[client->options.transport == LOAD_LONG_POLLING];

    if (client->channel == NULL || limit_ms == 0) {
        return;
    }
    if (now_ms(client) - client->heard_ms > limit_ms) {
        load_http_close(client->channel);
    } else {
        timer_start(loop_timers(client->options.loop), timer, limit_ms / 4, watch_silence);
    }
}

static void
on_channel_status(void *owner, int status)
{
    struct load_client *client = owner;

    client->heard_ms = now_ms(client);
    if (status != 101 && status != 200) {
        load_http_close(client->channel);
        return;
    }
    client->is_channel_live = true;
    if (client->state == CLIENT_DOWN) {
        client->state = CLIENT_UP;
        client->handler->on_connection(client->owner, true);
    }
}

static void
on_channel_data(void *owner, struct bytes data)
{
    struct load_client *client = owner;

    if (!client->is_channel_live) {
        return;
    }
    client->heard_ms = now_ms(client);
    buffer_append(&client->received, data);
    if (client->options.transport == LOAD_WEB_SOCKETS) {
        while (take_websocket_frame(client)) {}
    } else if (client->options.transport == LOAD_SERVER_SENT_EVENTS) {
        while (take_event(client)) {}
    }
}

static void
on_channel_end(void *owner, enum status status)
{
    struct load_client *client = owner;
    bool is_poll = client->options.transport == LOAD_LONG_POLLING && status == STATUS_OK &&
                   client->is_channel_live;

    client->channel = NULL;
    if (is_poll) {
        take_envelope(client, bytes_trim(buffer_bytes(&client->received)));
    }
    if (is_poll && (client->state == CLIENT_STARTING || client->state == CLIENT_UP)) {
        open_channel(client);
    } else {
        try_again(client);
    }
}

static const struct load_http_handler channel_handler = {.on_status = on_channel_status,
                                                         .on_data = on_channel_data,
                                                         .on_end = on_channel_end};

static const char *
channel_verb(const struct load_client *client)
{
    if (client->state == CLIENT_CONNECTING) {
        return "connect";
    }
    return client->options.transport == LOAD_LONG_POLLING && client->state != CLIENT_DOWN
               ? "poll"
               : "reconnect";
}

static void
open_channel(struct load_client *client)
{
    struct buffer text;

    buffer_init(&text, CLIENT_TEXT_MAX_BYTES);
    append_head(client, &text, "GET", channel_verb(client));
    if (client->cursor.length > 0) {
        buffer_append_string(&text, "&messageId=");
        buffer_append_url_encoded(&text, buffer_bytes(&client->cursor));
    }
    if (client->groups.length > 0) {
        buffer_append_string(&text, "&groupsToken=");
        buffer_append_url_encoded(&text, buffer_bytes(&client->groups));
    }
    append_host(client, &text);
    buffer_append_string(
        &text, client->options.transport == LOAD_WEB_SOCKETS
                   ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
                   : "Connection: close\r\n\r\n");
    buffer_clear(&client->received);
    client->is_channel_live = false;
    if (load_http_open(client->options.loop, address_of(client), buffer_bytes(&text),
                       &channel_handler, client, &client->channel) != STATUS_OK) {
        abort();
    }
    buffer_deinit(&text);
    client->heard_ms = now_ms(client);
    watch_silence(&client->silence);
}

/* ---- invocations ---- */

static void
append_masked_frame(struct buffer *out, struct bytes text)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};

    buffer_append_byte(out, 0x81);
    if (text.length < 126) {
        buffer_append_byte(out, (uint8_t)(0x80 | text.length));
    } else if (text.length < 65536) {
        buffer_append_byte(out, 0x80 | 126);
        buffer_append_u16(out, (uint16_t)text.length);
    } else {
        buffer_append_byte(out, 0x80 | 127);
        buffer_append_u64(out, text.length);
    }
    buffer_append(out, bytes_from(mask, 4));
    uint8_t *to = buffer_reserve(out, text.length);
    for (size_t i = 0; to != NULL && i < text.length; i++) {
        to[i] = text.data[i] ^ mask[i & 3];
    }
    buffer_commit(out, text.length);
}

static void
on_send_status(void *owner, int status)
{
    struct client_send *send = owner;

    if (status != 200) {
        load_http_close(send->http);
    }
}

static void
on_send_data(void *owner, struct bytes data)
{
    struct client_send *send = owner;
    buffer_append(&send->body, data);
}

static void
on_send_end(void *owner, enum status status)
{
    struct client_send *send = owner;
    struct load_client *client = send->client;

    list_remove(&send->node);
    client->handler->on_result(client->owner, send->id,
                               status == STATUS_OK ? buffer_bytes(&send->body) : BYTES_NONE);
    buffer_deinit(&send->body);
    free(send);
    end_if_idle(client);
}

static const struct load_http_handler send_handler = {.on_status = on_send_status,
                                                      .on_data = on_send_data,
                                                      .on_end = on_send_end};

static void
post(struct load_client *client, const char *verb, struct bytes data, uint64_t id)
{
    struct client_send *send = calloc(1, sizeof(*send));
    struct buffer body, text;

    if (send == NULL) {
        abort();
    }
    send->client = client;
    send->id = id;
    buffer_init(&send->body, CLIENT_TEXT_MAX_BYTES);
    buffer_init(&body, CLIENT_TEXT_MAX_BYTES);
    buffer_init(&text, CLIENT_TEXT_MAX_BYTES);
    if (data.length > 0) {
        buffer_append_string(&body, "data=");
        buffer_append_url_encoded(&body, data);
    }
    append_head(client, &text, "POST", verb);
    append_host(client, &text);
    buffer_append_format(
        &text,
        "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: %zu\r\n"
        "Connection: close\r\n\r\n",
        body.length);
    buffer_append(&text, buffer_bytes(&body));
    list_append(&client->sends, &send->node);
    if (load_http_open(client->options.loop, address_of(client), buffer_bytes(&text), &send_handler,
                       send, &send->http) != STATUS_OK) {
        abort();
    }
    buffer_deinit(&body);
    buffer_deinit(&text);
}

uint64_t
load_client_invoke(struct load_client *client, const char *method, struct bytes arguments)
{
    uint64_t id = client->next_invocation++;
    struct buffer text, frame;

    buffer_init(&text, CLIENT_TEXT_MAX_BYTES);
    buffer_init(&frame, CLIENT_TEXT_MAX_BYTES);
    buffer_append_format(&text, "{\"H\":\"%s\",\"M\":\"%s\",\"A\":%.*s,\"I\":%" PRIu64 "}",
                         client->options.hub, method, BYTES_PRINTF(arguments), id);
    if (client->options.transport != LOAD_WEB_SOCKETS) {
        post(client, "send", buffer_bytes(&text), id);
    } else if (client->channel != NULL && client->is_channel_live) {
        append_masked_frame(&frame, buffer_bytes(&text));
        load_http_write(client->channel, buffer_bytes(&frame));
    } else {
        client->handler->on_result(client->owner, id, BYTES_NONE);
    }
    buffer_deinit(&text);
    buffer_deinit(&frame);
    return id;
}

/* ---- life ---- */

enum status
load_client_new(const struct load_client_options *options,
                const struct load_client_handler *handler, void *owner, struct load_client **out)
{
    struct load_client *client = calloc(1, sizeof(*client));

    if (client == NULL) {
        return STATUS_NO_MEMORY;
    }
    client->options = *options;
    client->handler = handler;
    client->owner = owner;
    client->address = options->first_address;
    client->down_since_ms = now_ms(client);
    list_init(&client->sends);
    buffer_init(&client->token, 65536);
    buffer_init(&client->cursor, 65536);
    buffer_init(&client->groups, 65536);
    buffer_init(&client->request_body, CLIENT_TEXT_MAX_BYTES);
    buffer_init(&client->received, CLIENT_TEXT_MAX_BYTES);
    *out = client;
    timer_start(loop_timers(options->loop), &client->retry, 0, on_retry);
    return STATUS_OK;
}

void
load_client_break(struct load_client *client)
{
    if (client->channel != NULL) {
        load_http_close(client->channel);
    }
}

void
load_client_stop(struct load_client *client)
{
    if (client->state != CLIENT_STOPPING && client->state != CLIENT_ENDED) {
        if (client->token.length > 0) {
            post(client, "abort", BYTES_NONE, UINT64_MAX);
        }
        begin_end(client, "stopped");
        timer_start(loop_timers(client->options.loop), &client->retry, 0, on_end_timer);
    }
}

void
load_client_free(struct load_client *client)
{
    timer_stop(loop_timers(client->options.loop), &client->retry);
    timer_stop(loop_timers(client->options.loop), &client->silence);
    buffer_deinit(&client->token);
    buffer_deinit(&client->cursor);
    buffer_deinit(&client->groups);
    buffer_deinit(&client->request_body);
    buffer_deinit(&client->received);
    free(client);
}

bool
load_client_is_up(const struct load_client *client)
{
    return client->state == CLIENT_UP;
}

const char *
load_client_id(const struct load_client *client)
{
    return client->id;
}
