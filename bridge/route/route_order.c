/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_order.h"

#include <assert.h>
#include <stdlib.h>

#include "common/wire/signalr_message.h"

struct order_item {
    struct list_node node;
    uint64_t id;
    struct payload_slice frame;
    bool is_from_log;
};

void
route_order_init(struct route_order *order, struct timers *timers, size_t limit_bytes,
                 const struct route_order_handler *handler, void *owner)
{
    *order = (struct route_order){.handler = handler,
                                  .owner = owner,
                                  .timers = timers,
                                  .state = ROUTE_ORDER_UNSTARTED,
                                  .limit_bytes = limit_bytes};
    list_init(&order->ahead);
}

static struct order_item *
first_ahead(const struct route_order *order)
{
    struct list_node *node = list_first(&order->ahead);

    return node == NULL ? NULL : CONTAINER_OF(node, struct order_item, node);
}

static void
drop_item(struct route_order *order, struct order_item *item)
{
    list_remove(&item->node);
    assert(order->ahead.head.next != &item->node); /* the analyzer cannot see it */
    order->ahead_bytes -= sizeof(*item) + item->frame.length;
    payload_unref(item->frame.payload);
    free(item);
}

void
route_order_deinit(struct route_order *order)
{
    timer_stop(order->timers, &order->timer);
    LIST_FOR_EACH (node, &order->ahead) {
        drop_item(order, CONTAINER_OF(node, struct order_item, node));
    }
}

static void
read_past(struct route_order *order, uint64_t to)
{
    struct list_node *last = order->ahead.head.previous;

    order->suspect =
        list_is_empty(&order->ahead) ? 0 : CONTAINER_OF(last, struct order_item, node)->id;
    order->handler->read_past(order->owner, order->position + 1, to);
}

static void
on_timer(struct timer *timer)
{
    struct route_order *order = CONTAINER_OF(timer, struct route_order, timer);
    struct order_item *first = first_ahead(order);
    uint64_t to = first != NULL ? first->id - 1 : order->highest;

    if (order->state != ROUTE_ORDER_WAITING) {
        return;
    }
    order->state = ROUTE_ORDER_READING;
    read_past(order, to);
}

/* The state follows from whether something is missing; a read under way is left to finish. */
static void
settle_state(struct route_order *order, uint64_t patience_ms)
{
    if (order->state == ROUTE_ORDER_READING || order->state == ROUTE_ORDER_UNSTARTED) {
        return;
    }
    if (list_is_empty(&order->ahead) && order->position >= order->highest) {
        order->state = ROUTE_ORDER_IN_ORDER;
        timer_stop(order->timers, &order->timer);
        return;
    }
    if (order->state == ROUTE_ORDER_IN_ORDER || order->hole != order->position) {
        order->state = ROUTE_ORDER_WAITING;
        order->hole = order->position;
        order->reads = 0;
        timer_start(order->timers, &order->timer, patience_ms, on_timer);
    }
}

/* Hand on what has become contiguous. */
static void
drain(struct route_order *order)
{
    struct order_item *item;
    uint64_t patience_ms;

    while ((item = first_ahead(order)) != NULL && item->id <= order->position + 1) {
        if (item->id == order->position + 1) {
            order->position = item->id;
            order->handler->on_next(order->owner, item->id, item->frame, item->is_from_log);
        }
        drop_item(order, item);
    }
    patience_ms = list_is_empty(&order->ahead) ? ROUTE_ORDER_ECHO_MS : ROUTE_ORDER_PATIENCE_MS;
    settle_state(order, patience_ms);
}

void
route_order_resume_from(struct route_order *order, uint64_t id)
{
    if (order->state == ROUTE_ORDER_UNSTARTED && id > order->position) {
        order->position = id;
    }
}

/* Nobody remembers anything: start at the counter, or before the first message heard since
 * subscribing. */
static uint64_t
first_position(const struct route_order *order, uint64_t counter)
{
    struct order_item *first = first_ahead(order);

    if (order->position > 0) {
        return order->position;
    }
    return first != NULL && first->id <= counter ? first->id - 1 : counter;
}

