/* SPDX-License-Identifier: MIT */
/* negotiate: the bodies of negotiate, start and ping. */
#ifndef HUBPLANE_SERVICE_NEGOTIATE_H
#define HUBPLANE_SERVICE_NEGOTIATE_H

#include "service/signalr/protocol_version.h"

/* The ten fields. Durations are written as seconds ("20.0"); texts must be UTF-8. */
struct negotiate {
    struct bytes url; /* negotiate_append_url(), or the mount path */
    struct bytes connection_token;
    struct bytes connection_id;
    uint64_t keepalive_ms; /* the interval; twice of it is announced, null when 0 = off */
    uint64_t disconnect_ms;
    uint64_t connection_timeout_ms;
    bool try_websockets;
    const struct protocol_version *version;
    uint64_t transport_connect_timeout_ms;
    uint64_t long_poll_delay_ms;
};

/** The body; never a member "availableTransports" (T9, T10, T13). */
enum status negotiate_append(struct buffer *out, const struct negotiate *negotiate);
/** The decoded request ${path} without any "/negotiate" of exactly that case (edge case 18). */
enum status negotiate_append_url(struct buffer *out, struct bytes path);
/** {"ProtocolVersion":"2.0","RedirectUrl":...,"AccessToken":...}; only for clients with
 *  protocol_version_has_redirect(). ${access_token} empty = none. */
enum status negotiate_append_redirect(struct buffer *out, struct bytes url,
                                      struct bytes access_token);
/** {"ProtocolVersion":"2.0","Error":...} */
enum status negotiate_append_error(struct buffer *out, struct bytes text);

#define NEGOTIATE_STARTED_BODY "{ \"Response\": \"started\" }"
#define NEGOTIATE_PONG_BODY    "{ \"Response\": \"pong\" }"

#endif
