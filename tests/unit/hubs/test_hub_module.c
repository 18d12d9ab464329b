/* SPDX-License-Identifier: MIT */
/* Goal of this test: a module is loaded and can do everything its interface promises; one that
 * cannot be used is refused with a sentence that says why. */
#include "service/hubs/hub_module.h"
#include "service/platform/service_library.h"
#include "tests/support/fake_loop.h"
#include "tests/support/test.h"
#include "tests/unit/hubs/fake_hub_call.h"

#include <string.h>

struct fixture {
    struct clock clock;
    struct timers timers;
    struct log log;
    struct fake_loop loop;
    struct hub_backend_context context;
    char lines[4096];
};

static void
on_line(void *context, enum log_level level, const char *line)
{
    struct fixture *fixture = context;

    (void)level;
    strncat(fixture->lines, line, sizeof(fixture->lines) - strlen(fixture->lines) - 2);
    strcat(fixture->lines, "\n");
}

static void
init(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    clock_init_virtual(&fixture->clock, 1000, 1700000000000);
    timers_init(&fixture->timers, &fixture->clock);
    log_init(&fixture->log, LOG_INFO, on_line, fixture);
    fake_loop_init(&fixture->loop, &fixture->timers);
    fixture->context = (struct hub_backend_context){
        .timers = &fixture->timers,
        .log = &fixture->log,
        .home = fake_loop_poster(&fixture->loop),
    };
}

static void
deinit(struct fixture *fixture)
{
    fake_loop_deinit(&fixture->loop);
    timers_deinit(&fixture->timers);
}

static struct hub_backend *
make_probe(struct fixture *fixture)
{
    static const struct hub_module_settings settings = {.name = "chat/Probe",
                                                        .path = "module_probe" MODULE_SUFFIX,
                                                        .settings = "!"};
    struct hub_backend *backend = NULL;

    assert_status(hub_module_make(&settings, &fixture->context, &backend), STATUS_OK);
    return backend;
}

static void
assert_call(struct hub_backend *backend, enum hub_event event, const char *method,
            const char *arguments, const char *expected)
{
    struct hub_call call;

    fake_hub_call_init(&call, method, arguments);
    call.info.event = event;
    backend->operations->call(backend, &call);
    assert_int_equal(call.end_count, 1);
    assert_bytes(buffer_bytes(&call.record), bytes_from_string(expected));
    backend->operations->ended(backend, &call, false);
    fake_hub_call_deinit(&call);
}

static void
everything_the_interface_has(void **state)
{
    struct fixture fixture;

    (void)state;
    init(&fixture);
    struct hub_backend *backend = make_probe(&fixture);
    assert_string_equal(fixture.lines, "chat/Probe: probe made\n");
    assert_call(backend, HUB_INVOCATION, "Actions", "[]",
                "send all m [1.0]\n"
                "send others m [1.0]\n"
                "send caller m [1.0]\n"
                "send client \"n\" m [1.0]\n"
                "send group \"n\" m [1.0]\n"
                "send others_in_group \"n\" m [1.0]\n"
                "send user \"n\" m [1.0] but c8,c9\n"
                "join n\n"
                "leave n c8\n"
                "progress [1.0]\n"
                "set_state n [1.0]\n"
                "return [1.0]\n");
    assert_call(backend, HUB_INVOCATION, "Echo", "[\"a\\u00e9\\n\"]", "return \"a\xC3\xA9\\n!\"\n");
    assert_call(backend, HUB_INVOCATION, "Echo", "[1]", "throw no text {\"code\":1}\n");
    assert_call(backend, HUB_INVOCATION, "Echo", "[]", "fail one argument\n");
    assert_call(backend, HUB_INVOCATION, "Nix", "[]", "unknown\n");
    assert_call(backend, HUB_CONNECTED, "", "[]", "refuse c1\n");
    assert_call(backend, HUB_RECONNECTED, "", "[]", "return\n");
    backend->operations->free(backend);
    deinit(&fixture);
}

static void
methods_for_the_script(void **state)
{
    struct fixture fixture;
    struct bytes name;

    (void)state;
    init(&fixture);
    struct hub_backend *backend = make_probe(&fixture);
    assert_true(backend->operations->method(backend, 2, &name));
    assert_text(name, "Hold");
    assert_false(backend->operations->method(backend, 3, &name));
    assert_false(backend->operations->method(backend, 9, &name));
    backend->operations->free(backend);
    deinit(&fixture);
}

static void
a_call_may_be_ended_later(void **state)
{
    struct fixture fixture;
    struct hub_call call;

    (void)state;
    init(&fixture);
    struct hub_backend *backend = make_probe(&fixture);
    fake_hub_call_init(&call, "Hold", "[]");
    backend->operations->call(backend, &call);
    assert_int_equal(call.end_count, 0);
    clock_advance(&fixture.clock, 1000);
    timers_run(&fixture.timers);
    timers_run(&fixture.timers);
    assert_text(buffer_bytes(&call.record), "return \"posted\"\n");
    fake_hub_call_deinit(&call);
    backend->operations->free(backend);
    deinit(&fixture);
}

/* The worker stops: the call is dropped, the timer never fires, what was posted is dropped. */
static void
a_module_goes_with_work_under_way(void **state)
{
    struct fixture fixture;
    struct hub_call call;

    (void)state;
    for (int posted = 0; posted < 2; posted++) {
        init(&fixture);
        struct hub_backend *backend = make_probe(&fixture);
        fake_hub_call_init(&call, "Hold", "[]");
        backend->operations->call(backend, &call);
        if (posted == 1) {
            clock_advance(&fixture.clock, 1000);
            timers_run(&fixture.timers);
        }
        backend->operations->ended(backend, &call, false);
        fake_hub_call_deinit(&call);
        backend->operations->free(backend);
        clock_advance(&fixture.clock, 5000);
        timers_run(&fixture.timers);
        deinit(&fixture);
    }
}

static void
what_cannot_be_used(void **state)
{
    static const struct {
        const char *path;
        enum status status;
        const char *sentence;
    } cases[] = {
        {"module_other_abi" MODULE_SUFFIX, STATUS_UNSUPPORTED,
         "it is made for ABI 2, and this service has 1: build it again with the hubplane_hub.h of "
         "this version"},
        {"module_no_export" MODULE_SUFFIX, STATUS_INVALID, "it exports no function hubplane_hub"},
        {"module_no_instance" MODULE_SUFFIX, STATUS_CANCELED, "its create() failed"},
        {"there_is_no_such" MODULE_SUFFIX, STATUS_NOT_FOUND, "cannot load it: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hub_module_settings settings = {.name = "chat/Bad", .path = cases[i].path};
        struct hub_backend *backend = NULL;
        struct fixture fixture;
        init(&fixture);
        assert_status(hub_module_make(&settings, &fixture.context, &backend), cases[i].status);
        assert_null(backend);
        assert_non_null(strstr(fixture.lines, "module: hub chat/Bad is not available: "));
        assert_non_null(strstr(fixture.lines, cases[i].path));
        assert_non_null(strstr(fixture.lines, cases[i].sentence));
        /* Said once, not by every worker. */
        fixture.lines[0] = '\0';
        fixture.context.worker = 1;
        assert_status(hub_module_make(&settings, &fixture.context, &backend), cases[i].status);
        assert_string_equal(fixture.lines, "");
        deinit(&fixture);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_the_interface_has),
        cmocka_unit_test(methods_for_the_script),
        cmocka_unit_test(a_call_may_be_ended_later),
        cmocka_unit_test(a_module_goes_with_work_under_way),
        cmocka_unit_test(what_cannot_be_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
