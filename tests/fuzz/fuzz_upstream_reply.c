/* SPDX-License-Identifier: MIT */
/* Any answer of a web application, as each kind: the call it answers ends exactly once,
 * and what is ordered on it is valid JSON (fake_hub_call.c looks). */
#include "service/upstream/upstream_reply.h"
#include "tests/unit/hubs/fake_hub_call.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
answer(struct bytes type, struct bytes body, enum hub_event event)
{
    const struct http_answer answer = {.status = 200, .content_type = type, .body = body};
    struct hub_call call;

    fake_hub_call_init(&call, "M", "[]");
    call.info.event = event;
    upstream_reply_carry_out(&answer, &call);
    assert(call.end_count == 1);
    fake_hub_call_deinit(&call);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum hub_event events[] = {HUB_INVOCATION, HUB_CONNECTED, HUB_DISCONNECTED};
    struct bytes body = bytes_from(data, size);

    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        answer(BYTES(UPSTREAM_REPLY_TYPE), body, events[i]);
        answer(BYTES("application/json"), body, events[i]);
        answer(BYTES("text/plain"), body, events[i]);
    }
    return 0;
}
