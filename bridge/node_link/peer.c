/* SPDX-License-Identifier: MIT */
#include "bridge/node_link/peer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/authority/farm_list.h"
#include "bridge/bridge_apps.h"
#include "bridge/bridge_metrics.h"
#include "bridge/bridge_trust.h"
#include "bridge/route/route_query.h"
#include "common/net/listener.h"
#include "common/wire/link_server.h"

/* Several members may publish in one chunk of input; all are flushed after it. */
enum { PUBLISHERS_AT_ONCE = 16, TEXT_BYTES = 512, DAY_S = 24 * 3600, SUBJECT_BYTES = 320 };

/* Above the mark only answers are queued, and the last message, which may be large. A node that
 * does not even take those is cut off. */
enum { QUEUE_SLACK_BYTES = 32 * 1024 * 1024 };

enum peer_state {
    PEER_HANDSHAKE, /* TLS; there is no link yet */
    PEER_GREETING,  /* the link waits for HELLO */
    PEER_OPEN,      /* in use */
    PEER_FAILED,    /* the link is of no more use; its stream is on its way out */
};

struct peer {
    struct list_node node;
    const struct peer_options *options;
    enum peer_state state;
    struct stream *stream;
    struct route_peer route;     /* link and sink */
    char subject[SUBJECT_BYTES]; /* "node web01" for the log */
    uint64_t since_ms;           /* of HELLO */
    uint8_t instance[ENVELOPE_INSTANCE_BYTES];
    /* handle, two bytes -> struct route_member */
    struct map members;
    struct route_member *publishers[PUBLISHERS_AT_ONCE]; /* to be flushed */
    size_t publisher_count;
};

static struct log *
log_of(const struct peer *peer)
{
    return loop_log(peer->options->loop);
}

static void
count(const struct peer *peer, enum bridge_metric metric, int64_t delta)
{
    metrics_add(peer->options->metrics, metric, delta);
}

static struct route_member *
find_member(const struct peer *peer, uint16_t handle)
{
    return map_get(&peer->members, bytes_from(&handle, sizeof(handle)));
}

struct peer *
peer_from(struct list_node *node)
{
    return CONTAINER_OF(node, struct peer, node);
}

static void
flush_publishers(struct peer *peer)
{
    for (size_t i = 0; i < peer->publisher_count; i++) {
        route_app_flush(peer->publishers[i]);
    }
    peer->publisher_count = 0;
}

static void
leave_apps(struct peer *peer)
{
    peer->publisher_count = 0;
    for (struct map_entry *entry = map_first(&peer->members); entry != NULL;
         entry = map_next(entry)) {
        route_app_leave(map_entry_value(entry));
    }
    map_deinit(&peer->members);
}

/* The node could have more to say, but there is no memory to listen. */
static void
give_up(struct peer *peer, enum status status)
{
    link_server_error(peer->route.link, status, status_sentence(status));
}

/* ---- Its certificate ---- */

static bool
is_revoked(const struct peer *peer)
{
    const struct tls_peer *certificate = stream_tls_peer(peer->stream);

    return farm_revoked_since(peer->options->revoked, bytes_from_string(certificate->serial)) != 0;
}

static void
turn_revoked_away(struct peer *peer)
{
    count(peer, BRIDGE_METRIC_LINKS_REVOKED, 1);
    link_server_error(peer->route.link, STATUS_DENIED,
                      "the certificate has been revoked; issue a new one");
}

void
peer_check_revoked(struct peer *peer)
{
    /* Before, on_hello() will look. */
    if (peer->state == PEER_OPEN && is_revoked(peer)) {
        turn_revoked_away(peer);
    }
}

int64_t
peer_expires_s(const struct peer *peer)
{
    return peer->state == PEER_OPEN ? stream_tls_peer(peer->stream)->expires_at_s : INT64_MAX;
}

void
peer_warn_of_expiry(const struct peer *peer)
{
    int64_t now_s = (int64_t)(loop_clock(peer->options->loop)->wall_ms / 1000);
    int64_t expires_s = peer_expires_s(peer);

    if (expires_s < now_s + PEER_EXPIRY_WARNING_S) {
        log_warn(log_of(peer), peer->subject,
                 "its certificate expires in %" PRId64 " days; issue a new one and replace its "
                 "credential file",
                 expires_s > now_s ? (expires_s - now_s) / DAY_S : 0);
    }
}

/* ---- Another bridge ---- */

