/* SPDX-License-Identifier: MIT */
#include "service/signalr/groups_token.h"

#include "service/signalr/json_span.h"

#include <stdlib.h>

static enum status
append_plain(struct buffer *out, struct bytes connection_id, const struct bytes *groups,
             size_t count)
{
    buffer_append(out, connection_id);
    buffer_append(out, BYTES(":["));
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            buffer_append_byte(out, ',');
        }
        if (!bytes_is_utf8(groups[i])) {
            return STATUS_INVALID;
        }
        buffer_append_json_string(out, groups[i]);
    }
    buffer_append_byte(out, ']');
    return out->status;
}

enum status
groups_token_seal(const struct token_keys *keys, struct bytes app_key, struct bytes connection_id,
                  const struct bytes *groups, size_t count, struct buffer *out)
{
    struct buffer plain;
    enum status status;

    if (connection_id.length == 0 || bytes_find(connection_id, ':') != SIZE_MAX) {
        return STATUS_INVALID;
    }
    if (count > GROUPS_TOKEN_COUNT_MAX) {
        return STATUS_LIMIT;
    }
    buffer_init(&plain, GROUPS_TOKEN_PLAIN_BYTES_MAX);
    status = append_plain(&plain, connection_id, groups, count);
    if (status == STATUS_OK) {
        status = token_keys_seal(keys, TOKEN_GROUPS, app_key, buffer_bytes(&plain), out);
    }
    buffer_deinit(&plain);
    return status;
}

bool
groups_token_fits(struct bytes connection_id, const struct bytes *groups, size_t count)
{
    struct buffer plain;
    bool fits;

    if (count > GROUPS_TOKEN_COUNT_MAX) {
        return false;
    }
    buffer_init(&plain, GROUPS_TOKEN_PLAIN_BYTES_MAX);
    fits = append_plain(&plain, connection_id, groups, count) == STATUS_OK;
    buffer_deinit(&plain);
    return fits;
}

/* Every name decoded into ${token}->text; the views are set afterwards, when the buffer no longer
 * moves. */
static enum status
read_names(struct bytes names, struct groups_token *token)
{
    struct json_span_reader reader = json_span_open(names);
    struct bytes name;

    while (json_span_next(&reader, &name)) {
        struct bytes *slot = &token->groups[token->count];
        size_t before = token->text.length;
        enum status status = json_span_append_text(&token->text, name);
        if (status != STATUS_OK) {
            return status;
        }
        slot->length = token->text.length - before;
        token->count++;
    }
    size_t from = 0;
    for (size_t i = 0; i < token->count; i++) {
        token->groups[i] = bytes_slice(buffer_bytes(&token->text), from, token->groups[i].length);
        from += token->groups[i].length;
    }
    return STATUS_OK;
}

static enum status
count_names(struct bytes names, size_t *count)
{
    struct json_span_reader reader = json_span_open(names);
    struct bytes name;
    enum status status = json_span_check(names);

    if (status != STATUS_OK) {
        return status;
    }
    if (names.data[0] != '[') {
        return STATUS_INVALID;
    }
    for (*count = 0; json_span_next(&reader, &name); (*count)++) {
        if (*count == GROUPS_TOKEN_COUNT_MAX) {
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

/* ${plain} is authentic, so all of this holds unless an older version sealed something else. */
static enum status
parse_plain(struct bytes plain, struct bytes connection_id, struct groups_token *token)
{
    size_t colon = bytes_find(plain, ':');
    size_t count = 0;
    enum status status;

    if (colon == SIZE_MAX ||
        !bytes_equal_ignore_case(bytes_slice(plain, 0, colon), connection_id)) {
        return STATUS_INVALID;
    }
    status = count_names(bytes_after(plain, colon + 1), &count);
    if (status != STATUS_OK || count == 0) {
        return status;
    }
    token->groups = calloc(count, sizeof(token->groups[0]));
    if (token->groups == NULL) {
        return STATUS_NO_MEMORY;
    }
    return read_names(bytes_after(plain, colon + 1), token);
}

enum status
groups_token_open(const struct token_keys *keys, struct bytes app_key, struct bytes connection_id,
                  struct bytes token, struct groups_token *out)
{
    struct buffer plain;
    enum status status;

    *out = (struct groups_token){0};
    buffer_init(&out->text, GROUPS_TOKEN_PLAIN_BYTES_MAX);
    buffer_init(&plain, GROUPS_TOKEN_PLAIN_BYTES_MAX);
    status = token_keys_open(keys, TOKEN_GROUPS, app_key, token, &plain);
    if (status == STATUS_OK) {
        status = parse_plain(buffer_bytes(&plain), connection_id, out);
    }
    buffer_deinit(&plain);
    if (status != STATUS_OK) {
        groups_token_deinit(out);
    }
    return status;
}

void
groups_token_deinit(struct groups_token *token)
{
    free(token->groups);
    token->groups = NULL;
    token->count = 0;
    buffer_deinit(&token->text);
}
