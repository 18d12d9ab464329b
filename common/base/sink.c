/* SPDX-License-Identifier: MIT */
#include "common/base/sink.h"

void
sink_write_bytes(struct sink *sink, struct bytes bytes)
{
    struct payload *payload = payload_from(bytes);

    if (payload == NULL) {
        sink_close(sink, "out-of-memory");
        return;
    }
    sink_write(sink, payload_whole(payload));
    payload_unref(payload);
}