static void
send_piece(void *owner, struct bytes name, struct bytes content)
{
    const struct peer *peer = owner;

    link_server_share(peer->route.link, name, content);
}

void
peer_share(struct peer *peer)
{
    if (peer->state == PEER_OPEN && stream_tls_peer(peer->stream)->is_bridge) {
        bridge_trust_share(peer->options->trust, send_piece, peer);
    }
}

static void
on_share(void *owner, struct bytes name, struct bytes content)
{
    struct peer *peer = owner;

    if (peer->state != PEER_OPEN) {
        return; /* turned away */
    }
    if (stream_tls_peer(peer->stream)->is_bridge) {
        bridge_trust_take(peer->options->trust, peer->subject, name, content);
    } else {
        link_server_error(peer->route.link, STATUS_DENIED, "only bridges share with bridges");
    }
}

/* ---- What the node says (struct link_server_handler) ---- */

static void
on_hello(void *owner, const struct link_identity *node)
{
    struct peer *peer = owner;
    const struct tls_peer *certificate = stream_tls_peer(peer->stream);

    if (is_revoked(peer)) {
        turn_revoked_away(peer);
        return;
    }
    memcpy(peer->instance, node->instance, sizeof(peer->instance));
    peer->state = PEER_OPEN;
    peer->since_ms = loop_clock(peer->options->loop)->now_ms;
    count(peer, BRIDGE_METRIC_LINKS_ACCEPTED, 1);
    count(peer, BRIDGE_METRIC_LINKS, 1);
    log_info(log_of(peer), peer->subject,
             "connected address=%s name=%.*s software=\"%.*s\" certificate=%.16s",
             stream_peer_address(peer->stream), BYTES_PRINTF(node->name),
             BYTES_PRINTF(node->software), certificate->serial);
    peer_warn_of_expiry(peer);
    peer_share(peer);
}

static void
refuse_open(struct peer *peer, uint16_t handle, struct bytes key, enum status status,
            struct bytes text)
{
    log_warn(log_of(peer), peer->subject, "an app was refused: %.*s key=%.*s", BYTES_PRINTF(text),
             BYTES_PRINTF(bytes_slice(key, 0, BRIDGE_KEY_MAX_BYTES)));
    link_server_refuse_open(peer->route.link, handle, status, text);
}

static enum status
join(struct peer *peer, uint16_t handle, struct route_app *app, uint64_t last_seen_id,
     uint64_t acknowledged_sequence)
{
    struct route_member *member;
    enum status status = route_app_join(app, &peer->route, handle, peer->instance, last_seen_id,
                                        acknowledged_sequence, &member);

    if (status == STATUS_OK) {
        status = map_put(&peer->members, bytes_from(&handle, sizeof(handle)), member);
        if (status != STATUS_OK) {
            route_app_leave(member);
        }
    }
    return status;
}

static void
on_open(void *owner, uint16_t handle, struct bytes key, uint64_t last_seen_id,
        uint64_t acknowledged_sequence)
{
    struct peer *peer = owner;
    struct buffer problem;
    struct route_app *app;
    enum status status;

    if (!tls_peer_allows_app(stream_tls_peer(peer->stream), key)) {
        refuse_open(peer, handle, key, STATUS_DENIED,
                    BYTES("the node's certificate does not name this app; issue one with --apps"));
        return;
    }
    buffer_init(&problem, TEXT_BYTES);
    status = bridge_apps_open(peer->options->apps, key, &app, &problem);
    if (status == STATUS_OK) {
        status = join(peer, handle, app, last_seen_id, acknowledged_sequence);
        if (status != STATUS_OK) {
            give_up(peer, status);
        }
    } else {
        refuse_open(peer, handle, key, status, buffer_bytes(&problem));
    }
    buffer_deinit(&problem);
}

static void
note_publisher(struct peer *peer, struct route_member *member)
{
    for (size_t i = 0; i < peer->publisher_count; i++) {
        if (peer->publishers[i] == member) {
            return;
        }
    }
    if (peer->publisher_count == PUBLISHERS_AT_ONCE) {
        flush_publishers(peer);
    }
    peer->publishers[peer->publisher_count++] = member;
}

static void
on_publish(void *owner, uint16_t handle, uint64_t sequence, struct bytes frame)
{
    struct peer *peer = owner;
    struct route_member *member = find_member(peer, handle);
    enum status status = route_app_publish(member, sequence, frame);

    if (status == STATUS_PROTOCOL) {
        link_server_error(peer->route.link, status, "a publish sequence is missing");
    } else if (status != STATUS_OK) {
        give_up(peer, status);
    } else {
        note_publisher(peer, member);
    }
}

