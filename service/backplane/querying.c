/* SPDX-License-Identifier: MIT */
/* querying: does anyone in the farm listen to a topic? This node's own listeners are known here,
 * the others' to the bridge. */
#include <stdlib.h>

#include "service/backplane/backplane_internal.h"

struct pending_query {
    struct list_node node;
    struct port_command *command;
    uint32_t request;
};

static void
answer(struct backplane_app *app, struct port_command *command, enum status status, bool exists)
{
    struct port_event *event =
        worker_outbox_add(&app->backplane->outboxes[command->worker], PORT_QUERIED, app->handle);

    event->request = command->request;
    event->as.queried.status = status;
    event->as.queried.exists = exists;
    free(command);
    backplane_schedule_flush(app->backplane);
}

void
querying_add(struct backplane_app *app, struct port_command *command)
{
    const struct interested_topic *topic =
        topic_interest_find(&app->interest, command->topics[0].topic);

    if (topic != NULL && topic->users > 0) {
        answer(app, command, STATUS_OK, true);
        return;
    }
    if (app->phase != APP_LINKED) {
        answer(app, command, STATUS_BACKPLANE_DOWN, false);
        return;
    }
    struct pending_query *pending = calloc(1, sizeof(*pending));
    if (pending == NULL) {
        answer(app, command, STATUS_NO_MEMORY, false);
        return;
    }
    pending->command = command;
    pending->request = app->next_request++;
    list_append(&app->queries, &pending->node);
    link_client_query(app->backplane->link, app->handle, pending->request,
                      command->topics[0].topic);
}

static void
end_query(struct backplane_app *app, struct pending_query *pending, enum status status, bool exists)
{
    answer(app, pending->command, status, exists);
    list_remove(&pending->node);
    free(pending);
}

void
querying_answer(struct backplane_app *app, uint32_t request, bool exists)
{
    LIST_FOR_EACH (node, &app->queries) {
        struct pending_query *pending = CONTAINER_OF(node, struct pending_query, node);
        if (pending->request == request) {
            end_query(app, pending, STATUS_OK, exists);
            return;
        }
    }
}

void
querying_unlinked(struct backplane_app *app)
{
    LIST_FOR_EACH (node, &app->queries) {
        end_query(app, CONTAINER_OF(node, struct pending_query, node), STATUS_BACKPLANE_DOWN,
                  false);
    }
}
