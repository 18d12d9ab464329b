/* SPDX-License-Identifier: MIT */
/*
 * bench_codecs: does each hot encoding and decoding CODEC_ROUNDS times, under callgrind, which
 * counts only inside functions called codec_* (bench_codecs.mjs). What a round needs is made
 * before, in codecs_init(), or costs the same each time.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "bridge/redis/redis_script.h"
#include "common/wire/envelope.h"
#include "common/wire/signalr_message.h"
#include "service/redis_endpoint/resp_decoder.h"
#include "service/signalr/client_frame.h"
#include "service/signalr/cursor.h"
#include "service/signalr/hub_message.h"
#include "service/websocket/websocket_codec.h"
#include "service/websocket/websocket_mask.h"

enum {
    CODEC_ROUNDS = 1000,
    ENVELOPES = 64, /* in one read of the link */
    LONG_BYTES = 4096,
};

#define CALL \
    "{\"H\":\"ChatHub\",\"M\":\"Send\",\"A\":[\"ann\",\"hello, everybody in the room\"],\"I\":7}"
#define ARGUMENTS "[\"ann\",\"hello, everybody in the room\"]"
#define VALUE     "{\"H\":\"ChatHub\",\"M\":\"broadcastMessage\",\"A\":" ARGUMENTS "}"

static const uint64_t message_id = 123456789;
static const int64_t ticks = 638000000000000000;

/* What the codecs read and write. */
struct codecs {
    struct buffer frame;      /* a SignalR frame with its trailer */
    struct buffer channel;    /* the same as it comes from Redis */
    struct buffer envelopes;  /* DELIVER of it, ENVELOPES times */
    struct buffer client;     /* a masked WebSocket frame with CALL */
    struct buffer evaluation; /* EVALSHA of a .NET application */
    struct buffer out;
    uint8_t text[LONG_BYTES];
    struct signalr_trailer trailer;
    struct route_batch batch;
    size_t seen; /* keeps results from being optimized away */
};

static void
append_client_frame(struct buffer *out)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    struct bytes call = BYTES(CALL);

    (void)buffer_append_byte(out, 0x81);
    (void)buffer_append_byte(out, (uint8_t)(0x80 | call.length));
    (void)buffer_append(out, bytes_from(mask, sizeof(mask)));
    (void)buffer_append(out, call);
    websocket_mask(out->data + 6, call.length, mask, 0);
}

static void
append_argument(struct buffer *out, struct bytes argument)
{
    (void)buffer_append_format(out, "$%zu\r\n", argument.length);
    (void)buffer_append(out, argument);
    (void)buffer_append_string(out, "\r\n");
}

static const struct signalr_message chat_message = {
    .source = {(const uint8_t *)"2b2c8a10-8cf8-4f4a-8b6a-0f8f0f6e1d11", 36},
    .topic = {(const uint8_t *)"h-ChatHub", 9},
    .value = {(const uint8_t *)VALUE, sizeof(VALUE) - 1},
};

static void
codecs_init(struct codecs *codecs)
{
    struct buffer *const buffers[] = {&codecs->frame,  &codecs->channel,    &codecs->envelopes,
                                      &codecs->client, &codecs->evaluation, &codecs->out};

    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
        buffer_init(buffers[i], SIZE_MAX);
    }
    memset(codecs->text, 'x', sizeof(codecs->text));
    memset(codecs->trailer.instance, 7, sizeof(codecs->trailer.instance));
    codecs->trailer.sequence = 42;
    assert(signalr_message_encode(&chat_message, 1, ticks, &codecs->frame) == STATUS_OK);
    assert(signalr_trailer_encode(&codecs->trailer, &codecs->frame) == STATUS_OK);
    (void)buffer_append_format(&codecs->channel, "%llu ", (unsigned long long)message_id);
    (void)buffer_append(&codecs->channel, buffer_bytes(&codecs->frame));
    const struct envelope deliver = {.kind = ENVELOPE_DELIVER,
                                     .app = 1,
                                     .number = message_id,
                                     .payload = buffer_bytes(&codecs->frame)};
    for (size_t i = 0; i < ENVELOPES; i++) {
        assert(envelope_encode(&deliver, &codecs->envelopes) == STATUS_OK);
    }
    append_client_frame(&codecs->client);
    (void)buffer_append_string(&codecs->evaluation, "*5\r\n");
    append_argument(&codecs->evaluation, BYTES("EVALSHA"));
    append_argument(&codecs->evaluation, BYTES("c1a1e9ea8c0b1c5ca7ba9f1d5a9b0a7c5b8b3d10"));
    append_argument(&codecs->evaluation, BYTES("1"));
    append_argument(&codecs->evaluation, BYTES("ChatApp"));
    append_argument(&codecs->evaluation, buffer_bytes(&codecs->frame));
    codecs->batch.first_sequence = 42;
    codecs->batch.settled_sequence = 41;
    codecs->batch.floor_id = message_id;
    codecs->batch.count = ROUTE_BATCH_MESSAGES_MAX;
    for (size_t i = 0; i < codecs->batch.count; i++) {
        codecs->batch.frames[i] = payload_from(buffer_bytes(&codecs->frame));
        assert(codecs->batch.frames[i] != NULL);
    }
    assert(codecs->evaluation.status == STATUS_OK && codecs->client.status == STATUS_OK);
}

