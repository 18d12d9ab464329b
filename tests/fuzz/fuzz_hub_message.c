/* SPDX-License-Identifier: MIT */
/* Any invocation: what it is taken apart into can be put together to valid JSON again, as often as
 * it says. */
#include "service/signalr/client_frame.h"
#include "service/signalr/hub_message.h"
#include "service/signalr/json_span.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
count_elements(struct bytes array)
{
    struct json_span_reader reader = json_span_open(array);
    struct bytes value;
    size_t count = 0;

    while (json_span_next(&reader, &value)) {
        assert(json_span_check(value) == STATUS_OK);
        count++;
    }
    return count;
}

static void
check_answers(const struct hub_message *message)
{
    struct hub_message_result result = {.id = message->id,
                                        .state = message->state,
                                        .value = message->arguments};
    struct client_frame frame = {.cursor = 1, .value_count = 1};
    struct bytes value;
    struct buffer out, script;

    buffer_init(&out, SIZE_MAX);
    buffer_init(&script, SIZE_MAX);
    hub_message_append_result(&out, &result);
    assert(json_span_check(buffer_bytes(&out)) == STATUS_OK);
    buffer_clear(&out);
    hub_message_append_progress(&out, message->id, message->arguments);
    assert(json_span_check(buffer_bytes(&out)) == STATUS_OK);
    buffer_clear(&out);
    hub_message_append_client_call(&out, message->hub, message->method, message->arguments,
                                   message->state);
    assert(json_span_check(buffer_bytes(&out)) == STATUS_OK);
    value = buffer_bytes(&out);
    frame.values = &value;
    client_frame_append(&script, CLIENT_FRAME_LONG_POLL, &frame);
    assert(json_span_check(buffer_bytes(&script)) == STATUS_OK);
    assert(bytes_find(buffer_bytes(&script), '\n') == SIZE_MAX);
    buffer_clear(&script);
    client_frame_append_escaped(&script, value);
    assert(json_span_check(buffer_bytes(&script)) == STATUS_OK);
    assert(bytes_find(buffer_bytes(&script), '<') == SIZE_MAX);
    buffer_deinit(&script);
    buffer_deinit(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hub_message message;

    if (hub_message_parse(bytes_from(data, size), &message) != STATUS_OK) {
        return 0;
    }
    assert(message.hub.data != NULL);
    assert(count_elements(message.arguments) == message.argument_count);
    check_answers(&message);
    hub_message_deinit(&message);
    return 0;
}
