/* SPDX-License-Identifier: MIT */
#include "bridge/admin/admin_page.h"

#include <hubplane_version.h>
#include <inttypes.h>
#include <stdio.h>

#include "bridge/bridge_metrics.h"
#include "common/base/readable.h"

enum { DAY_S = 24 * 3600 };

static bool
has_backplane(const struct admin_page *page)
{
    return bridge_options_is_memory(page->options) ||
           metrics_get(page->metrics, BRIDGE_METRIC_REDIS_CONNECTED) != 0;
}

static bool
is_ready(const struct admin_page *page)
{
    return page->links->state == NODE_LINKS_OPEN && has_backplane(page);
}

/* ---- What an app waits for ---- */

struct app_numbers {
    size_t node_count;
    size_t waiting_bytes; /* publishes that have no id yet */
    size_t waiting_nodes; /* whose they are */
};

static struct app_numbers
count_app(const struct route_app *app)
{
    struct app_numbers numbers = {0};

    LIST_FOR_EACH (node, &app->members) {
        numbers.node_count += !CONTAINER_OF(node, struct route_member, in_app)->peer->is_bridge;
    }
    for (struct map_entry *entry = map_first(&app->publishers); entry != NULL;
         entry = map_next(entry)) {
        const struct route_publisher *publisher = map_entry_value(entry);

        numbers.waiting_bytes += publisher->queued_bytes;
        numbers.waiting_nodes += publisher->queued_bytes > 0;
    }
    return numbers;
}

static const char *
state_word(const struct route_app *app)
{
    if (app->state == LINK_BACKPLANE_CLOSED) {
        return "closed";
    }
    return app->state == LINK_BACKPLANE_OPEN && !app->is_publish_failing ? "open" : "waiting";
}

/* ---- The table ---- */

static void
append_heading(const struct admin_page *page, struct buffer *out)
{
    char duration[READABLE_BYTES], date[READABLE_BYTES];
    int64_t expires_s = node_links_expires_s(page->links);

    (void)buffer_append_format(out,
                               "Bridge       %s %s, %s, up %s\nNodes at     %s, %zu connected\n",
                               page->options->name, HUBPLANE_VERSION,
                               page->links->state == NODE_LINKS_OPEN ? "running" : "stopping",
                               readable_duration(page->clock->now_ms - page->started_ms, duration),
                               page->options->bridge->listen, page->links->peer_count);
    if (bridge_options_is_memory(page->options)) {
        (void)buffer_append_string(out, "Backplane    memory of this bridge, no Redis\n");
    } else {
        (void)buffer_append_format(out, "Redis        %s, %s\n", page->options->redis->address,
                                   has_backplane(page) ? "connected" : "NOT CONNECTED");
    }
    LIST_FOR_EACH (node, &page->peers->list) {
        const struct bridge_peer *peer = bridge_peer_from(node);

        (void)buffer_append_format(out, "Peer         %s, %s\n", bridge_peer_address(peer),
                                   bridge_peer_state_name(peer));
    }
    (void)buffer_append_format(out, "Certificate  expires %s, in %" PRId64 " days\n",
                               readable_date(expires_s, date),
                               (expires_s - (int64_t)(page->clock->wall_ms / 1000)) / DAY_S);
}

static void
append_nodes(const struct admin_page *page, struct buffer *out)
{
    (void)buffer_append_format(out, "\n%-20s %-24s %-10s %-10s %-11s %s\n", "NODE", "ADDRESS",
                               "FOR", "QUEUED", "CERTIFICATE", "APPS");
    LIST_FOR_EACH (node, &page->links->peers) {
        const struct peer *peer = peer_from(node);
        char duration[READABLE_BYTES], size[READABLE_BYTES], date[READABLE_BYTES];
        struct peer_view view;

        if (!peer_look(peer, &view)) {
            continue;
        }
        (void)buffer_append_format(out, "%-20s %-24s %-10s %-10s %s  ", view.name, view.address,
                                   readable_duration(page->clock->now_ms - view.since_ms, duration),
                                   readable_size(view.queued_bytes, size),
                                   readable_date(view.expires_s, date));
        peer_append_apps(peer, out);
        (void)buffer_append_byte(out, '\n');
    }
}

static void
append_apps(const struct admin_page *page, struct buffer *out)
{
    (void)buffer_append_format(out, "\n%-20s %-8s %-16s %-6s %-20s %s\n", "APP", "STATE",
                               "POSITION", "NODES", "HISTORY", "WAITING");
    for (struct map_entry *entry = map_first(&page->apps->by_key); entry != NULL;
         entry = map_next(entry)) {
        const struct route_app *app = map_entry_value(entry);
        struct app_numbers numbers = count_app(app);
        char history[READABLE_BYTES], waiting[READABLE_BYTES], text[2 * READABLE_BYTES];

        snprintf(text, sizeof(text), "%zu in %s", app->history.count,
                 readable_size(app->history.bytes, history));
        (void)buffer_append_format(out, "%-20s %-8s %-16" PRIu64 " %-6zu %-20s %s\n", app->key,
                                   state_word(app), app->order.position, numbers.node_count, text,
                                   readable_size(numbers.waiting_bytes, waiting));
    }
}

/* ---- The same as JSON ---- */

static void
append_json_node(const struct peer *peer, const struct peer_view *view, struct buffer *out)
{
    (void)buffer_append_string(out, "{\"name\":");
    (void)buffer_append_json_string(out, bytes_from_string(view->name));
    (void)buffer_append_string(out, ",\"address\":");
    (void)buffer_append_json_string(out, bytes_from_string(view->address));
    (void)buffer_append_format(out,
                               ",\"certificate\":\"%s\",\"certificate_expires\":%" PRId64
                               ",\"queued_bytes\":%zu,\"apps\":",
                               view->serial, view->expires_s, view->queued_bytes);
    peer_append_apps_json(peer, out);
    (void)buffer_append_byte(out, '}');
}

