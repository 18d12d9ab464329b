/* SPDX-License-Identifier: MIT */
/* Any method and path: an operation whose names are UTF-8, or a refusal. */
#include "service/api/rest_route.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_name(struct bytes name)
{
    assert(name.data == NULL || (name.length > 0 && bytes_is_utf8(name)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *problem = NULL;
    struct rest_route route;
    struct buffer storage;

    if (size == 0) {
        return 0;
    }
    buffer_init(&storage, 64 * 1024);
    enum http_method method = (enum http_method)(data[0] % (HTTP_METHOD_OTHER + 1));
    enum status status =
        rest_route_find(method, bytes_from(data + 1, size - 1), &storage, &route, &problem);
    if (status == STATUS_OK) {
        check_name(route.hub);
        check_name(route.connection);
        check_name(route.group);
        check_name(route.user);
    } else if (status == STATUS_INVALID) {
        assert(problem != NULL);
    }
    buffer_deinit(&storage);
    return 0;
}
