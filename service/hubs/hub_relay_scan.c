/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_relay_scan.h"

#include "service/signalr/json_span.h"

#include <stdarg.h>
#include <stdio.h>

/* Columns count characters as an editor does, not bytes. */
static size_t
column_of(struct bytes text, size_t position)
{
    size_t column = 1;

    for (size_t i = 0; i < position && i < text.length; i++) {
        column += (text.data[i] & 0xC0) != 0x80;
    }
    return column;
}

enum status
hub_relay_scan_fail(struct hub_relay_scan *scan, size_t position, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(scan->problem->text, sizeof(scan->problem->text), format, arguments);
    va_end(arguments);
    scan->problem->column = column_of(scan->text, position);
    return STATUS_INVALID;
}

uint8_t
hub_relay_scan_peek(struct hub_relay_scan *scan)
{
    while (scan->position < scan->text.length &&
           (scan->text.data[scan->position] == ' ' || scan->text.data[scan->position] == '\t')) {
        scan->position++;
    }
    return (scan->position < scan->text.length) ? scan->text.data[scan->position] : 0;
}

bool
hub_relay_scan_take(struct hub_relay_scan *scan, uint8_t byte)
{
    if (hub_relay_scan_peek(scan) != byte || scan->position >= scan->text.length) {
        return false;
    }
    scan->position++;
    return true;
}

enum status
hub_relay_scan_expect(struct hub_relay_scan *scan, uint8_t byte)
{
    if (hub_relay_scan_take(scan, byte)) {
        return STATUS_OK;
    }
    return hub_relay_scan_fail(scan, scan->position, "expected '%c' here", byte);
}

static bool
is_word_byte(uint8_t byte, bool is_first)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' ||
           byte >= 0x80 || (!is_first && byte >= '0' && byte <= '9');
}

struct bytes
hub_relay_scan_word(struct hub_relay_scan *scan)
{
    size_t from;

    (void)hub_relay_scan_peek(scan);
    from = scan->position;
    while (scan->position < scan->text.length &&
           is_word_byte(scan->text.data[scan->position], scan->position == from)) {
        scan->position++;
    }
    return bytes_slice(scan->text, from, scan->position - from);
}

enum status
hub_relay_scan_string(struct hub_relay_scan *scan, struct bytes *string)
{
    size_t from = scan->position;
    size_t i = from + 1;
    enum status status;

    while (i < scan->text.length && scan->text.data[i] != '"') {
        i += (scan->text.data[i] == '\\') ? 2 : 1;
    }
    if (i >= scan->text.length) {
        return hub_relay_scan_fail(scan, from, "this text has no closing quote");
    }
    *string = bytes_slice(scan->text, from, i + 1 - from);
    scan->position = i + 1;
    status = json_span_check(*string);
    if (status == STATUS_INVALID) {
        return hub_relay_scan_fail(scan, from, "this text is not a valid JSON string");
    }
    return status;
}

enum status
hub_relay_scan_literal(struct hub_relay_scan *scan, struct bytes *literal)
{
    size_t from = scan->position;
    enum status status;

    while (scan->position < scan->text.length) {
        uint8_t byte = scan->text.data[scan->position];
        if (!is_word_byte(byte, false) && byte != '.' && byte != '-' && byte != '+') {
            break;
        }
        scan->position++;
    }
    *literal = bytes_slice(scan->text, from, scan->position - from);
    if (literal->length == 0) {
        return hub_relay_scan_fail(scan, from,
                                   "expected a value here: $1, $user, \"text\", 12, ...");
    }
    status = json_span_check(*literal);
    if (status == STATUS_INVALID) {
        return hub_relay_scan_fail(scan, from, "'%.*s' is no value; text needs double quotes",
                                   (int)((literal->length < 60) ? literal->length : 60),
                                   (const char *)literal->data);
    }
    return status;
}