static void
on_interest(void *owner, uint16_t handle, bool is_added, struct bytes topic)
{
    struct peer *peer = owner;
    enum status status = route_member_listen(find_member(peer, handle), topic, is_added);

    if (status != STATUS_OK) {
        give_up(peer, status);
    }
}

static void
on_interest_end(void *owner, uint16_t handle, uint32_t request)
{
    route_app_interest_end(find_member(owner, handle), request);
}

static void
on_replay(void *owner, uint16_t handle, uint32_t request, uint64_t to_id,
          const struct link_topic *topics, size_t topic_count)
{
    struct peer *peer = owner;
    enum status status =
        route_app_replay(find_member(peer, handle), request, to_id, topics, topic_count);

    if (status != STATUS_OK) {
        give_up(peer, status);
    }
}

static void
on_query(void *owner, uint16_t handle, uint32_t request, struct bytes topic)
{
    route_query_add(find_member(owner, handle), request, topic);
}

static void
resume_members(struct peer *peer)
{
    for (struct map_entry *entry = map_first(&peer->members); entry != NULL;
         entry = map_next(entry)) {
        route_member_resume(map_entry_value(entry));
    }
}

static void
on_credit(void *owner, uint64_t bytes)
{
    (void)bytes;
    resume_members(owner);
}

static void
on_goaway(void *owner, struct bytes reason)
{
    struct peer *peer = owner;

    log_info(log_of(peer), peer->subject, "is about to leave reason=\"%.*s\"",
             BYTES_PRINTF(reason));
}

static uint64_t
position(void *owner, uint16_t handle)
{
    return route_app_position(find_member(owner, handle));
}

/* Whoever was never let in may come back at once, again and again. */
static void
log_refused(struct peer *peer, const char *reason)
{
    uint64_t suppressed;

    if (log_allows(peer->options->refused_limit, loop_clock(peer->options->loop)->now_ms,
                   &suppressed)) {
        log_warn(log_of(peer), peer->subject, "refused: %s suppressed=%" PRIu64, reason,
                 suppressed);
    }
}

static void
on_failed(void *owner, enum status status, const char *reason)
{
    struct peer *peer = owner;

    if (peer->state != PEER_OPEN) {
        count(peer, BRIDGE_METRIC_LINKS_REFUSED, 1);
        log_refused(peer, reason);
    } else if (status == STATUS_OK || status == STATUS_CLOSED) {
        count(peer, BRIDGE_METRIC_LINKS, -1);
        log_info(log_of(peer), peer->subject, "disconnected reason=\"%s\"", reason);
    } else {
        count(peer, BRIDGE_METRIC_LINKS, -1);
        log_warn(log_of(peer), peer->subject, "disconnected: %s status=%s", reason,
                 status_name(status));
    }
    peer->state = PEER_FAILED;
    leave_apps(peer);
}

static const struct link_server_handler link_handler = {
    .on_hello = on_hello,
    .on_open = on_open,
    .on_publish = on_publish,
    .on_interest = on_interest,
    .on_interest_end = on_interest_end,
    .on_replay = on_replay,
    .on_query = on_query,
    .on_credit = on_credit,
    .on_goaway = on_goaway,
    .on_share = on_share,
    .position = position,
    .on_failed = on_failed,
};

/* ---- The stream ---- */

static void
on_stream_open(void *owner, struct stream *stream)
{
    struct peer *peer = owner;
    const struct tls_peer *certificate = stream_tls_peer(stream);
    struct loop *loop = peer->options->loop;

    if (certificate == NULL) {
        stream_close(stream, "no certificate");
        return;
    }
    snprintf(peer->subject, sizeof(peer->subject), "%s %s",
             certificate->is_bridge ? "bridge" : "node", certificate->name);
    peer->route.sink = stream_sink(stream);
    peer->route.is_bridge = certificate->is_bridge;
    peer->route.deliver_high_bytes = peer->options->deliver_high_bytes;
    if (link_server_new(peer->route.sink, loop_timers(loop), loop_log(loop), &peer->options->self,
                        &link_handler, peer, &peer->route.link) != STATUS_OK) {
        stream_close(stream, "out of memory");
        return;
    }
    peer->state = PEER_GREETING;
}

