/* SPDX-License-Identifier: MIT */
/*
 * publish_spool: one app's publishes that no bridge has accepted yet, in order, bounded by bytes. A
 * publish gets its sequence when it is first sent, so that what never left the node can be
 * withdrawn without leaving a hole.
 */
#ifndef HUBPLANE_SERVICE_PUBLISH_SPOOL_H
#define HUBPLANE_SERVICE_PUBLISH_SPOOL_H

#include "common/base/list.h"
#include "common/base/payload.h"

struct spooled_publish {
    struct list_node node;
    struct payload *frame;
    uint64_t sequence; /* 0 = not sent yet */
    uint64_t added_ms;
    uint64_t deadline_ms; /* then its waiter is told that it took too long */
    uint32_t worker;
    void *waiter; /* opaque; NULL = nobody waits (any more) */
};

struct publish_spool {
    struct list list;         /* oldest first: sent ones, then unsent ones */
    struct list_node *unsent; /* first unsent one, or NULL */
    uint64_t last_sequence;   /* given out */
    uint64_t acknowledged;    /* highest accepted or refused sequence */
    size_t bytes;
    size_t count;
    size_t limit_bytes;
};

void publish_spool_init(struct publish_spool *spool, size_t limit_bytes);
/** Frees the entries; waiters are not told. */
void publish_spool_deinit(struct publish_spool *spool);
/** Takes over the reference to ${frame} when OK. QUEUE_FULL, NO_MEMORY otherwise. */
MUST_CHECK enum status publish_spool_add(struct publish_spool *spool, struct payload *frame,
                                         uint64_t now_ms, uint64_t deadline_ms, uint32_t worker,
                                         void *waiter);
/** The next publish to send, with its sequence; NULL when all are sent. */
struct spooled_publish *publish_spool_next(struct publish_spool *spool);
/** After a link was lost: everything retained will be sent again, under the sequences it has. */
void publish_spool_rewind(struct publish_spool *spool);
/** The oldest sent entry when its sequence is at most ${sequence}, else NULL; to be ended with
 * publish_spool_remove(). */
struct spooled_publish *publish_spool_oldest(struct publish_spool *spool, uint64_t sequence);
/** How long the oldest entry has waited; 0 when there is none. */
uint64_t publish_spool_age_ms(const struct publish_spool *spool, uint64_t now_ms);
/** Unlink and free. */
void publish_spool_remove(struct publish_spool *spool, struct spooled_publish *entry);

#endif
