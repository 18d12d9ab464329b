/* SPDX-License-Identifier: MIT */
/*
 * group_span: from which message id to which a connection was in a group, as far as a replay needs
 * to know: members hear only what was sent while they were in, however late the command that says
 * so arrives.
 */
#ifndef HUBPLANE_SERVICE_GROUP_SPAN_H
#define HUBPLANE_SERVICE_GROUP_SPAN_H

#include "service/signalr/topic.h"

#define GROUP_SPAN_OPEN UINT64_MAX

/* In the group for messages with after < id <= until. Holds a use of the topic. */
struct group_span {
    struct topic *topic;
    uint64_t after;
    uint64_t until;  /* GROUP_SPAN_OPEN = still in */
    uint64_t joined; /* the last word to be in was given as of this id; 0 = before anything known */
};

/* Zero-initialised = empty. */
struct group_spans {
    struct group_span *items;
    uint32_t count;
    uint32_t capacity;
};

void group_spans_deinit(struct group_spans *spans, struct topic_table *table);
/** Forget all but the first ${count}, and reopen those, of which no word is known. */
void group_spans_truncate(struct group_spans *spans, size_t count, struct topic_table *table);
/** Whoever is in from later on than ${after} is in from there. */
void group_spans_restart(struct group_spans *spans, uint64_t after);
/** In from ${after} on, by a word of ${joined}; but not from before an earlier membership began:
 * what is older has been seen, or was not for this member. For who is in already only the word
 * counts. OK or NO_MEMORY. */
MUST_CHECK enum status group_spans_join(struct group_spans *spans, struct topic_table *table,
                                        struct bytes topic, uint64_t after, uint64_t joined);
/** Out after ${until}; nothing changes for who is not in, or was put in by a later word. */
void group_spans_leave(struct group_spans *spans, const struct topic *topic, uint64_t until);
/** Whether message ${id} of ${topic} fell into a membership. */
bool group_spans_contain(const struct group_spans *spans, const struct topic *topic, uint64_t id);
/** Whether the membership goes on. */
bool group_spans_is_open(const struct group_spans *spans, const struct topic *topic);
/** Whether ${topic} is among the first ${count}. */
bool group_spans_has_before(const struct group_spans *spans, size_t count,
                            const struct topic *topic);
/** Forget ${topic}. */
void group_spans_remove(struct group_spans *spans, struct topic_table *table,
                        const struct topic *topic);
/** The highest `until` of ${topic}'s ended memberships; 0 = none. */
uint64_t group_spans_last(const struct group_spans *spans, const struct topic *topic);
/** The lowest `after` of ${topic}. */
uint64_t group_spans_first(const struct group_spans *spans, const struct topic *topic);

#endif