static void
codecs_deinit(struct codecs *codecs)
{
    for (size_t i = 0; i < codecs->batch.count; i++) {
        payload_unref(codecs->batch.frames[i]);
    }
    buffer_deinit(&codecs->frame);
    buffer_deinit(&codecs->channel);
    buffer_deinit(&codecs->envelopes);
    buffer_deinit(&codecs->client);
    buffer_deinit(&codecs->evaluation);
    buffer_deinit(&codecs->out);
}

/* ---- Each as often as CODEC_ROUNDS ---- */

static void
codec_message_encode(struct codecs *codecs)
{
    for (int i = 0; i < CODEC_ROUNDS; i++) {
        buffer_clear(&codecs->out);
        assert(signalr_message_encode(&chat_message, 1, ticks, &codecs->out) == STATUS_OK);
        assert(signalr_trailer_encode(&codecs->trailer, &codecs->out) == STATUS_OK);
    }
}

static void
codec_message_decode(struct codecs *codecs)
{
    struct signalr_message_reader reader;
    struct signalr_message message;
    struct signalr_trailer trailer;
    struct bytes frame;
    uint64_t id;

    for (int i = 0; i < CODEC_ROUNDS; i++) {
        assert(signalr_message_split_channel(buffer_bytes(&codecs->channel), &id, &frame) ==
               STATUS_OK);
        assert(signalr_message_open(frame, &reader) == STATUS_OK);
        while (signalr_message_next(&reader, &message)) {
            codecs->seen += message.value.length;
        }
        assert(signalr_trailer_decode(reader.trailer, &trailer));
    }
}

static void
codec_envelope_encode(struct codecs *codecs)
{
    const struct envelope envelope = {.kind = ENVELOPE_PUBLISH,
                                      .app = 1,
                                      .number = 42,
                                      .payload = buffer_bytes(&codecs->frame)};

    for (int i = 0; i < CODEC_ROUNDS; i++) {
        buffer_clear(&codecs->out);
        assert(envelope_encode(&envelope, &codecs->out) == STATUS_OK);
    }
}

/* In chunks of ENVELOPES, as they come from a link. */
static void
codec_envelope_decode(struct codecs *codecs)
{
    struct envelope_decoder decoder;
    struct envelope envelope;
    struct bytes input = BYTES_NONE;

    envelope_decoder_init(&decoder, ENVELOPE_PAYLOAD_MAX_BYTES);
    for (int i = 0; i < CODEC_ROUNDS; i++) {
        if (input.length == 0) {
            input = buffer_bytes(&codecs->envelopes);
        }
        assert(envelope_decode(&decoder, &input, &envelope) == STATUS_OK);
        codecs->seen += envelope.payload.length;
    }
    envelope_decoder_deinit(&decoder);
}

/* A round is a full batch. */
static void
codec_script_request(struct codecs *codecs)
{
    struct bytes arguments[REDIS_SCRIPT_ARGUMENTS_MAX];
    const struct redis_keys keys = {.counter = BYTES("ChatApp"),
                                    .log = BYTES("{ChatApp}:hubplane:log"),
                                    .sequence_prefix = BYTES("{ChatApp}:hubplane:sequence:")};
    const struct redis_script_request request = {.keys = &keys,
                                                 .batch = &codecs->batch,
                                                 .log_limit = 100000,
                                                 .sequence_life_ms = 1000,
                                                 .ticks = ticks};
    const struct redis_script script = {{0}};

    for (int i = 0; i < CODEC_ROUNDS; i++) {
        assert(redis_script_arguments(&script, &request, false, &codecs->out, arguments) > 0);
        codecs->seen += arguments[3].length;
    }
}

static void
codec_websocket_decode(struct codecs *codecs)
{
    struct websocket_decoder decoder;
    struct websocket_message message;

    websocket_decoder_init(&decoder, 65536);
    for (int i = 0; i < CODEC_ROUNDS; i++) {
        buffer_clear(&codecs->out);
        (void)buffer_append(&codecs->out, buffer_bytes(&codecs->client));
        struct bytes input = buffer_bytes(&codecs->out);
        assert(websocket_decode(&decoder, &input, &message) == STATUS_OK);
        codecs->seen += message.payload.length;
    }
    websocket_decoder_deinit(&decoder);
}