static void
on_stream_data(void *owner, struct stream *stream, struct bytes input)
{
    struct peer *peer = owner;

    (void)stream;
    if (peer->route.link != NULL) {
        link_server_receive(peer->route.link, input);
        flush_publishers(peer);
    }
}

static void
on_stream_drained(void *owner, struct stream *stream)
{
    (void)stream;
    resume_members(owner);
}

static const enum bridge_metric tls_failure_metrics[TLS_FAILURES] = {
    [TLS_FAILURE_CERTIFICATE] = BRIDGE_METRIC_TLS_CERTIFICATE,
    [TLS_FAILURE_REFUSED] = BRIDGE_METRIC_TLS_REFUSED,
    [TLS_FAILURE_PROTOCOL] = BRIDGE_METRIC_TLS_PROTOCOL,
    [TLS_FAILURE_CLOSED] = BRIDGE_METRIC_TLS_CLOSED,
};

static void
on_stream_closed(void *owner, enum status status, const char *reason)
{
    struct peer *peer = owner;
    const struct peer_options *options = peer->options;

    if (peer->route.link != NULL) {
        link_server_closed(peer->route.link, status, reason);
        link_server_free(peer->route.link);
    } else {
        count(peer, tls_failure_metrics[tls_failure_of(status, reason)], 1);
        log_refused(peer, reason);
    }
    list_remove(&peer->node);
    map_deinit(&peer->members);
    free(peer);
    options->on_gone(options->owner);
}

static const struct stream_handler stream_handler = {
    .on_open = on_stream_open,
    .on_data = on_stream_data,
    .on_drained = on_stream_drained,
    .on_closed = on_stream_closed,
};

/* ---- Life ---- */

enum status
peer_open(const struct peer_options *options, struct tls_context *tls, stream_socket socket,
          struct list *list)
{
    const struct stream_options stream_options = {
        .tls = tls,
        .queue_high_bytes = options->deliver_high_bytes,
        .queue_limit_bytes = options->deliver_high_bytes + QUEUE_SLACK_BYTES,
    };
    struct peer *peer = calloc(1, sizeof(*peer));
    enum status status;

    if (peer == NULL) {
        listener_reject(socket);
        return STATUS_NO_MEMORY;
    }
    peer->options = options;
    map_init(&peer->members);
    status = stream_open_accepted(options->loop, socket, &stream_options, &stream_handler, peer,
                                  &peer->stream);
    if (status != STATUS_OK) {
        free(peer);
        return status;
    }
    snprintf(peer->subject, sizeof(peer->subject), "link from %s",
             stream_peer_address(peer->stream));
    list_append(list, &peer->node);
    return STATUS_OK;
}

void
peer_drain(struct peer *peer, struct bytes reason, struct bytes others)
{
    if (peer->state == PEER_OPEN) {
        link_server_goaway(peer->route.link, reason, others);
    } else {
        peer_close(peer, "draining");
    }
}

void
peer_close(struct peer *peer, const char *reason)
{
    stream_close(peer->stream, reason);
}

/* ---- For the operator ---- */

bool
peer_look(const struct peer *peer, struct peer_view *out)
{
    const struct tls_peer *certificate = stream_tls_peer(peer->stream);

    if (peer->state != PEER_OPEN) {
        return false;
    }
    *out = (struct peer_view){
        .name = certificate->name,
        .address = stream_peer_address(peer->stream),
        .serial = certificate->serial,
        .expires_s = certificate->expires_at_s,
        .since_ms = peer->since_ms,
        .queued_bytes = sink_queued_bytes(peer->route.sink),
    };
    return true;
}

static void
append_keys(const struct peer *peer, const char *separator,
            enum status (*append)(struct buffer *out, struct bytes key), struct buffer *out)
{
    bool is_first = true;

    for (struct map_entry *entry = map_first(&peer->members); entry != NULL;
         entry = map_next(entry)) {
        const struct route_member *member = map_entry_value(entry);

        (void)buffer_append_string(out, is_first ? "" : separator);
        (void)append(out, bytes_from_string(member->app->key));
        is_first = false;
    }
}

void
peer_append_apps(const struct peer *peer, struct buffer *out)
{
    append_keys(peer, ", ", buffer_append, out);
}

void
peer_append_apps_json(const struct peer *peer, struct buffer *out)
{
    (void)buffer_append_byte(out, '[');
    append_keys(peer, ",", buffer_append_json_string, out);
    (void)buffer_append_byte(out, ']');
}
