/* SPDX-License-Identifier: MIT */
/* bridge_link: keeps the backplane linked: dials the bridges in order of preference, again and
 * again, with backoff. */
#ifndef HUBPLANE_SERVICE_BRIDGE_LINK_H
#define HUBPLANE_SERVICE_BRIDGE_LINK_H

#include "common/net/dialer.h"
#include "service/backplane/backplane.h"

struct bridge_link;

struct bridge_link_options {
    struct loop *loop;
    struct backplane *backplane;
    const char *addresses;   /* HOST:PORT, ...; borrowed */
    struct tls_context *tls; /* the link keeps a reference of its own */
    uint32_t connect_timeout_ms;
    struct metrics *metrics; /* of the node */
};

/** Starts dialing at once. OK, INVALID (no address), NO_MEMORY. */
MUST_CHECK enum status bridge_link_new(const struct bridge_link_options *options,
                                       struct bridge_link **out);
/** Certificate and key of the next attempts; a link that is up stays up. Keeps a reference of its
 * own. */
void bridge_link_set_tls(struct bridge_link *link, struct tls_context *tls);
/** Close the link and dial no more; ${on_closed} fires later, once. */
void bridge_link_close(struct bridge_link *link, void (*on_closed)(void *owner), void *owner);
/** After on_closed. NULL does nothing. */
void bridge_link_free(struct bridge_link *link);

#endif
