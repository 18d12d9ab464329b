/* SPDX-License-Identifier: MIT */
#include "common/base/payload.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct payload *
payload_new(size_t length)
{
    struct payload *payload;

    if (length > SIZE_MAX - sizeof(*payload)) {
        return NULL;
    }
    payload = malloc(sizeof(*payload) + length);
    if (payload == NULL) {
        return NULL;
    }
    atomic_init(&payload->references, 1);
    payload->length = length;
    return payload;
}

struct payload *
payload_from(struct bytes bytes)
{
    struct payload *payload = payload_new(bytes.length);

    if (payload != NULL && bytes.length > 0) {
        memcpy(payload->data, bytes.data, bytes.length);
    }
    return payload;
}

struct payload *
payload_ref(struct payload *payload)
{
    /* Whoever takes a reference has one already, so there is nothing to order. */
    unsigned before = atomic_fetch_add_explicit(&payload->references, 1, memory_order_relaxed);

    assert(before > 0 && before < UINT32_MAX);
    (void)before;
    return payload;
}

void
payload_unref(struct payload *payload)
{
    unsigned before;

    if (payload == NULL) {
        return;
    }
    /* Release: our reads of the bytes end before another thread frees them. Acquire: if that thread
     * is this one, it sees that all others have ended theirs. */
    before = atomic_fetch_sub_explicit(&payload->references, 1, memory_order_acq_rel);
    assert(before > 0);
    if (before == 1) {
        free(payload);
    }
}
