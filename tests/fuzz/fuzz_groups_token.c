/* SPDX-License-Identifier: MIT */
/* Any text under a seal of ours is refused or gives names that seal to the same names again; any
 * names that can be sealed come back as they were. */
#include "service/signalr/groups_token.h"
#include "tests/fuzz/fuzz_require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define APP BYTES("ChatApp")
#define ID  BYTES("id")

static void
seal_and_open(const struct token_keys *keys, const struct bytes *groups, size_t count)
{
    struct groups_token token;
    struct buffer text;

    buffer_init(&text, SIZE_MAX);
    enum status status = groups_token_seal(keys, APP, ID, groups, count, &text);
    require((status == STATUS_OK) == groups_token_fits(ID, groups, count));
    if (status == STATUS_OK) {
        require(groups_token_open(keys, APP, ID, buffer_bytes(&text), &token) == STATUS_OK);
        require(token.count == count);
        for (size_t i = 0; i < count; i++) {
            require(bytes_equal(token.groups[i], groups[i]));
        }
        groups_token_deinit(&token);
        require(groups_token_open(keys, APP, BYTES("other"), buffer_bytes(&text), &token) ==
                STATUS_INVALID);
    }
    buffer_deinit(&text);
}

/* ${plain} as an older version, or a bug, might have sealed it. */
static void
open_plain(const struct token_keys *keys, struct bytes plain)
{
    struct groups_token token;
    struct buffer text;

    buffer_init(&text, SIZE_MAX);
    require(token_keys_seal(keys, TOKEN_GROUPS, APP, plain, &text) == STATUS_OK);
    if (groups_token_open(keys, APP, ID, buffer_bytes(&text), &token) == STATUS_OK) {
        require(token.count <= GROUPS_TOKEN_COUNT_MAX);
        if (groups_token_fits(ID, token.groups, token.count)) {
            seal_and_open(keys, token.groups, token.count);
        }
        groups_token_deinit(&token);
    }
    buffer_deinit(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t secrets[1][TOKEN_KEYS_SECRET_BYTES] = {{1}};
    static struct bytes groups[GROUPS_TOKEN_COUNT_MAX + 1];
    static struct token_keys keys;
    struct bytes rest = bytes_from(data, size);
    size_t count = 0;

    if (keys.count == 0) {
        require(token_keys_set(&keys, 1, secrets) == STATUS_OK);
    }
    open_plain(&keys, rest);
    while (size > 0 && count <= GROUPS_TOKEN_COUNT_MAX &&
           bytes_split(&rest, '\n', &groups[count])) {
        count++;
    }
    seal_and_open(&keys, groups, count);
    return 0;
}
