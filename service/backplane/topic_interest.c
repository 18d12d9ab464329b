/* SPDX-License-Identifier: MIT */
#include "service/backplane/topic_interest.h"

#include <stdlib.h>

void
topic_interest_init(struct topic_interest *interest, size_t worker_count)
{
    map_init(&interest->topics);
    interest->worker_count = worker_count;
    list_init(&interest->added);
    list_init(&interest->asked);
    list_init(&interest->lingering);
}

void
topic_interest_deinit(struct topic_interest *interest)
{
    for (struct map_entry *entry = map_first(&interest->topics); entry != NULL;
         entry = map_next(entry)) {
        free(map_entry_value(entry));
    }
    map_deinit(&interest->topics);
}

struct interested_topic *
topic_interest_find(const struct topic_interest *interest, struct bytes topic)
{
    return map_get(&interest->topics, topic);
}

struct bytes
topic_interest_text(const struct interested_topic *topic)
{
    return map_entry_key(topic->entry);
}

static struct interested_topic *
topic_new(struct topic_interest *interest, struct bytes text)
{
    size_t counts_bytes = interest->worker_count * sizeof(uint32_t);
    struct interested_topic *topic = calloc(1, sizeof(*topic) + counts_bytes);

    if (topic == NULL) {
        return NULL;
    }
    topic->entry = map_add(&interest->topics, text, topic);
    if (topic->entry == NULL) {
        free(topic);
        return NULL;
    }
    list_append(&interest->added, &topic->changed);
    return topic;
}

struct interested_topic *
topic_interest_use(struct topic_interest *interest, struct bytes text, uint32_t worker)
{
    struct interested_topic *topic = topic_interest_find(interest, text);

    if (topic == NULL) {
        topic = topic_new(interest, text);
        if (topic == NULL) {
            return NULL;
        }
    } else if (topic->users == 0 && topic->linger_until_ms != 0) {
        list_remove(&topic->changed);
        topic->linger_until_ms = 0;
        if (topic->state == TOPIC_NEW) {
            list_append(&interest->added, &topic->changed);
        }
    }
    topic->counts[worker]++;
    topic->users++;
    return topic;
}

void
topic_interest_release(struct topic_interest *interest, struct bytes text, uint32_t worker,
                       uint64_t linger_until_ms)
{
    struct interested_topic *topic = topic_interest_find(interest, text);

    if (topic == NULL || topic->counts[worker] == 0) {
        return;
    }
    topic->counts[worker]--;
    if (--topic->users > 0) {
        return;
    }
    if (topic->state == TOPIC_NEW) {
        list_remove(&topic->changed);
    }
    topic->linger_until_ms = linger_until_ms == 0 ? 1 : linger_until_ms;
    list_append(&interest->lingering, &topic->changed);
}

struct interested_topic *
topic_interest_expired(struct topic_interest *interest, uint64_t now_ms)
{
    struct list_node *node = list_first(&interest->lingering);

    if (node == NULL) {
        return NULL;
    }
    struct interested_topic *topic = CONTAINER_OF(node, struct interested_topic, changed);
    return topic->linger_until_ms <= now_ms ? topic : NULL;
}

void
topic_interest_remove(struct topic_interest *interest, struct interested_topic *topic)
{
    list_remove(&topic->changed);
    if (topic->state == TOPIC_ASKED) {
        list_remove(&topic->asking);
    }
    map_remove_entry(&interest->topics, topic->entry);
    free(topic);
}

void
topic_interest_ask(struct topic_interest *interest, struct interested_topic *topic,
                   uint32_t request)
{
    topic->state = TOPIC_ASKED;
    topic->request = request;
    list_remove(&topic->changed);
    list_append(&interest->asked, &topic->asking);
}

void
topic_interest_complete(struct interested_topic *topic, uint64_t since)
{
    if (topic->state == TOPIC_ASKED) {
        list_remove(&topic->asking);
    } else if (topic->state == TOPIC_NEW && topic->users > 0) {
        list_remove(&topic->changed); /* from `added`; without users it goes on lingering */
    }
    topic->state = TOPIC_COMPLETE;
    topic->complete_since = since;
}
