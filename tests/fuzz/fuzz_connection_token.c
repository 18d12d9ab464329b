/* SPDX-License-Identifier: MIT */
/*
 * Any token, once as text from a client (which must be refused), once as what a holder of the keys
 * might have sealed (which must not crash us): as connection token and as groups token.
 */
#include "service/signalr/connection_token.h"
#include "service/signalr/groups_token.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define APP BYTES("ChatApp")

static void
open_both(const struct token_keys *keys, struct bytes text, bool may_open)
{
    struct connection_token token;
    struct groups_token groups;

    if (connection_token_open(keys, APP, text, &token) == STATUS_OK) {
        assert(may_open && token.id.length > 0 && bytes_find(token.id, ':') == SIZE_MAX);
        connection_token_deinit(&token);
    }
    if (groups_token_open(keys, APP, BYTES("id"), text, &groups) == STATUS_OK) {
        assert(may_open && groups.count <= GROUPS_TOKEN_COUNT_MAX);
        for (size_t i = 0; i < groups.count; i++) {
            assert(bytes_is_utf8(groups.groups[i]));
        }
    }
    groups_token_deinit(&groups);
}

static void
seal_and_open(const struct token_keys *keys, enum token_purpose purpose, struct bytes plain)
{
    struct buffer text;

    buffer_init(&text, SIZE_MAX);
    if (token_keys_seal(keys, purpose, APP, plain, &text) == STATUS_OK) {
        open_both(keys, buffer_bytes(&text), true);
    }
    buffer_deinit(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t secrets[2][TOKEN_KEYS_SECRET_BYTES] = {{1}, {2}};
    static struct token_keys keys;

    if (keys.count == 0) {
        enum status status = token_keys_set(&keys, 2, secrets);
        assert(status == STATUS_OK);
    }
    open_both(&keys, bytes_from(data, size), false);
    seal_and_open(&keys, TOKEN_CONNECTION, bytes_from(data, size));
    seal_and_open(&keys, TOKEN_GROUPS, bytes_from(data, size));
    return 0;
}
