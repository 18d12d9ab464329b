/* SPDX-License-Identifier: MIT */
/* redis_subscribing: channels of a session. The channel of an app carries every frame of the farm,
 * as Redis itself would show it. */
#include <stdlib.h>

#include "service/redis_endpoint/redis_state.h"

/* Clients subscribe to it to learn of another master; there is none. */
static const struct bytes quiet_channel = {(const uint8_t *)"__Booksleeve_MasterChanged",
                                           sizeof("__Booksleeve_MasterChanged") - 1};

static struct redis_subscription *
find(const struct redis_session *session, struct bytes channel)
{
    LIST_FOR_EACH (node, &session->subscriptions) {
        struct redis_subscription *subscription =
            CONTAINER_OF(node, struct redis_subscription, of_session);
        if (bytes_equal(subscription->channel, channel)) {
            return subscription;
        }
    }
    return NULL;
}

/* "subscribe" or "unsubscribe", the channel, how many are left. */
static void
write_count(struct redis_session *session, const char *what, struct bytes channel)
{
    resp_write_push(&session->reply, session->version, 3);
    resp_write_bulk(&session->reply, bytes_from_string(what));
    if (channel.data == NULL) {
        resp_write_null(&session->reply, session->version);
    } else {
        resp_write_bulk(&session->reply, channel);
    }
    resp_write_integer(&session->reply, session->subscription_count);
}

static void
leave(struct redis_subscription *subscription)
{
    struct redis_session *session = subscription->session;
    struct redis_app *app = subscription->app;

    list_remove(&subscription->of_session);
    if (subscription->is_confirmed) {
        session->subscription_count--;
    } else {
        session->unconfirmed_count--;
    }
    if (app != NULL) {
        list_remove(&subscription->of_app);
        redis_endpoint_unlisten(app);
    }
    free(subscription);
}

void
redis_subscribing_leave_all(struct redis_session *session)
{
    LIST_FOR_EACH (node, &session->subscriptions) {
        leave(CONTAINER_OF(node, struct redis_subscription, of_session));
    }
}

static void
confirm(struct redis_subscription *subscription)
{
    struct redis_session *session = subscription->session;

    subscription->is_confirmed = true;
    session->unconfirmed_count--;
    session->subscription_count++;
    write_count(session, "subscribe", subscription->channel);
}

static void
fail_subscription(struct redis_subscription *subscription, const char *why)
{
    struct redis_session *session = subscription->session;

    leave(subscription);
    redis_session_fail(session, "ERR hubplane: not subscribed, %s", why);
}

/* Every subscription of a command is settled: say so, and go on. */
static void
end_waiting(struct redis_session *session)
{
    timer_stop(session->endpoint->options.timers, &session->subscribe_timer);
    redis_session_flush(session);
    redis_session_resume(session);
}

void
redis_subscribing_answered(struct redis_app *app, enum status status)
{
    LIST_FOR_EACH (node, &app->subscriptions) {
        struct redis_subscription *subscription =
            CONTAINER_OF(node, struct redis_subscription, of_app);
        struct redis_session *session = subscription->session;
        if (subscription->is_confirmed) {
            continue;
        }
        if (status == STATUS_OK) {
            confirm(subscription);
        } else {
            fail_subscription(subscription, "the bridge refuses this app; its log and that of the "
                                            "node say why");
        }
        if (session->unconfirmed_count == 0) {
            end_waiting(session);
        }
    }
}

static void
on_wait_over(struct timer *timer)
{
    struct redis_session *session = CONTAINER_OF(timer, struct redis_session, subscribe_timer);

    LIST_FOR_EACH (node, &session->subscriptions) {
        struct redis_subscription *subscription =
            CONTAINER_OF(node, struct redis_subscription, of_session);
        if (!subscription->is_confirmed) {
            fail_subscription(subscription, "no bridge has answered; try again");
        }
    }
    end_waiting(session);
}

