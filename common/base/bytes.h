/* SPDX-License-Identifier: MIT */
/* bytes: a view of bytes that somebody else owns, and a growing, capped buffer that owns its own.
 */
#ifndef HUBPLANE_BASE_BYTES_H
#define HUBPLANE_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/annotate.h"
#include "common/base/status.h"

/* A view; never owns. An absent value has data == NULL, an empty one length == 0. By value. */
struct bytes {
    const uint8_t *data;
    size_t length;
};

#define BYTES_NONE ((struct bytes){NULL, 0})
/* BYTES("text"): the view of a string literal, without its terminator. */
#define BYTES(literal) ((struct bytes){(const uint8_t *)("" literal), sizeof(literal) - 1})

/** The view of ${length} bytes at ${data}. Borrowed. */
struct bytes bytes_from(const void *data, size_t length);
/** bytes_from_string(text): View of ${text} without terminator; NULL gives BYTES_NONE. Borrowed. */
struct bytes bytes_from_string(const char *text);
/** Same length and same bytes; an absent view equals an empty one. */
bool bytes_equal(struct bytes left, struct bytes right);
/** ASCII letters compare without case; every other byte ordinally. */
bool bytes_equal_ignore_case(struct bytes left, struct bytes right);
/* Whether ${text} begins or ends so; true for an empty prefix or suffix. */
bool bytes_starts_with(struct bytes text, struct bytes prefix);
bool bytes_starts_with_ignore_case(struct bytes text, struct bytes prefix);
bool bytes_ends_with_ignore_case(struct bytes text, struct bytes suffix);
/** Three-way ordinal comparison: negative, 0 or positive, as memcmp; a prefix sorts first. */
int bytes_compare(struct bytes left, struct bytes right);

/* Inline, as reading takes every view apart with these. */

/** bytes_after(text, from): All from index ${from} on; empty when past the end. */
static inline struct bytes
bytes_after(struct bytes text, size_t from)
{
    if (from > text.length) {
        from = text.length;
    }
    if (from > 0) { /* an absent view has nothing that could be passed */
        text.data += from;
        text.length -= from;
    }
    return text;
}

/** bytes_slice(text, from, length): Clamped to ${text}; never reads past it. */
static inline struct bytes
bytes_slice(struct bytes text, size_t from, size_t length)
{
    struct bytes rest = bytes_after(text, from);

    if (length < rest.length) {
        rest.length = length;
    }
    return rest;
}

/** bytes_find(text, byte): Index of the first ${byte}, or SIZE_MAX. */
size_t bytes_find(struct bytes text, uint8_t byte);
/** bytes_split(rest, separator, part): Take the next part off ${rest}; false when ${rest}->data is
 *  NULL (set after the last part), so that "a,,b" gives three parts and "" gives one. */
bool bytes_split(struct bytes *rest, uint8_t separator, struct bytes *part);
/** Spaces and tabs off both ends. */
struct bytes bytes_trim(struct bytes text);
/** Decimal digits only, no sign, no blank, no overflow: OK or INVALID. */
MUST_CHECK enum status bytes_parse_uint64(struct bytes text, uint64_t *value);
/** 1 to 16 hex digits of any case (more only as leading zeros): OK or INVALID. */
MUST_CHECK enum status bytes_parse_hex(struct bytes text, uint64_t *value);
/** bytes_is_utf8(text): Whether ${text} is well-formed UTF-8 (no surrogates, no overlong forms). */
bool bytes_is_utf8(struct bytes text);
/** bytes_utf8_character(text): Length of the well-formed UTF-8 character at the front of ${text}; 0
 * when there is none. */
size_t bytes_utf8_character(struct bytes text);
/**
 * bytes_printable(text, out, size):
 * Write ${text} for a line of a log: control characters and bytes that are not UTF-8 as \xNN, so
 * that no stranger can forge a line or reach the terminal.
 *   Units:    at most ${size} bytes with the terminator; ${size} > 0.
 *   Owns:     ${text} is advanced; what did not fit is left in it, cut between characters.
 *   Returns:  the length written, without the terminator.
 */
size_t bytes_printable(struct bytes *text, char *out, size_t size);
/** bytes_duplicate(text): A NUL-terminated heap copy for free(); NULL when out of memory. */
char *bytes_duplicate(struct bytes text);

/* For printf: printf("%.*s", BYTES_PRINTF(view)). */
#define BYTES_PRINTF(view) (int)(view).length, (const char *)(view).data

