/* SPDX-License-Identifier: MIT */
/*
 * redis_connection: one connection to Redis that comes back by itself: dialed, authenticated,
 * probed, replaced when it breaks or falls silent. Requests are pipelined and answered in order;
 * it speaks RESP3, so the same connection may also have subscriptions.
 * The bytes travel over common/net/stream; hiredis writes and reads them.
 */
#ifndef HUBPLANE_BRIDGE_REDIS_CONNECTION_H
#define HUBPLANE_BRIDGE_REDIS_CONNECTION_H

#include "common/base/bytes.h"
#include "common/net/loop.h"
#include "common/net/tls.h"

struct redisReply;
struct redis_connection;

enum {
    REDIS_DIAL_TIMEOUT_MS = 5000,
    REDIS_PROBE_MS = 2000, /* a PING this often */
    /* without a byte for this long, though answers are due: the connection is dead */
    REDIS_SILENCE_MS = 6000,
    REDIS_RETRY_FIRST_MS = 50,
    REDIS_RETRY_LIMIT_MS = 1000, /* a Redis that is back is found within a second */
    REDIS_ARGUMENTS_MAX = 256,
};

/* All views and pointers must outlive the connection. */
struct redis_options {
    const char *address; /* HOST:PORT, [IPv6]:PORT or unix:PATH */
    const char *user;    /* ACL user, NULL = the default one */
    /* read at every connect, so that a new password needs no restart; NULL = no AUTH */
    const char *password_file;
    uint64_t database;
    struct tls_context *tls; /* NULL = plain */
    const char *tls_server_name;
};

/* ${reply} NULL: the connection was lost before the answer came. Borrowed. */
typedef void (*redis_reply_fn)(void *context, const struct redisReply *reply);

/* Why a connection was lost. */
enum redis_loss {
    REDIS_LOSS_CLOSED,      /* by Redis, or the network */
    REDIS_LOSS_SILENT,      /* answers that were due did not come */
    REDIS_LOSS_REFUSED,     /* Redis said no, or what answers is no Redis */
    REDIS_LOSS_REPLICA,     /* it is not the primary (any more) */
    REDIS_LOSS_UNREACHABLE, /* it never came about */
    REDIS_LOSSES,
};

struct redis_connection_handler {
    /* Authenticated, and the database is selected: requests may be sent. */
    void (*on_ready)(void *owner);
    /* No longer ready, or could not become ready; every request has been told. It is being dialed
     * again. */
    void (*on_lost)(void *owner, enum redis_loss loss, const char *why);
    /* A message of a subscription. */
    void (*on_message)(void *owner, struct bytes channel, struct bytes message);
};

/** ${name}: "messages" or "log", for what is logged. Dials at once. OK, INVALID (the address) or
 * NO_MEMORY. */
MUST_CHECK enum status redis_connection_open(struct loop *loop, const struct redis_options *options,
                                             const char *name,
                                             const struct redis_connection_handler *handler,
                                             void *owner, struct redis_connection **out);
/** Requests under way are told NULL now; no handler is called any more. Never from inside a
 * callback of this connection. NULL does nothing. */
void redis_connection_close(struct redis_connection *connection);
bool redis_connection_is_ready(const struct redis_connection *connection);
/** OK: ${fn} will be called exactly once, later. BACKPLANE_DOWN when it is not ready, NO_MEMORY:
 * then never. ${arguments} are copied. */
MUST_CHECK enum status redis_connection_send(struct redis_connection *connection,
                                             const struct bytes *arguments, size_t count,
                                             redis_reply_fn fn, void *context);
/** Drop the connection and dial again, as when Redis says that it is a replica now. Never from
 * inside a callback of this connection but redis_reply_fn. */
void redis_connection_renew(struct redis_connection *connection, enum redis_loss loss,
                            const char *why);

#endif
