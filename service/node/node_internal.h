/* SPDX-License-Identifier: MIT */
/* node_internal: what the files that start, run and stop a node share; nobody else includes it. */
#ifndef HUBPLANE_SERVICE_NODE_INTERNAL_H
#define HUBPLANE_SERVICE_NODE_INTERNAL_H

#include "common/net/loop_thread.h"
#include "service/api/admin.h"
#include "service/api/rest_api.h"
#include "service/identity/client_limits.h"
#include "service/node/acceptor.h"
#include "service/node/bridge_link.h"
#include "service/node/client_sockets.h"
#include "service/node/node.h"
#include "service/node/node_report.h"
#include "service/node/node_watch.h"
#include "service/node/redis_doors.h"
#include "service/node/upstream_sockets.h"
#include "service/node/worker.h"
#include "service/platform/service_credentials.h"
#include "service/platform/service_event.h"
#include "service/platform/service_file.h"
#include "service/platform/service_system.h"
#include "service/upstream/upstream.h"

enum { NODE_STOP_HINT_MS = 3000 };

struct node;

struct node_worker {
    struct node *node;
    struct loop *loop;
    struct loop_thread *thread; /* NULL: worker 0, on the link loop */
    struct worker *worker;
};

/* Where stopping stands; each step starts the next from its callback. */
enum node_phase {
    NODE_RUNNING, /* or starting */
    NODE_CLOSING_ACCEPTOR,
    NODE_ABANDONED, /* instead, when starting has failed: no worker serves who has connected */
    NODE_DRAINING_WORKERS,
    NODE_FLUSHING_SPOOL,
    NODE_CLOSING_DOORS,
    NODE_CLOSING_LINK,
    NODE_CLOSING_ADMIN,
};

struct node {
    const struct service_options *options;
    struct log *log;
    struct service_host *host;
    enum node_phase phase;
    int exit_code;
    struct metrics metrics;
    atomic_bool is_paused;
    char name[SERVICE_SYSTEM_NAME_BYTES];
    struct tls_context *link_tls;
    struct tls_context *client_tls;
    struct loop *loop; /* of the link and of worker 0 */
    struct node_worker *workers;
    size_t worker_count;
    size_t draining_count;
    struct client_limits *limits;        /* shared by the workers, as is the next */
    struct client_limits *socket_limits; /* the same for bare sockets */
    struct backplane *backplane;
    struct upstream_sockets *upstream_sockets;
    struct upstreams *upstreams;
    struct loop_turn_task flush;
    struct bridge_link *link;
    struct acceptor *acceptor;
    /* The admin listener, on the link loop. */
    struct acceptor *admin_acceptor;
    struct admin admin;
    struct node_report report;
    struct rest_api *rest;
    struct http_server admin_server;
    struct client_sockets admin_sockets;
    struct redis_doors *doors; /* the Redis endpoint, on the link loop; NULL = none */
    struct timer stop_timer;
    uint64_t stop_deadline_ms;
    uint32_t drain_timeout_ms; /* may change while running */
    const struct node_reload *reload;
    struct node_watch watch;
};

/* node_start.c */

/** Make and open everything, in order. On failure what is open stays open, for node_abandon(). The
 * log says why. */
MUST_CHECK enum status node_start(struct node *node);
/** The threads of the workers besides worker 0; nothing fails after it. */
MUST_CHECK enum status node_start_threads(struct node *node);

/** Read a credential or certificate file; the log says what is wrong with it. */
MUST_CHECK enum status node_load_tls(struct node *node, const char *path,
                                     enum service_credentials_kind kind, struct tls_context **out);

/** What the options say about clients and their addresses. */
struct client_limits_options node_client_limits(const struct service_section *service);
struct client_limits_options node_socket_limits(const struct service_section *service);

/* node_stop.c */

/** Begin to stop: acceptors, workers, spool, Redis endpoint, link, admin, loops. Idempotent. */
void node_stop(struct node *node);
/** Starting failed before any thread ran: close what is open. */
void node_abandon(struct node *node);
/** All admin clients are gone: the last step of stopping. */
void node_on_admin_empty(void *owner);

#endif
