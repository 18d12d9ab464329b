/* SPDX-License-Identifier: MIT */
/* Goal of this test: the generated script lists every hub and method once, sorted, under the right
 * keys (T65). What it does in a browser is tested with the real client. */
#include "service/signalr/hub_script.h"
#include "tests/support/test.h"

#include <string.h>

/* The lines that declare hubs, from the script for ${hubs}. */
static void
assert_hubs(const struct hub_script_hub *hubs, size_t count, const char *url, const char *expected)
{
    struct buffer out;
    char *from, *to;

    buffer_init(&out, 100000);
    assert_status(hub_script_append(&out, bytes_from_string(url), hubs, count), STATUS_OK);
    buffer_append_byte(&out, '\0');
    from = strstr((char *)out.data, "    addHub(");
    to = strstr((char *)out.data, "    return proxies;");
    assert_non_null(to);
    if (from == NULL) {
        from = to;
    }
    assert_bytes(bytes_from(from, (size_t)(to - from)), bytes_from_string(expected));
    buffer_deinit(&out);
}

static void
hubs_and_methods_are_sorted(void **state)
{
    const struct hub_script_name chat[] = {{BYTES("Send"), false},
                                           {BYTES("JoinRoom"), false},
                                           {BYTES("send"), false},
                                           {BYTES("Exact"), true}};
    const struct hub_script_hub hubs[] = {
        {{BYTES("StockTicker"), false}, NULL, 0},
        {{BYTES("ChatHub"), false}, chat, 4},
        {{BYTES("VerbatimHub"), true}, NULL, 0},
    };

    (void)state;
    assert_hubs(hubs, 3, "/signalr",
                "    addHub(this, proxies, \"chatHub\", { \"Exact\": \"Exact\", \"joinRoom\": "
                "\"JoinRoom\", "
                "\"send\": \"Send\" });\n"
                "    addHub(this, proxies, \"stockTicker\", { });\n"
                "    addHub(this, proxies, \"VerbatimHub\", { });\n");
    assert_hubs(NULL, 0, "/signalr", "");
}

static void
each_dotted_part_starts_in_lower_case(void **state)
{
    const struct hub_script_name methods[] = {{BYTES("Room.Enter.X"), false},
                                              {BYTES("\xC3\x84rger"), false}};
    const struct hub_script_hub hub = {{BYTES("H"), false}, methods, 2};

    (void)state;
    assert_hubs(&hub, 1, "/x",
                "    addHub(this, proxies, \"h\", { \"room.enter.x\": \"Room.Enter.X\", "
                "\"\xC3\x84rger\": \"\xC3\x84rger\" });\n");
}

static void
the_url_is_escaped(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 100000);
    assert_status(hub_script_append(&out, BYTES("/a\"</script>"), NULL, 0), STATUS_OK);
    buffer_append_byte(&out, '\0');
    assert_non_null(strstr((char *)out.data, "$.hubConnection(\"/a\\\"\\u003c/script\\u003e\", {"));
    assert_non_null(strstr((char *)out.data, "jQuery was not found"));
    assert_non_null(strstr((char *)out.data, "SignalR is not loaded"));
    buffer_deinit(&out);
}

static void
the_service_is_the_path_without_hubs(void **state)
{
    (void)state;
    assert_text(hub_script_service_url(BYTES("/signalr/hubs")), "/signalr");
    assert_text(hub_script_service_url(BYTES("/signalr/Hubs//")), "/signalr");
    assert_text(hub_script_service_url(BYTES("/signalr/js/")), "/signalr");
    assert_text(hub_script_service_url(BYTES("/hubs")), "");
}

static void
a_full_buffer_is_reported(void **state)
{
    const struct hub_script_name method = {BYTES("Send"), false};
    const struct hub_script_hub hub = {{BYTES("ChatHub"), false}, &method, 1};
    struct buffer out;

    (void)state;
    for (size_t limit = 0; limit < 1500; limit += 50) {
        buffer_init(&out, limit);
        assert_status(hub_script_append(&out, BYTES("/signalr"), &hub, 1), STATUS_LIMIT);
        buffer_deinit(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hubs_and_methods_are_sorted),
        cmocka_unit_test(each_dotted_part_starts_in_lower_case),
        cmocka_unit_test(the_url_is_escaped),
        cmocka_unit_test(the_service_is_the_path_without_hubs),
        cmocka_unit_test(a_full_buffer_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
