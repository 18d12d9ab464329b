/* SPDX-License-Identifier: MIT */
#include "common/base/option_value.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *suffix;
    uint64_t factor;
};

/* Largest first, so that numbers are written with the largest unit that fits. */
static const struct unit byte_units[] = {{"GB", UINT64_C(1) << 30},
                                         {"MB", UINT64_C(1) << 20},
                                         {"KB", UINT64_C(1) << 10},
                                         {"", 1}};
static const struct unit time_units[] = {
    {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}, {"", 1}};
static const struct unit plain_units[] = {{"", 1}};

static const struct unit *
units_of(enum option_type type, size_t *count)
{
    switch (type) {
    case OPTION_BYTES:
        *count = sizeof(byte_units) / sizeof(byte_units[0]);
        return byte_units;
    case OPTION_MS:
        *count = sizeof(time_units) / sizeof(time_units[0]);
        return time_units;
    default:
        *count = 1;
        return plain_units;
    }
}

/* Values lie at row->offset of a struct whose type only the program knows, so they are moved with
 * memcpy. */
static char *
load_text(const struct option *option, const void *values)
{
    char *text;

    memcpy(&text, (const char *)values + option->offset, sizeof(text));
    return text;
}

static uint64_t
load_number(const struct option *option, const void *values)
{
    uint64_t number;

    memcpy(&number, (const char *)values + option->offset, sizeof(number));
    return number;
}

static bool
load_bool(const struct option *option, const void *values)
{
    bool is_on;

    memcpy(&is_on, (const char *)values + option->offset, sizeof(is_on));
    return is_on;
}

static void
store(const struct option *option, void *values, const void *value, size_t size)
{
    memcpy((char *)values + option->offset, value, size);
}

static bool
is_number(const struct option *option)
{
    return option->type == OPTION_COUNT || option->type == OPTION_BYTES ||
           option->type == OPTION_MS;
}

static enum status
refuse(char reason[OPTION_VALUE_REASON_BYTES], const char *expected)
{
    snprintf(reason, OPTION_VALUE_REASON_BYTES, "%s", expected);
    return STATUS_INVALID;
}

/* ---- numbers ------------------------------------------------------------------------------- */

static enum status
parse_number(const struct option *option, struct bytes text, uint64_t *number)
{
    size_t digits = 0, count;
    const struct unit *units = units_of(option->type, &count);
    struct bytes suffix;

    while (digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9') {
        digits++;
    }
    suffix = bytes_trim(bytes_after(text, digits));
    if (bytes_parse_uint64(bytes_slice(text, 0, digits), number) != STATUS_OK) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        if (!bytes_equal_ignore_case(suffix, bytes_from_string(units[i].suffix))) {
            continue;
        }
        if (*number > UINT64_MAX / units[i].factor) {
            return STATUS_INVALID;
        }
        *number *= units[i].factor;
        return STATUS_OK;
    }
    return STATUS_INVALID;
}

static enum status
check_bounds(const struct option *option, uint64_t number, char reason[OPTION_VALUE_REASON_BYTES])
{
    struct buffer bounds;
    bool is_low = number < option->minimum;

    if (!is_low && (option->maximum == 0 || number <= option->maximum)) {
        return STATUS_OK;
    }
    buffer_init(&bounds, OPTION_VALUE_REASON_BYTES - 1);
    buffer_append_string(&bounds, is_low ? "must be at least " : "must be at most ");
    option_value_write_number(option, is_low ? option->minimum : option->maximum, &bounds);
    snprintf(reason, OPTION_VALUE_REASON_BYTES, "%.*s", BYTES_PRINTF(buffer_bytes(&bounds)));
    buffer_deinit(&bounds);
    return STATUS_INVALID;
}

static enum status
set_number(const struct option *option, void *values, struct bytes text,
           char reason[OPTION_VALUE_REASON_BYTES])
{
    uint64_t number = 0;

    if (option->choices == NULL || !bytes_equal(text, bytes_from_string(option->choices))) {
        if (parse_number(option, text, &number) != STATUS_OK) {
            switch (option->type) {
            case OPTION_BYTES:
                return refuse(reason, "must be a size such as 64KB, 16MB or 1GB");
            case OPTION_MS:
                return refuse(reason, "must be a time such as 500ms, 10s, 5m or 2h");
            default:
                snprintf(reason, OPTION_VALUE_REASON_BYTES, "must be a whole number%s%s",
                         option->choices == NULL ? "" : " or ",
                         option->choices == NULL ? "" : option->choices);
                return STATUS_INVALID;
            }
        }
        if (check_bounds(option, number, reason) != STATUS_OK) {
            return STATUS_INVALID;
        }
    }
    store(option, values, &number, sizeof(number));
    return STATUS_OK;
}

enum status
option_value_write_number(const struct option *option, uint64_t number, struct buffer *out)
{
    size_t count;
    const struct unit *unit = units_of(option->type, &count);

    if (number == 0) {
        return buffer_append_byte(out, '0');
    }
    while (number % unit->factor != 0) {
        unit++;
    }
    buffer_append_uint64(out, number / unit->factor);
    return buffer_append_string(out, unit->suffix);
}

