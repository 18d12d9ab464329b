/* SPDX-License-Identifier: MIT */
#include "bridge/node_link/bridge_peers.h"

#include <stdlib.h>

#include "bridge/bridge_metrics.h"
#include "bridge/node_link/node_links.h"

static void
free_all(struct bridge_peers *peers)
{
    if (peers->options.loop == NULL) {
        return;
    }
    LIST_FOR_EACH (node, &peers->list) {
        struct bridge_peer *peer = bridge_peer_from(node);

        list_remove(node);
        bridge_peer_free(peer);
    }
    tls_context_free(peers->peer_options.tls);
    peers->peer_options.tls = NULL;
}

static void
on_all_closed(struct timer *timer)
{
    struct bridge_peers *peers = CONTAINER_OF(timer, struct bridge_peers, closed_timer);

    free_all(peers);
    peers->options.on_closed(peers->options.owner);
}

static void
finish_close(struct bridge_peers *peers)
{
    if (peers->is_closing && peers->open_count == 0) {
        timer_start(loop_timers(peers->options.loop), &peers->closed_timer, 0, on_all_closed);
    }
}

static void
on_stream_opened(void *owner)
{
    struct bridge_peers *peers = owner;

    peers->open_count++;
}

static void
on_stream_closed(void *owner)
{
    struct bridge_peers *peers = owner;

    peers->open_count--;
    finish_close(peers);
}

/* ---- What apps ask (struct route_bridges_operations) ---- */

static bool
have_told(struct route_bridges *base, const struct route_app *app)
{
    const struct bridge_peers *peers = CONTAINER_OF(base, struct bridge_peers, base);

    LIST_FOR_EACH (node, &peers->list) {
        if (!bridge_peer_has_told(bridge_peer_from(node), app)) {
            return false;
        }
    }
    return true;
}

/* From ${node} on; false when none is left that can be asked. */
static bool
ask(const struct bridge_peers *peers, struct list_node *node, struct route_bridges_read *read)
{
    for (; node != &peers->list.head; node = node->next) {
        if (bridge_asking_read(bridge_peer_from(node), read)) {
            return true;
        }
    }
    return false;
}

static bool
read_histories(struct route_bridges *base, struct route_bridges_read *read)
{
    const struct bridge_peers *peers = CONTAINER_OF(base, struct bridge_peers, base);

    read->missing_to = read->to_id;
    if (!ask(peers, peers->list.head.next, read)) {
        return false;
    }
    metrics_add(peers->options.metrics, BRIDGE_METRIC_PEER_READS, 1);
    return true;
}

/* One bridge after the other, each for what the ones before it do not have. */
static void
on_read(void *owner, struct bridge_peer *peer, struct route_bridges_read *read, uint64_t read_to,
        uint64_t missing_to)
{
    const struct bridge_peers *peers = owner;

    if (read_to >= read->from_id) {
        if (read_to < read->missing_to) {
            read->to_id = read->missing_to = read_to;
        }
        if (missing_to < read->missing_to) {
            read->missing_to = missing_to >= read->from_id ? missing_to : 0;
        }
    }
    if (read->missing_to == 0 || !ask(peers, peer->node.next, read)) {
        read->on_done(read);
    }
}

static void
end_query(struct bridge_peers *peers, struct route_bridges_query *query, bool exists)
{
    timer_stop(loop_timers(peers->options.loop), &query->timer);
    LIST_FOR_EACH (node, &peers->list) {
        bridge_asking_forget_query(bridge_peer_from(node), query);
    }
    query->on_done(query, exists);
}

static void
on_query_timer(struct timer *timer)
{
    struct route_bridges_query *query = CONTAINER_OF(timer, struct route_bridges_query, timer);

    end_query(CONTAINER_OF(query->bridges, struct bridge_peers, base), query, false);
}

/* All at once: the first yes is the answer. */
static bool
query_nodes(struct route_bridges *base, struct route_bridges_query *query, struct bytes topic)
{
    const struct bridge_peers *peers = CONTAINER_OF(base, struct bridge_peers, base);

    query->bridges = base;
    query->waiting_count = 0;
    LIST_FOR_EACH (node, &peers->list) {
        query->waiting_count += bridge_asking_query(bridge_peer_from(node), query, topic);
    }
    if (query->waiting_count > 0) {
        timer_start(loop_timers(peers->options.loop), &query->timer, BRIDGE_ASKING_PATIENCE_MS,
                    on_query_timer);
    }
    return query->waiting_count > 0;
}

static void
on_query_answer(void *owner, struct route_bridges_query *query, bool exists)
{
    query->waiting_count--;
    if (exists || query->waiting_count == 0) {
        end_query(owner, query, exists);
    }
}

static const struct route_bridges_operations operations = {
    .have_told = have_told,
    .read = read_histories,
    .query = query_nodes,
};

/* ---- Life ---- */

static enum status
add_peers(struct bridge_peers *peers)
{
    struct bytes rest = bytes_from_string(peers->options.addresses), address;

    while (bytes_split(&rest, ',', &address)) {
        struct bridge_peer *peer = bridge_peer_new(&peers->peer_options, bytes_trim(address));

        if (peer == NULL) {
            return STATUS_NO_MEMORY;
        }
        list_append(&peers->list, &peer->node);
    }
    return STATUS_OK;
}

enum status
bridge_peers_open(struct bridge_peers *peers, const struct bridge_peers_options *options,
                  struct buffer *problem)
{
    enum status status;

    *peers = (struct bridge_peers){.base.operations = &operations, .options = *options};
    peers->peer_options = (struct bridge_peer_options){
        .loop = options->loop,
        .self = options->self,
        .trust = options->trust,
        .apps = options->apps,
        .metrics = options->metrics,
        .on_stream_opened = on_stream_opened,
        .on_stream_closed = on_stream_closed,
        .on_read = on_read,
        .on_query_answer = on_query_answer,
        .owner = peers,
    };
    list_init(&peers->list);
    if (options->addresses == NULL) {
        return STATUS_OK;
    }
    status = bridge_peers_reload(peers, options->credentials, problem);
    if (status == STATUS_OK && (status = add_peers(peers)) != STATUS_OK) {
        (void)buffer_append_string(problem, status_sentence(status));
    }
    return status;
}

enum status
bridge_peers_reload(struct bridge_peers *peers, const char *path, struct buffer *problem)
{
    struct tls_context *tls;
    enum status status = STATUS_OK;

    if (peers->options.addresses != NULL) {
        status = node_links_load_credentials(path, TLS_CLIENT, &tls, problem);
        if (status == STATUS_OK) {
            tls_context_free(peers->peer_options.tls);
            peers->peer_options.tls = tls;
        }
    }
    return status;
}

void
bridge_peers_open_app(struct bridge_peers *peers, struct route_app *app)
{
    if (peers->options.apps == NULL) {
        return;
    }
    LIST_FOR_EACH (node, &peers->list) {
        bridge_peer_open_app(bridge_peer_from(node), app);
    }
}

void
bridge_peers_share(struct bridge_peers *peers)
{
    LIST_FOR_EACH (node, &peers->list) {
        bridge_peer_check_revoked(bridge_peer_from(node));
        bridge_peer_share(bridge_peer_from(node));
    }
}

void
bridge_peers_close(struct bridge_peers *peers)
{
    if (peers->is_closing) {
        return;
    }
    peers->is_closing = true;
    LIST_FOR_EACH (node, &peers->list) {
        bridge_peer_close(bridge_peer_from(node));
    }
    finish_close(peers);
}

void
bridge_peers_deinit(struct bridge_peers *peers)
{
    free_all(peers);
}
