/* SPDX-License-Identifier: MIT */
/* hub_action: one thing a hub call has the farm do: a message, or a change of a group. */
#ifndef HUBPLANE_SERVICE_HUB_ACTION_H
#define HUBPLANE_SERVICE_HUB_ACTION_H

#include "common/base/list.h"
#include "service/hubs/hub_backend.h"

enum hub_action_kind { HUB_ACTION_PUBLISH, HUB_ACTION_JOIN, HUB_ACTION_LEAVE };

struct hub_action {
    struct list_node node; /* in the call's queue, while an earlier join is not complete */
    enum hub_action_kind kind;
    bool is_progress;
    struct buffer
        text; /* topic, then value and filter (publish) or the connection id (join, leave) */
    size_t topic_length;
    size_t value_length;
};

/* Whom a message is for. */
struct hub_action_target {
    enum hub_target target;
    bool is_raw;             /* a raw connection rather than a hub */
    struct bytes owner;      /* hub or type name */
    struct bytes connection; /* the caller */
    struct bytes name;
    const struct bytes *excluded;
    size_t excluded_count;
};

void hub_action_init(struct hub_action *action, enum hub_action_kind kind);
void hub_action_deinit(struct hub_action *action);
/** A message: first the topic, then the value is appended to ${action}->text by the caller, then
 * hub_action_end_value(). OK; UNSUPPORTED - raw connections have no topic for that; LIMIT;
 * NO_MEMORY. */
MUST_CHECK enum status hub_action_begin(struct hub_action *action,
                                        const struct hub_action_target *target);
/** The value is complete: append the filter. */
MUST_CHECK enum status hub_action_end_value(struct hub_action *action,
                                            const struct hub_action_target *target);
/** A join or leave. */
MUST_CHECK enum status hub_action_set_group(struct hub_action *action,
                                            const struct hub_action_target *target,
                                            struct bytes connection_id);

struct bytes hub_action_topic(const struct hub_action *action);
struct bytes hub_action_value(const struct hub_action *action);
/** The filter of a message, the connection id of a change. */
struct bytes hub_action_rest(const struct hub_action *action);

#endif
