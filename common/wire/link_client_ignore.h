/* SPDX-License-Identifier: MIT */
/* link_client_ignore: what to put into a link_client_handler for whatever a client of the link has
 * no use for. */
#ifndef HUBPLANE_WIRE_LINK_CLIENT_IGNORE_H
#define HUBPLANE_WIRE_LINK_CLIENT_IGNORE_H

#include "common/wire/link.h"

void link_client_ignore_published(void *owner, uint16_t app, uint64_t sequence, uint64_t id);
void link_client_ignore_refused(void *owner, uint16_t app, uint64_t sequence, enum status status,
                                struct bytes text);
void link_client_ignore_interest_ack(void *owner, uint16_t app, uint32_t request,
                                     uint64_t position);
void link_client_ignore_replayed(void *owner, uint16_t app, uint32_t request, uint64_t position,
                                 uint64_t missing_to);
void link_client_ignore_gap(void *owner, uint16_t app, uint64_t from, uint64_t to);
void link_client_ignore_query_ack(void *owner, uint16_t app, uint32_t request, bool exists);
void link_client_ignore_state(void *owner, uint16_t app, enum link_backplane_state state,
                              struct bytes text);
void link_client_ignore_secrets(void *owner, uint16_t app, size_t count,
                                const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES]);
void link_client_ignore_position(void *owner, uint16_t app, uint64_t position);
void link_client_ignore_credit(void *owner, uint64_t bytes);
void link_client_ignore_goaway(void *owner, struct bytes reason, struct bytes others);

#endif
