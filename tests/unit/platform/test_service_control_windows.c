/* SPDX-License-Identifier: MIT */
/* Goal of this test: every control of the service control manager reaches the program, also those
 * that Wine never sends, from another thread, and a stop also when nobody listened yet. */
#include "service/platform/service_control_windows.h"
#include "tests/support/test.h"

#include <windows.h>

enum { CONTROLS_MAX = 8, WAIT_MS = 10000 };

struct program {
    struct service_host *host;
    struct log log;
    struct loop *loop;
    struct timer late;
    uint32_t sent; /* by the other thread, in one go with a paramchange behind it, or 0 */
    enum service_control heard[CONTROLS_MAX];
    size_t heard_count;
};

static void
on_late(struct timer *timer)
{
    (void)timer;
    fail_msg("no control arrived");
}

static void
on_control(void *owner, enum service_control control)
{
    struct program *program = owner;

    assert_true(program->heard_count < CONTROLS_MAX);
    program->heard[program->heard_count++] = control;
    if (control == SERVICE_CONTROL_REQUEST_STOP || control == SERVICE_CONTROL_REQUEST_RELOAD) {
        loop_stop(program->loop);
    }
}

static DWORD WINAPI
send_controls(void *context)
{
    struct program *program = context;

    assert_int_equal(service_control_take(program->host, SERVICE_CONTROL_INTERROGATE), NO_ERROR);
    assert_int_equal(service_control_take(program->host, program->sent), NO_ERROR);
    if (program->sent == SERVICE_CONTROL_PAUSE || program->sent == SERVICE_CONTROL_CONTINUE) {
        assert_int_equal(service_control_take(program->host, SERVICE_CONTROL_PARAMCHANGE),
                         NO_ERROR);
    }
    return 0;
}

/* Listen until a stop or a reload is heard. */
static void
listen_once(struct program *program)
{
    HANDLE sender = NULL;

    assert_status(loop_new(&program->log, &program->loop), STATUS_OK);
    assert_status(service_host_listen(program->host, program->loop, on_control, program),
                  STATUS_OK);
    timer_start(loop_timers(program->loop), &program->late, WAIT_MS, on_late);
    if (program->sent != 0) {
        sender = CreateThread(NULL, 0, send_controls, program, 0, NULL);
        assert_non_null(sender);
    }
    loop_run(program->loop);
    if (sender != NULL) {
        WaitForSingleObject(sender, INFINITE);
        CloseHandle(sender);
    }
    timer_stop(loop_timers(program->loop), &program->late);
    service_host_unlisten(program->host);
    loop_free(program->loop);
}

/* Nobody is the service control manager of a test, so the host takes it for a console. */
static void
run(struct program *program, service_main_fn main)
{
    log_init_stderr(&program->log, LOG_ERROR);
    assert_int_equal(service_host_run("HubplaneTest", main, program), 0);
}

static int
hear_one(void *owner, struct service_host *host)
{
    struct program *program = owner;

    program->host = host;
    assert_false(service_host_is_service(host));
    listen_once(program);
    return 0;
}

static void
assert_hears(uint32_t sent, enum service_control expected)
{
    struct program program = {.sent = sent};

    run(&program, hear_one);
    assert_int_equal(program.heard[0], expected);
}

static void
each_control_reaches_the_loop(void **state)
{
    (void)state;
    assert_hears(SERVICE_CONTROL_STOP, SERVICE_CONTROL_REQUEST_STOP);
    assert_hears(SERVICE_CONTROL_PAUSE, SERVICE_CONTROL_REQUEST_PAUSE);
    assert_hears(SERVICE_CONTROL_CONTINUE, SERVICE_CONTROL_REQUEST_CONTINUE);
    assert_hears(SERVICE_CONTROL_PARAMCHANGE, SERVICE_CONTROL_REQUEST_RELOAD);
}

static void
the_end_of_the_machine_is_a_stop(void **state)
{
    (void)state;
    assert_hears(SERVICE_CONTROL_PRESHUTDOWN, SERVICE_CONTROL_REQUEST_STOP);
    assert_hears(SERVICE_CONTROL_SHUTDOWN, SERVICE_CONTROL_REQUEST_STOP);
}

static int
stop_before_listening(void *owner, struct service_host *host)
{
    struct program *program = owner;

    program->host = host;
    assert_int_equal(service_control_take(host, SERVICE_CONTROL_PAUSE), NO_ERROR);
    assert_int_equal(service_control_take(host, SERVICE_CONTROL_PRESHUTDOWN), NO_ERROR);
    listen_once(program);
    listen_once(program); /* whoever listens next has to stop as well */
    return 0;
}

static void
a_stop_is_not_lost_while_nobody_listens(void **state)
{
    struct program program = {0};
    (void)state;

    run(&program, stop_before_listening);
    assert_int_equal(program.heard_count, 2);
    assert_int_equal(program.heard[0], SERVICE_CONTROL_REQUEST_STOP);
    assert_int_equal(program.heard[1], SERVICE_CONTROL_REQUEST_STOP);
}

static int
refuse_unknown(void *owner, struct service_host *host)
{
    (void)owner;
    assert_int_equal(service_control_take(host, SERVICE_CONTROL_NETBINDADD),
                     ERROR_CALL_NOT_IMPLEMENTED);
    assert_int_equal(service_control_take(host, 200), ERROR_CALL_NOT_IMPLEMENTED);
    return 0;
}

static void
unknown_controls_are_refused(void **state)
{
    struct program program = {0};
    (void)state;

    run(&program, refuse_unknown);
}

/* The number with its severity, as the message table has it. */
static void
event_ids_carry_their_severity(void **state)
{
    (void)state;
    assert_int_equal(service_control_event_id(SERVICE_EVENT_STARTED), 0x40000064);
    assert_int_equal(service_control_event_id(SERVICE_EVENT_BRIDGE_LOST), 0x800000C8);
    assert_int_equal(service_control_event_id(SERVICE_EVENT_CRASHED), 0xC0000070);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_control_reaches_the_loop),
        cmocka_unit_test(the_end_of_the_machine_is_a_stop),
        cmocka_unit_test(a_stop_is_not_lost_while_nobody_listens),
        cmocka_unit_test(unknown_controls_are_refused),
        cmocka_unit_test(event_ids_carry_their_severity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
