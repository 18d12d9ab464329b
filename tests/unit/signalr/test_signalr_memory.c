/* SPDX-License-Identifier: MIT */
/* Goal of this test: whichever allocation fails while a request is read, it says so and leaks
 * nothing. */
#include <stdio.h>

#include "service/signalr/connection_data.h"
#include "service/signalr/hub_message.h"
#include "service/signalr/hub_script.h"
#include "tests/support/fail_alloc.h"
#include "tests/support/test.h"

/* Large enough for a document to need the heap: blanks count as text. */
static struct bytes
padded(const char *json, char room[static 1024])
{
    return bytes_from(room, (size_t)snprintf(room, 1024, "%-600s", json));
}

static enum status
parse_message(void)
{
    char room[1024];
    struct hub_message message;
    enum status status = hub_message_parse(
        padded("{\"H\":\"h\",\"M\":\"m\",\"A\":[1,{\"x\":[]}],\"I\":1,\"S\":{}}", room), &message);

    if (status == STATUS_OK) {
        hub_message_deinit(&message);
    }
    return status;
}

static bool
look_up(void *context, struct bytes name, uint16_t *hub_index)
{
    (void)context;
    (void)name;
    *hub_index = 0;
    return true;
}

static enum status
parse_hubs(void)
{
    char room[1024];
    struct connection_data data;

    return connection_data_parse(padded("[{\"name\":\"a\"}]", room), look_up, NULL, &data, NULL);
}

static enum status
write_script(void)
{
    const struct hub_script_name methods[] = {{BYTES("B"), false}, {BYTES("A"), true}};
    const struct hub_script_hub hub = {{BYTES("Hub"), false}, methods, 2};
    struct buffer out;
    enum status status;

    buffer_init(&out, 100000);
    status = hub_script_append(&out, BYTES("/x"), &hub, 1);
    buffer_deinit(&out);
    return status;
}

static void assert_survives(enum status (*try_it)(void))
{
    size_t n;

    for (n = 0;; n++) {
        fail_alloc_at(n);
        enum status status = try_it();
        if (!fail_alloc_off()) {
            assert_status(status, STATUS_OK);
            break;
        }
        assert_status(status, STATUS_NO_MEMORY);
    }
    assert_true(n > 0);
}

static void
messages_survive(void **state)
{
    (void)state;
    assert_survives(parse_message);
}

static void
hubs_survive(void **state)
{
    (void)state;
    assert_survives(parse_hubs);
}

static void
scripts_survive(void **state)
{
    (void)state;
    assert_survives(write_script);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_survive),
        cmocka_unit_test(hubs_survive),
        cmocka_unit_test(scripts_survive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
