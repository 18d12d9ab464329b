/* SPDX-License-Identifier: MIT */
/* link_server: the bridge's end of a link (PROTOCOL.md). Bytes in, a sink out; no sockets. */
#ifndef HUBPLANE_WIRE_LINK_SERVER_H
#define HUBPLANE_WIRE_LINK_SERVER_H

#include "common/wire/link.h"

struct link_server;

/*
 * Told to the owner from inside link_server_receive(), link_server_closed() or a timer, never from
 * inside another call; views live during the call only. Anything may be sent from inside a
 * callback; link_server_free() may not be called: defer it. Except on_open, what names an app names
 * one that was answered with link_server_opened().
 */
struct link_server_handler {
    /* WELCOME has been sent; link_server_error() turns the node away. on_credit with the first
     * credit follows at once. */
    void (*on_hello)(void *owner, const struct link_identity *node);
    /* Answer with link_server_opened() or link_server_refuse_open(). */
    void (*on_open)(void *owner, uint16_t app, struct bytes key, uint64_t last_seen_id,
                    uint64_t acknowledged_sequence);
    /* ${frame} is without trailer and not checked. Empty: the node gives the sequence up; answer
     * link_server_refused() and count it as used. */
    void (*on_publish)(void *owner, uint16_t app, uint64_t sequence, struct bytes frame);
    /* Called once per topic of an INTEREST, then on_interest_end, to be answered with
     * link_server_interest_ack(), which is not sent for request 0 (a list that goes on in the next
     * envelope). */
    void (*on_interest)(void *owner, uint16_t app, bool is_added, struct bytes topic);
    void (*on_interest_end)(void *owner, uint16_t app, uint32_t request);
    /* Up to ${to_id}, 0 = to the position. ${topics} live during the call. Answer:
     * link_server_deliver(... request ...)*, link_server_replayed(). */
    void (*on_replay)(void *owner, uint16_t app, uint32_t request, uint64_t to_id,
                      const struct link_topic *topics, size_t count);
    void (*on_query)(void *owner, uint16_t app, uint32_t request, struct bytes topic);
    /* Granted besides what was left: link_server_send_credit() has the sum. */
    void (*on_credit)(void *owner, uint64_t bytes);
    void (*on_goaway)(void *owner, struct bytes reason);
    /* Another bridge's (PROTOCOL.md 3.6): check that it is one. NULL = skip it. */
    void (*on_share)(void *owner, struct bytes name, struct bytes content);
    /* A ping is due: return the id up to which everything of the app that concerns the node has
     * been given to link_server_deliver() on this link. Asked for every open app each
     * LINK_KEEPALIVE_MS. */
    uint64_t (*position)(void *owner, uint16_t app);
    /* The link is of no more use and its sink has been finished (an ERROR may still be on its way
     * out: leave it to its own end) or closed; exactly once, always the last call. The owner logs;
     * ${reason} is a sentence and lives until free. */
    void (*on_failed)(void *owner, enum status status, const char *reason);
};

/** link_server_new(sink, timers, log, self, handler, owner, out): Wait for HELLO. ${sink},
 * ${timers}, ${log}, ${handler} and ${self}'s views must outlive it. OK or NO_MEMORY. */
MUST_CHECK enum status link_server_new(struct sink *sink, struct timers *timers, struct log *log,
                                       const struct link_identity *self,
                                       const struct link_server_handler *handler, void *owner,
                                       struct link_server **out);
/** Silent: no callback fires. The sink stays the caller's. NULL does nothing. Never from inside a
 * callback of this link. */
void link_server_free(struct link_server *link);
/** Bytes from the node. Do not pause the reading side for long: silence is death. Credit does that
 * job. */
void link_server_receive(struct link_server *link, struct bytes input);
/** The stream under the sink has ended: on_failed fires inside this call unless it has fired
 * before. */
void link_server_closed(struct link_server *link, enum status status, const char *reason);

/* Each of these writes to the sink at once. After a failure they do nothing. Texts are cut to
 * LINK_TEXT_MAX_BYTES. */

/** From now on the app may be named in both directions. */
void link_server_opened(struct link_server *link, uint16_t app, const struct link_opened *opened);
void link_server_refuse_open(struct link_server *link, uint16_t app, enum status status,
                             struct bytes text);
/** ${sequence} and all below it are settled. */
void link_server_published(struct link_server *link, uint16_t app, uint64_t sequence, uint64_t id);
void link_server_refused(struct link_server *link, uint16_t app, uint64_t sequence,
                         enum status status, struct bytes text);
/** With request 0 nothing is sent. */
void link_server_interest_ack(struct link_server *link, uint16_t app, uint32_t request,
                              uint64_t position);
/** ${frame}: sent by reference, shared by all nodes that get it. ${request} is 0 for live messages.
 * One longer than the node takes becomes a GAP. Only while link_server_send_credit() > 0. */
void link_server_deliver(struct link_server *link, uint16_t app, uint32_t request, uint64_t id,
                         struct payload_slice frame, bool is_foreign);
/** Payload bytes that may be delivered; the last DELIVER may overdraw it, so it can be negative. */
int64_t link_server_send_credit(const struct link_server *link);
void link_server_replayed(struct link_server *link, uint16_t app, uint32_t request,
                          uint64_t position, uint64_t missing_to);
void link_server_gap(struct link_server *link, uint16_t app, uint64_t from, uint64_t to);
void link_server_query_ack(struct link_server *link, uint16_t app, uint32_t request, bool exists);
void link_server_state(struct link_server *link, uint16_t app, enum link_backplane_state state,
                       struct bytes text);
/** ${count} is at most 2: current, previous. */
void link_server_secrets(struct link_server *link, uint16_t app, size_t count,
                         const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES]);
/** Grant the node more payload bytes to publish: those of each on_publish that has been dealt with.
 */
void link_server_credit(struct link_server *link, uint64_t bytes);
void link_server_goaway(struct link_server *link, struct bytes reason, struct bytes others);
/** Only for a bridge at the other end. ${content} is copied. */
void link_server_share(struct link_server *link, struct bytes name, struct bytes content);
/** Send ERROR with the reason, then finish the sink; on_failed with the same follows, later. */
void link_server_error(struct link_server *link, enum status status, const char *reason);

#endif