static void
add(struct redis_session *session, struct redis_app *app, struct bytes channel)
{
    struct redis_subscription *subscription = calloc(1, sizeof(*subscription));

    if (subscription == NULL) {
        redis_session_fail(session, "ERR hubplane: out of memory");
        return;
    }
    *subscription = (struct redis_subscription){
        .session = session,
        .app = app,
        .channel = app != NULL ? bytes_from_string(app->options->key) : channel,
    };
    list_append(&session->subscriptions, &subscription->of_session);
    session->unconfirmed_count++;
    if (app != NULL) {
        list_append(&app->subscriptions, &subscription->of_app);
        redis_endpoint_listen(app);
    }
    if (app == NULL || app->state == REDIS_APP_LISTENING) {
        confirm(subscription);
    }
}

static void
subscribe(struct redis_session *session, struct bytes channel)
{
    struct redis_app *app = redis_endpoint_find_app(session, channel);

    if (find(session, channel) != NULL) {
        write_count(session, "subscribe", channel);
    } else if (app != NULL) {
        add(session, app, channel);
    } else if (bytes_equal(channel, quiet_channel)) {
        add(session, NULL, quiet_channel);
    } else {
        redis_endpoint_refuse_key(session, channel);
    }
}

void
redis_subscribing_subscribe(struct redis_session *session, const struct resp_command *command)
{
    for (size_t i = 1; i < command->count; i++) {
        subscribe(session, command->arguments[i]);
    }
    if (session->unconfirmed_count > 0) {
        timer_start(session->endpoint->options.timers, &session->subscribe_timer,
                    REDIS_ENDPOINT_WAIT_MS, on_wait_over);
    }
}

void
redis_subscribing_unsubscribe(struct redis_session *session, const struct resp_command *command)
{
    if (command->count == 1 && list_is_empty(&session->subscriptions)) {
        write_count(session, "unsubscribe", BYTES_NONE);
    }
    for (size_t i = 1; i < command->count; i++) {
        struct redis_subscription *subscription = find(session, command->arguments[i]);
        if (subscription != NULL) {
            leave(subscription);
        }
        /* Of an empty name, too: the view is not absent. */
        write_count(session, "unsubscribe", command->arguments[i]);
    }
    if (command->count > 1) {
        return;
    }
    LIST_FOR_EACH (node, &session->subscriptions) {
        struct redis_subscription *subscription =
            CONTAINER_OF(node, struct redis_subscription, of_session);
        struct bytes channel = subscription->channel;
        leave(subscription);
        write_count(session, "unsubscribe", channel);
    }
}

/* "message", the channel, "id frame": one payload for all who listen in that version. */
static struct payload *
encode(const struct redis_app *app, uint64_t id, const struct payload *frame,
       enum resp_version version)
{
    struct buffer message, number;
    struct payload *payload = NULL;

    buffer_init(&message, SIZE_MAX);
    buffer_init(&number, 32);
    buffer_append_uint64(&number, id);
    buffer_append_byte(&number, ' ');
    resp_write_push(&message, version, 3);
    resp_write_bulk(&message, BYTES("message"));
    resp_write_bulk(&message, bytes_from_string(app->options->key));
    resp_write_bulk_header(&message, number.length + frame->length);
    buffer_append(&message, buffer_bytes(&number));
    buffer_append(&message, payload_bytes(frame));
    buffer_append_string(&message, "\r\n");
    if (message.status == STATUS_OK && number.status == STATUS_OK) {
        payload = payload_from(buffer_bytes(&message));
    }
    buffer_deinit(&number);
    buffer_deinit(&message);
    return payload;
}

void
redis_subscribing_deliver(struct redis_app *app, uint64_t id, struct payload *frame)
{
    struct payload *encoded[RESP_VERSION_3 + 1] = {NULL};

    LIST_FOR_EACH (node, &app->subscriptions) {
        struct redis_subscription *subscription =
            CONTAINER_OF(node, struct redis_subscription, of_app);
        struct redis_session *session = subscription->session;
        if (!subscription->is_confirmed || session->is_finished) {
            continue;
        }
        struct payload **message = &encoded[session->version];
        if (*message == NULL) {
            *message = encode(app, id, frame, session->version);
        }
        if (*message == NULL) {
            /* A hole would be taken for silence: let the client start over. */
            session->is_finished = true;
            sink_close(session->sink, "out-of-memory");
        } else {
            sink_write(session->sink, payload_whole(*message));
        }
    }
    payload_unref(encoded[RESP_VERSION_2]);
    payload_unref(encoded[RESP_VERSION_3]);
}
