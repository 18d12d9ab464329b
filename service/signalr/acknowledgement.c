/* SPDX-License-Identifier: MIT */
#include "service/signalr/acknowledgement.h"

#include <stdlib.h>

#include "common/base/crypto.h"
#include "service/signalr/topic_name.h"

struct acknowledgement {
    struct worker_app *app;
    acknowledgement_fn fn; /* NULL = canceled */
    void *owner;
    uint64_t due_ms;
    bool is_publishing; /* the publish has not been answered yet: the memory must stay */
    bool is_done;       /* out of the table */
    char id[CRYPTO_GUID_TEXT_BYTES + 1];
};

static struct bytes
id_of(const struct acknowledgement *acknowledgement)
{
    return bytes_from(acknowledgement->id, CRYPTO_GUID_TEXT_BYTES);
}

/* Take it out of the table; the memory goes when the publish has been answered too. */
static void
retire(struct acknowledgement *acknowledgement)
{
    if (!acknowledgement->is_done) {
        struct worker_app *app = acknowledgement->app;
        map_remove(&app->acknowledgements, id_of(acknowledgement));
        worker_app_count(app, app->context->metrics.acks_pending, -1);
        acknowledgement->is_done = true;
    }
    if (!acknowledgement->is_publishing) {
        free(acknowledgement);
    }
}

static void
complete(struct acknowledgement *acknowledgement, enum status status)
{
    acknowledgement_fn fn = acknowledgement->fn;
    void *owner = acknowledgement->owner;

    retire(acknowledgement);
    if (fn != NULL) {
        fn(owner, status);
    }
}

static void
on_published(void *owner, enum status status, uint64_t id)
{
    struct acknowledgement *acknowledgement = owner;

    (void)id;
    acknowledgement->is_publishing = false;
    if (acknowledgement->is_done) {
        free(acknowledgement);
    } else if (status != STATUS_OK || acknowledgement->fn == NULL) {
        complete(acknowledgement, status);
    }
}

/* One that is in the table, but has published nothing yet. */
static struct acknowledgement *
make(struct worker_app *app, acknowledgement_fn fn, void *owner)
{
    struct acknowledgement *acknowledgement = calloc(1, sizeof(*acknowledgement));

    if (acknowledgement == NULL) {
        return NULL;
    }
    acknowledgement->app = app;
    acknowledgement->fn = fn;
    acknowledgement->owner = owner;
    acknowledgement->due_ms = app->context->clock->now_ms + ACKNOWLEDGEMENT_WAIT_MS;
    crypto_guid(acknowledgement->id);
    if (map_put(&app->acknowledgements, id_of(acknowledgement), acknowledgement) != STATUS_OK) {
        free(acknowledgement);
        return NULL;
    }
    worker_app_count(app, app->context->metrics.acks_pending, 1);
    return acknowledgement;
}

static void
publish(struct acknowledgement *acknowledgement, struct signalr_message *message)
{
    struct worker_app *app = acknowledgement->app;

    message->command_id = id_of(acknowledgement);
    message->waits_for_ack = true;
    acknowledgement->is_publishing = true;
    backplane_publish(app->context->port, app->app->handle, message, on_published, acknowledgement);
    if (!timer_is_running(&app->acknowledgements_timer)) {
        timer_start(app->context->timers, &app->acknowledgements_timer, ACKNOWLEDGEMENT_CHECK_MS,
                    acknowledgement_check);
    }
}

enum status
acknowledgement_ask(struct worker_app *app, struct signalr_message *message, acknowledgement_fn fn,
                    void *owner, struct acknowledgement **out)
{
    struct acknowledgement *acknowledgement = make(app, fn, owner);

    if (acknowledgement == NULL) {
        return STATUS_NO_MEMORY;
    }
    publish(acknowledgement, message);
    *out = acknowledgement;
    return STATUS_OK;
}

