/* SPDX-License-Identifier: MIT */
#include "common/wire/link_client_ignore.h"

void
link_client_ignore_published(void *owner, uint16_t app, uint64_t sequence, uint64_t id)
{
    (void)owner, (void)app, (void)sequence, (void)id;
}

void
link_client_ignore_refused(void *owner, uint16_t app, uint64_t sequence, enum status status,
                           struct bytes text)
{
    (void)owner, (void)app, (void)sequence, (void)status, (void)text;
}

void
link_client_ignore_interest_ack(void *owner, uint16_t app, uint32_t request, uint64_t position)
{
    (void)owner, (void)app, (void)request, (void)position;
}

void
link_client_ignore_replayed(void *owner, uint16_t app, uint32_t request, uint64_t position,
                            uint64_t missing_to)
{
    (void)owner, (void)app, (void)request, (void)position, (void)missing_to;
}

void
link_client_ignore_gap(void *owner, uint16_t app, uint64_t from, uint64_t to)
{
    (void)owner, (void)app, (void)from, (void)to;
}

void
link_client_ignore_query_ack(void *owner, uint16_t app, uint32_t request, bool exists)
{
    (void)owner, (void)app, (void)request, (void)exists;
}

void
link_client_ignore_state(void *owner, uint16_t app, enum link_backplane_state state,
                         struct bytes text)
{
    (void)owner, (void)app, (void)state, (void)text;
}

void
link_client_ignore_secrets(void *owner, uint16_t app, size_t count,
                           const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES])
{
    (void)owner, (void)app, (void)count, (void)secrets;
}

void
link_client_ignore_position(void *owner, uint16_t app, uint64_t position)
{
    (void)owner, (void)app, (void)position;
}

void
link_client_ignore_credit(void *owner, uint64_t bytes)
{
    (void)owner, (void)bytes;
}

void
link_client_ignore_goaway(void *owner, struct bytes reason, struct bytes others)
{
    (void)owner, (void)reason, (void)others;
}
