/* SPDX-License-Identifier: MIT */
#include "service/signalr/connection_token.h"

static bool
is_id(struct bytes id)
{
    return id.length > 0 && bytes_find(id, ':') == SIZE_MAX && bytes_find(id, '|') == SIZE_MAX;
}

enum status
connection_token_seal(const struct token_keys *keys, struct bytes app_key, struct bytes id,
                      struct bytes user, struct buffer *out)
{
    struct buffer plain;
    enum status status;

    if (!is_id(id)) {
        return STATUS_INVALID;
    }
    if (id.length > CONNECTION_TOKEN_ID_BYTES_MAX ||
        user.length > CONNECTION_TOKEN_USER_BYTES_MAX) {
        return STATUS_LIMIT;
    }
    buffer_init(&plain, CONNECTION_TOKEN_PLAIN_BYTES_MAX);
    buffer_append(&plain, id);
    buffer_append_byte(&plain, ':');
    buffer_append(&plain, user);
    status = plain.status;
    if (status == STATUS_OK) {
        status = token_keys_seal(keys, TOKEN_CONNECTION, app_key, buffer_bytes(&plain), out);
    }
    buffer_deinit(&plain);
    return status;
}

enum status
connection_token_open(const struct token_keys *keys, struct bytes app_key, struct bytes token,
                      struct connection_token *out)
{
    struct buffer plain;
    struct bytes text;
    size_t colon;
    enum status status;

    buffer_init(&plain, CONNECTION_TOKEN_PLAIN_BYTES_MAX);
    status = token_keys_open(keys, TOKEN_CONNECTION, app_key, token, &plain);
    text = buffer_bytes(&plain);
    colon = bytes_find(text, ':');
    if (status == STATUS_OK && (colon == SIZE_MAX || colon > CONNECTION_TOKEN_ID_BYTES_MAX ||
                                !is_id(bytes_slice(text, 0, colon)))) {
        status = STATUS_INVALID;
    }
    if (status != STATUS_OK) {
        buffer_deinit(&plain);
        return status;
    }
    out->id = bytes_slice(text, 0, colon);
    out->user = bytes_after(text, colon + 1);
    out->plain = plain;
    return STATUS_OK;
}

void
connection_token_deinit(struct connection_token *token)
{
    buffer_deinit(&token->plain);
    token->id = token->user = BYTES_NONE;
}

bool
connection_token_user_matches(struct bytes token_user, struct bytes request_user)
{
    return bytes_equal_ignore_case(token_user, request_user);
}
