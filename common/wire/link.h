/* SPDX-License-Identifier: MIT */
/*
 * link: what both ends of a link share: the handshake versions, the decoded payloads, keep-alive.
 * The ends themselves are link_client (the node) and link_server (the bridge). No sockets: bytes
 * in, a sink out, timers of the caller.
 */
#ifndef HUBPLANE_WIRE_LINK_H
#define HUBPLANE_WIRE_LINK_H

#include "common/base/log.h"
#include "common/base/sink.h"
#include "common/base/timer.h"
#include "common/wire/envelope.h"

enum {
    LINK_VERSION_MIN = 1,
    LINK_VERSION_MAX = 1,
    LINK_KEEPALIVE_MS = 2000,            /* our PING after this much silence of ours */
    LINK_DEAD_MS = 6000,                 /* without any byte of theirs the link is dead */
    LINK_CREDIT_BYTES = 4 * 1024 * 1024, /* what each end grants the other in HELLO and WELCOME */
    LINK_APPS_MAX = 256,                 /* open on one link */
    LINK_TEXT_MAX_BYTES = 65535,         /* topics, keys and sentences */
};

/* The backplane as a bridge sees it, per app. */
enum link_backplane_state {
    LINK_BACKPLANE_OPEN = 1,      /* publishes go through */
    LINK_BACKPLANE_BUFFERING = 2, /* Redis is away: publishes wait in the node's spool */
    LINK_BACKPLANE_CLOSED = 3,    /* configuration error: publishes are refused */
};

/* Who is at one end. */
struct link_identity {
    uint8_t instance[ENVELOPE_INSTANCE_BYTES]; /* random at process start */
    struct bytes name;                         /* "web01", from the configuration or certificate */
    struct bytes software;                     /* "hubplane-service 0.1.0" */
};

struct link_topic {
    struct bytes topic;
    uint64_t since; /* REPLAY: messages with a larger id are wanted */
};

struct link_opened {
    uint64_t current_id; /* everything after it will be delivered */
    uint64_t oldest_id;  /* of the bridge's history; replay before it may be impossible */
    /* the highest publish sequence of this instance the bridge knows to be published */
    uint64_t last_sequence;
    enum link_backplane_state state;
    size_t secret_count; /* 1 or 2: current, previous */
    uint8_t secrets[2][ENVELOPE_SECRET_BYTES];
};

#endif
