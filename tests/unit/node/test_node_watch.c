/* SPDX-License-Identifier: MIT */
/* Goal of this test: what an administrator is told, and when: a bridge that does not answer, a
 * certificate that expires, clients refused or too slow; in virtual time. */
#include "service/node/node_watch.h"
#include "service/node/service_metrics.h"
#include "tests/support/test.h"

#include <string.h>

enum { DAY_S = 24 * 3600, SECOND_MS = 1000, LINES_MAX = 128 };

static const uint64_t start_wall_ms = 1000ULL * DAY_S * SECOND_MS;

struct fixture {
    struct clock clock;
    struct timers timers;
    struct log log;
    struct metrics metrics;
    struct node_watch watch;
    char lines[LINES_MAX][160];
    size_t line_count;
    void (*body)(struct fixture *fixture);
};

static void
keep_line(void *context, enum log_level level, const char *line)
{
    struct fixture *fixture = context;
    (void)level;

    assert_true(fixture->line_count < LINES_MAX);
    (void)snprintf(fixture->lines[fixture->line_count++], sizeof(fixture->lines[0]), "%s", line);
}

/* A test needs a host to write events to, and there is one only inside of service_host_run(). */
static int
run_hosted(void *owner, struct service_host *host)
{
    struct fixture *fixture = owner;
    const struct node_watch_options options = {
        .timers = &fixture->timers,
        .clock = &fixture->clock,
        .log = &fixture->log,
        .host = host,
        .metrics = &fixture->metrics,
    };

    node_watch_start(&fixture->watch, &options);
    fixture->body(fixture);
    node_watch_stop(&fixture->watch);
    return 0;
}

static void
run(void (*body)(struct fixture *fixture))
{
    struct fixture fixture = {.body = body};

    clock_init_virtual(&fixture.clock, 1000, start_wall_ms);
    timers_init(&fixture.timers, &fixture.clock);
    log_init(&fixture.log, LOG_INFO, keep_line, &fixture);
    assert_status(metrics_init(&fixture.metrics, service_metric_rows, SERVICE_METRIC_COUNT),
                  STATUS_OK);
    assert_int_equal(service_host_run("HubplaneTest", run_hosted, &fixture), 0);
    metrics_deinit(&fixture.metrics);
    timers_deinit(&fixture.timers);
}

static void
pass_seconds(struct fixture *fixture, int count)
{
    for (int i = 0; i < count; i++) {
        clock_advance(&fixture->clock, SECOND_MS);
        timers_run(&fixture->timers);
    }
}

/* How many lines begin with ${text}. */
static size_t
told(const struct fixture *fixture, const char *text)
{
    size_t count = 0;

    for (size_t i = 0; i < fixture->line_count; i++) {
        count += strncmp(fixture->lines[i], text, strlen(text)) == 0;
    }
    return count;
}

static void
wait_for_a_bridge(struct fixture *fixture)
{
    pass_seconds(fixture, 2);
    assert_int_equal(fixture->line_count, 0); /* one that restarts is not worth an event */
    pass_seconds(fixture, 2);
    assert_int_equal(told(fixture, "link: the bridge is lost: none has answered since the start"),
                     1);
    pass_seconds(fixture, 3600);
    assert_int_equal(fixture->line_count, 1);
}

static void
a_missing_bridge_is_told_once(void **state)
{
    (void)state;
    run(wait_for_a_bridge);
}

static void
refuse_clients(struct fixture *fixture)
{
    wait_for_a_bridge(fixture);
    for (int i = 0; i < 90; i++) {
        metrics_add(&fixture->metrics, SERVICE_METRIC_REFUSED, 10);
        pass_seconds(fixture, 1);
    }
    assert_int_equal(told(fixture, "clients: clients were refused with 503 count=10 "), 1);
    assert_int_equal(told(fixture,
                          "clients: clients were refused with 503 count=600 since_start=610"),
                     1);
    assert_int_equal(told(fixture, "clients: clients were refused with 503"), 2);
    metrics_add(&fixture->metrics, SERVICE_METRIC_SLOW_CONSUMERS, 1);
    metrics_add(&fixture->metrics, SERVICE_METRIC_GAPS, 5);
    pass_seconds(fixture, 300);
    assert_int_equal(told(fixture, "clients: clients that read too slowly were closed count=1"), 1);
    assert_int_equal(told(fixture, "link: messages were lost to the whole farm count=5"), 1);
}

static void
counters_are_told_once_a_minute(void **state)
{
    (void)state;
    run(refuse_clients);
}

static void
let_it_expire(struct fixture *fixture)
{
    wait_for_a_bridge(fixture);
    node_watch_set_credentials(&fixture->watch, NULL);
    fixture->watch.expires_at_s =
        (int64_t)(fixture->clock.wall_ms / SECOND_MS) + (int64_t)32 * DAY_S;
    pass_seconds(fixture, DAY_S - 1);
    assert_int_equal(told(fixture, "link: the certificate"), 0);
    pass_seconds(fixture, 2);
    assert_int_equal(told(fixture, "link: the certificate of this node expires soon: days_left=30"),
                     1);
    assert_int_equal(told(fixture, "link: the certificate"), 1);
    pass_seconds(fixture, DAY_S);
    assert_int_equal(told(fixture, "link: the certificate of this node expires soon: days_left=29"),
                     1);
    assert_int_equal(told(fixture, "link: the certificate"), 2);
    pass_seconds(fixture, 30 * DAY_S);
    assert_int_equal(told(fixture, "link: the certificate of this node has expired"), 1);
}

static void
a_certificate_is_told_once_a_day(void **state)
{
    (void)state;
    run(let_it_expire);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_bridge_is_told_once),
        cmocka_unit_test(counters_are_told_once_a_minute),
        cmocka_unit_test(a_certificate_is_told_once_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
