/* SPDX-License-Identifier: MIT */
/* link_client: the node's end of a link (PROTOCOL.md). Bytes in, a sink out; no sockets. */
#ifndef HUBPLANE_WIRE_LINK_CLIENT_H
#define HUBPLANE_WIRE_LINK_CLIENT_H

#include "common/wire/link.h"

struct link_client;

/*
 * Told to the owner from inside link_client_receive(), link_client_closed() or a timer, never from
 * inside a request; views live during the call only. Requests may be made from inside a callback;
 * link_client_free() may not: defer it.
 */
struct link_client_handler {
    /* Open the apps now. on_credit with the first credit follows at once. */
    void (*on_welcome)(void *owner, const struct link_identity *bridge);
    /* Now, and not before, anything else may be sent for the app. */
    void (*on_opened)(void *owner, uint16_t app, const struct link_opened *opened);
    /* The bridge refuses the app: text says why. */
    void (*on_open_refused)(void *owner, uint16_t app, enum status status, struct bytes text);
    /* Every sequence up to this one is published; ${id} is that of ${sequence}, 0 when a retry was
     * skipped. */
    void (*on_published)(void *owner, uint16_t app, uint64_t sequence, uint64_t id);
    void (*on_refused)(void *owner, uint16_t app, uint64_t sequence, enum status status,
                       struct bytes text);
    /* Topics of that INTEREST are complete from (not including) ${position} on. */
    void (*on_interest_ack)(void *owner, uint16_t app, uint32_t request, uint64_t position);
    /* ${frame} starts at the i32 body length (signalr_message_open), with trailer. ${request} is 0
     * for live messages. */
    void (*on_deliver)(void *owner, uint16_t app, uint32_t request, uint64_t id, struct bytes frame,
                       bool is_foreign);
    /* ${missing_to}: ids up to it (after the asked since) are no longer retained; 0 = nothing is
     * missing. */
    void (*on_replayed)(void *owner, uint16_t app, uint32_t request, uint64_t position,
                        uint64_t missing_to);
    void (*on_gap)(void *owner, uint16_t app, uint64_t from, uint64_t to);
    void (*on_query_ack)(void *owner, uint16_t app, uint32_t request, bool exists);
    void (*on_state)(void *owner, uint16_t app, enum link_backplane_state state, struct bytes text);
    void (*on_secrets)(void *owner, uint16_t app, size_t count,
                       const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES]);
    /* Everything up to ${position} that concerns this node has been delivered. From PING only: a
     * live on_deliver and on_interest_ack say the same of their id. */
    void (*on_position)(void *owner, uint16_t app, uint64_t position);
    /* Granted besides what was left: link_client_send_credit() has the sum. */
    void (*on_credit)(void *owner, uint64_t bytes);
    /* What bridges have in common (PROTOCOL.md 3.6). NULL = skip it, as nodes do. */
    void (*on_share)(void *owner, struct bytes name, struct bytes content);
    /* The bridge drains; ${others} are addresses joined with ','. */
    void (*on_goaway)(void *owner, struct bytes reason, struct bytes others);
    /* The link is of no more use and its sink has been finished (an ERROR may still be on its way
     * out: leave it to its own end) or closed; exactly once, always the last call. The owner logs;
     * ${reason} is a sentence and lives until free. */
    void (*on_failed)(void *owner, enum status status, const char *reason);
};

/** link_client_new(sink, timers, log, self, handler, owner, out): Send HELLO at once. ${sink},
 * ${timers}, ${log},
 *  ${handler} and ${self}'s views must outlive it. OK or NO_MEMORY. */
MUST_CHECK enum status link_client_new(struct sink *sink, struct timers *timers, struct log *log,
                                       const struct link_identity *self,
                                       const struct link_client_handler *handler, void *owner,
                                       struct link_client **out);
/** Silent: no callback fires. The sink stays the caller's. NULL does nothing. Never from inside a
 * callback of this link. */
void link_client_free(struct link_client *link);
/** Bytes from the bridge. Do not pause the reading side for long: silence is death. Credit does
 * that job. */
void link_client_receive(struct link_client *link, struct bytes input);
/** The stream under the sink has ended: on_failed fires inside this call unless it has fired
 * before. */
void link_client_closed(struct link_client *link, enum status status, const char *reason);

/* Requests. Each writes to the sink at once; nothing is kept for a retry (the caller's spool does
 * that). After a failure they do nothing. Texts are at most LINK_TEXT_MAX_BYTES; a longer topic is
 * left out and logged as an error. */

/** ${last_seen_id} 0 = none; ${acknowledged_sequence}: the highest this instance was told PUBLISHED
 * for. */
void link_client_open_app(struct link_client *link, uint16_t app, struct bytes key,
                          uint64_t last_seen_id, uint64_t acknowledged_sequence);
/** ${frame} is a whole payload (signalr_message_encode, without trailer), sent by reference. NULL,
 * or one longer than link_client_frame_max(), gives the sequence up: on_refused follows. Only while
 * link_client_send_credit() > 0. */
void link_client_publish(struct link_client *link, uint16_t app, uint64_t sequence,
                         struct payload *frame);
/** Payload bytes that may be published; the last PUBLISH may overdraw it, so it can be negative. */
int64_t link_client_send_credit(const struct link_client *link);
/** The longest frame the bridge takes; 0 before on_welcome. */
size_t link_client_frame_max(const struct link_client *link);
/** Removes, then adds; ${request} (not 0) is echoed by one on_interest_ack, with 0 there is none.
 */
void link_client_interest(struct link_client *link, uint16_t app, uint32_t request,
                          const struct bytes *added, size_t added_count,
                          const struct bytes *removed, size_t removed_count);
/** All topics in one envelope, else the link fails with LIMIT: ask link_client_replay_fits() first.
 */
void link_client_replay(struct link_client *link, uint16_t app, uint32_t request,
                        const struct link_topic *topics, size_t count);
/** Of every topic, the messages with ${from_id} <= id <= ${to_id}. */
void link_client_replay_range(struct link_client *link, uint16_t app, uint32_t request,
                              uint64_t from_id, uint64_t to_id);
/** Whether the bridge takes so many topics in one REPLAY. */
bool link_client_replay_fits(const struct link_client *link, const struct link_topic *topics,
                             size_t count);
void link_client_query(struct link_client *link, uint16_t app, uint32_t request,
                       struct bytes topic);
/** Grant the bridge more payload bytes to deliver: those of each on_deliver that has been dealt
 * with. */
void link_client_credit(struct link_client *link, uint64_t bytes);
void link_client_goaway(struct link_client *link, struct bytes reason);
/** Only for the link of a bridge to another. ${content} is copied. */
void link_client_share(struct link_client *link, struct bytes name, struct bytes content);

#endif
