/* SPDX-License-Identifier: MIT */
/*
 * rest_access: who may use the REST interface, and on which hub. The key that has signed the token
 * tells the app; `application` does where several apps have one key.
 */
#ifndef HUBPLANE_SERVICE_REST_ACCESS_H
#define HUBPLANE_SERVICE_REST_ACCESS_H

#include "service/signalr/app.h"

struct rest_access {
    struct bytes token;       /* absent: no "Authorization: Bearer" */
    struct bytes path;        /* of the request, as sent */
    struct bytes hub;         /* in any case; may begin with "<application>_" */
    struct bytes application; /* the app's name in any case; absent = any */
    uint64_t wall_ms;
};

enum rest_access_verdict {
    REST_ACCESS_GRANTED,
    REST_ACCESS_DENIED,    /* 401 */
    REST_ACCESS_NO_HUB,    /* 404 */
    REST_ACCESS_AMBIGUOUS, /* 400: several apps have key and hub */
};

/** rest_access_check(apps, count, access, app, hub, why): The indexes of app and hub, or a sentence
 * ${why} not. */
MUST_CHECK enum rest_access_verdict rest_access_check(const struct app *apps, size_t count,
                                                      const struct rest_access *access, size_t *app,
                                                      size_t *hub, const char **why);
/** Whether an audience (a URL) means the request's path: scheme, host, port and query do not
 * matter, nor does case. */
bool rest_access_is_audience(struct bytes audience, struct bytes path);

#endif
