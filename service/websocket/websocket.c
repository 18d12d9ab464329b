/* SPDX-License-Identifier: MIT */
#include "service/websocket/websocket.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "service/websocket/websocket_codec.h"

/* Pings beyond this much unsent data are not answered: one pong for the latest is enough (RFC 6455
 * section 5.5.3). */
enum { PONG_QUEUE_MAX_BYTES = 16 * 1024 };

enum websocket_state {
    STATE_OPEN,    /* messages flow both ways */
    STATE_CLOSING, /* our Close is out; only the client's Close is looked for */
    STATE_ENDED, /* both have said Close, or the client broke the protocol: the sink is finishing */
};

struct websocket {
    struct sink *sink;
    struct timers *timers;
    const struct websocket_handler *handler; /* NULL: the owner has closed and hears no more */
    void *owner;
    const char *close_reason; /* CLOSING: why, for the log */
    struct timer close_timer; /* CLOSING: the client's echo is late */
    struct websocket_decoder decoder;
    enum websocket_state state;
};

enum status
websocket_new(const struct websocket_options *options, struct websocket **out)
{
    struct websocket *websocket = calloc(1, sizeof(*websocket));
    if (websocket == NULL) {
        return STATUS_NO_MEMORY;
    }
    websocket->sink = options->sink;
    websocket->timers = options->timers;
    websocket->handler = options->handler;
    websocket->owner = options->owner;
    websocket->state = STATE_OPEN;
    websocket_decoder_init(&websocket->decoder, options->message_max_bytes);
    *out = websocket;
    return STATUS_OK;
}

static void
set_state(struct websocket *websocket, enum websocket_state state)
{
    assert(state > websocket->state); /* it only ever moves towards its end */
    websocket->state = state;
    timer_stop(websocket->timers, &websocket->close_timer);
}

/* ---- out ----------------------------------------------------------------------------- */

struct payload *
websocket_frame_from(struct bytes text)
{
    uint8_t header[WEBSOCKET_HEADER_MAX_BYTES];
    size_t header_length = websocket_encode_header(WEBSOCKET_TEXT, text.length, header);
    struct payload *frame = payload_new(header_length + text.length);
    if (frame == NULL) {
        return NULL;
    }
    memcpy(frame->data, header, header_length);
    if (text.length > 0) {
        memcpy(frame->data + header_length, text.data, text.length);
    }
    return frame;
}

void
websocket_send(struct websocket *websocket, struct payload *frame)
{
    if (websocket->state == STATE_OPEN) {
        sink_write(websocket->sink, payload_whole(frame));
    }
}

static void
send_control(struct websocket *websocket, enum websocket_opcode opcode, struct bytes payload)
{
    uint8_t frame[WEBSOCKET_HEADER_MAX_BYTES + WEBSOCKET_CONTROL_MAX_BYTES];
    size_t header_length = websocket_encode_header(opcode, payload.length, frame);
    assert(payload.length <= WEBSOCKET_CONTROL_MAX_BYTES);
    if (payload.length > 0) {
        memcpy(frame + header_length, payload.data, payload.length);
    }
    sink_write_bytes(websocket->sink, bytes_from(frame, header_length + payload.length));
}

/* ${code} 0 sends Close without a code. */
static void
send_close(struct websocket *websocket, uint16_t code)
{
    uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
    send_control(websocket, WEBSOCKET_CLOSE,
                 bytes_from(payload, (code == 0) ? 0 : sizeof(payload)));
}

static void
end(struct websocket *websocket, const char *reason)
{
    set_state(websocket, STATE_ENDED);
    sink_finish(websocket->sink, reason);
}

/* The client broke a rule: say which, and do not wait for its answer (RFC 6455 section 7.1.7). */
static void
fail(struct websocket *websocket, uint16_t code, const char *reason)
{
    const struct websocket_handler *handler = websocket->handler;

    if (websocket->state == STATE_OPEN) {
        send_close(websocket, code);
    }
    end(websocket, reason);
    if (handler != NULL && handler->on_broken != NULL && code != WEBSOCKET_CLOSE_INTERNAL) {
        handler->on_broken(websocket->owner, code, reason);
    }
}