enum status
acknowledgement_request(struct worker_app *app, struct bytes connection_id,
                        struct signalr_command *command, acknowledgement_fn fn, void *owner,
                        struct acknowledgement **out)
{
    struct acknowledgement *acknowledgement = make(app, fn, owner);
    struct buffer text;

    if (acknowledgement == NULL) {
        return STATUS_NO_MEMORY;
    }
    command->id = id_of(acknowledgement);
    command->waits_for_ack = true;
    buffer_init(&text, 2 * TOPIC_NAME_BYTES_MAX);
    topic_name_append(&text, TOPIC_NAME_CONNECTION, BYTES(""), connection_id);
    size_t topic_length = text.length;
    signalr_command_encode(command, &text);
    enum status status = text.status;
    if (status == STATUS_OK) {
        struct bytes all = buffer_bytes(&text);
        struct signalr_message message = {.source = connection_id,
                                          .topic = bytes_slice(all, 0, topic_length),
                                          .value = bytes_after(all, topic_length)};
        publish(acknowledgement, &message);
        if (out != NULL) {
            *out = acknowledgement;
        }
    } else {
        retire(acknowledgement);
    }
    buffer_deinit(&text);
    return status;
}

void
acknowledgement_cancel(struct acknowledgement *acknowledgement)
{
    acknowledgement->fn = NULL;
    if (!acknowledgement->is_publishing) {
        retire(acknowledgement);
    }
}

bool
acknowledgement_is_published(const struct acknowledgement *acknowledgement)
{
    return !acknowledgement->is_publishing;
}

void
acknowledgement_publish(const struct connection *connection, struct bytes command_id)
{
    const struct worker_app *app = connection->app;
    struct signalr_message message = {.source = connection_id(connection),
                                      .topic = BYTES(TOPIC_NAME_SERVER_TEXT),
                                      .value = BYTES(""),
                                      .command_id = command_id,
                                      .is_ack = true};

    backplane_publish(app->context->port, app->app->handle, &message, NULL, NULL);
}

void
acknowledgement_receive(struct worker_app *app, struct bytes command_id)
{
    struct acknowledgement *acknowledgement = map_get(&app->acknowledgements, command_id);

    if (acknowledgement != NULL) {
        complete(acknowledgement, STATUS_OK);
    } else {
        worker_app_count(app, app->context->metrics.unmatched_acknowledgements, 1);
    }
}

/* The first one that is due, or NULL. The table is looked through anew each time, since a callback
 * may change it. */
static struct acknowledgement *
find_due(const struct worker_app *app)
{
    for (struct map_entry *entry = map_first(&app->acknowledgements); entry != NULL;
         entry = map_next(entry)) {
        struct acknowledgement *acknowledgement = map_entry_value(entry);
        /* Until the farm has taken it, or has not, its answer is that of the publish. */
        if (!acknowledgement->is_publishing &&
            acknowledgement->due_ms <= app->context->clock->now_ms) {
            return acknowledgement;
        }
    }
    return NULL;
}

void
acknowledgement_check(struct timer *timer)
{
    struct worker_app *app = CONTAINER_OF(timer, struct worker_app, acknowledgements_timer);
    struct acknowledgement *due;

    while ((due = find_due(app)) != NULL) {
        worker_app_count(app, app->context->metrics.join_time_outs, 1);
        complete(due, STATUS_NOT_FOUND);
    }
    if (map_count(&app->acknowledgements) > 0) {
        timer_start(app->context->timers, timer, ACKNOWLEDGEMENT_CHECK_MS, acknowledgement_check);
    }
}

void
acknowledgement_drop_all(struct worker_app *app)
{
    struct map_entry *entry;

    while ((entry = map_first(&app->acknowledgements)) != NULL) {
        struct acknowledgement *acknowledgement = map_entry_value(entry);
        acknowledgement->is_publishing = false; /* no answer reaches this worker any more */
        complete(acknowledgement, STATUS_CANCELED);
    }
}
