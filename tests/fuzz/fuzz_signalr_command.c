/* SPDX-License-Identifier: MIT */
/* Goal of this test: any text is a command or refused, and a command survives being written again.
 */
#include "common/wire/signalr_command.h"
#include "tests/fuzz/fuzz_require.h"

#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signalr_command command, again;
    struct buffer storage, storage_again, json;
    buffer_init(&storage, SIZE_MAX);
    buffer_init(&storage_again, SIZE_MAX);
    buffer_init(&json, SIZE_MAX);
    if (signalr_command_decode(bytes_from(data, size), &storage, &command) == STATUS_OK) {
        require(command.type <= SIGNALR_COMMAND_ABORT);
        require(signalr_command_encode(&command, &json) == STATUS_OK);
        require(signalr_command_decode(buffer_bytes(&json), &storage_again, &again) == STATUS_OK);
        require(again.type == command.type && again.since == command.since &&
                again.waits_for_ack == command.waits_for_ack);
        require(bytes_equal(again.id, command.id) && bytes_equal(again.value, command.value));
    }
    buffer_deinit(&storage);
    buffer_deinit(&storage_again);
    buffer_deinit(&json);
    return 0;
}