static void
on_close_timeout(struct timer *timer)
{
    struct websocket *websocket = CONTAINER_OF(timer, struct websocket, close_timer);
    end(websocket, websocket->close_reason);
}

void
websocket_close(struct websocket *websocket, enum websocket_close_code code, const char *reason)
{
    websocket->handler = NULL;
    if (websocket->state != STATE_OPEN) {
        return;
    }
    set_state(websocket, STATE_CLOSING);
    websocket->close_reason = reason;
    send_close(websocket, (uint16_t)code);
    timer_start(websocket->timers, &websocket->close_timer, WEBSOCKET_CLOSE_WAIT_MS,
                on_close_timeout);
}

size_t
websocket_queued_bytes(const struct websocket *websocket)
{
    return sink_queued_bytes(websocket->sink);
}

/* ---- in ------------------------------------------------------------------------------ */

static void
receive_close(struct websocket *websocket, uint16_t code)
{
    if (websocket->state == STATE_CLOSING) {
        end(websocket, websocket->close_reason);
        return;
    }
    send_close(websocket, code);
    end(websocket, "client-close");
}

static void
receive_ping(struct websocket *websocket, struct bytes payload)
{
    if (sink_queued_bytes(websocket->sink) <= PONG_QUEUE_MAX_BYTES) {
        send_control(websocket, WEBSOCKET_PONG, payload);
    }
}

static void
receive_message(struct websocket *websocket, const struct websocket_message *message)
{
    if (message->opcode == WEBSOCKET_CLOSE) {
        receive_close(websocket, message->close_code);
        return;
    }
    if (websocket->state != STATE_OPEN) {
        return; /* sent before the client saw our Close */
    }
    switch (message->opcode) {
    case WEBSOCKET_TEXT:
        websocket->handler->on_text(websocket->owner, websocket, message->payload);
        break;
    case WEBSOCKET_BINARY:
        fail(websocket, WEBSOCKET_CLOSE_UNSUPPORTED, "binary-message");
        break;
    case WEBSOCKET_PING:
        receive_ping(websocket, message->payload);
        break;
    default:
        break; /* a pong nobody asked for is legal and means nothing */
    }
}

static const char *
failure_reason(uint16_t code)
{
    switch (code) {
    case WEBSOCKET_CLOSE_INVALID_TEXT:
        return "invalid-utf8";
    case WEBSOCKET_CLOSE_TOO_BIG:
        return "message-too-big";
    case WEBSOCKET_CLOSE_INTERNAL:
        return "no-memory";
    default:
        return "websocket-protocol";
    }
}

void
websocket_receive(struct websocket *websocket, struct bytes input)
{
    while (websocket->state != STATE_ENDED) {
        struct websocket_message message;
        enum status status = websocket_decode(&websocket->decoder, &input, &message);
        if (status == STATUS_NEED_MORE) {
            return;
        }
        if (status != STATUS_OK) {
            uint16_t code = websocket->decoder.failure_code;
            fail(websocket, code, failure_reason(code));
            return;
        }
        receive_message(websocket, &message);
    }
}

void
websocket_drained(struct websocket *websocket)
{
    if (websocket->state == STATE_OPEN && websocket->handler->on_drained != NULL) {
        websocket->handler->on_drained(websocket->owner, websocket);
    }
}

void
websocket_closed(struct websocket *websocket, const char *reason)
{
    const struct websocket_handler *handler = websocket->handler;
    timer_stop(websocket->timers, &websocket->close_timer);
    websocket->state = STATE_ENDED;
    websocket->handler = NULL;
    if (handler != NULL) {
        handler->on_closed(websocket->owner, reason);
    }
    websocket_decoder_deinit(&websocket->decoder);
    free(websocket);
}
