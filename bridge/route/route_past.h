/* SPDX-License-Identifier: MIT */
/*
 * route_past: a range of ids that this bridge no longer has, or never had: read from the log, and
 * what the log lacks from the histories of other bridges. Page by page.
 */
#ifndef HUBPLANE_BRIDGE_ROUTE_PAST_H
#define HUBPLANE_BRIDGE_ROUTE_PAST_H

#include "bridge/route/route_backplane.h"
#include "bridge/route/route_bridges.h"

/* Embedded in whoever asks. */
struct route_past {
    struct route_app *app;
    /* A message of the range, as it is on the channel; in any order, perhaps twice. */
    void (*on_entry)(struct route_past *past, struct bytes channel_message);
    /* A page has ended, with OK, BACKPLANE_DOWN or CANCELED (incomplete). ${is_last}: it was the
     * last one; else route_past_read() goes on. */
    void (*on_done)(struct route_past *past, enum status status, bool is_last);
    uint64_t from_id; /* of this page */
    uint64_t to_id;
    size_t limit; /* messages of the log in a page */

    /* Filled before on_done with OK. */
    uint64_t counter; /* the id counter after the read; 0 = unknown */
    uint64_t read_to; /* everything of the page up to it has been looked for */
    /* ids of the page up to it may be lost; those above that nobody brought do not exist */
    uint64_t lost_to;
    /* ids up to it were there once and nobody has them: where log and histories begin; 0 = none */
    uint64_t missing_to;

    struct route_log_read log;
    struct route_bridges_read bridges;
    uint64_t first_id;  /* that the log brought in this page; 0 = none */
    uint64_t next_id;   /* above all that the log brought in this page */
    uint64_t hole_from; /* the first id the log should have brought and did not; 0 = none */
    uint64_t hole_to;   /* the last one */
    uint64_t head_to;   /* the end of the hole that the page begins with; 0 = it does not */
    bool is_last;       /* of the log's pages */
    bool has_log_begun; /* an earlier page had something of the log */
};

/** Read the next page: from `from_id` the first time, then from where the last one ended. on_done
 * fires once, later. */
void route_past_read(struct route_past *past);
/** The same when there is no log. False: there is nobody to ask; on_done will not fire. */
MUST_CHECK bool route_past_read_bridges(struct route_past *past);

#endif
