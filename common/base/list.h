/* SPDX-License-Identifier: MIT */
/* list: an intrusive, circular, doubly linked list; membership costs two pointers, no memory. */
#ifndef HUBPLANE_BASE_LIST_H
#define HUBPLANE_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/annotate.h"

struct list_node {
    struct list_node *next;
    struct list_node *previous;
};

/* The head is a node of its own; an empty list points at itself. */
struct list {
    struct list_node head;
};

static inline void
list_init(struct list *list)
{
    list->head.next = list->head.previous = &list->head;
}

static inline bool
list_is_empty(const struct list *list)
{
    return list->head.next == &list->head;
}

static inline void
list_append(struct list *list, struct list_node *node)
{
    node->previous = list->head.previous;
    node->next = &list->head;
    list->head.previous->next = node;
    list->head.previous = node;
}

/* Unlink; the node may be appended again. A node that is in no list must not be removed. */
static inline void
list_remove(struct list_node *node)
{
    node->previous->next = node->next;
    node->next->previous = node->previous;
    node->next = node->previous = NULL;
}

/* The first node, or NULL. */
static inline struct list_node *
list_first(const struct list *list)
{
    return list_is_empty(list) ? NULL : list->head.next;
}

/* Iterate; the current node may be removed inside the loop. */
#define LIST_FOR_EACH(node, list)                                               \
    for (struct list_node *node = (list)->head.next, *node##_next = node->next; \
         node != &(list)->head; node = node##_next, node##_next = node->next)

#endif
