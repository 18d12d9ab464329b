/* SPDX-License-Identifier: MIT */
/* protocol_version: which version of the SignalR 2 protocol a request is served with. */
#ifndef HUBPLANE_SERVICE_PROTOCOL_VERSION_H
#define HUBPLANE_SERVICE_PROTOCOL_VERSION_H

#include "common/base/bytes.h"

enum {
    PROTOCOL_VERSION_PARTS = 4,
    PROTOCOL_VERSION_TEXT_BYTES = 48, /* four parts of ten digits, three dots, terminator */
};

/* Compare with protocol_version_compare(); a missing part is -1 and sorts below 0: 1.5 < 1.5.0. */
struct protocol_version {
    int32_t parts[PROTOCOL_VERSION_PARTS];
    char text[PROTOCOL_VERSION_TEXT_BYTES]; /* what negotiate answers; safe inside JSON */
};

/**
 * protocol_version_resolve(client_protocol):
 * Clamp the decoded clientProtocol parameter to 1.2 ... 2.0. Nothing is an error: missing,
 * unparsable or too low gives 1.2, too high 2.0; anything between is echoed (old clients require
 * equality).
 *   Source:   signalr2-protocol.md 7, T11.
 */
struct protocol_version protocol_version_resolve(struct bytes client_protocol);

/** Three-way: negative, 0 or positive. */
int protocol_version_compare(const struct protocol_version *left,
                             const struct protocol_version *right);

/** Whether the client calls /start (1.4 and later). Before, OnConnected runs inside /connect and S
 * follows it. */
bool protocol_version_has_start(const struct protocol_version *version);
/** Whether the client honours a negotiate redirect, and E in an envelope (2.0 and later). */
bool protocol_version_has_redirect(const struct protocol_version *version);

#endif
