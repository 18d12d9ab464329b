/* SPDX-License-Identifier: MIT */
#include "tests/scenario/scenario.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/upstream/upstream.h"
#include "tests/scenario/fake_client.h"

enum { EVENTS_BYTES_MAX = 16 * 1024 * 1024 };

static const struct metric_row metric_rows[SCENARIO_METRICS] = {
    [SCENARIO_CONNECTIONS] = {"connections", METRIC_GAUGE, ""},
    [SCENARIO_CONNECTS] = {"connects", METRIC_COUNTER, ""},
    [SCENARIO_RECONNECTS] = {"reconnects", METRIC_COUNTER, ""},
    [SCENARIO_DISCONNECTS] = {"disconnects", METRIC_COUNTER, ""},
    [SCENARIO_REFUSED] = {"refused", METRIC_COUNTER, ""},
    [SCENARIO_DELIVERED] = {"delivered", METRIC_COUNTER, ""},
    [SCENARIO_REPLAYED] = {"replayed", METRIC_COUNTER, ""},
    [SCENARIO_REPLAYS_SHORT] = {"replays_short", METRIC_COUNTER, ""},
    [SCENARIO_STALE_CURSORS] = {"stale_cursors", METRIC_COUNTER, ""},
    [SCENARIO_SLOW_CONSUMERS] = {"slow_consumers", METRIC_COUNTER, ""},
    [SCENARIO_LIMITED_RATE] = {"limited_rate", METRIC_COUNTER, ""},
    [SCENARIO_LIMITED_CONNECTIONS] = {"limited_connections", METRIC_COUNTER, ""},
    [SCENARIO_CLIENT_FAULTS] = {"client_faults", METRIC_COUNTER, ""},
    [SCENARIO_UNAUTHORIZED] = {"unauthorized", METRIC_COUNTER, ""},
    [SCENARIO_INVALID_VALUES] = {"invalid_values", METRIC_COUNTER, ""},
    [SCENARIO_UNMATCHED] = {"unmatched", METRIC_COUNTER, ""},
    [SCENARIO_HUB_CALLS] = {"hub_calls", METRIC_COUNTER, ""},
    [SCENARIO_HUB_ERRORS] = {"hub_errors", METRIC_COUNTER, ""},
    [SCENARIO_JOIN_TIME_OUTS] = {"join_time_outs", METRIC_COUNTER, ""},
    [SCENARIO_ACKS_PENDING] = {"acks_pending", METRIC_GAUGE, ""},
};

/* HUBPLANE_SCENARIO_LOG=1 shows what the hosts say. */
static void
on_line(void *context, enum log_level level, const char *line)
{
    (void)context;
    (void)level;
    if (getenv("HUBPLANE_SCENARIO_LOG") != NULL) {
        fprintf(stderr, "%s\n", line);
    }
}

static void
add_chat_rules(struct probe_hub *probe)
{
    static const char *const rules[][2] = {
        {"Send", "all.say($1)"},
        {"Send/2", "all.broadcastMessage($1, $2)"},
        {"Others", "others.say($1)"},
        {"Caller", "caller.say($1)"},
        {"Client", "client($1).say($2)"},
        {"User", "user($1).say($2)"},
        {"Group", "group($1).say($2)"},
        {"OthersInGroup", "others_in_group($1).say($2)"},
        {"Join", "join($1)"},
        {"JoinAndSay", "join($1); group($1).say($2)"},
        {"JoinOther", "join($1, $2)"},
        {"Leave", "leave($1)"},
        {"LeaveOther", "leave($1, $2)"},
        {"Echo", "return($1)"},
        {"Throw", "throw($1)"},
        {"ThrowData", "throw($1, $2)"},
        {"SetState", "set_state(\"nick\", $1); caller.say(\"state\"); return($1)"},
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        probe_hub_rule(probe, rules[i][0], rules[i][1]);
    }
}

static void
init_app(struct scenario *scenario)
{
    struct app *app = &scenario->app;

    probe_hub_init(&scenario->probes[SCENARIO_CHAT], &scenario->events, false);
    probe_hub_init(&scenario->probes[SCENARIO_OTHER], &scenario->events, false);
    probe_hub_init(&scenario->raw_probe, &scenario->events, true);
    add_chat_rules(&scenario->probes[SCENARIO_CHAT]);
    probe_hub_rule(&scenario->probes[SCENARIO_OTHER], "Send", "all.say($1)");
    probe_hub_rule(&scenario->raw_probe, "receive", "all");
    scenario->hubs[SCENARIO_CHAT] =
        (struct app_hub){"ChatHub", probe_hub_make, &scenario->probes[SCENARIO_CHAT]};
    scenario->hubs[SCENARIO_OTHER] =
        (struct app_hub){"OtherHub", probe_hub_make, &scenario->probes[SCENARIO_OTHER]};
    scenario->raw = (struct app_hub){"My.Echo", probe_hub_make, &scenario->raw_probe};
    scenario->paths[0] = (struct app_path){.path = "/signalr"};
    scenario->paths[1] = (struct app_path){.path = "/echo", .raw = &scenario->raw};
    app_init(app);
    app->name = "chat";
    app->key = "ChatApp";
    app->handle = FAKE_BACKPLANE_APP;
    app->hubs = scenario->hubs;
    app->hub_count = 2;
    app->paths = scenario->paths;
    app->path_count = 2;
}

