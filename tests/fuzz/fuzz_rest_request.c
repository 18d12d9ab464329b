/* SPDX-License-Identifier: MIT */
/* "PATH\nQUERY" of a request that routing lets pass: kept as texts in UTF-8, or refused. */
#include "service/api/rest_request.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct rest_request *request)
{
    assert(request->topic.length > 0);
    assert(bytes_is_utf8(buffer_bytes(&request->topic)));
    assert(bytes_is_utf8(buffer_bytes(&request->group)));
    assert(request->reason.length > 0 && bytes_is_utf8(request->reason));
    for (size_t i = 0; i < request->excluded_count; i++) {
        assert(request->excluded[i].length > 0 && bytes_is_utf8(request->excluded[i]));
        assert(bytes_find(request->excluded[i], '|') == SIZE_MAX);
    }
}

static void
read_query(const struct rest_route *route, struct bytes query)
{
    const struct rest_answer_error *error = NULL;
    struct http_parameters parameters;
    struct rest_request request;

    if (http_parameters_init(&parameters, query) == STATUS_OK) {
        enum status status =
            rest_request_read(BYTES("ChatHub"), route, &parameters, &request, &error);
        if (status == STATUS_OK) {
            check(&request);
        } else {
            assert(status != STATUS_INVALID || error != NULL);
        }
        rest_request_deinit(&request);
    }
    http_parameters_deinit(&parameters);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes query = bytes_from(data, size), path;
    const char *problem = NULL;
    struct rest_route route;
    struct buffer storage;

    buffer_init(&storage, 64 * 1024);
    if (size > 0 && bytes_split(&query, '\n', &path) &&
        rest_route_find(HTTP_METHOD_POST, path, &storage, &route, &problem) == STATUS_OK) {
        read_query(&route, query);
    }
    buffer_deinit(&storage);
    return 0;
}