void
route_order_start(struct route_order *order, uint64_t counter)
{
    if (order->state == ROUTE_ORDER_UNSTARTED) {
        order->position = first_position(order, counter);
        order->state = ROUTE_ORDER_IN_ORDER;
    }
    if (counter > order->highest) {
        order->highest = counter;
    }
    /* A read that was under way has ended with the old connection, or will; what it lacked is asked
     * for anew, at once. */
    if (order->state == ROUTE_ORDER_WAITING) {
        order->state = ROUTE_ORDER_IN_ORDER;
    }
    drain(order);
    if (order->state == ROUTE_ORDER_WAITING) {
        timer_start(order->timers, &order->timer, 0, on_timer);
    }
}

void
route_order_restart(struct route_order *order, uint64_t counter)
{
    if (order->state == ROUTE_ORDER_UNSTARTED && order->position < counter) {
        order->position = counter;
    }
    route_order_start(order, counter);
}

/* The last waiting item with an id up to ${id}; NULL when all are above. */
static struct list_node *
find_place(struct route_order *order, uint64_t id)
{
    struct list_node *node = order->ahead.head.previous;

    while (node != &order->ahead.head && CONTAINER_OF(node, struct order_item, node)->id > id) {
        node = node->previous;
    }
    return node;
}

static void
insert_after(struct list_node *place, struct list_node *node)
{
    node->previous = place;
    node->next = place->next;
    place->next->previous = node;
    place->next = node;
}

static void
keep_ahead(struct route_order *order, uint64_t id, struct payload_slice frame, bool is_from_log)
{
    struct list_node *place = find_place(order, id);
    size_t bytes = sizeof(struct order_item) + frame.length;
    struct order_item *item;

    if (place != &order->ahead.head && CONTAINER_OF(place, struct order_item, node)->id == id) {
        if (!is_from_log) {
            order->handler->on_repeat(order->owner, id, frame);
        }
        return;
    }
    if (id > order->highest) {
        order->highest = id;
    }
    /* Beyond the bound it is forgotten here, but not that it exists: it will be read from the log.
     * A page of the log is bounded by itself and always fits. */
    if (!is_from_log && order->ahead_bytes + bytes > order->limit_bytes) {
        return;
    }
    if ((item = malloc(sizeof(*item))) == NULL) {
        return;
    }
    *item = (struct order_item){.id = id, .frame = frame, .is_from_log = is_from_log};
    payload_ref(frame.payload);
    insert_after(place, &item->node);
    order->ahead_bytes += bytes;
}

void
route_order_message(struct route_order *order, uint64_t id, struct payload_slice frame,
                    bool is_from_log)
{
    if (order->state == ROUTE_ORDER_UNSTARTED) {
        keep_ahead(order, id, frame, is_from_log);
        return;
    }
    if (id <= order->position) {
        if (!is_from_log) {
            order->handler->on_repeat(order->owner, id, frame);
        }
        return;
    }
    if (id == order->position + 1) {
        order->position = id;
        order->handler->on_next(order->owner, id, frame, is_from_log);
        drain(order);
        return;
    }
    if (order->state == ROUTE_ORDER_WAITING && list_is_empty(&order->ahead) && order->reads == 0) {
        /* So far only route_order_known() spoke of it, which is no reason to hurry. */
        order->state = ROUTE_ORDER_IN_ORDER;
    }
    keep_ahead(order, id, frame, is_from_log);
    settle_state(order, ROUTE_ORDER_PATIENCE_MS);
}

void
route_order_known(struct route_order *order, uint64_t id)
{
    if (order->state != ROUTE_ORDER_UNSTARTED && id > order->highest) {
        order->highest = id;
        settle_state(order, ROUTE_ORDER_ECHO_MS);
    }
}

static void
close_range(struct route_order *order, uint64_t to, enum route_order_closing closing)
{
    uint64_t from = order->position + 1;

    if (to < from) {
        return;
    }
    order->position = to;
    order->handler->on_closed(order->owner, from, to, closing);
}

