/* SPDX-License-Identifier: MIT */
/* bridge_apps: every app that is open on this bridge, by its key. An app is opened by the first
 * node that asks for it, and stays. */
#ifndef HUBPLANE_BRIDGE_APPS_H
#define HUBPLANE_BRIDGE_APPS_H

#include "bridge/bridge_options.h"
#include "bridge/route/route_app.h"

enum { BRIDGE_KEY_MAX_BYTES = 200 };

struct bridge_apps_options {
    const struct bridge_options *config;
    struct route_backplane *backplane;
    struct route_bridges *bridges; /* as in struct route_app_options */
    struct timers *timers;
    struct log *log;
    struct metrics *metrics;
    /* An app is there that was not there before. */
    void (*on_opened)(void *owner, struct route_app *app);
    void *owner;
};

struct bridge_apps {
    struct bridge_apps_options options;
    struct map by_key;       /* -> struct route_app */
    int64_t secrets_until_s; /* when the first previous secret ends; INT64_MAX = none does */
};

void bridge_apps_init(struct bridge_apps *apps, const struct bridge_apps_options *options);
/** Closes them; every node must have left. */
void bridge_apps_deinit(struct bridge_apps *apps);
/** The app ${key}, opened if need be. OK; INVALID, LIMIT, IO, NO_MEMORY with a sentence in
 * ${problem}. */
MUST_CHECK enum status bridge_apps_open(struct bridge_apps *apps, struct bytes key,
                                        struct route_app **out, struct buffer *problem);
/** Open every app that has a section of its own, so that its history begins at the start. OK, or as
 * bridge_apps_open(). */
MUST_CHECK enum status bridge_apps_open_configured(struct bridge_apps *apps,
                                                   struct buffer *problem);
/** Read the token secrets of every app anew and hand on those that have changed. */
void bridge_apps_refresh_secrets(struct bridge_apps *apps);

#endif
