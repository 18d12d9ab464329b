/* SPDX-License-Identifier: MIT */
/*
 * link_core: the inner part of both ends of a link: handshake, keep-alive, credit, writing
 * envelopes, failing once. Embedded first in link_client and link_server; nobody else includes
 * this.
 */
#ifndef HUBPLANE_WIRE_LINK_CORE_H
#define HUBPLANE_WIRE_LINK_CORE_H

#include "common/wire/link.h"

enum { LINK_CORE_REASON_BYTES = 256 };

struct link_core;

enum link_core_state {
    LINK_CORE_HANDSHAKE, /* the peer's HELLO or WELCOME has not come: section 3 of PROTOCOL.md */
    LINK_CORE_OPEN,      /* everything flows */
    LINK_CORE_FAILED,    /* the sink is finished or closed, the owner not yet told */
    LINK_CORE_TOLD,      /* on_failed has been called: nothing happens any more */
};

/* What tells a client from a server. */
struct link_core_role {
    enum envelope_kind first_kind; /* that must come first */
    /* Whether keep-alives go out each LINK_KEEPALIVE_MS, not only after that much silence of ours.
     */
    bool always_pings;
    /* The first envelope has been decoded: check the versions, answer, link_core_enter_open(), tell
     * the owner. */
    void (*on_first)(struct link_core *core, uint16_t version_min, uint16_t version_max,
                     const struct link_identity *peer);
    /* Any envelope of a known kind after the first, that the core does not deal with itself. */
    void (*on_envelope)(struct link_core *core, const struct envelope *envelope);
    void (*on_keepalive)(struct link_core *core);
    void (*on_credit)(struct link_core *core, uint64_t bytes);
    void (*on_failed)(struct link_core *core, enum status status, const char *reason);
};

struct link_core {
    const struct link_core_role *role;
    struct sink *sink;
    struct timers *timers;
    struct log *log;
    const struct link_identity *self;
    enum link_core_state state;
    enum status failure;
    char reason[LINK_CORE_REASON_BYTES];

    struct envelope_decoder decoder;
    struct timer tick;
    uint64_t last_sent_ms;
    uint64_t last_ping_ms;
    uint64_t last_received_ms;
    uint64_t dead_ms;
    bool is_suspect; /* overdue: one more turn of the loop may still bring bytes that are waiting */

    size_t peer_payload_max_bytes;
    int64_t send_credit;
    int64_t receive_credit;

    struct payload *chunk; /* small envelopes and headers are written here, one after the other */
    size_t chunk_used;
    struct buffer scratch; /* payloads that are put together from parts */
};

/** Starts the clock of the handshake. */
void link_core_init(struct link_core *core, const struct link_core_role *role, struct sink *sink,
                    struct timers *timers, struct log *log, const struct link_identity *self);
void link_core_deinit(struct link_core *core);
void link_core_receive(struct link_core *core, struct bytes input);
void link_core_closed(struct link_core *core, enum status status, const char *reason);
/** Whether anything may still be sent. */
bool link_core_is_alive(const struct link_core *core);

void link_core_enter_open(struct link_core *core);

/** HELLO or WELCOME. */
void link_core_send_first(struct link_core *core, enum envelope_kind kind, uint16_t version_min,
                          uint16_t version_max);
/** Copies the payload. Longer than the peer takes: the link fails with LIMIT. */
void link_core_send(struct link_core *core, const struct envelope *envelope);
/** The payload comes from ${body}, by reference when that is cheaper; charges the credit. */
void link_core_send_frame(struct link_core *core, const struct envelope *envelope,
                          struct payload_slice body);
/** An empty buffer for the payload of the next envelope; its contents go with
 * link_core_send_scratch(). */
struct buffer *link_core_scratch(struct link_core *core);
void link_core_send_scratch(struct link_core *core, struct envelope envelope);
/** ${text} cut to LINK_TEXT_MAX_BYTES, onto ${out}. */
void link_core_append_text(struct buffer *out, struct bytes text);
void link_core_send_ping(struct link_core *core, uint16_t app, uint64_t position);
/** SHARE; ${content} is copied. The copy is wiped, as it may be secret. */
void link_core_send_share(struct link_core *core, struct bytes name, struct bytes content);
/** Read a SHARE and tell ${on_share}, unless it is NULL; false when it is cut short. */
bool link_core_take_share(const struct envelope *envelope,
                          void (*on_share)(void *owner, struct bytes name, struct bytes content),
                          void *owner);
/** Grant credit to the peer. */
void link_core_send_credit(struct link_core *core, uint64_t bytes);
/** Charge what has been received; false when the peer had no credit: the link has failed. */
bool link_core_charge(struct link_core *core, const struct envelope *envelope);

/** link_core_fail(core, status, format, ...): Send ERROR, finish the sink; the owner is told at the
 * end of receive, of the tick, or in the next turn. The first failure wins. */
PRINTF_LIKE(3, 4)
void link_core_fail(struct link_core *core, enum status status, const char *format, ...);
/** The envelope breaks PROTOCOL.md: "DELIVER: ${why}". */
void link_core_breach(struct link_core *core, const struct envelope *envelope, const char *why);

/* Codes of ERROR and REFUSED (PROTOCOL.md 4.1). */
uint8_t link_core_code(enum status status);
enum status link_core_status(uint8_t code);

#endif
