/* SPDX-License-Identifier: MIT */
#include "bridge/authority/farm_share.h"

#include "bridge/authority/farm_list.h"
#include "bridge/authority/farm_secrets.h"

#define SECRETS_PREFIX "secrets/"

enum { NAME_MAX_BYTES = 512 };

struct showing {
    void (*on_piece)(void *owner, struct bytes name, struct bytes content);
    void *owner;
};

static enum status
show_list(const char *directory, enum farm_list list, const struct showing *showing,
          struct buffer *problem)
{
    struct buffer text;
    enum status status;

    buffer_init(&text, STATE_FILE_MAX_BYTES);
    status = farm_list_text(directory, list, &text, problem);
    if (status == STATUS_OK && text.length > 0) {
        showing->on_piece(showing->owner, bytes_from_string(farm_list_name(list)),
                          buffer_bytes(&text));
    }
    buffer_deinit(&text);
    return status;
}

static void
show_secrets(void *owner, struct bytes file_name, struct bytes content)
{
    const struct showing *showing = owner;
    struct buffer name;

    buffer_init(&name, NAME_MAX_BYTES);
    (void)buffer_append_string(&name, SECRETS_PREFIX);
    if (buffer_append(&name, file_name) == STATUS_OK) {
        showing->on_piece(showing->owner, buffer_bytes(&name), content);
    }
    buffer_deinit(&name);
}

enum status
farm_share_each(const char *directory,
                void (*on_piece)(void *owner, struct bytes name, struct bytes content), void *owner,
                struct buffer *problem)
{
    struct showing showing = {.on_piece = on_piece, .owner = owner};
    enum status status = show_list(directory, FARM_LIST_REVOKED, &showing, problem);

    if (status == STATUS_OK) {
        status = show_list(directory, FARM_LIST_ISSUED, &showing, problem);
    }
    if (status == STATUS_OK) {
        status = farm_secrets_each(directory, show_secrets, &showing, problem);
    }
    return status;
}

enum status
farm_share_merge(const char *directory, struct bytes name, struct bytes content, int64_t now_s,
                 bool *has_changed, struct buffer *problem)
{
    const struct bytes prefix = BYTES(SECRETS_PREFIX);

    *has_changed = false;
    if (bytes_equal(name, bytes_from_string(farm_list_name(FARM_LIST_REVOKED)))) {
        return farm_list_merge(directory, FARM_LIST_REVOKED, content, has_changed, problem);
    }
    if (bytes_equal(name, bytes_from_string(farm_list_name(FARM_LIST_ISSUED)))) {
        return farm_list_merge(directory, FARM_LIST_ISSUED, content, has_changed, problem);
    }
    if (bytes_starts_with(name, prefix)) {
        return farm_secrets_merge(directory, bytes_after(name, prefix.length), content, now_s,
                                  has_changed, problem);
    }
    return STATUS_OK;
}
