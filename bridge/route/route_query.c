/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_query.h"

#include <stdlib.h>

#include "bridge/route/route_app.h"

struct route_query {
    struct list_node in_member;
    struct route_member *member; /* NULL: gone */
    uint32_t request;
    struct route_bridges_query others;
};

static void
on_done(struct route_bridges_query *others, bool exists)
{
    struct route_query *query = CONTAINER_OF(others, struct route_query, others);
    struct route_member *member = query->member;

    if (member != NULL) {
        list_remove(&query->in_member);
        link_server_query_ack(member->peer->link, member->handle, query->request, exists);
    }
    free(query);
}

/* False: there is nobody to ask, or no memory to remember who did. */
static bool
ask_others(struct route_member *member, uint32_t request, struct bytes topic)
{
    struct route_bridges *bridges = member->app->options.bridges;
    struct route_query *query;

    if (bridges == NULL || (query = calloc(1, sizeof(*query))) == NULL) {
        return false;
    }
    query->member = member;
    query->request = request;
    query->others.on_done = on_done;
    query->others.app = member->app;
    if (!bridges->operations->query(bridges, &query->others, topic)) {
        free(query);
        return false;
    }
    list_append(&member->queries, &query->in_member);
    return true;
}

void
route_query_add(struct route_member *member, uint32_t request, struct bytes topic)
{
    bool exists = route_app_has_listener(member->app, topic, member);

    if (exists || member->peer->is_bridge || !ask_others(member, request, topic)) {
        link_server_query_ack(member->peer->link, member->handle, request, exists);
    }
}

void
route_query_abandon(struct list_node *node)
{
    struct route_query *query = CONTAINER_OF(node, struct route_query, in_member);

    list_remove(&query->in_member);
    query->member = NULL;
}
