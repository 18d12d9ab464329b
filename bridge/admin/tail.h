/* SPDX-License-Identifier: MIT */
/* tail: writes the messages of one app to standard output as they pass, until a signal. */
#ifndef HUBPLANE_BRIDGE_TAIL_H
#define HUBPLANE_BRIDGE_TAIL_H

#include "bridge/linux/daemon.h"
#include "common/net/loop.h"

struct tail;

/* Where the messages come from. */
struct tail_source {
    /* ${problem} receives a sentence on failure. */
    enum status (*open)(struct tail *tail, struct buffer *problem, void **source);
    void (*close)(void *source);
};

/* What a source needs to know, and where it hands the messages. */
struct tail {
    const struct bridge_options *options;
    struct bytes key;
    struct log log;
    struct loop *loop;
    enum exit_code code;
    struct buffer lines;
};

/** Run it: from Redis if one is configured, else from the bridge of this machine. */
enum exit_code tail_run(const struct bridge_options *options, const char *key);

/* For sources. */
void tail_message(struct tail *tail, uint64_t id, struct bytes frame);
/** It cannot go on: log the sentence and stop. */
void tail_fail(struct tail *tail, const char *reason);

extern const struct tail_source tail_redis_source;
extern const struct tail_source tail_link_source;

#endif