/* ---- yes and no ---------------------------------------------------------------------------- */

static enum status
set_bool(const struct option *option, void *values, struct bytes text,
         char reason[OPTION_VALUE_REASON_BYTES])
{
    static const char *const words[2][4] = {{"no", "false", "off", "0"},
                                            {"yes", "true", "on", "1"}};

    for (size_t i = 0; i < 8; i++) {
        bool is_on = i >= 4;

        if (bytes_equal_ignore_case(text, bytes_from_string(words[is_on][i % 4]))) {
            store(option, values, &is_on, sizeof(is_on));
            return STATUS_OK;
        }
    }
    return refuse(reason, "must be yes or no");
}

/* ---- texts --------------------------------------------------------------------------------- */

static bool
is_host(struct bytes host)
{
    for (size_t i = 0; i < host.length; i++) {
        if (host.data[i] <= ' ' || host.data[i] == 0x7F || host.data[i] == '/' ||
            host.data[i] == ',' || host.data[i] == '@') {
            return false;
        }
    }
    return host.length > 0;
}

static bool
is_address(struct bytes text)
{
    bool is_bracketed = bytes_starts_with(text, BYTES("["));
    size_t end = bytes_find(text, is_bracketed ? ']' : ':');
    struct bytes host = bytes_slice(text, is_bracketed, end - is_bracketed);
    struct bytes port;
    uint64_t number;

    if (end == SIZE_MAX) {
        return false;
    }
    port = bytes_after(text, end + is_bracketed);
    return is_host(host) && bytes_starts_with(port, BYTES(":")) &&
           bytes_parse_uint64(bytes_after(port, 1), &number) == STATUS_OK && number <= UINT16_MAX;
}

static enum status
check_addresses(struct bytes list, char reason[OPTION_VALUE_REASON_BYTES])
{
    struct bytes item;

    while (bytes_split(&list, ',', &item)) {
        item = bytes_trim(item);
        if (!is_address(item)) {
            snprintf(reason, OPTION_VALUE_REASON_BYTES, "\"%.*s\" must be HOST:PORT or [IPv6]:PORT",
                     BYTES_PRINTF(item));
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

static bool
is_choice(const struct option *option, struct bytes text)
{
    struct bytes rest = bytes_from_string(option->choices);
    struct bytes word;

    while (bytes_split(&rest, '|', &word)) {
        if (bytes_equal(text, word)) {
            return true;
        }
    }
    return false;
}

static enum status
check_text(const struct option *option, struct bytes text, char reason[OPTION_VALUE_REASON_BYTES])
{
    if (text.length > 0 && memchr(text.data, '\0', text.length) != NULL) {
        return refuse(reason, "must not contain a NUL byte");
    }
    if (!bytes_is_utf8(text)) {
        return refuse(reason, "must be UTF-8");
    }
    if (option->type == OPTION_ADDRESS && text.length > 0 && !is_address(text)) {
        return refuse(reason, "must be HOST:PORT or [IPv6]:PORT");
    }
    if (option->type == OPTION_ADDRESSES && (text.length > 0 || option->minimum > 0)) {
        return check_addresses(text, reason);
    }
    if (option->type == OPTION_CHOICE && !is_choice(option, text)) {
        snprintf(reason, OPTION_VALUE_REASON_BYTES, "must be one of %s", option->choices);
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

static enum status
set_text(const struct option *option, void *values, struct bytes text,
         char reason[OPTION_VALUE_REASON_BYTES])
{
    enum status status = check_text(option, text, reason);
    char *copy = NULL;

    if (status != STATUS_OK) {
        return status;
    }
    if (text.length > 0) {
        copy = bytes_duplicate(text);
        if (copy == NULL) {
            return STATUS_NO_MEMORY;
        }
    }
    free(load_text(option, values));
    store(option, values, &copy, sizeof(copy));
    return STATUS_OK;
}

/* ---- all ----------------------------------------------------------------------------------- */

enum status
option_value_set(const struct option *option, void *values, struct bytes text,
                 char reason[OPTION_VALUE_REASON_BYTES])
{
    if (is_number(option)) {
        return set_number(option, values, text, reason);
    }
    if (option->type == OPTION_BOOL) {
        return set_bool(option, values, text, reason);
    }
    return set_text(option, values, text, reason);
}

void
option_value_free(const struct option *option, void *values)
{
    char *nothing = NULL;

    if (!is_number(option) && option->type != OPTION_BOOL) {
        free(load_text(option, values));
        store(option, values, &nothing, sizeof(nothing));
    }
}

enum status
option_value_write(const struct option *option, const void *values, struct buffer *out)
{
    uint64_t number;

    if (option->type == OPTION_BOOL) {
        return buffer_append_string(out, load_bool(option, values) ? "yes" : "no");
    }
    if (!is_number(option)) {
        return buffer_append_string(out, load_text(option, values));
    }
    number = load_number(option, values);
    if (number == 0 && option->choices != NULL) {
        return buffer_append_string(out, option->choices);
    }
    return option_value_write_number(option, number, out);
}
