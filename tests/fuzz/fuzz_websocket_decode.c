/* SPDX-License-Identifier: MIT */
/*
 * Any bytes of a WebSocket client: the first byte is the size of the chunks, the rest is what the
 * client sends. Whatever the chunking, the decoder finds the same messages and dies of the same
 * reason; texts are UTF-8 and within the limit.
 */
#include "service/websocket/websocket_codec.h"

#include <stdlib.h>
#include <string.h>

enum { MESSAGE_MAX_BYTES = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct digest {
    uint64_t hash;
    uint16_t failure_code;
};

static void
check(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

/* FNV-1a */
static void
add(struct digest *digest, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.length; i++) {
        digest->hash = (digest->hash ^ bytes.data[i]) * UINT64_C(0x100000001b3);
    }
}

static void
note_message(struct digest *digest, const struct websocket_message *message)
{
    const uint8_t head[] = {(uint8_t)message->opcode, (uint8_t)(message->close_code >> 8),
                            (uint8_t)message->close_code, (uint8_t)message->payload.length};
    add(digest, bytes_from(head, sizeof(head)));
    add(digest, message->payload);
    switch (message->opcode) {
    case WEBSOCKET_TEXT:
        check(bytes_is_utf8(message->payload));
        break;
    case WEBSOCKET_BINARY:
        break;
    default:
        check(message->payload.length <= WEBSOCKET_CONTROL_MAX_BYTES);
        break;
    }
    check(message->payload.length <= MESSAGE_MAX_BYTES);
}

/* False when the decoder is dead. */
static bool
feed(struct websocket_decoder *decoder, struct bytes input, struct digest *digest)
{
    struct websocket_message message;
    enum status status = websocket_decode(decoder, &input, &message);
    while (status == STATUS_OK) {
        note_message(digest, &message);
        status = websocket_decode(decoder, &input, &message);
    }
    if (status == STATUS_NEED_MORE) {
        check(input.length == 0);
        return true;
    }
    digest->failure_code = decoder->failure_code;
    return false;
}

static struct digest
run(struct bytes client, size_t chunk_bytes)
{
    struct digest digest = {.hash = UINT64_C(0xcbf29ce484222325)};
    struct websocket_decoder decoder;
    bool is_alive = true;
    websocket_decoder_init(&decoder, MESSAGE_MAX_BYTES);
    while (client.length > 0 && is_alive) {
        struct bytes part = bytes_slice(client, 0, chunk_bytes);
        uint8_t *copy = malloc(part.length);
        check(copy != NULL);
        memcpy(copy, part.data, part.length);
        is_alive = feed(&decoder, bytes_from(copy, part.length), &digest);
        free(copy);
        client = bytes_after(client, part.length);
    }
    websocket_decoder_deinit(&decoder);
    return digest;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct bytes client = bytes_from(data + 1, size - 1);
    struct digest whole = run(client, SIZE_MAX);
    struct digest chunked = run(client, (size_t)data[0] + 1);
    check(whole.hash == chunked.hash);
    check(whole.failure_code == chunked.failure_code);
    return 0;
}
