/* SPDX-License-Identifier: MIT */
#include "common/base/file.h"
#include "common/base/option.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * inih reads "name = value", comments and blanks; it gets one line at a time. So every line with a
 * mistake is reported, not only the first, and inih's limits (a heading of 49 bytes, no word about
 * a line that is too long) do not reach the user. Headings are read here.
 */

enum { ORIGIN_BYTES = 512 };

struct reading {
    struct option_set *set;
    const char *file_name;
    size_t line_number;
    char origin[ORIGIN_BYTES];
    char *
        section; /* of the heading above, "app" of [app chat]; NULL = none, or one with a problem */
    char *section_name;
    bool has_heading;
    enum status status; /* the worst so far; NO_MEMORY ends the reading */
};

static void
note(struct reading *reading, enum status status)
{
    if (status != STATUS_OK && reading->status != STATUS_NO_MEMORY) {
        reading->status = status;
    }
}

static void
complain(struct reading *reading, const char *text)
{
    option_add_problem(reading->set, reading->origin, "%s", text);
    note(reading, STATUS_INVALID);
}

/* fgets() for inih, out of one line. */
static char *
give_line(char *out, int size, void *stream)
{
    struct bytes *rest = stream;
    struct bytes part = bytes_slice(*rest, 0, size > 0 ? (size_t)size - 1 : 0);

    if (part.length == 0) {
        return NULL;
    }
    memcpy(out, part.data, part.length);
    out[part.length] = '\0';
    *rest = bytes_after(*rest, part.length);
    return out;
}

/* A blank followed by ';' starts a comment, except in what the section leaves open: there ';'
 * belongs to the value, as between the actions of a relay rule. inih is told to keep its hands off
 * both. */
static void
cut_comment(const struct reading *reading, const char *name, char *value)
{
    if (option_is_extra(reading->set->schema, reading->section, name)) {
        return;
    }
    for (char *c = value; *c != '\0'; c++) {
        if (*c == ';' && (c == value || c[-1] == ' ' || c[-1] == '\t')) {
            *c = '\0';
            return;
        }
    }
}

static int
take_pair(void *user, const char *section, const char *name, const char *value, int line_number)
{
    struct reading *reading = user;

    (void)section;
    (void)line_number;
    if (name == NULL || value == NULL) {
        return 0;
    }
    if (*name == '\0') {
        complain(reading, "expected NAME = VALUE");
    } else if (reading->section != NULL) {
        char *text = bytes_duplicate(bytes_from_string(value));
        if (text == NULL) {
            note(reading, STATUS_NO_MEMORY);
            return 0;
        }
        cut_comment(reading, name, text);
        note(reading, option_set_value(reading->set, reading->section, reading->section_name, name,
                                       text, reading->origin));
        free(text);
    } else if (!reading->has_heading) {
        complain(reading, "a value before the first [section]");
    }
    return 1;
}

static void
read_pair(struct reading *reading, struct bytes text)
{
    int result = ini_parse_stream(give_line, &text, take_pair, reading);

    if (result == -2) {
        note(reading, STATUS_NO_MEMORY);
    } else if (result != 0) {
        complain(reading, "expected NAME = VALUE");
    }
}

static void
forget_section(struct reading *reading)
{
    free(reading->section);
    free(reading->section_name);
    reading->section = NULL;
    reading->section_name = NULL;
}

static void
enter_section(struct reading *reading, struct bytes heading)
{
    struct bytes name = heading;
    struct bytes kind;
    enum status status;

    bytes_split(&name, ' ', &kind);
    reading->section = bytes_duplicate(kind);
    if (name.data != NULL) {
        reading->section_name = bytes_duplicate(bytes_trim(name));
    }
    if (reading->section == NULL || (name.data != NULL && reading->section_name == NULL)) {
        note(reading, STATUS_NO_MEMORY);
        return;
    }
    status =
        option_open_section(reading->set, reading->section, reading->section_name, reading->origin);
    note(reading, status);
    if (status != STATUS_OK) {
        forget_section(reading); /* one line about the heading is enough */
    }
}

/* "[app chat]  ; comment" */
static void
read_heading(struct reading *reading, struct bytes text)
{
    size_t end = bytes_find(text, ']');
    struct bytes heading = bytes_trim(bytes_slice(text, 1, end - 1));
    struct bytes rest;

    forget_section(reading);
    reading->has_heading = true;
    if (end == SIZE_MAX || heading.length == 0) {
        complain(reading, "expected [SECTION] or [SECTION NAME]");
        return;
    }
    rest = bytes_trim(bytes_after(text, end + 1));
    if (rest.length > 0 && rest.data[0] != ';' && rest.data[0] != '#') {
        complain(reading, "unexpected text after [SECTION]");
        return;
    }
    enter_section(reading, heading);
}

static void
read_line(struct reading *reading, struct bytes text)
{
    if (bytes_ends_with_ignore_case(text, BYTES("\r"))) {
        text.length--;
    }
    text = bytes_trim(text);
    snprintf(reading->origin, sizeof(reading->origin), "%s:%zu", reading->file_name,
             reading->line_number);
    if (text.length == 0) {
        return;
    }
    if (text.length > OPTION_LINE_MAX_BYTES) {
        complain(reading, "the line is too long");
    } else if (!bytes_is_utf8(text) || bytes_find(text, '\0') != SIZE_MAX) {
        complain(reading, "the line is not UTF-8 text");
    } else if (text.data[0] == '[') {
        read_heading(reading, text);
    } else {
        read_pair(reading, text);
    }
}

enum status
option_read_text(struct option_set *set, struct bytes text, const char *origin)
{
    struct reading reading = {.set = set, .file_name = origin};
    struct bytes line;

    /* Byte order marks, which editors on Windows put first. */
    if (bytes_starts_with(text, BYTES("\xFF\xFE")) || bytes_starts_with(text, BYTES("\xFE\xFF"))) {
        option_add_problem(set, origin, "is UTF-16; save it as UTF-8");
        return STATUS_INVALID;
    }
    if (bytes_starts_with(text, BYTES("\xEF\xBB\xBF"))) {
        text = bytes_after(text, 3);
    }
    while (reading.status != STATUS_NO_MEMORY && bytes_split(&text, '\n', &line)) {
        reading.line_number++;
        read_line(&reading, line);
    }
    forget_section(&reading);
    return reading.status;
}

static void
add_file_problem(struct option_set *set, const char *path, enum status status)
{
    switch (status) {
    case STATUS_NOT_FOUND:
        option_add_problem(set, path, "no such file");
        break;
    case STATUS_DENIED:
        option_add_problem(set, path, "may not be read (permission denied)");
        break;
    case STATUS_LIMIT:
        option_add_problem(set, path, "is larger than %d bytes", (int)OPTION_FILE_MAX_BYTES);
        break;
    default:
        option_add_problem(set, path, "cannot be read: %s", status_sentence(status));
        break;
    }
}

enum status
option_read_file(struct option_set *set, const char *path)
{
    struct buffer text;
    enum status status;

    buffer_init(&text, OPTION_FILE_MAX_BYTES);
    status = file_read(path, OPTION_FILE_MAX_BYTES, &text);
    if (status == STATUS_OK) {
        set->file = path;
        status = option_read_text(set, buffer_bytes(&text), path);
        set->file = NULL;
    } else {
        add_file_problem(set, path, status);
        status = status == STATUS_LIMIT ? STATUS_INVALID : status;
    }
    buffer_deinit(&text);
    return status;
}
