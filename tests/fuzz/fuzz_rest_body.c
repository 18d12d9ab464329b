/* SPDX-License-Identifier: MIT */
/* Any body of either type: a target and an array that can be spliced, or a sentence. */
#include "service/api/rest_body.h"
#include "service/signalr/json_span.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_as(struct bytes type, struct bytes text)
{
    const char *problem = NULL;
    struct rest_body body;
    enum status status = rest_body_read(type, text, &body, &problem);

    if (status == STATUS_OK) {
        assert(body.target.length > 0 && bytes_is_utf8(buffer_bytes(&body.target)));
        assert(json_span_check(body.arguments) == STATUS_OK);
        assert(body.arguments.data[0] == '[');
    } else {
        assert(status == STATUS_INVALID && problem != NULL);
    }
    rest_body_deinit(&body);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_as(BYTES("application/json"), bytes_from(data, size));
    read_as(BYTES("application/octet-stream"), bytes_from(data, size));
    return 0;
}
