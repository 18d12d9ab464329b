/* SPDX-License-Identifier: MIT */
#include "service/http/http_chunk.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct http_chunk
http_chunk_from(struct bytes data)
{
    char size_line[16 + sizeof("\r\n")];
    assert(data.length > 0); /* an empty chunk would end the body */
    size_t offset =
        (size_t)snprintf(size_line, sizeof(size_line), "%" PRIX64 "\r\n", (uint64_t)data.length);
    struct payload *payload = payload_new(offset + data.length + 2);
    if (payload != NULL) {
        memcpy(payload->data, size_line, offset);
        memcpy(payload->data + offset, data.data, data.length);
        memcpy(payload->data + offset + data.length, "\r\n", 2);
    }
    return (struct http_chunk){payload, offset, data.length};
}