void
scenario_init(struct scenario *scenario)
{
    memset(scenario, 0, sizeof(*scenario));
    clock_init_virtual(&scenario->clock, 1000000, 1700000000000);
    timers_init(&scenario->timers, &scenario->clock);
    log_init(&scenario->log, LOG_DEBUG, on_line, NULL);
    fake_backplane_init(&scenario->farm);
    fake_loop_init(&scenario->loop, &scenario->timers);
    list_init(&scenario->clients);
    buffer_init(&scenario->events, EVENTS_BYTES_MAX);
    scenario->proxies[0] = "198.51.100.7";
    assert_status(metrics_init(&scenario->metrics, metric_rows, SCENARIO_METRICS), STATUS_OK);
    init_app(scenario);
}

static void
on_request(void *owner, struct http_exchange *exchange)
{
    struct scenario_host *host = owner;
    struct http_response not_found = {.status = 404, .body = BYTES("")};

    const struct scenario *scenario = host->scenario;

    if (!signalr_host_handle(host->host, exchange) &&
        (scenario->handle == NULL || !scenario->handle(scenario->handler, exchange))) {
        http_exchange_respond(exchange, &not_found);
    }
}

static struct signalr_metrics
metrics_of(struct scenario *scenario)
{
    return (struct signalr_metrics){
        .registry = &scenario->metrics,
        .connections = SCENARIO_CONNECTIONS,
        .connects = SCENARIO_CONNECTS,
        .reconnects = SCENARIO_RECONNECTS,
        .disconnects = SCENARIO_DISCONNECTS,
        .refused = SCENARIO_REFUSED,
        .delivered = SCENARIO_DELIVERED,
        .replayed = SCENARIO_REPLAYED,
        .replays_short = SCENARIO_REPLAYS_SHORT,
        .stale_cursors = SCENARIO_STALE_CURSORS,
        .slow_consumers = SCENARIO_SLOW_CONSUMERS,
        .limited_rate = SCENARIO_LIMITED_RATE,
        .limited_connections = SCENARIO_LIMITED_CONNECTIONS,
        .unauthorized = SCENARIO_UNAUTHORIZED,
        .client_faults = SCENARIO_CLIENT_FAULTS,
        .invalid_values = SCENARIO_INVALID_VALUES,
        .unmatched_acknowledgements = SCENARIO_UNMATCHED,
        .hub_calls = SCENARIO_HUB_CALLS,
        .hub_errors = SCENARIO_HUB_ERRORS,
        .join_time_outs = SCENARIO_JOIN_TIME_OUTS,
        .acks_pending = SCENARIO_ACKS_PENDING,
    };
}

static void
start_host(struct scenario *scenario, size_t index)
{
    struct scenario_host *host = &scenario->hosts[index];

    host->scenario = scenario;
    host->port = fake_backplane_add(&scenario->farm, scenario->shares_node ? 0 : (int)index);
    host->server = (struct http_server){
        .timers = &scenario->timers,
        .log = &scenario->log,
        .limits = {.line_max_bytes = 32 * 1024,
                   .headers_max_bytes = 64 * 1024,
                   .body_max_bytes = 4 * 1024 * 1024,
                   .request_timeout_ms = 30 * 1000,
                   .idle_timeout_ms = 120 * 1000},
        .on_request = on_request,
        .owner = host,
    };
    struct signalr_host_options options = {
        .timers = &scenario->timers,
        .log = &scenario->log,
        .metrics = metrics_of(scenario),
        .port = &host->port->port,
        .apps = &scenario->app,
        .app_count = 1,
        .proxies = {scenario->proxies, 1},
        .limits = scenario->client_limits,
        .home = fake_loop_poster(&scenario->loop),
        .upstreams = scenario->upstreams,
        .is_paused = &host->is_paused,
    };
    assert_status(signalr_host_new(&options, &host->host), STATUS_OK);
    fake_port_attach(host->port, &signalr_host_port_handler, host->host);
    if (!scenario->has_no_link) {
        fake_port_set_secrets(host->port, 1);
        fake_port_set_state(host->port, BACKPLANE_OPEN);
    }
}

