/* SPDX-License-Identifier: MIT */
/*
 * admin_server: answers GET on a loopback address, for monitors and for "hubplane-bridge status":
 * one request a connection, a few connections at once, a few seconds each. The node's HTTP server
 * does far more than is needed here.
 */
#ifndef HUBPLANE_BRIDGE_ADMIN_SERVER_H
#define HUBPLANE_BRIDGE_ADMIN_SERVER_H

#include "common/base/bytes.h"
#include "common/net/loop.h"

enum {
    ADMIN_CONNECTIONS_MAX = 32,
    ADMIN_TIMEOUT_MS = 5000,
    ADMIN_BODY_MAX_BYTES = 16 * 1024 * 1024
};

struct admin_server;

/* What to answer; the handler appends to the body, which is empty. */
struct admin_answer {
    uint16_t status; /* 200, 404, 503 */
    const char *content_type;
    struct buffer body;
};

/* ${path} is without query. */
typedef void (*admin_answer_fn)(void *owner, struct bytes path, struct admin_answer *answer);

/** Listen at ${address}. OK; ADDRESS_IN_USE, DENIED, INVALID, IO, NO_MEMORY. */
MUST_CHECK enum status admin_server_open(struct loop *loop, const char *address, admin_answer_fn fn,
                                         void *owner, struct admin_server **out);
/** The handler is not called any more; the memory goes later. NULL does nothing. */
void admin_server_close(struct admin_server *server);

#endif