/*
 * A growing byte buffer. Zero-initialised with buffer_init(); every append either takes all or
 * nothing. After a failed append `status` keeps the first failure, so that a run of appends can be
 * checked once at its end.
 */
struct buffer {
    uint8_t *data;
    size_t length;
    size_t capacity;
    size_t limit_bytes; /* appends that would pass this fail with LIMIT */
    enum status status; /* the first failure since init or clear */
};

/** Empty, without memory; appends fail once it would hold more than ${limit_bytes}. */
void buffer_init(struct buffer *buffer, size_t limit_bytes);
/** Frees the memory; the buffer may be used again as after init. */
void buffer_deinit(struct buffer *buffer);
/** Empties it, keeps the memory, forgets a failure. */
void buffer_clear(struct buffer *buffer);
/** A view of all of it, which lives until the next call that changes the buffer; empty but not
 * absent when there is nothing. */
struct bytes buffer_bytes(const struct buffer *buffer);
/* Each append takes bytes from outside the buffer itself, and returns OK, LIMIT or NO_MEMORY;
 * ignoring it is allowed where `status` is read later. */
enum status buffer_append(struct buffer *buffer, struct bytes bytes);
enum status buffer_append_string(struct buffer *buffer, const char *text);
enum status buffer_append_byte(struct buffer *buffer, uint8_t byte);
PRINTF_LIKE(2, 3)
enum status buffer_append_format(struct buffer *buffer, const char *format, ...);
/** Decimal digits of ${value}. */
enum status buffer_append_uint64(struct buffer *buffer, uint64_t value);
/** Upper-case hex of ${value}, unpadded, "0" for zero. */
enum status buffer_append_hex(struct buffer *buffer, uint64_t value);
/* Big-endian integers, as on the link. */
enum status buffer_append_u16(struct buffer *buffer, uint16_t value);
enum status buffer_append_u32(struct buffer *buffer, uint32_t value);
enum status buffer_append_u64(struct buffer *buffer, uint64_t value);
/** ${text} as a quoted JSON string: RFC 8259 escapes, also U+2028, U+2029 and U+0085, and '<' '>'
 *  as \u003c \u003e; other non-ASCII stays UTF-8. ${text} must be UTF-8. */
enum status buffer_append_json_string(struct buffer *buffer, struct bytes text);
/** ${text} percent-encoded for a URL query: all but A-Z a-z 0-9 - . _ ~ as %XX. */
enum status buffer_append_url_encoded(struct buffer *buffer, struct bytes text);
/** Make room for ${extra} bytes and return where they go; NULL on failure. Then buffer_commit(). */
uint8_t *buffer_reserve(struct buffer *buffer, size_t extra);
/** Count ${written} of the bytes that buffer_reserve() gave room for. */
void buffer_commit(struct buffer *buffer, size_t written);
/** Drop ${count} bytes off the front; at most its length. */
void buffer_consume(struct buffer *buffer, size_t count);
/** Drop all from index ${length} on: undoes a run of appends. Keeps `status`. */
void buffer_truncate(struct buffer *buffer, size_t length);

/*
 * Reading big-endian fields off the front of a view. A short view makes every later read return 0
 * or empty and sets is_short, which is checked once at the end.
 */
struct bytes_reader {
    struct bytes rest;
    bool is_short;
};

/** A reader of ${bytes}, which must outlive it and what it returns. */
static inline struct bytes_reader
bytes_reader_from(struct bytes bytes)
{
    return (struct bytes_reader){bytes, false};
}

static inline struct bytes
bytes_read(struct bytes_reader *reader, size_t length)
{
    struct bytes part = bytes_slice(reader->rest, 0, length);

    if (reader->is_short || length > reader->rest.length) {
        reader->is_short = true;
        return BYTES_NONE;
    }
    reader->rest = bytes_after(reader->rest, length);
    return part;
}

static inline uint8_t
bytes_read_u8(struct bytes_reader *reader)
{
    struct bytes byte = bytes_read(reader, 1);

    return byte.length > 0 ? byte.data[0] : 0;
}

uint16_t bytes_read_u16(struct bytes_reader *reader);
uint32_t bytes_read_u32(struct bytes_reader *reader);
uint64_t bytes_read_u64(struct bytes_reader *reader);
/** A u16 length, then that many bytes. */
struct bytes bytes_read_text16(struct bytes_reader *reader);
/** Its writer: LIMIT when ${text} is longer than 65535 bytes. */
enum status buffer_append_text16(struct buffer *buffer, struct bytes text);

#endif