void
scenario_start(struct scenario *scenario, size_t count)
{
    const char *problem;

    assert_status(app_check(&scenario->app, &problem), STATUS_OK);
    scenario->client_limits = client_limits_new(&scenario->limits);
    assert_non_null(scenario->client_limits);
    scenario->host_count = count;
    for (size_t i = 0; i < count; i++) {
        start_host(scenario, i);
    }
    scenario_run(scenario);
}

void
scenario_kill(struct scenario *scenario, size_t index)
{
    struct scenario_host *host = &scenario->hosts[index];

    if (host->host == NULL) {
        return;
    }
    LIST_FOR_EACH (node, &scenario->clients) {
        struct fake_client *client = CONTAINER_OF(node, struct fake_client, node);
        if (client->host == host) {
            fake_client_close(client);
        }
    }
    fake_backplane_run(&scenario->farm);
    signalr_host_free(host->host);
    host->host = NULL;
    fake_port_detach(host->port);
}

void
scenario_deinit(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->host_count; i++) {
        scenario_kill(scenario, i);
    }
    assert_true(list_is_empty(&scenario->clients));
    client_limits_free(scenario->client_limits);
    upstreams_close(scenario->upstreams);
    fake_loop_deinit(&scenario->loop);
    upstreams_free(scenario->upstreams);
    fake_backplane_deinit(&scenario->farm);
    timers_deinit(&scenario->timers);
    metrics_deinit(&scenario->metrics);
    probe_hub_deinit(&scenario->probes[SCENARIO_CHAT]);
    probe_hub_deinit(&scenario->probes[SCENARIO_OTHER]);
    probe_hub_deinit(&scenario->raw_probe);
    buffer_deinit(&scenario->events);
}

static bool
close_finished(struct scenario *scenario)
{
    bool has_worked = false;

    LIST_FOR_EACH (node, &scenario->clients) {
        has_worked |= fake_client_finish(CONTAINER_OF(node, struct fake_client, node));
    }
    return has_worked;
}

void
scenario_run(struct scenario *scenario)
{
    bool has_worked = true;

    while (has_worked) {
        has_worked = fake_backplane_run(&scenario->farm);
        has_worked |= close_finished(scenario);
        has_worked |= scenario->work != NULL && scenario->work(scenario->worker);
        if (timers_next_delay_ms(&scenario->timers) == 0) {
            timers_run(&scenario->timers);
            has_worked = true;
        }
    }
}

void
scenario_advance(struct scenario *scenario, uint64_t delta_ms)
{
    scenario_run(scenario);
    while (delta_ms > 0) {
        uint64_t step_ms = timers_next_delay_ms(&scenario->timers);
        if (step_ms > delta_ms) {
            step_ms = delta_ms;
        }
        clock_advance(&scenario->clock, step_ms);
        delta_ms -= step_ms;
        timers_run(&scenario->timers);
        scenario_run(scenario);
    }
}

void
scenario_expect_events(struct scenario *scenario, const char *expected)
{
    struct bytes rest = buffer_bytes(&scenario->events);
    struct buffer actual;
    struct bytes line;

    buffer_init(&actual, EVENTS_BYTES_MAX);
    while (bytes_split(&rest, '\n', &line) && line.length > 0) {
        struct bytes event, hub, id;
        bytes_split(&line, ' ', &event);
        bytes_split(&line, ' ', &hub);
        bytes_split(&line, ' ', &id);
        buffer_append_format(&actual, "%.*s %.*s", BYTES_PRINTF(event), BYTES_PRINTF(hub));
        if (line.data != NULL) {
            buffer_append_format(&actual, " %.*s", BYTES_PRINTF(line));
        }
        buffer_append_byte(&actual, '\n');
    }
    assert_bytes(buffer_bytes(&actual), bytes_from_string(expected));
    buffer_deinit(&actual);
    buffer_clear(&scenario->events);
}

int64_t
scenario_metric(const struct scenario *scenario, enum scenario_metric metric)
{
    return metrics_get(&scenario->metrics, metric);
}

uint64_t
scenario_publish(struct scenario *scenario, const char *topic, const char *value)
{
    struct signalr_message message = {.source = BYTES("elsewhere"),
                                      .topic = bytes_from_string(topic),
                                      .value = bytes_from_string(value)};

    return fake_backplane_publish(&scenario->farm, &message, 1);
}

uint64_t
scenario_say(struct scenario *scenario, const char *text)
{
    char value[256];

    snprintf(value, sizeof(value), "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[\"%s\"]}", text);
    return scenario_publish(scenario, "h-ChatHub", value);
}
