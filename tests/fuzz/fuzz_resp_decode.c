/* SPDX-License-Identifier: MIT */
/*
 * Any bytes of a Redis client: the first byte is the size of the chunks, the rest is what the
 * client sends. Whatever the chunking, the decoder finds the same commands, within the limits, and
 * dies of the same reason.
 */
#include "service/redis_endpoint/resp_decoder.h"

#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 6, COMMAND_MAX_BYTES = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct digest {
    uint64_t hash;
    const char *problem;
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
    digest->hash = (digest->hash ^ bytes.length) * UINT64_C(0x100000001b3);
}

static void
note(struct digest *digest, const struct resp_command *command)
{
    size_t total = 0;

    check(command->count >= 1 && command->count <= ARGUMENTS_MAX);
    for (size_t i = 0; i < command->count; i++) {
        add(digest, command->arguments[i]);
        total += command->arguments[i].length;
    }
    check(total <= COMMAND_MAX_BYTES);
    add(digest, bytes_from(&command->count, 1));
}

static struct digest
run(struct bytes client, size_t chunk_bytes)
{
    struct digest digest = {.hash = UINT64_C(0xcbf29ce484222325)};
    struct resp_decoder decoder;
    struct resp_command command;
    enum status status = STATUS_NEED_MORE;

    resp_decoder_init(&decoder, ARGUMENTS_MAX, COMMAND_MAX_BYTES);
    while (client.length > 0 && status == STATUS_NEED_MORE) {
        struct bytes part = bytes_slice(client, 0, chunk_bytes);
        uint8_t *copy = malloc(part.length);
        check(copy != NULL);
        memcpy(copy, part.data, part.length);
        struct bytes input = bytes_from(copy, part.length);
        while ((status = resp_decode(&decoder, &input, &command)) == STATUS_OK) {
            note(&digest, &command);
        }
        check(status != STATUS_NEED_MORE || input.length == 0);
        free(copy);
        client = bytes_after(client, part.length);
    }
    check((decoder.problem == NULL) == (status == STATUS_NEED_MORE));
    digest.problem = decoder.problem;
    resp_decoder_deinit(&decoder);
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
    check(whole.problem == chunked.problem);
    return 0;
}
