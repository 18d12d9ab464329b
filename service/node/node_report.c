/* SPDX-License-Identifier: MIT */
#include "service/node/node_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/readable.h"
#include "hubplane_version.h"
#include "service/node/service_metrics.h"

enum { DAY_S = 24 * 3600 };

static int64_t
number(const struct node_report *report, enum service_metric metric)
{
    return metrics_get(report->metrics, metric);
}

/* ---- The table ---- */

static const char *
state_sentence(const struct node_report *report)
{
    if (atomic_load(report->is_paused)) {
        return "PAUSED: newcomers are sent elsewhere";
    }
    if (backplane_is_ready(report->backplane)) {
        return "ready";
    }
    return backplane_bridge_name(report->backplane) == NULL
               ? "NOT READY: no bridge answers, publishes wait"
               : "NOT READY: the bridge answers, but no app is open there, publishes wait";
}

static void
append_heading(const struct node_report *report, struct buffer *out)
{
    const char *bridge = backplane_bridge_name(report->backplane);
    int64_t expires_s = number(report, SERVICE_METRIC_CERTIFICATE_EXPIRES);
    char text[READABLE_BYTES];

    (void)buffer_append_format(out, "Node         %s %s, up %s\nState        %s\n", report->name,
                               HUBPLANE_VERSION,
                               readable_duration(report->clock->now_ms - report->started_ms, text),
                               state_sentence(report));
    (void)buffer_append_format(out,
                               "Clients at   %s, %" PRId64 " connections, %" PRId64 " sockets\n",
                               report->options->service->listen,
                               number(report, SERVICE_METRIC_CONNECTIONS),
                               number(report, SERVICE_METRIC_HTTP_CONNECTIONS));
    (void)buffer_append_format(out, "Bridge       %s, %s%s\n", report->options->bridge->address,
                               bridge != NULL ? "linked to " : "NOT LINKED",
                               bridge != NULL ? bridge : "");
    if (expires_s != 0) {
        (void)buffer_append_format(out, "Certificate  expires %s, in %" PRId64 " days\n",
                                   readable_date(expires_s, text),
                                   (expires_s - (int64_t)(report->clock->wall_ms / 1000)) / DAY_S);
    }
    (void)buffer_append_format(out,
                               "Messages     %" PRId64 " published, %" PRId64 " received, %" PRId64
                               " sent to clients, %" PRId64 " lost\n",
                               number(report, SERVICE_METRIC_PUBLISH_CONFIRMED),
                               number(report, SERVICE_METRIC_DELIVERED),
                               number(report, SERVICE_METRIC_CLIENT_MESSAGES),
                               number(report, SERVICE_METRIC_GAPS));
}

void
node_report_write_table(const void *owner, struct buffer *out)
{
    const struct node_report *report = owner;

    append_heading(report, out);
    (void)buffer_append_format(out, "\n%-20s %-20s %-8s %-16s %s\n", "APP", "KEY", "STATE",
                               "POSITION", "WAITING");
    for (size_t i = 0; i < report->options->app_count; i++) {
        char waiting[READABLE_BYTES];
        struct backplane_app_view view;

        backplane_look(report->backplane, i, &view);
        (void)buffer_append_format(out, "%-20s %-20s %-8s %-16" PRIu64 " %zu in %s\n",
                                   report->options->apps[i].name, view.key, view.state,
                                   view.position, view.waiting_count,
                                   readable_size(view.waiting_bytes, waiting));
    }
}

/* ---- The same as JSON ---- */

static void
append_json_text(const char *name, const char *value, struct buffer *out)
{
    (void)buffer_append_format(out, "\"%s\":", name);
    if (value != NULL) {
        (void)buffer_append_json_string(out, bytes_from_string(value));
    } else {
        (void)buffer_append_string(out, "null");
    }
    (void)buffer_append_byte(out, ',');
}

static void
append_json_app(const struct node_report *report, size_t app, struct buffer *out)
{
    struct backplane_app_view view;

    backplane_look(report->backplane, app, &view);
    (void)buffer_append_string(out, app > 0 ? ",{" : "{");
    append_json_text("name", report->options->apps[app].name, out);
    append_json_text("key", view.key, out);
    (void)buffer_append_format(out,
                               "\"state\":\"%s\",\"position\":%" PRIu64
                               ",\"waiting_messages\":%zu,\"waiting_bytes\":%zu}",
                               view.state, view.position, view.waiting_count, view.waiting_bytes);
}

void
node_report_write_json(const void *owner, struct buffer *out)
{
    static const struct {
        const char *name;
        enum service_metric metric;
    } numbers[] = {
        {"connections", SERVICE_METRIC_CONNECTIONS},
        {"sockets", SERVICE_METRIC_HTTP_CONNECTIONS},
        {"certificate_expires", SERVICE_METRIC_CERTIFICATE_EXPIRES},
        {"published", SERVICE_METRIC_PUBLISH_CONFIRMED},
        {"received", SERVICE_METRIC_DELIVERED},
        {"sent", SERVICE_METRIC_CLIENT_MESSAGES},
        {"lost", SERVICE_METRIC_GAPS},
    };
    const struct node_report *report = owner;

    (void)buffer_append_byte(out, '{');
    append_json_text("name", report->name, out);
    append_json_text("version", HUBPLANE_VERSION, out);
    append_json_text("listen", report->options->service->listen, out);
    append_json_text("bridge", backplane_bridge_name(report->backplane), out);
    (void)buffer_append_format(out, "\"ready\":%s,\"paused\":%s,\"uptime_ms\":%" PRIu64,
                               backplane_is_ready(report->backplane) ? "true" : "false",
                               atomic_load(report->is_paused) ? "true" : "false",
                               report->clock->now_ms - report->started_ms);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        (void)buffer_append_format(out, ",\"%s\":%" PRId64, numbers[i].name,
                                   number(report, numbers[i].metric));
    }
    (void)buffer_append_string(out, ",\"apps\":[");
    for (size_t i = 0; i < report->options->app_count; i++) {
        append_json_app(report, i, out);
    }
    (void)buffer_append_string(out, "]}\n");
}
