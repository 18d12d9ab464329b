/* SPDX-License-Identifier: MIT */
/* route_topics: the topics of one app: who listens to each, and which recent messages it has. One
 * lookup per message serves both. */
#ifndef HUBPLANE_BRIDGE_ROUTE_TOPICS_H
#define HUBPLANE_BRIDGE_ROUTE_TOPICS_H

#include "common/base/list.h"
#include "common/base/map.h"

struct route_topic {
    struct list interests;   /* struct route_interest.in_topic */
    struct list messages;    /* struct route_history_link.in_topic, ascending ids */
    struct map_entry *entry; /* in the map; its key is the name */
};

struct route_topics {
    struct map map;
};

void route_topics_init(struct route_topics *topics);
/** Every topic must have been released. */
void route_topics_deinit(struct route_topics *topics);
/** NULL when nobody listens and nothing recent is there. */
struct route_topic *route_topics_find(const struct route_topics *topics, struct bytes name);
/** Found or made; NULL when out of memory. */
struct route_topic *route_topics_get(struct route_topics *topics, struct bytes name);
/** Free ${topic} if nothing refers to it any more. */
void route_topics_release(struct route_topics *topics, struct route_topic *topic);
struct bytes route_topic_name(const struct route_topic *topic);

#endif
