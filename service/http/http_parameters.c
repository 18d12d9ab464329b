/* SPDX-License-Identifier: MIT */
#include "service/http/http_parameters.h"

/* One "name=value" as it stands in the text; its name is decoded into the storage. */
struct pair {
    size_t name_offset;
    size_t name_length;
    struct bytes value;
    bool is_taken; /* joined to an earlier pair of the same name */
};

/* The value of a hex digit, or 16. */
static uint8_t
hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return (uint8_t)(byte - '0');
    }
    uint8_t lower = byte | 0x20;
    return (lower >= 'a' && lower <= 'f') ? (uint8_t)(lower - 'a' + 10) : 16;
}

static enum status
decode_escape(struct bytes text, size_t at, struct buffer *out)
{
    if (text.length - at < 3) {
        return STATUS_INVALID;
    }
    uint8_t high = hex_digit(text.data[at + 1]);
    uint8_t low = hex_digit(text.data[at + 2]);
    if (high > 15 || low > 15) {
        return STATUS_INVALID;
    }
    return buffer_append_byte(out, (uint8_t)(high << 4 | low));
}

enum status
http_percent_decode(struct bytes text, bool plus_is_space, struct buffer *out)
{
    enum status status = STATUS_OK;
    size_t plain = 0; /* start of the run that needs no decoding */
    for (size_t at = 0; at < text.length && status == STATUS_OK;) {
        uint8_t byte = text.data[at];
        if (byte != '%' && !(byte == '+' && plus_is_space)) {
            at++;
            continue;
        }
        status = buffer_append(out, bytes_slice(text, plain, at - plain));
        if (status == STATUS_OK) {
            status = (byte == '%') ? decode_escape(text, at, out) : buffer_append_byte(out, ' ');
        }
        at += (byte == '%') ? 3 : 1;
        plain = at;
    }
    return (status == STATUS_OK) ? buffer_append(out, bytes_after(text, plain)) : status;
}

static struct bytes
stored(const struct http_parameters *parameters, size_t offset, size_t length)
{
    return bytes_from(parameters->storage.data + offset, length);
}

/* Cut the text into pairs and decode their names. */
static enum status
find_pairs(struct http_parameters *parameters, struct bytes text, struct pair *pairs, size_t *count)
{
    struct bytes part;
    *count = 0;
    while (bytes_split(&text, '&', &part)) {
        if (part.length == 0) {
            continue;
        }
        if (*count == HTTP_PARAMETERS_PAIRS_MAX) {
            return STATUS_LIMIT;
        }
        struct pair *pair = &pairs[(*count)++];
        size_t equals = bytes_find(part, '=');
        struct bytes name = bytes_slice(part, 0, equals);
        pair->value = (equals == SIZE_MAX) ? BYTES("") : bytes_after(part, equals + 1);
        pair->is_taken = false;
        pair->name_offset = parameters->storage.length;
        enum status status = http_percent_decode(name, true, &parameters->storage);
        if (status != STATUS_OK) {
            return status;
        }
        pair->name_length = parameters->storage.length - pair->name_offset;
    }
    return STATUS_OK;
}

static bool
same_name(const struct http_parameters *parameters, const struct pair *left,
          const struct pair *right)
{
    return bytes_equal_ignore_case(stored(parameters, left->name_offset, left->name_length),
                                   stored(parameters, right->name_offset, right->name_length));
}

/* Make one item of pairs[first] and the later ones of its name. Each value is decoded once,
 * straight to its place. */
static enum status
join_values(struct http_parameters *parameters, struct pair *pairs, size_t count, size_t first)
{
    size_t value_offset = parameters->storage.length;
    if (parameters->count == HTTP_PARAMETERS_MAX) {
        return STATUS_LIMIT;
    }
    enum status status = http_percent_decode(pairs[first].value, true, &parameters->storage);
    for (size_t i = first + 1; i < count && status == STATUS_OK; i++) {
        if (pairs[i].is_taken || !same_name(parameters, &pairs[first], &pairs[i])) {
            continue;
        }
        pairs[i].is_taken = true;
        status = buffer_append_byte(&parameters->storage, ',');
        if (status == STATUS_OK) {
            status = http_percent_decode(pairs[i].value, true, &parameters->storage);
        }
    }
    if (status != STATUS_OK) {
        return status;
    }
    size_t index = parameters->count++;
    parameters->items[index].name_offset = pairs[first].name_offset;
    parameters->items[index].name_length = pairs[first].name_length;
    parameters->items[index].value_offset = value_offset;
    parameters->items[index].value_length = parameters->storage.length - value_offset;
    return STATUS_OK;
}

enum status
http_parameters_init(struct http_parameters *parameters, struct bytes text)
{
    /* Decoding never makes it longer; a joining comma stands for an '&'. The extra byte keeps the
     * storage present, so that an empty value is not an absent one. */
    size_t storage_bytes = text.length + 1;
    parameters->count = 0;
    buffer_init(&parameters->storage, storage_bytes);
    if (buffer_reserve(&parameters->storage, storage_bytes) == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct pair pairs[HTTP_PARAMETERS_PAIRS_MAX];
    size_t count;
    enum status status = find_pairs(parameters, text, pairs, &count);
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        if (!pairs[i].is_taken) {
            status = join_values(parameters, pairs, count, i);
        }
    }
    return status;
}

void
http_parameters_deinit(struct http_parameters *parameters)
{
    buffer_deinit(&parameters->storage);
    parameters->count = 0;
}

struct bytes
http_parameters_get(const struct http_parameters *parameters, struct bytes name)
{
    for (size_t i = 0; i < parameters->count; i++) {
        if (bytes_equal_ignore_case(stored(parameters, parameters->items[i].name_offset,
                                           parameters->items[i].name_length),
                                    name)) {
            return stored(parameters, parameters->items[i].value_offset,
                          parameters->items[i].value_length);
        }
    }
    return BYTES_NONE;
}
