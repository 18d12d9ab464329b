/* SPDX-License-Identifier: MIT */
/* link_server: the bridge's end of a link. */
#ifndef HUBPLANE_WIRE_LINK_SERVER_H
#define HUBPLANE_WIRE_LINK_SERVER_H

#include "common/wire/link.h"

struct link_server;

/* Told to the owner from inside link_server_receive() or a timer; payload views live during the call only. */
struct link_server_handler {
    void (*on_hello)(void *owner, const struct link_identity *node);
    /* Answer with link_server_opened() or link_server_refuse_open(). */
    void (*on_open)(void *owner, uint16_t app, struct bytes key, uint64_t last_seen_id, uint64_t acknowledged_sequence);
    /* ${frame} without trailer. */
    void (*on_publish)(void *owner, uint16_t app, uint64_t sequence, struct bytes frame);
    /* Called once per topic of an INTEREST, then on_interest_end, to be answered with link_server_interest_ack(). */
    void (*on_interest)(void *owner, uint16_t app, bool is_added, struct bytes topic);
    void (*on_interest_end)(void *owner, uint16_t app, uint32_t request);
    /* ${topics} live during the call. Answer: link_server_deliver(... request ...)*, link_server_replayed(). */
    void (*on_replay)(void *owner, uint16_t app, uint32_t request, const struct link_topic *topics, size_t count);
    void (*on_query)(void *owner, uint16_t app, uint32_t request, struct bytes topic);
    void (*on_credit)(void *owner, uint64_t bytes);
    void (*on_goaway)(void *owner, struct bytes reason);
    /* A ping was due: return the position of the app for it. */
    uint64_t (*position)(void *owner, uint16_t app);
    void (*on_failed)(void *owner, enum status status, const char *reason);
};

MUST_CHECK enum status link_server_new(struct sink *sink, struct timers *timers, struct log *log,
                                       const struct link_identity *self, const struct link_server_handler *handler,
                                       void *owner, struct link_server **out);
void link_server_free(struct link_server *link);
void link_server_receive(struct link_server *link, struct bytes input);
void link_server_opened(struct link_server *link, uint16_t app, const struct link_opened *opened);
void link_server_refuse_open(struct link_server *link, uint16_t app, enum status status, struct bytes text);
void link_server_published(struct link_server *link, uint16_t app, uint64_t sequence, uint64_t id);
void link_server_refused(struct link_server *link, uint16_t app, uint64_t sequence, enum status status, struct bytes text);
void link_server_interest_ack(struct link_server *link, uint16_t app, uint32_t request, uint64_t position);
/** ${frame}: sent by reference, shared by all nodes that get it. */
void link_server_deliver(struct link_server *link, uint16_t app, uint32_t request, uint64_t id,
                         struct payload_slice frame, bool is_foreign);
void link_server_replayed(struct link_server *link, uint16_t app, uint32_t request, uint64_t position, uint64_t missing_to);
void link_server_gap(struct link_server *link, uint16_t app, uint64_t from, uint64_t to);
void link_server_query_ack(struct link_server *link, uint16_t app, uint32_t request, bool exists);
void link_server_state(struct link_server *link, uint16_t app, enum link_backplane_state state, struct bytes text);
void link_server_secrets(struct link_server *link, uint16_t app, size_t count, const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES]);
void link_server_credit(struct link_server *link, uint64_t bytes);
void link_server_goaway(struct link_server *link, struct bytes reason, struct bytes others);
/** Send ERROR with the reason, then finish the sink; on_failed follows from the sink's owner telling link_server_closed(). */
void link_server_error(struct link_server *link, enum status status, const char *reason);

#endif
