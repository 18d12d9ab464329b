/* SPDX-License-Identifier: MIT */
/* redis_state: what the files of this folder share about the endpoint; nobody else includes it. */
#ifndef HUBPLANE_SERVICE_REDIS_STATE_H
#define HUBPLANE_SERVICE_REDIS_STATE_H

#include "common/base/list.h"
#include "service/redis_endpoint/redis_session.h"
#include "service/redis_endpoint/resp_decoder.h"
#include "service/redis_endpoint/resp_writer.h"
#include "service/redis_endpoint/signalr_script.h"

enum { REDIS_LEARNT_SCRIPTS = 16 };

/* Whether the node listens to every frame of an app. */
enum redis_app_state {
    REDIS_APP_SILENT,    /* nobody has subscribed */
    REDIS_APP_ASKED,     /* asked the backplane; the subscriptions wait */
    REDIS_APP_LISTENING, /* every frame from now on */
};

struct redis_app {
    struct redis_endpoint *endpoint;
    const struct redis_door_app *options;
    enum redis_app_state state;
    struct list subscriptions; /* redis_subscription.of_app */
    uint64_t last_id;          /* the farm has got at least this far; 0 = unknown */
    /* A publish was answered with an error: .NET servers send nothing more until they hear
     * something. */
    bool needs_wake;
    bool is_waking;
    struct timer wake_timer;
};

struct redis_subscription {
    struct list_node of_session;
    struct list_node of_app; /* unless ${app} is NULL */
    struct redis_session *session;
    struct redis_app *app; /* NULL: a channel on which nothing is ever said */
    struct bytes channel;  /* the app's key, or static text */
    bool is_confirmed;     /* the client has been told, so it may hear messages */
};

/* A publish under way, whose reply holds back those of later commands. */
struct redis_publish {
    struct list_node node; /* in the session's, or the endpoint's when the session is gone */
    struct redis_session *session; /* NULL: gone */
    struct redis_app *app;
    enum signalr_script script;
    struct payload *frame;
    bool is_done;
    enum status status;
    uint64_t id;
};

struct redis_session {
    struct list_node node;
    struct redis_endpoint *endpoint;
    size_t door;
    struct sink *sink;
    uint64_t id;
    enum resp_version version;
    bool is_authenticated;
    bool is_finished; /* nothing more is read or said */
    struct resp_decoder decoder;
    struct resp_command command;
    bool has_command;    /* decoded, waiting to be carried out */
    struct buffer held;  /* input behind it */
    struct buffer reply; /* of the present command */
    struct list publishes;
    struct list subscriptions;
    size_t subscription_count;
    size_t unconfirmed_count;
    struct timer subscribe_timer;
};

struct learnt_script {
    uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES];
    enum signalr_script kind;
};

struct redis_endpoint {
    struct redis_endpoint_options options;
    struct redis_app *apps;
    struct list sessions;
    struct list orphans; /* publishes of sessions that are gone */
    uint64_t next_session_id;
    bool is_draining;
    struct learnt_script learnt[REDIS_LEARNT_SCRIPTS]; /* SCRIPT LOAD of texts laid out anew */
    size_t learnt_count;                               /* ever; the oldest is overwritten */
    struct log_limit unknown_key_lines, unknown_script_lines, password_lines, failed_lines,
        behind_lines;
};

/* redis_endpoint.c */

/** The app of that key at the session's door, or NULL. */
struct redis_app *redis_endpoint_find_app(const struct redis_session *session, struct bytes key);
/** The reply to a command with a key that no app has, and a line of the log. */
void redis_endpoint_refuse_key(struct redis_session *session, struct bytes key);
void redis_endpoint_remember_script(struct redis_endpoint *endpoint,
                                    const uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES],
                                    enum signalr_script kind);
enum signalr_script redis_endpoint_find_script(const struct redis_endpoint *endpoint,
                                               struct bytes digest);
/** Start to listen to the app, or do so already; the subscriptions are told. */
void redis_endpoint_listen(struct redis_app *app);
/** Its last subscription may have left. */
void redis_endpoint_unlisten(struct redis_app *app);
/** A client was told that its publish failed. */
void redis_endpoint_note_failure(struct redis_app *app, enum status status);

/* redis_session.c */

/** Say what ${session}->reply holds. */
void redis_session_flush(struct redis_session *session);
/** "-ERR ..." as the reply of the present command. */
PRINTF_LIKE(2, 3) void redis_session_fail(struct redis_session *session, const char *format, ...);
/** Say ${reason} in the log and close once everything is sent. */
void redis_session_finish(struct redis_session *session, const char *reason);
void redis_session_authenticate(struct redis_session *session);
/** Go on with what had to wait. */
void redis_session_resume(struct redis_session *session);

/* redis_publishing.c */

/** Whether the command is a publish, which need not wait for those before it. */
bool redis_publishing_is_publish(const struct redis_session *session,
                                 const struct resp_command *command);
void redis_publishing_eval(struct redis_session *session, const struct resp_command *command);
void redis_publishing_evalsha(struct redis_session *session, const struct resp_command *command);
void redis_publishing_script(struct redis_session *session, const struct resp_command *command);
/** The session is gone: its publishes go on without it. */
void redis_publishing_abandon(struct redis_session *session);
void redis_publishing_free(struct redis_publish *publish);

/* redis_subscribing.c */

void redis_subscribing_subscribe(struct redis_session *session, const struct resp_command *command);
void redis_subscribing_unsubscribe(struct redis_session *session,
                                   const struct resp_command *command);
/** The app is being listened to (OK), or cannot be. */
void redis_subscribing_answered(struct redis_app *app, enum status status);
void redis_subscribing_deliver(struct redis_app *app, uint64_t id, struct payload *frame);
void redis_subscribing_leave_all(struct redis_session *session);

/* redis_command.c */

void redis_command_run(struct redis_session *session, const struct resp_command *command);

#endif
