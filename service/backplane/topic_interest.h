/* SPDX-License-Identifier: MIT */
/* topic_interest: which workers of this node listen to which topics, since when without
 * interruption, and what the bridge is told of it. */
#ifndef HUBPLANE_SERVICE_TOPIC_INTEREST_H
#define HUBPLANE_SERVICE_TOPIC_INTEREST_H

#include "common/base/list.h"
#include "common/base/map.h"

enum interested_topic_state {
    TOPIC_NEW,      /* the bridge has not been told */
    TOPIC_ASKED,    /* told in the INTEREST of `request`; not acknowledged yet */
    TOPIC_COMPLETE, /* every message since complete_since has come or will come */
};

struct interested_topic {
    /* in `added` while NEW and used, in `lingering` while nobody listens, else in none */
    struct list_node changed;
    struct list_node asking; /* in `asked` while ASKED */
    struct map_entry *entry; /* in `topics`; its key is the topic's text */
    enum interested_topic_state state;
    uint32_t request;
    uint64_t complete_since;
    uint64_t latest; /* chain head in the recent ring */
    uint64_t linger_until_ms;
    uint32_t users;    /* sum of counts */
    uint32_t counts[]; /* per worker */
};

struct topic_interest {
    struct map topics;
    size_t worker_count;
    struct list added;     /* NEW ones, to be sent at the end of the turn */
    struct list asked;     /* ASKED ones, in the order of their requests */
    struct list lingering; /* without users; in order of expiry */
};

void topic_interest_init(struct topic_interest *interest, size_t worker_count);
void topic_interest_deinit(struct topic_interest *interest);
/** The entry, or NULL. */
struct interested_topic *topic_interest_find(const struct topic_interest *interest,
                                             struct bytes topic);
/** One more use by ${worker}; made when it does not exist (NEW, in `added`). NULL when out of
 * memory. */
struct interested_topic *topic_interest_use(struct topic_interest *interest, struct bytes topic,
                                            uint32_t worker);
/** One use less; without users it lingers until ${linger_until_ms}. Unknown topics and unused ones
 * are ignored. */
void topic_interest_release(struct topic_interest *interest, struct bytes topic, uint32_t worker,
                            uint64_t linger_until_ms);
/** The first lingering topic that has expired, or NULL; to be ended with topic_interest_remove().
 */
struct interested_topic *topic_interest_expired(struct topic_interest *interest, uint64_t now_ms);
void topic_interest_remove(struct topic_interest *interest, struct interested_topic *topic);
/** A NEW topic that is used goes to the bridge in the INTEREST of ${request}; requests only grow.
 */
void topic_interest_ask(struct topic_interest *interest, struct interested_topic *topic,
                        uint32_t request);
/** Whatever it was, from ${since} on it is complete. */
void topic_interest_complete(struct interested_topic *topic, uint64_t since);
struct bytes topic_interest_text(const struct interested_topic *topic);

#endif
