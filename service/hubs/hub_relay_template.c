/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_relay_template.h"

#include <stdlib.h>

void
hub_relay_template_init(struct hub_relay_template *template)
{
    *template = (struct hub_relay_template){0};
    buffer_init(&template->texts, HUB_RELAY_RULE_BYTES_MAX);
}

void
hub_relay_template_deinit(struct hub_relay_template *template)
{
    free(template->pieces);
    buffer_deinit(&template->texts);
    hub_relay_template_init(template);
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static enum status
add_piece(struct hub_relay_template *template, enum hub_relay_piece_kind kind, size_t number,
          struct bytes text)
{
    struct hub_relay_piece *last =
        (template->count > 0) ? &template->pieces[template->count - 1] : NULL;
    struct hub_relay_piece *larger;
    size_t from = template->texts.length;
    enum status status = buffer_append(&template->texts, text);

    if (status != STATUS_OK) {
        return status;
    }
    if (kind == HUB_RELAY_PIECE_TEXT && last != NULL && last->kind == HUB_RELAY_PIECE_TEXT) {
        last->length += text.length;
        return STATUS_OK;
    }
    larger = realloc(template->pieces, (template->count + 1) * sizeof(*larger));
    if (larger == NULL) {
        return STATUS_NO_MEMORY;
    }
    template->pieces = larger;
    larger[template->count++] = (struct hub_relay_piece){kind, number, from, text.length};
    return STATUS_OK;
}

static enum status
add_text(struct hub_relay_template *template, struct bytes text)
{
    return add_piece(template, HUB_RELAY_PIECE_TEXT, 0, text);
}

static bool
is_hub(const struct hub_relay_scan *scan)
{
    return scan->place == HUB_RELAY_RULE_METHOD || scan->place == HUB_RELAY_RULE_EVENT;
}

static enum status
read_argument(struct hub_relay_template *template, struct hub_relay_scan *scan, size_t from)
{
    struct bytes digits = bytes_after(scan->text, scan->position);
    int number = digits.data[0] - '0';

    if (number == 0 || (digits.length > 1 && digits.data[1] >= '0' && digits.data[1] <= '9')) {
        return hub_relay_scan_fail(scan, from, "arguments are $1 to $9");
    }
    scan->position++;
    if (scan->place != HUB_RELAY_RULE_METHOD) {
        return hub_relay_scan_fail(scan, from, "$%d: there are no arguments here", number);
    }
    if (scan->argument_count != HUB_RELAY_RULE_ANY_COUNT && number > scan->argument_count) {
        return hub_relay_scan_fail(scan, from, "$%d: the name says there are %d arguments", number,
                                   scan->argument_count);
    }
    if (number > scan->highest_argument) {
        scan->highest_argument = number;
    }
    return add_piece(template, HUB_RELAY_PIECE_ARGUMENT, (size_t)number, BYTES_NONE);
}

static enum status
read_state(struct hub_relay_template *template, struct hub_relay_scan *scan, size_t from)
{
    struct bytes member = BYTES_NONE;

    if (scan->place != HUB_RELAY_RULE_METHOD) {
        return hub_relay_scan_fail(scan, from, "$state: only a method's caller has state");
    }
    if (hub_relay_scan_take(scan, '.')) {
        member = hub_relay_scan_word(scan);
    }
    if (member.length == 0) {
        return hub_relay_scan_fail(scan, from, "$state needs a member, as in $state.nick");
    }
    return add_piece(template, HUB_RELAY_PIECE_STATE, 0, member);
}

/* $user and the like. */
static enum status
read_named(struct hub_relay_template *template, struct hub_relay_scan *scan, size_t from)
{
    struct bytes word = hub_relay_scan_word(scan);
    bool is_data = bytes_equal(word, BYTES("data"));

    if (bytes_equal(word, BYTES("user"))) {
        return add_piece(template, HUB_RELAY_PIECE_USER, 0, BYTES_NONE);
    }
    if (bytes_equal(word, BYTES("connection"))) {
        return add_piece(template, HUB_RELAY_PIECE_CONNECTION, 0, BYTES_NONE);
    }
    if (bytes_equal(word, BYTES("state"))) {
        return read_state(template, scan, from);
    }
    if (!is_data && !bytes_equal(word, BYTES("json"))) {
        return hub_relay_scan_fail(
            scan, from, "unknown: known are $1 to $9, $*, $user, $connection, $state.NAME%s",
            is_hub(scan) ? "" : ", $data, $json");
    }
    if (scan->place != HUB_RELAY_RULE_RAW) {
        return hub_relay_scan_fail(scan, from,
                                   "$data and $json belong to receive of a raw connection");
    }
    return add_piece(template, is_data ? HUB_RELAY_PIECE_DATA : HUB_RELAY_PIECE_JSON, 0,
                     BYTES_NONE);
}

/* ${from} is where the dollar sign stands. */
static enum status
read_reference(struct hub_relay_template *template, struct hub_relay_scan *scan, size_t from)
{
    uint8_t next = (scan->position < scan->text.length) ? scan->text.data[scan->position] : 0;

    if (next == '*') {
        return hub_relay_scan_fail(scan, from,
                                   "$* stands last in a list of arguments or in brackets");
    }
    if (next >= '0' && next <= '9') {
        return read_argument(template, scan, from);
    }
    return read_named(template, scan, from);
}

static enum status read_value(struct hub_relay_template *template, struct hub_relay_scan *scan,
                              size_t depth);

/* "$*" if it comes next: then the list ends behind it. */
static enum status
read_all(struct hub_relay_template *template, struct hub_relay_scan *scan, bool *is_all)
{
    size_t from;

    *is_all = hub_relay_scan_peek(scan) == '$' && scan->position + 1 < scan->text.length &&
              scan->text.data[scan->position + 1] == '*';
    if (!*is_all) {
        return STATUS_OK;
    }
    from = scan->position;
    scan->position += 2;
    if (scan->place != HUB_RELAY_RULE_METHOD) {
        return hub_relay_scan_fail(scan, from, "$*: there are no arguments here");
    }
    if (hub_relay_scan_peek(scan) == ',') {
        return hub_relay_scan_fail(scan, from, "$* stands last");
    }
    scan->passes_all = true;
    return add_piece(template, HUB_RELAY_PIECE_ALL, 0, BYTES_NONE);
}

static enum status
read_list(struct hub_relay_template *template, struct hub_relay_scan *scan, uint8_t close,
          size_t depth)
{
    enum status status = add_text(template, BYTES("["));
    bool is_first = true;
    bool is_all = false;

    if (status == STATUS_OK && hub_relay_scan_take(scan, close)) {
        return add_text(template, BYTES("]"));
    }
    while (status == STATUS_OK && !is_all && (is_first || hub_relay_scan_take(scan, ','))) {
        status = read_all(template, scan, &is_all);
        if (status == STATUS_OK && !is_all && !is_first) {
            status = add_text(template, BYTES(","));
        }
        if (status == STATUS_OK && !is_all) {
            status = read_value(template, scan, depth);
        }
        is_first = false;
    }
    if (status == STATUS_OK) {
        status = hub_relay_scan_expect(scan, close);
    }
    return (status == STATUS_OK) ? add_text(template, BYTES("]")) : status;
}

static enum status
read_member(struct hub_relay_template *template, struct hub_relay_scan *scan, size_t depth)
{
    struct bytes name;
    enum status status;

    if (hub_relay_scan_peek(scan) != '"') {
        return hub_relay_scan_fail(scan, scan->position, "expected a member name in double quotes");
    }
    status = hub_relay_scan_string(scan, &name);
    if (status == STATUS_OK) {
        status = add_text(template, name);
    }
    if (status == STATUS_OK) {
        status = hub_relay_scan_expect(scan, ':');
    }
    if (status == STATUS_OK) {
        status = add_text(template, BYTES(":"));
    }
    return (status == STATUS_OK) ? read_value(template, scan, depth) : status;
}

static enum status
read_object(struct hub_relay_template *template, struct hub_relay_scan *scan, size_t depth)
{
    enum status status = add_text(template, BYTES("{"));
    bool is_first = true;

    if (status == STATUS_OK && hub_relay_scan_take(scan, '}')) {
        return add_text(template, BYTES("}"));
    }
    while (status == STATUS_OK && (is_first || hub_relay_scan_take(scan, ','))) {
        status = is_first ? STATUS_OK : add_text(template, BYTES(","));
        if (status == STATUS_OK) {
            status = read_member(template, scan, depth);
        }
        is_first = false;
    }
    if (status == STATUS_OK) {
        status = hub_relay_scan_expect(scan, '}');
    }
    return (status == STATUS_OK) ? add_text(template, BYTES("}")) : status;
}

static enum status
read_value(struct hub_relay_template *template, struct hub_relay_scan *scan, size_t depth)
{
    uint8_t next = hub_relay_scan_peek(scan);
    size_t from = scan->position;
    struct bytes text;
    enum status status;

    if (depth == HUB_RELAY_RULE_DEPTH_MAX) {
        return hub_relay_scan_fail(scan, from, "nested too deeply");
    }
    if (next == '$' || next == '[' || next == '{') {
        scan->position++;
    }
    switch (next) {
    case '$':
        return read_reference(template, scan, from);
    case '[':
        return read_list(template, scan, ']', depth + 1);
    case '{':
        return read_object(template, scan, depth + 1);
    case '"':
        status = hub_relay_scan_string(scan, &text);
        break;
    default:
        status = hub_relay_scan_literal(scan, &text);
        break;
    }
    return (status == STATUS_OK) ? add_text(template, text) : status;
}

enum status
hub_relay_template_read(struct hub_relay_template *template, struct hub_relay_scan *scan)
{
    return read_value(template, scan, 0);
}

enum status
hub_relay_template_read_list(struct hub_relay_template *template, struct hub_relay_scan *scan,
                             uint8_t close)
{
    return read_list(template, scan, close, 0);
}

enum status
hub_relay_template_use_all(struct hub_relay_template *template, enum hub_relay_rule_place place)
{
    enum status status;

    if (place == HUB_RELAY_RULE_RAW) {
        return add_piece(template, HUB_RELAY_PIECE_DATA, 0, BYTES_NONE);
    }
    status = add_text(template, BYTES("["));
    if (status == STATUS_OK && place == HUB_RELAY_RULE_METHOD) {
        status = add_piece(template, HUB_RELAY_PIECE_ALL, 0, BYTES_NONE);
    }
    return (status == STATUS_OK) ? add_text(template, BYTES("]")) : status;
}
