/* SPDX-License-Identifier: MIT */
/*
 * transport: the live way to a connection, behind one small table: WebSocket, server-sent events,
 * forever frame, long polling. Embedded in the connection.
 */
#ifndef HUBPLANE_SERVICE_TRANSPORT_H
#define HUBPLANE_SERVICE_TRANSPORT_H

#include "service/http/http_exchange.h"
#include "service/signalr/client_frame.h"

struct transport_operations;

struct transport {
    const struct transport_operations *operations; /* NULL = none open */
    void *channel;  /* its struct websocket or struct http_exchange */
    char *callback; /* of a JSONP poll; owned; else NULL */
};

/* Why a transport is ended by us. */
enum transport_end {
    TRANSPORT_END_DONE,     /* aborted by the client, recycled: an ordinary end */
    TRANSPORT_END_REPLACED, /* a newer request of the same connection is here */
    TRANSPORT_END_MOVED,    /* the connection lives on another worker or node */
    TRANSPORT_END_DRAIN,    /* the node is stopping */
    TRANSPORT_END_SLOW,     /* the client does not read */
    TRANSPORT_END_FAILED,   /* the farm refused, or memory is out */
};

/* What to start a transport with: it has been checked and nothing has been answered yet. */
struct transport_request {
    struct http_exchange *exchange;
    size_t websocket_message_bytes;
    uint32_t frame_id;                 /* forever frame */
    struct bytes callback;             /* JSONP of long polling; empty = none */
    const struct http_header *headers; /* for the answer */
    size_t header_count;
};

struct transport_operations {
    const char *name; /* as in the query: "webSockets" */
    enum client_frame_kind kind;
    bool is_streaming;   /* false: the first frame completes the request */
    bool has_own_result; /* hub results go through it rather than into the body of /send */
    /* Answer the head of the request and what comes first; OK, or the exchange has been answered
     * with an error. ${owner} is the connection the transport's callbacks name. */
    enum status (*start)(struct transport *transport, const struct transport_request *request,
                         void *owner);
    /* Write a frame made by transport_frame_from(); when not streaming, that completes it. */
    void (*deliver)(struct transport *transport, struct http_chunk frame);
    /* As deliver, but the transport stays open. */
    void (*keep_alive)(struct transport *transport, struct http_chunk frame);
    /* ${last}: an envelope to complete a poll with; the others close. */
    void (*end)(struct transport *transport, enum transport_end why, struct http_chunk last);
    size_t (*queued_bytes)(const struct transport *transport);
};

extern const struct transport_operations websocket_transport;
extern const struct transport_operations event_stream_transport;
extern const struct transport_operations forever_frame_transport;
extern const struct transport_operations long_polling_transport;

/** transport_find(name): The operations of a `transport` parameter in any case; NULL when unknown.
 */
const struct transport_operations *transport_find(struct bytes name);
/** The word for logs. */
const char *transport_end_name(enum transport_end why);

/** Encode ${frame} for one kind; the payload has one reference, NULL when out of memory. */
struct http_chunk transport_frame_from(enum client_frame_kind kind,
                                       const struct client_frame *frame);
/** The same for finished JSON (a hub result) and for the keep-alive. */
struct http_chunk transport_frame_from_json(enum client_frame_kind kind, struct bytes json);
struct http_chunk transport_frame_keep_alive(enum client_frame_kind kind);

static inline bool
transport_is_open(const struct transport *transport)
{
    return transport->operations != NULL;
}

/*
 * What the transports report. The implementation is the connection's (signalr/connection.c).
 */

/** The client went away, or the transport broke. ${transport} is closed already. */
void connection_transport_lost(void *owner, const char *reason);
/** The client broke a rule of the transport, or sent too much at once; connection_transport_lost()
 * follows. */
void connection_transport_broken(void *owner, bool is_too_big, const char *reason);
/** A text came in (WebSocket). */
void connection_transport_text(void *owner, struct bytes text);

#endif
