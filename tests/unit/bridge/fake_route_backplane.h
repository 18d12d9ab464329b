/* SPDX-License-Identifier: MIT */
/*
 * fake_route_backplane: a store in memory that a test can make late, deaf, forgetful or broken. It
 * behaves as the publish script does: sequences, ids, log. Everything it has to tell is told by
 * fake_route_run(), never from inside a call.
 */
#ifndef HUBPLANE_TESTS_UNIT_BRIDGE_FAKE_ROUTE_BACKPLANE_H
#define HUBPLANE_TESTS_UNIT_BRIDGE_FAKE_ROUTE_BACKPLANE_H

#include "bridge/route/route_backplane.h"

enum { FAKE_ROUTE_LOG_MAX = 4096, FAKE_ROUTE_INSTANCES_MAX = 8 };

struct fake_log_entry {
    uint64_t id;
    struct payload *message;
};

struct fake_route_backplane {
    struct route_backplane base;
    struct route_channel channel;
    const struct route_channel_handler *handler;
    void *owner;

    /* Settings. */
    uint64_t counter;
    uint64_t log_limit;
    bool is_stuck;    /* batches and reads wait */
    bool is_log_down; /* reads fail */
    /* messages with ids up to it are published and logged, but not heard */
    uint64_t deaf_to;
    bool forgets_log; /* nothing is logged */
    /* of the next batch, after `good` of its messages; ROUTE_PUBLISHED = all */
    enum route_outcome next_outcome;
    uint64_t good;
    const char *next_text;

    struct list batches;
    struct list reads;
    struct fake_log_entry log[FAKE_ROUTE_LOG_MAX];
    size_t log_count;
    struct {
        uint8_t instance[SIGNALR_INSTANCE_BYTES];
        uint64_t last;
    } sequences[FAKE_ROUTE_INSTANCES_MAX];
    size_t batch_count; /* ever */
    size_t read_count;
    size_t appended_count; /* calls of append_log */
};

void fake_route_init(struct fake_route_backplane *fake);
void fake_route_deinit(struct fake_route_backplane *fake);
/** Tell what is due: results of batches and reads. False when there was nothing. */
bool fake_route_run(struct fake_route_backplane *fake);
/** Subscribed and open: the counter as it is. */
void fake_route_connect(struct fake_route_backplane *fake);
/** A .NET node publishes ${frame} under the next id: heard, not logged. */
uint64_t fake_route_publish_foreign(struct fake_route_backplane *fake, struct bytes frame);
/** ${frame} comes through the channel under any id. */
void fake_route_hear(struct fake_route_backplane *fake, uint64_t id, struct bytes frame);
/** Put a message into the log. */
void fake_route_log(struct fake_route_backplane *fake, uint64_t id, struct bytes frame);

#endif
