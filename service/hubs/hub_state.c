/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_state.h"

#include <stdlib.h>
#include <string.h>

#include "service/signalr/json_span.h"

enum { NAME_BYTES_MAX = 16 * 1024 };

void
hub_state_deinit(struct hub_state *state)
{
    for (size_t i = 0; i < state->count; i++) {
        free(state->changes[i].name);
        free(state->changes[i].value);
    }
    free(state->changes);
    *state = (struct hub_state){0};
}

static struct hub_state_change *
find_change(struct hub_state *state, struct bytes name)
{
    for (size_t i = 0; i < state->count; i++) {
        if (bytes_equal(bytes_from_string(state->changes[i].name), name)) {
            return &state->changes[i];
        }
    }
    return NULL;
}

enum status
hub_state_set(struct hub_state *state, struct bytes name, struct bytes value)
{
    struct hub_state_change *change = find_change(state, name);
    char *copy = bytes_duplicate(value);

    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (change != NULL) {
        free(change->value);
        change->value = copy;
        return STATUS_OK;
    }
    struct hub_state_change *grown = realloc(state->changes, (state->count + 1) * sizeof(*grown));
    char *name_copy = bytes_duplicate(name);
    if (grown != NULL) {
        state->changes = grown;
    }
    if (grown == NULL || name_copy == NULL) {
        free(copy);
        free(name_copy);
        return STATUS_NO_MEMORY;
    }
    state->changes[state->count] = (struct hub_state_change){name_copy, copy};
    state->count++;
    return STATUS_OK;
}

/* Whether the client's object has that member with exactly that text; a missing one counts as null.
 */
static bool
is_unchanged(const struct hub_state_change *change, struct bytes original)
{
    struct json_span_reader reader = json_span_open(original);
    struct bytes raw_name, value;
    struct bytes old = BYTES("null");
    struct buffer name;

    buffer_init(&name, NAME_BYTES_MAX);
    while (json_span_next_member(&reader, &raw_name, &value)) {
        buffer_clear(&name);
        if (json_span_append_text(&name, raw_name) == STATUS_OK &&
            bytes_equal(buffer_bytes(&name), bytes_from_string(change->name))) {
            old = json_span_trim(value);
        }
    }
    buffer_deinit(&name);
    return bytes_equal(old, json_span_trim(bytes_from_string(change->value)));
}

enum status
hub_state_append(const struct hub_state *state, struct bytes original, struct buffer *out)
{
    bool has_begun = false;

    for (size_t i = 0; i < state->count; i++) {
        const struct hub_state_change *change = &state->changes[i];
        if (is_unchanged(change, original)) {
            continue;
        }
        buffer_append_byte(out, has_begun ? ',' : '{');
        buffer_append_json_string(out, bytes_from_string(change->name));
        buffer_append_byte(out, ':');
        buffer_append_string(out, change->value);
        has_begun = true;
    }
    if (has_begun) {
        buffer_append_byte(out, '}');
    }
    return out->status;
}