static void
append_json_app(const struct route_app *app, struct buffer *out)
{
    struct app_numbers numbers = count_app(app);

    (void)buffer_append_string(out, "{\"key\":");
    (void)buffer_append_json_string(out, bytes_from_string(app->key));
    (void)buffer_append_format(out,
                               ",\"state\":\"%s\",\"position\":%" PRIu64 ",\"nodes\":%zu,"
                               "\"history_messages\":%zu,\"history_bytes\":%zu,"
                               "\"waiting_bytes\":%zu,\"waiting_nodes\":%zu}",
                               state_word(app), app->order.position, numbers.node_count,
                               app->history.count, app->history.bytes, numbers.waiting_bytes,
                               numbers.waiting_nodes);
}

static void
append_json_peers(const struct admin_page *page, struct buffer *out)
{
    const char *separator = "";

    (void)buffer_append_string(out, ",\"peers\":[");
    LIST_FOR_EACH (node, &page->peers->list) {
        const struct bridge_peer *peer = bridge_peer_from(node);

        (void)buffer_append_format(out, "%s{\"address\":", separator);
        (void)buffer_append_json_string(out, bytes_from_string(bridge_peer_address(peer)));
        (void)buffer_append_format(out, ",\"state\":\"%s\"}", bridge_peer_state_name(peer));
        separator = ",";
    }
    (void)buffer_append_byte(out, ']');
}

static void
append_json(const struct admin_page *page, struct buffer *out)
{
    const char *separator = "";

    (void)buffer_append_string(out, "{\"name\":");
    (void)buffer_append_json_string(out, bytes_from_string(page->options->name));
    (void)buffer_append_format(out,
                               ",\"version\":\"" HUBPLANE_VERSION
                               "\",\"ready\":%s,\"uptime_ms\":%" PRIu64
                               ",\"certificate_expires\":%" PRId64 ",\"redis\":",
                               is_ready(page) ? "true" : "false",
                               page->clock->now_ms - page->started_ms,
                               node_links_expires_s(page->links));
    if (bridge_options_is_memory(page->options)) {
        (void)buffer_append_string(out, "null");
    } else {
        (void)buffer_append_string(out, "{\"address\":");
        (void)buffer_append_json_string(out, bytes_from_string(page->options->redis->address));
        (void)buffer_append_format(out, ",\"connected\":%s}",
                                   has_backplane(page) ? "true" : "false");
    }
    append_json_peers(page, out);
    (void)buffer_append_string(out, ",\"nodes\":[");
    LIST_FOR_EACH (node, &page->links->peers) {
        struct peer_view view;

        if (peer_look(peer_from(node), &view)) {
            (void)buffer_append_string(out, separator);
            append_json_node(peer_from(node), &view, out);
            separator = ",";
        }
    }
    (void)buffer_append_string(out, "],\"apps\":[");
    separator = "";
    for (struct map_entry *entry = map_first(&page->apps->by_key); entry != NULL;
         entry = map_next(entry)) {
        (void)buffer_append_string(out, separator);
        append_json_app(map_entry_value(entry), out);
        separator = ",";
    }
    (void)buffer_append_string(out, "]}\n");
}

/* ---- Pages ---- */

static void
answer_text(struct admin_answer *answer, uint16_t status, const char *text)
{
    answer->status = status;
    (void)buffer_append_string(&answer->body, text);
}

static void
answer_ready(const struct admin_page *page, struct admin_answer *answer)
{
    if (is_ready(page)) {
        answer_text(answer, 200, "ready\n");
    } else if (page->links->state != NODE_LINKS_OPEN) {
        answer_text(answer, 503, "not ready: the bridge is being stopped\n");
    } else {
        answer_text(answer, 503, "not ready: Redis is not connected\n");
    }
}

static void
append_metrics(const struct admin_page *page, struct buffer *out)
{
    metrics_set(page->metrics, BRIDGE_METRIC_DEGRADED, has_backplane(page) ? 0 : 1);
    (void)metrics_render(page->metrics, out);
    metrics_render_heading(out, "last_id", METRIC_GAUGE,
                           "Everything up to this message id has been heard or given up.");
    for (struct map_entry *entry = map_first(&page->apps->by_key); entry != NULL;
         entry = map_next(entry)) {
        const struct route_app *app = map_entry_value(entry);

        metrics_render_value(out, "last_id", "app", bytes_from_string(app->key),
                             (int64_t)app->order.position);
    }
}

void
admin_page_answer(void *owner, struct bytes path, struct admin_answer *answer)
{
    const struct admin_page *page = owner;

    if (bytes_equal(path, BYTES("/metrics"))) {
        answer->content_type = "text/plain; version=0.0.4";
        append_metrics(page, &answer->body);
    } else if (bytes_equal(path, BYTES("/status"))) {
        answer->content_type = "application/json";
        append_json(page, &answer->body);
    } else if (bytes_equal(path, BYTES("/live"))) {
        answer_text(answer, 200, "live\n");
    } else if (bytes_equal(path, BYTES("/ready"))) {
        answer_ready(page, answer);
    } else if (bytes_equal(path, BYTES("/"))) {
        answer->content_type = "text/plain; charset=utf-8";
        append_heading(page, &answer->body);
        append_nodes(page, &answer->body);
        append_apps(page, &answer->body);
    } else {
        answer_text(answer, 404, "there are /, /metrics, /status, /live and /ready\n");
    }
}
