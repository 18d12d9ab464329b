/* SPDX-License-Identifier: MIT */
/*
 * Goal of this test: a channel message is read within its bytes, and what is read survives being
 * written and read again.
 */
#include "common/wire/signalr_message.h"
#include "tests/fuzz/fuzz_require.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGES_MAX = 64 };

static void
require_same(const struct signalr_message *left, const struct signalr_message *right)
{
    require(bytes_equal(left->source, right->source) && bytes_equal(left->topic, right->topic));
    require(bytes_equal(left->value, right->value) && bytes_equal(left->filter, right->filter));
    require(bytes_equal(left->command_id, right->command_id));
    require(left->waits_for_ack == right->waits_for_ack && left->is_ack == right->is_ack);
}

static bool
count_entry(void *context, struct bytes entry)
{
    size_t *count = context;
    require(entry.length > 0);
    (*count)++;
    return false;
}

static void
write_and_read_again(const struct signalr_message *messages, size_t count, int64_t ticks)
{
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    enum status status = signalr_message_encode(messages, count, ticks, &out);
    require(status == STATUS_OK || status == STATUS_INVALID);
    if (status == STATUS_OK) {
        struct signalr_message_reader reader;
        struct signalr_message message;
        require(signalr_message_open(buffer_bytes(&out), &reader) == STATUS_OK);
        require(reader.ticks == ticks && reader.remaining == count && reader.trailer.length == 0);
        for (size_t i = 0; i < count; i++) {
            require(signalr_message_next(&reader, &message));
            require_same(&message, &messages[i]);
        }
    } else {
        require(out.length == 0);
    }
    buffer_deinit(&out);
}

static void
read_trailer(struct bytes bytes)
{
    struct signalr_trailer trailer, again;
    if (!signalr_trailer_decode(bytes, &trailer)) {
        return;
    }
    struct buffer out;
    buffer_init(&out, SIZE_MAX);
    require(signalr_trailer_encode(&trailer, &out) == STATUS_OK);
    require(signalr_trailer_decode(buffer_bytes(&out), &again));
    require(memcmp(trailer.instance, again.instance, sizeof(trailer.instance)) == 0);
    require(trailer.sequence == again.sequence && trailer.void_from == again.void_from &&
            trailer.void_to == again.void_to);
    buffer_deinit(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t id;
    struct bytes frame;
    struct signalr_message_reader reader;
    if (signalr_message_split_channel(bytes_from(data, size), &id, &frame) != STATUS_OK ||
        signalr_message_open(frame, &reader) != STATUS_OK) {
        return 0;
    }
    int64_t ticks = reader.ticks;
    read_trailer(reader.trailer);

    struct signalr_message messages[MESSAGES_MAX];
    struct signalr_message message;
    size_t count = 0;
    size_t remaining = reader.remaining;
    size_t entries = 0;
    while (signalr_message_next(&reader, &message)) {
        signalr_message_filter_any(&message, count_entry, &entries);
        if (count < MESSAGES_MAX) {
            messages[count] = message;
        }
        count++;
    }
    require(count == remaining);
    if (count <= MESSAGES_MAX) {
        write_and_read_again(messages, count, ticks);
    }
    return 0;
}
