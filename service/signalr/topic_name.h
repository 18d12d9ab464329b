/* SPDX-License-Identifier: MIT */
/* topic_name: how SignalR 2 names topics and filters on the bus; exact and case-sensitive. */
#ifndef HUBPLANE_SERVICE_TOPIC_NAME_H
#define HUBPLANE_SERVICE_TOPIC_NAME_H

#include "common/base/bytes.h"

enum topic_name_kind {
    TOPIC_NAME_HUB,            /* h-<hub> */
    TOPIC_NAME_HUB_CONNECTION, /* hc-<hub>.<connection id> */
    TOPIC_NAME_HUB_USER,       /* hu-<hub>.<user id> */
    TOPIC_NAME_HUB_GROUP,      /* hg-<hub>.<group> */
    TOPIC_NAME_RAW,            /* pc-<type> */
    TOPIC_NAME_RAW_GROUP,      /* pcg-<type>.<group> */
    TOPIC_NAME_CONNECTION,     /* c-<connection id> */
    TOPIC_NAME_SERVER,         /* __SIGNALR__SERVER__ */
    TOPIC_NAME_NODE,           /* __HUBPLANE__: our own; .NET nodes never subscribe to it */
    TOPIC_NAME_OTHER,
};

enum { TOPIC_NAME_BYTES_MAX = 4096 }; /* of our own topics; received ones may be longer */

#define TOPIC_NAME_SERVER_TEXT "__SIGNALR__SERVER__"
#define TOPIC_NAME_NODE_TEXT   "__HUBPLANE__"

/**
 * topic_name_append(out, kind, owner, name):
 * ${owner}: canonical hub or type name; empty for c-, which takes its id as ${name}. ${name} is
 * ignored for h- and pc-; both are ignored for the last two. LIMIT when the topic would exceed
 * TOPIC_NAME_BYTES_MAX.
 */
enum status topic_name_append(struct buffer *out, enum topic_name_kind kind, struct bytes owner,
                              struct bytes name);

/**
 * topic_name_split(topic, owner, name):
 * The reverse; views into ${topic}. Hub names have no dots, so the first one ends them. Type names
 * of raw connections do: for pcg- ${owner} and ${name} are split at the first dot as well, which is
 * only a guess; use topic_name_in() there.
 *   Returns:  the kind; OTHER with everything in ${name} when it is none of ours.
 */
enum topic_name_kind topic_name_split(struct bytes topic, struct bytes *owner, struct bytes *name);

/** Whether ${topic} is of ${kind} and belongs to ${owner}; then ${name} is the rest. */
bool topic_name_in(struct bytes topic, enum topic_name_kind kind, struct bytes owner,
                   struct bytes *name);

/** A group topic without its prefix, as groups tokens hold it: hg-ChatHub.room1 -> ChatHub.room1.
 * Empty for other topics. */
struct bytes topic_name_group(struct bytes topic);

/** topic_name_group_of(group, owner, name): Whether ${group} ("chathub.room1") is of ${owner} (case
 * ignored); then ${name} is the bare name. */
bool topic_name_group_of(struct bytes group, struct bytes owner, struct bytes *name);

/** Append "c-id1|c-id2" to ${out}: the filter that leaves these connections out. */
enum status topic_name_append_filter(struct buffer *out, const struct bytes *connection_ids,
                                     size_t count);

/** Whether a filter entry means this connection: its bare id (case ignored) or "c-<id>". Topics and
 * groups it is in are the caller's to compare. */
bool topic_name_filters_connection(struct bytes entry, struct bytes connection_id);

#endif
