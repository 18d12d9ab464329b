/* SPDX-License-Identifier: MIT */
/* rest_route: which operation a request to the REST interface asks for (rest_operation.def), and of
 * what. */
#ifndef HUBPLANE_SERVICE_REST_ROUTE_H
#define HUBPLANE_SERVICE_REST_ROUTE_H

#include "service/http/http_request.h"

enum rest_operation {
    REST_HEALTH,    /* HEAD /api/health */
    REST_DOCUMENT,  /* GET /api/openapi.json */
    REST_SEND,      /* a message to all, a group, a user or a connection */
    REST_EXISTS,    /* whether anybody is there */
    REST_IS_MEMBER, /* whether a user is in a group */
    REST_JOIN,      /* a connection's group */
    REST_LEAVE,
    REST_LEAVE_ALL,
    REST_USER_JOIN, /* of all connections a user has */
    REST_USER_LEAVE,
    REST_USER_LEAVE_ALL,
    REST_CLOSE_ONE, /* a connection */
    REST_CLOSE_MANY,
};

/* Names are decoded; absent (BYTES_NONE) where the operation has none. */
struct rest_route {
    enum rest_operation operation;
    bool is_version_1;
    struct bytes hub, connection, group, user;
};

/**
 * rest_route_find(method, path, storage, out):
 * Read method and path (still percent-encoded).
 *   Owns:     decoded names are appended to ${storage}; ${out} points there and lives until it changes.
 *   Returns:  OK;  NOT_FOUND - no such operation;  INVALID - a name that cannot be one: ${problem} is a
 *             sentence;  LIMIT, NO_MEMORY.
 *   Source:   fuzzed by tests/fuzz/fuzz_rest_route.c.
 */
MUST_CHECK enum status rest_route_find(enum http_method method, struct bytes path,
                                       struct buffer *storage, struct rest_route *out,
                                       const char **problem);

#endif
