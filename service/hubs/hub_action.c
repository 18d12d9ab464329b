/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_action.h"

#include "service/signalr/topic_name.h"

enum { ACTION_BYTES_MAX = 64 * 1024 * 1024 };

void
hub_action_init(struct hub_action *action, enum hub_action_kind kind)
{
    *action = (struct hub_action){.kind = kind};
    buffer_init(&action->text, ACTION_BYTES_MAX);
}

void
hub_action_deinit(struct hub_action *action)
{
    buffer_deinit(&action->text);
}

/* How a target is addressed: which kind of topic, named after what. */
struct address {
    enum topic_name_kind kind;
    struct bytes owner;
    struct bytes name;
};

static enum status
find_address(const struct hub_action_target *target, struct address *address)
{
    bool is_raw = target->is_raw;

    *address = (struct address){.owner = target->owner, .name = target->name};
    switch (target->target) {
    case HUB_TARGET_ALL:
    case HUB_TARGET_OTHERS:
        address->kind = is_raw ? TOPIC_NAME_RAW : TOPIC_NAME_HUB;
        break;
    case HUB_TARGET_CALLER:
        address->name = target->connection;
        address->kind = is_raw ? TOPIC_NAME_CONNECTION : TOPIC_NAME_HUB_CONNECTION;
        break;
    case HUB_TARGET_CLIENT:
        address->kind = is_raw ? TOPIC_NAME_CONNECTION : TOPIC_NAME_HUB_CONNECTION;
        break;
    case HUB_TARGET_GROUP:
    case HUB_TARGET_OTHERS_IN_GROUP:
        address->kind = is_raw ? TOPIC_NAME_RAW_GROUP : TOPIC_NAME_HUB_GROUP;
        break;
    case HUB_TARGET_USER:
        address->kind = TOPIC_NAME_HUB_USER;
        return is_raw ? STATUS_UNSUPPORTED : STATUS_OK;
    }
    if (address->kind == TOPIC_NAME_CONNECTION) {
        address->owner = BYTES("");
    }
    return STATUS_OK;
}

enum status
hub_action_begin(struct hub_action *action, const struct hub_action_target *target)
{
    struct address address;
    enum status status = find_address(target, &address);

    if (status == STATUS_OK) {
        status = topic_name_append(&action->text, address.kind, address.owner, address.name);
    }
    action->topic_length = action->text.length;
    return status;
}

enum status
hub_action_end_value(struct hub_action *action, const struct hub_action_target *target)
{
    bool excludes_caller =
        target->target == HUB_TARGET_OTHERS || target->target == HUB_TARGET_OTHERS_IN_GROUP;

    action->value_length = action->text.length - action->topic_length;
    if (action->text.status == STATUS_OK && excludes_caller) {
        (void)topic_name_append_filter(&action->text, &target->connection, 1);
        if (target->excluded_count > 0) {
            buffer_append_byte(&action->text, '|');
        }
    }
    if (action->text.status == STATUS_OK && target->excluded_count > 0) {
        (void)topic_name_append_filter(&action->text, target->excluded, target->excluded_count);
    }
    return action->text.status;
}

enum status
hub_action_set_group(struct hub_action *action, const struct hub_action_target *target,
                     struct bytes connection_id)
{
    enum topic_name_kind kind = target->is_raw ? TOPIC_NAME_RAW_GROUP : TOPIC_NAME_HUB_GROUP;
    enum status status = topic_name_append(&action->text, kind, target->owner, target->name);

    action->topic_length = action->text.length;
    if (status == STATUS_OK) {
        status = buffer_append(&action->text, connection_id);
    }
    return status;
}

struct bytes
hub_action_topic(const struct hub_action *action)
{
    return bytes_slice(buffer_bytes(&action->text), 0, action->topic_length);
}

struct bytes
hub_action_value(const struct hub_action *action)
{
    return bytes_slice(buffer_bytes(&action->text), action->topic_length, action->value_length);
}

struct bytes
hub_action_rest(const struct hub_action *action)
{
    return bytes_after(buffer_bytes(&action->text), action->topic_length + action->value_length);
}