/* First id of the range that the first waiting message declares void, when that range ends right
 * before it; else UINT64_MAX. */
static uint64_t
void_start(const struct route_order *order)
{
    const struct order_item *first = first_ahead(order);
    struct signalr_message_reader reader;
    struct signalr_trailer trailer;

    if (first == NULL ||
        signalr_message_open(payload_slice_bytes(first->frame), &reader) != STATUS_OK ||
        !signalr_trailer_decode(reader.trailer, &trailer) || trailer.void_to + 1 != first->id) {
        return UINT64_MAX;
    }
    return trailer.void_from;
}

/* Give the present hole up, whatever of it is lost or void, and hand on what waited behind it. */
static void
close_hole(struct route_order *order)
{
    struct order_item *first = first_ahead(order);
    uint64_t to = first != NULL ? first->id - 1 : order->highest;
    uint64_t void_from = void_start(order);

    if (void_from <= to) {
        close_range(order, void_from - 1, ROUTE_ORDER_LOST);
        close_range(order, to, ROUTE_ORDER_VOID);
    } else {
        close_range(order, to, ROUTE_ORDER_LOST);
    }
    drain(order);
}

/* An id from nowhere (another farm on the same channel, a forgery) would make everything after it
 * look old. The counter was read after the message was heard; only a counter that has been lost may
 * be below a true id. */
static void
drop_unbelievable(struct route_order *order, uint64_t counter)
{
    LIST_FOR_EACH (node, &order->ahead) {
        struct order_item *item = CONTAINER_OF(node, struct order_item, node);

        if (item->id > counter && item->id <= order->suspect &&
            (counter >= order->position || item->id - order->position > ROUTE_ORDER_JUMP_MAX)) {
            order->handler->on_unbelievable(order->owner, item->id);
            drop_item(order, item);
            order->highest = counter;
        }
    }
}

static void
wait_again(struct route_order *order, uint64_t delay_ms)
{
    order->state = ROUTE_ORDER_WAITING;
    timer_start(order->timers, &order->timer, delay_ms, on_timer);
}

/* What is missing up to there does not exist. */
static void
close_void(struct route_order *order, uint64_t read_to)
{
    while (order->position < read_to) {
        const struct order_item *first = first_ahead(order);

        close_range(order, first != NULL && first->id <= read_to ? first->id - 1 : read_to,
                    ROUTE_ORDER_VOID);
        drain(order);
    }
}

/* More pages follow, so what is still missing up to the end of this one is nowhere. */
static void
after_page(struct route_order *order, uint64_t read_to)
{
    struct order_item *first;

    while ((first = first_ahead(order)) != NULL && first->id <= read_to) {
        close_hole(order);
    }
    close_range(order, read_to, ROUTE_ORDER_LOST);
    drain(order);
    first = first_ahead(order);
    read_past(order, first != NULL ? first->id - 1 : order->highest);
}

void
route_order_read_done(struct route_order *order, enum status status,
                      const struct route_order_page *page)
{
    if (order->state != ROUTE_ORDER_READING) {
        return;
    }
    if (status != STATUS_OK) {
        wait_again(order, ROUTE_ORDER_UNREADABLE_MS);
        return;
    }
    if (page->counter > 0) {
        drop_unbelievable(order, page->counter);
    }
    if (page->lost_to <= order->position) {
        close_void(order, page->read_to);
    }
    if (!page->is_last) {
        after_page(order, page->read_to);
        return;
    }
    order->state = ROUTE_ORDER_WAITING;
    settle_state(order, ROUTE_ORDER_PATIENCE_MS);
    if (order->state != ROUTE_ORDER_WAITING || timer_is_running(&order->timer)) {
        return; /* filled, at least in part; the next hole has its own patience */
    }
    order->reads++;
    if (order->reads >= ROUTE_ORDER_READS_MAX || void_start(order) <= order->position + 1) {
        order->state = ROUTE_ORDER_IN_ORDER;
        close_hole(order);
        return;
    }
    wait_again(order, ROUTE_ORDER_RETRY_MS);
}
