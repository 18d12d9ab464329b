/* SPDX-License-Identifier: MIT */
#include "service/http/http_request.h"

struct bytes
http_request_header(const struct http_request *request, struct bytes name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (bytes_equal_ignore_case(request->headers[i].name, name)) {
            return request->headers[i].value;
        }
    }
    return BYTES_NONE;
}

static bool
list_has(struct bytes list, struct bytes token)
{
    struct bytes part;
    while (bytes_split(&list, ',', &part)) {
        if (bytes_equal_ignore_case(bytes_trim(part), token)) {
            return true;
        }
    }
    return false;
}

bool
http_request_header_has(const struct http_request *request, struct bytes name, struct bytes token)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (bytes_equal_ignore_case(request->headers[i].name, name) &&
            list_has(request->headers[i].value, token)) {
            return true;
        }
    }
    return false;
}

size_t
http_request_header_count(const struct http_request *request, struct bytes name)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        count += bytes_equal_ignore_case(request->headers[i].name, name);
    }
    return count;
}
