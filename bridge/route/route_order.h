/* SPDX-License-Identifier: MIT */
/*
 * route_order: puts the messages of one app into id order. Ids are contiguous, so a hole is seen at
 * once; it is waited for a moment, then looked for in the past, and closed when it cannot be
 * filled. Knows nothing of what the messages say, except void marks.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_ORDER_H
#define HUBPLANE_BRIDGE_ROUTE_ORDER_H

#include "common/base/list.h"
#include "common/base/payload.h"
#include "common/base/timer.h"

enum {
    ROUTE_ORDER_PATIENCE_MS = 50, /* a hole this old is read from the log */
    /* what has been published is heard within this time, or the end of the channel was lost */
    ROUTE_ORDER_ECHO_MS = 1000,
    /* another bridge may be about to add a .NET node's message to the log */
    ROUTE_ORDER_RETRY_MS = 100,
    ROUTE_ORDER_UNREADABLE_MS = 500, /* the log could not be read: Redis is away */
    ROUTE_ORDER_READS_MAX = 3,       /* then the hole is closed as lost */
};

/* After the counter was lost, an id may be above it, but not by more than this. */
#define ROUTE_ORDER_JUMP_MAX UINT64_C(10000000)

enum route_order_state {
    ROUTE_ORDER_UNSTARTED, /* no position yet; what arrives waits in `ahead` */
    ROUTE_ORDER_IN_ORDER,  /* nothing is missing */
    ROUTE_ORDER_WAITING,   /* a hole; the timer runs */
    ROUTE_ORDER_READING,   /* a hole; the log is being read */
};

enum route_order_closing {
    ROUTE_ORDER_LOST, /* nobody has these ids any more */
    ROUTE_ORDER_VOID, /* there never were messages with them: a lifted counter skipped them */
};

struct route_order_handler {
    /* The next message. ${frame} is referenced by its receiver if kept. */
    void (*on_next)(void *owner, uint64_t id, struct payload_slice frame, bool is_from_log);
    /* An id that was passed already, or came twice. Not called for what the log repeats. */
    void (*on_repeat)(void *owner, uint64_t id, struct payload_slice frame);
    /* Ignored: the counter has not got that far. */
    void (*on_unbelievable)(void *owner, uint64_t id);
    /* The position moved over these ids without a message. */
    void (*on_closed)(void *owner, uint64_t from, uint64_t to, enum route_order_closing closing);
    /* Look for these ids in the log and wherever else they may be: feed route_order_message(), then
     * route_order_read_done(), later. */
    void (*read_past)(void *owner, uint64_t from, uint64_t to);
};

/* How far a read has come. */
struct route_order_page {
    bool is_last;     /* of the range that was asked for */
    uint64_t read_to; /* everything up to it has been looked for */
    uint64_t lost_to; /* ids above it, up to `read_to`, that were not fed do not exist */
    uint64_t counter; /* 0 = unknown */
};

struct route_order {
    const struct route_order_handler *handler;
    void *owner;
    struct timers *timers;
    enum route_order_state state;
    uint64_t position; /* everything up to it has been handed on or closed */
    uint64_t highest;  /* an id known to exist */
    uint64_t hole;     /* position when `reads` was reset */
    uint32_t reads;    /* complete reads of the log for the present hole */
    uint64_t suspect;  /* READING: ids above it came too late for the counter that is read now */
    struct list ahead; /* struct order_item, ascending ids, all above position */
    size_t ahead_bytes;
    size_t limit_bytes;
    struct timer timer;
};

void route_order_init(struct route_order *order, struct timers *timers, size_t limit_bytes,
                      const struct route_order_handler *handler, void *owner);
void route_order_deinit(struct route_order *order);
/** Before the first start: begin no later than after ${id}, since somebody has seen everything up
 * to it. */
void route_order_resume_from(struct route_order *order, uint64_t id);
/** The channel is (again) heard without a hole from now on, and the counter stood at ${counter} a
 * moment ago: what is missing up to there is looked for in the log. */
void route_order_start(struct route_order *order, uint64_t counter);
/** The first start when ids are counted anew: whatever was resumed from, the next id is ${counter}
 * + 1. */
void route_order_restart(struct route_order *order, uint64_t counter);
/** A message; ${frame} is referenced if it has to wait. */
void route_order_message(struct route_order *order, uint64_t id, struct payload_slice frame,
                         bool is_from_log);
/** ${id} has been published: if it is not heard soon, look for it. */
void route_order_known(struct route_order *order, uint64_t id);
/** A page has been fed. Not OK: the log cannot be read now, and ${page} says nothing. */
void route_order_read_done(struct route_order *order, enum status status,
                           const struct route_order_page *page);

#endif
