/* SPDX-License-Identifier: MIT */
/* Any value on our topic: what is read can be written, and read again. */
#include "service/signalr/farm_command.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct farm_command command, again;
    struct buffer storage, text, other;

    buffer_init(&storage, FARM_COMMAND_BYTES_MAX);
    buffer_init(&text, 8 * FARM_COMMAND_BYTES_MAX);
    buffer_init(&other, FARM_COMMAND_BYTES_MAX);
    if (farm_command_decode(bytes_from(data, size), &storage, &command) == STATUS_OK) {
        assert(farm_command_encode(&command, &text) == STATUS_OK);
        assert(farm_command_decode(buffer_bytes(&text), &other, &again) == STATUS_OK);
        assert(again.kind == command.kind && bytes_equal(again.of, command.of));
        assert(bytes_equal(again.group, command.group) && bytes_equal(again.why, command.why));
        assert(again.seconds == command.seconds);
    }
    buffer_deinit(&other);
    buffer_deinit(&text);
    buffer_deinit(&storage);
    return 0;
}
