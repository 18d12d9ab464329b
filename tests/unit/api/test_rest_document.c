/* SPDX-License-Identifier: MIT */
/* Goal of this test: the OpenAPI document names every operation there is, and no other. */
#include "service/api/rest_document.h"
#include "service/api/rest_route.h"
#include "service/signalr/json_document.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *method;
    const char *path;
} rows[] = {
#define REST_OPERATION(method, path, kind) {#method, path},
#include "service/api/rest_operation.def"
#undef REST_OPERATION
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void
every_operation_is_there(void **state)
{
    struct json_document document;
    size_t method_count = 0, index, count;
    yyjson_val *name, *methods;

    (void)state;
    assert_status(json_document_read(bytes_from_string(rest_document), &document), STATUS_OK);
    yyjson_val *paths = yyjson_obj_get(json_document_root(&document), "paths");
    for (size_t i = 0; i < ROWS; i++) {
        char path[128], method[16];
        snprintf(path, sizeof(path), "/api/hubs/{hub}%s", rows[i].path);
        snprintf(method, sizeof(method), "%s", rows[i].method);
        for (char *letter = method; *letter != '\0'; letter++) {
            *letter = (char)(*letter | 0x20);
        }
        if (yyjson_obj_get(yyjson_obj_get(paths, path), method) == NULL) {
            fail_msg("the document lacks %s %s", method, path);
        }
    }
    yyjson_obj_foreach(paths, index, count, name, methods)
    {
        method_count += yyjson_obj_size(methods);
    }
    /* and /api/health, /api/openapi.json */
    assert_int_equal(method_count, ROWS + 2);
    json_document_deinit(&document);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_operation_is_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
