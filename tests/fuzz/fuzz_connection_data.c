/* SPDX-License-Identifier: MIT */
/* Any connectionData: each hub is listed once, and every refusal has a sentence in UTF-8 that fits.
 */
#include "service/signalr/connection_data.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A hub for every letter a name may start with. */
static bool
look_up(void *context, struct bytes name, uint16_t *hub_index)
{
    (void)context;
    if (name.length == 0 || (name.data[0] | 0x20) < 'a' || (name.data[0] | 0x20) > 'z') {
        return false;
    }
    *hub_index = (uint16_t)((name.data[0] | 0x20) - 'a');
    return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct connection_data hubs;
    struct buffer problem;
    enum status status;

    buffer_init(&problem, CONNECTION_DATA_PROBLEM_BYTES_MAX);
    status = connection_data_parse(bytes_from(data, size), look_up, NULL, &hubs, &problem);
    if (status == STATUS_OK) {
        assert(problem.length == 0 && hubs.count <= 26);
    } else {
        assert(problem.length > 0 && problem.status == STATUS_OK);
        assert(bytes_is_utf8(buffer_bytes(&problem)));
    }
    buffer_deinit(&problem);
    return 0;
}
