/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_topics.h"

#include <assert.h>
#include <stdlib.h>

void
route_topics_init(struct route_topics *topics)
{
    map_init(&topics->map);
}

void
route_topics_deinit(struct route_topics *topics)
{
    assert(map_count(&topics->map) == 0);
    map_deinit(&topics->map);
}

struct route_topic *
route_topics_find(const struct route_topics *topics, struct bytes name)
{
    return map_get(&topics->map, name);
}

struct route_topic *
route_topics_get(struct route_topics *topics, struct bytes name)
{
    struct route_topic *topic = map_get(&topics->map, name);

    if (topic != NULL) {
        return topic;
    }
    if ((topic = malloc(sizeof(*topic))) == NULL) {
        return NULL;
    }
    list_init(&topic->interests);
    list_init(&topic->messages);
    topic->entry = map_add(&topics->map, name, topic);
    if (topic->entry == NULL) {
        free(topic);
        return NULL;
    }
    return topic;
}

void
route_topics_release(struct route_topics *topics, struct route_topic *topic)
{
    if (!list_is_empty(&topic->interests) || !list_is_empty(&topic->messages)) {
        return;
    }
    map_remove_entry(&topics->map, topic->entry);
    free(topic);
}

struct bytes
route_topic_name(const struct route_topic *topic)
{
    return map_entry_key(topic->entry);
}
