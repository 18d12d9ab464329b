/* SPDX-License-Identifier: MIT */
/* Any query string: it is refused, or every value lies inside the storage and is found by its name.
 */
#include "service/http/http_parameters.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static void
check_item(const struct http_parameters *parameters, size_t index)
{
    struct bytes storage = buffer_bytes(&parameters->storage);
    struct bytes name = bytes_slice(storage, parameters->items[index].name_offset,
                                    parameters->items[index].name_length);
    struct bytes value = bytes_slice(storage, parameters->items[index].value_offset,
                                     parameters->items[index].value_length);
    check(name.length == parameters->items[index].name_length);
    check(value.length == parameters->items[index].value_length);
    struct bytes found = http_parameters_get(parameters, name);
    check(found.data != NULL);
    check(bytes_equal(found, value)); /* names are unique */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_parameters parameters;
    if (http_parameters_init(&parameters, bytes_from(data, size)) == STATUS_OK) {
        for (size_t i = 0; i < parameters.count; i++) {
            check_item(&parameters, i);
        }
    }
    http_parameters_deinit(&parameters);
    return 0;
}