static void
codec_websocket_encode(struct codecs *codecs)
{
    uint8_t header[WEBSOCKET_HEADER_MAX_BYTES];

    for (int i = 0; i < CODEC_ROUNDS; i++) {
        codecs->seen += websocket_encode_header(WEBSOCKET_TEXT, 100 + (size_t)i, header);
    }
}

static void
codec_websocket_mask(struct codecs *codecs)
{
    static const uint8_t mask[4] = {1, 2, 3, 4};

    for (int i = 0; i < CODEC_ROUNDS; i++) {
        websocket_mask(codecs->text, sizeof(codecs->text), mask, 1);
    }
}

static void
append_frames(struct codecs *codecs, enum client_frame_kind kind)
{
    const struct bytes value = BYTES(VALUE);
    const struct client_frame frame = {.cursor = message_id, .values = &value, .value_count = 1};

    for (int i = 0; i < CODEC_ROUNDS; i++) {
        buffer_clear(&codecs->out);
        assert(client_frame_append(&codecs->out, kind, &frame) == STATUS_OK);
    }
}

static void
codec_frame_websocket(struct codecs *codecs)
{
    append_frames(codecs, CLIENT_FRAME_WEBSOCKET);
}

static void
codec_frame_event_stream(struct codecs *codecs)
{
    append_frames(codecs, CLIENT_FRAME_EVENT_STREAM);
}

static void
codec_frame_forever_frame(struct codecs *codecs)
{
    append_frames(codecs, CLIENT_FRAME_FOREVER_FRAME);
}

static void
codec_hub_call_decode(struct codecs *codecs)
{
    struct hub_message message;

    for (int i = 0; i < CODEC_ROUNDS; i++) {
        assert(hub_message_parse(BYTES(CALL), &message) == STATUS_OK);
        codecs->seen += message.argument_count;
        hub_message_deinit(&message);
    }
}

static void
codec_hub_call_encode(struct codecs *codecs)
{
    for (int i = 0; i < CODEC_ROUNDS; i++) {
        buffer_clear(&codecs->out);
        assert(hub_message_append_client_call(&codecs->out, BYTES("ChatHub"),
                                              BYTES("broadcastMessage"), BYTES(ARGUMENTS),
                                              BYTES_NONE) == STATUS_OK);
    }
}

static void
codec_hub_result_encode(struct codecs *codecs)
{
    const struct hub_message_result result = {.id = BYTES("7"), .value = BYTES("42")};

    for (int i = 0; i < CODEC_ROUNDS; i++) {
        buffer_clear(&codecs->out);
        assert(hub_message_append_result(&codecs->out, &result) == STATUS_OK);
    }
}

static void
codec_cursor_encode(struct codecs *codecs)
{
    char text[CURSOR_TEXT_BYTES];

    for (int i = 0; i < CODEC_ROUNDS; i++) {
        codecs->seen += cursor_format(message_id, text);
    }
}

static void
codec_cursor_decode(struct codecs *codecs)
{
    for (int i = 0; i < CODEC_ROUNDS; i++) {
        codecs->seen += cursor_parse(BYTES("s-0,75BCD15")).id;
    }
}

static void
codec_json_string(struct codecs *codecs)
{
    for (int i = 0; i < CODEC_ROUNDS; i++) {
        buffer_clear(&codecs->out);
        (void)buffer_append_json_string(&codecs->out, BYTES(CALL));
    }
}

static void
codec_utf8_check(struct codecs *codecs)
{
    for (int i = 0; i < CODEC_ROUNDS; i++) {
        codecs->seen += bytes_is_utf8(bytes_from(codecs->text, sizeof(codecs->text)));
    }
}

static void
codec_redis_command(struct codecs *codecs)
{
    static struct resp_decoder decoder;
    static struct resp_command command;

    resp_decoder_init(&decoder, RESP_ARGUMENTS_MAX, 65536);
    for (int i = 0; i < CODEC_ROUNDS; i++) {
        struct bytes input = buffer_bytes(&codecs->evaluation);
        assert(resp_decode(&decoder, &input, &command) == STATUS_OK);
        codecs->seen += command.count;
    }
    resp_decoder_deinit(&decoder);
}

static void (*const all[])(struct codecs *codecs) = {
    codec_message_encode,     codec_message_decode,      codec_envelope_encode,
    codec_envelope_decode,    codec_script_request,      codec_websocket_decode,
    codec_websocket_encode,   codec_websocket_mask,      codec_frame_websocket,
    codec_frame_event_stream, codec_frame_forever_frame, codec_hub_call_decode,
    codec_hub_call_encode,    codec_hub_result_encode,   codec_cursor_encode,
    codec_cursor_decode,      codec_json_string,         codec_utf8_check,
    codec_redis_command,
};

int
main(void)
{
    static struct codecs codecs;

    codecs_init(&codecs);
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        all[i](&codecs);
    }
    codecs_deinit(&codecs);
    printf("%d\n", CODEC_ROUNDS);
    return codecs.seen > 0 ? 0 : 1;
}
