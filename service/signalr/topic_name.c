/* SPDX-License-Identifier: MIT */
#include "service/signalr/topic_name.h"

/* A prefix, and whether an owner and a name follow it. */
static const struct {
    const char *prefix;
    bool has_owner;
    bool has_name;
} shapes[] = {
    [TOPIC_NAME_HUB] = {"h-", true, false},
    [TOPIC_NAME_HUB_CONNECTION] = {"hc-", true, true},
    [TOPIC_NAME_HUB_USER] = {"hu-", true, true},
    [TOPIC_NAME_HUB_GROUP] = {"hg-", true, true},
    [TOPIC_NAME_RAW] = {"pc-", true, false},
    [TOPIC_NAME_RAW_GROUP] = {"pcg-", true, true},
    [TOPIC_NAME_CONNECTION] = {"c-", false, true},
    [TOPIC_NAME_SERVER] = {TOPIC_NAME_SERVER_TEXT, false, false},
    [TOPIC_NAME_NODE] = {TOPIC_NAME_NODE_TEXT, false, false},
    [TOPIC_NAME_OTHER] = {"", false, true},
};

enum status
topic_name_append(struct buffer *out, enum topic_name_kind kind, struct bytes owner,
                  struct bytes name)
{
    if (owner.length + name.length > TOPIC_NAME_BYTES_MAX - 5) {
        return STATUS_LIMIT;
    }
    buffer_append_string(out, shapes[kind].prefix);
    if (shapes[kind].has_owner) {
        buffer_append(out, owner);
    }
    if (shapes[kind].has_owner && shapes[kind].has_name) {
        buffer_append_byte(out, '.');
    }
    if (shapes[kind].has_name) {
        buffer_append(out, name);
    }
    return out->status;
}

/* Splits what follows the prefix. */
static bool
split_rest(enum topic_name_kind kind, struct bytes rest, struct bytes *owner, struct bytes *name)
{
    *owner = shapes[kind].has_owner ? rest : BYTES("");
    *name = shapes[kind].has_name ? rest : BYTES("");
    if (shapes[kind].has_owner && shapes[kind].has_name) {
        size_t dot = bytes_find(rest, '.');
        if (dot == SIZE_MAX) {
            return false;
        }
        *owner = bytes_slice(rest, 0, dot);
        *name = bytes_after(rest, dot + 1);
    }
    /* Names in full leave no rest; the others are not empty. */
    return (owner->length + name->length > 0) == (shapes[kind].has_owner || shapes[kind].has_name);
}

enum topic_name_kind
topic_name_split(struct bytes topic, struct bytes *owner, struct bytes *name)
{
    for (int i = 0; i < TOPIC_NAME_OTHER; i++) {
        enum topic_name_kind kind = (enum topic_name_kind)i;
        struct bytes prefix = bytes_from_string(shapes[kind].prefix);
        bool has_rest = shapes[kind].has_owner || shapes[kind].has_name;

        if (bytes_starts_with(topic, prefix) && (has_rest || topic.length == prefix.length) &&
            split_rest(kind, bytes_after(topic, prefix.length), owner, name)) {
            return kind;
        }
    }
    *owner = BYTES("");
    *name = topic;
    return TOPIC_NAME_OTHER;
}

bool
topic_name_in(struct bytes topic, enum topic_name_kind kind, struct bytes owner, struct bytes *name)
{
    struct bytes prefix = bytes_from_string(shapes[kind].prefix);
    struct bytes rest = bytes_after(topic, prefix.length);

    if (!bytes_starts_with(topic, prefix) || !bytes_starts_with(rest, owner)) {
        return false;
    }
    rest = bytes_after(rest, owner.length);
    if (!shapes[kind].has_name) {
        *name = BYTES("");
        return rest.length == 0;
    }
    if (shapes[kind].has_owner && !bytes_starts_with(rest, BYTES("."))) {
        return false;
    }
    *name = bytes_after(rest, shapes[kind].has_owner ? 1 : 0);
    return true;
}

struct bytes
topic_name_group(struct bytes topic)
{
    if (bytes_starts_with(topic, BYTES("hg-"))) {
        return bytes_after(topic, 3);
    }
    if (bytes_starts_with(topic, BYTES("pcg-"))) {
        return bytes_after(topic, 4);
    }
    return BYTES("");
}

bool
topic_name_group_of(struct bytes group, struct bytes owner, struct bytes *name)
{
    if (!bytes_starts_with_ignore_case(group, owner) || group.length <= owner.length ||
        group.data[owner.length] != '.') {
        return false;
    }
    *name = bytes_after(group, owner.length + 1);
    return true;
}

enum status
topic_name_append_filter(struct buffer *out, const struct bytes *connection_ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_append_string(out, (i > 0) ? "|c-" : "c-");
        buffer_append(out, connection_ids[i]);
    }
    return out->status;
}

bool
topic_name_filters_connection(struct bytes entry, struct bytes connection_id)
{
    return bytes_equal_ignore_case(entry, connection_id) ||
           (bytes_starts_with(entry, BYTES("c-")) &&
            bytes_equal(bytes_after(entry, 2), connection_id));
}
