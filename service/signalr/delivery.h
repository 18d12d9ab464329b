/* SPDX-License-Identifier: MIT */
/*
 * delivery: from messages of the farm to frames on transports. A frame is encoded once per message
 * and kind of transport and shared by reference; only what is one connection's own (S, G) is
 * encoded for it alone.
 */
#ifndef HUBPLANE_SERVICE_DELIVERY_H
#define HUBPLANE_SERVICE_DELIVERY_H

#include "service/signalr/connection.h"

/* What a poll has got during a batch; it is answered with all of it at the end. */
struct poll_queue {
    struct list_node node; /* in app->filled_polls */
    struct connection *connection;
    struct http_chunk first_frame; /* shared; used when there is only one message */
    struct payload **payloads;     /* of the values: a reference each */
    struct bytes *values;
    size_t count;
    size_t capacity;
    uint64_t cursor;
};

/** Hand live messages to whoever listens. */
void delivery_fan_out(struct worker_app *app, const struct backplane_message *messages,
                      size_t count);

/** Write one envelope for this connection alone, with its groups token if asked; fills in what the
 * transport needs ("L"). A poll is answered by it. */
void delivery_send(struct connection *connection, struct client_frame *frame, bool with_groups);
/** S:1 after OnConnected of an old client, with what came meanwhile. */
void delivery_send_init(struct connection *connection);
/** A bare hub result, on transports that have their own. */
void delivery_send_result(struct connection *connection, struct bytes json);
/** {"E":${text}}: clients from protocol 2.0 on stop for good. A poll is answered by it. */
void delivery_send_error(struct connection *connection, struct bytes text);
/** The envelope that ends a poll without news; one reference, may be empty. */
struct http_chunk delivery_last_envelope(const struct connection *connection, bool is_drain);
/** Drop what was gathered for a poll that is gone; the client's cursor brings it again. */
void delivery_forget_poll(struct connection *connection);
/** A replay may fill the queue above the cap until the client has read it. */
void delivery_allow_queue(struct connection *connection);

/** Whether the message's filter leaves this connection out. */
bool delivery_is_excluded(struct connection *connection, const struct signalr_message *message);
/** Whether ${value} may be spliced into a frame; counts and logs what may not. */
bool delivery_value_is_valid(struct worker_app *app, struct bytes value);

#endif
