/* SPDX-License-Identifier: MIT */
#include "bridge/node_link/bridge_peer.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/bridge_apps.h"
#include "bridge/bridge_metrics.h"
#include "bridge/bridge_trust.h"
#include "common/wire/link_client_ignore.h"

enum {
    DIAL_TIMEOUT_MS = 5000,
    BACKOFF_FIRST_MS = 100,
    BACKOFF_LIMIT_MS = 2000,
    ADDRESS_MAX_BYTES = 512,
};

static struct log *
log_of(const struct bridge_peer *peer)
{
    return loop_log(peer->options->loop);
}

/* The one place where the state changes. */
static void
set_state(struct bridge_peer *peer, enum bridge_peer_state state)
{
    int64_t linked_delta = (state == BRIDGE_PEER_LINKED) - (peer->state == BRIDGE_PEER_LINKED);

    metrics_add(peer->options->metrics, BRIDGE_METRIC_PEERS, linked_delta);
    peer->state = state;
}

/* ---- What the other bridge says (struct link_client_handler) ---- */

static bool
is_revoked(const struct bridge_peer *peer)
{
    const struct tls_peer *certificate = stream_tls_peer(peer->stream);

    return farm_revoked_since(&peer->options->trust->revoked,
                              bytes_from_string(certificate->serial)) != 0;
}

static void
send_piece(void *owner, struct bytes name, struct bytes content)
{
    const struct bridge_peer *peer = owner;

    link_client_share(peer->link, name, content);
}

void
bridge_peer_share(struct bridge_peer *peer)
{
    if (peer->state == BRIDGE_PEER_LINKED) {
        bridge_trust_share(peer->options->trust, send_piece, peer);
    }
}

static struct bridge_peer_app *
find_handle(struct bridge_peer *peer, uint16_t handle)
{
    return handle >= 1 && handle <= peer->app_count ? &peer->apps[handle - 1] : NULL;
}

static const struct bridge_peer_app *
find_app(const struct bridge_peer *peer, const struct route_app *app)
{
    for (size_t i = 0; i < peer->app_count; i++) {
        if (peer->apps[i].app == app) {
            return &peer->apps[i];
        }
    }
    return NULL;
}

static void
open_app(struct bridge_peer *peer, struct route_app *app)
{
    if (peer->app_count == LINK_APPS_MAX) {
        log_warn(log_of(peer), peer->subject, "is not asked about an app: %d are open there key=%s",
                 LINK_APPS_MAX, app->key);
        return;
    }
    peer->apps[peer->app_count++] = (struct bridge_peer_app){.app = app};
    link_client_open_app(peer->link, (uint16_t)peer->app_count, app->options.key,
                         route_app_highest(app), 0);
}

static void
open_apps(struct bridge_peer *peer)
{
    if (peer->options->apps == NULL) {
        return;
    }
    for (struct map_entry *entry = map_first(&peer->options->apps->by_key); entry != NULL;
         entry = map_next(entry)) {
        open_app(peer, map_entry_value(entry));
    }
}

void
bridge_peer_open_app(struct bridge_peer *peer, struct route_app *app)
{
    if (peer->state == BRIDGE_PEER_LINKED) {
        bridge_peer_share(peer); /* its token secrets, lest the other bridge makes up its own */
        open_app(peer, app);
    }
}

uint16_t
bridge_peer_handle(const struct bridge_peer *peer, const struct route_app *app)
{
    const struct bridge_peer_app *entry = find_app(peer, app);

    return peer->state == BRIDGE_PEER_LINKED && entry != NULL &&
                   entry->state == BRIDGE_PEER_APP_OPEN
               ? (uint16_t)(entry - peer->apps + 1)
               : 0;
}

bool
bridge_peer_has_told(const struct bridge_peer *peer, const struct route_app *app)
{
    const struct bridge_peer_app *entry;

    switch (peer->state) {
    case BRIDGE_PEER_WAITING:
    case BRIDGE_PEER_DIALING:
        return peer->was_tried;
    case BRIDGE_PEER_LINKED:
        entry = find_app(peer, app);
        return entry == NULL || entry->state != BRIDGE_PEER_APP_ASKED;
    case BRIDGE_PEER_ITSELF:
    case BRIDGE_PEER_CLOSED:
        break;
    }
    return true;
}

static void
on_welcome(void *owner, const struct link_identity *bridge)
{
    struct bridge_peer *peer = owner;

    if (memcmp(bridge->instance, peer->options->self->instance, sizeof(bridge->instance)) == 0) {
        set_state(peer, BRIDGE_PEER_ITSELF);
        stream_close(peer->stream, "this bridge itself");
        return;
    }
    set_state(peer, BRIDGE_PEER_LINKED);
    peer->was_tried = true;
    peer->asking.is_mute = false;
    peer->app_count = 0;
    backoff_reset(&peer->backoff);
    log_info(log_of(peer), peer->subject, "linked name=%.*s software=\"%.*s\"",
             BYTES_PRINTF(bridge->name), BYTES_PRINTF(bridge->software));
    bridge_peer_share(peer);
    open_apps(peer);
}

static void
on_opened(void *owner, uint16_t handle, const struct link_opened *opened)
{
    struct bridge_peer *peer = owner;
    struct bridge_peer_app *entry = find_handle(peer, handle);

    if (entry != NULL) {
        entry->state = BRIDGE_PEER_APP_OPEN;
        route_app_saw(entry->app, opened->current_id);
    }
}

static void
on_open_refused(void *owner, uint16_t handle, enum status status, struct bytes text)
{
    struct bridge_peer *peer = owner;
    struct bridge_peer_app *entry = find_handle(peer, handle);

    if (entry != NULL) {
        entry->state = BRIDGE_PEER_APP_REFUSED;
        log_warn(log_of(peer), peer->subject, "refuses an app: %.*s key=%s status=%s",
                 BYTES_PRINTF(text), entry->app->key, status_name(status));
    }
}

static void
on_position(void *owner, uint16_t handle, uint64_t highest_id)
{
    const struct bridge_peer_app *entry = find_handle(owner, handle);

    if (entry != NULL) {
        route_app_saw(entry->app, highest_id);
    }
}

static void
on_share(void *owner, struct bytes name, struct bytes content)
{
    struct bridge_peer *peer = owner;

    if (peer->state == BRIDGE_PEER_LINKED) {
        bridge_trust_take(peer->options->trust, peer->subject, name, content);
    }
}

static void
on_goaway(void *owner, struct bytes reason, struct bytes others)
{
    struct bridge_peer *peer = owner;

    (void)reason;
    (void)others;
    stream_close(peer->stream, "the other bridge is being stopped");
}

/* The link has finished the stream, whose end is what matters. */
static void
on_failed(void *owner, enum status status, const char *reason)
{
    struct bridge_peer *peer = owner;
    uint64_t suppressed;

    if (peer->state == BRIDGE_PEER_LINKED) {
        log_info(log_of(peer), peer->subject, "the link has ended: %s", reason);
        set_state(peer, BRIDGE_PEER_DIALING);
    } else if (peer->state == BRIDGE_PEER_DIALING &&
               log_allows(&peer->failures, loop_clock(peer->options->loop)->now_ms, &suppressed)) {
        log_warn(log_of(peer), peer->subject,
                 "refused this bridge: %s status=%s suppressed=%" PRIu64, reason,
                 status_name(status), suppressed);
    }
    bridge_asking_cut_off(peer);
}

static const struct link_client_handler link_handler = {
    .on_welcome = on_welcome,
    .on_opened = on_opened,
    .on_open_refused = on_open_refused,
    .on_published = link_client_ignore_published,
    .on_refused = link_client_ignore_refused,
    .on_interest_ack = link_client_ignore_interest_ack,
    .on_deliver = bridge_asking_deliver,
    .on_replayed = bridge_asking_replayed,
    .on_gap = link_client_ignore_gap,
    .on_query_ack = bridge_asking_query_ack,
    .on_state = link_client_ignore_state,
    .on_secrets = link_client_ignore_secrets,
    .on_position = on_position,
    .on_credit = link_client_ignore_credit,
    .on_share = on_share,
    .on_goaway = on_goaway,
    .on_failed = on_failed,
};

/* ---- The stream ---- */

static void dial(struct bridge_peer *peer);

static void
on_retry(struct timer *timer)
{
    dial(CONTAINER_OF(timer, struct bridge_peer, retry));
}

static void
dial_later(struct bridge_peer *peer)
{
    set_state(peer, BRIDGE_PEER_WAITING);
    peer->was_tried = true;
    timer_start(loop_timers(peer->options->loop), &peer->retry, backoff_next_ms(&peer->backoff),
                on_retry);
}

static void
on_stream_open(void *owner, struct stream *stream)
{
    struct bridge_peer *peer = owner;
    const struct tls_peer *certificate = stream_tls_peer(stream);
    struct loop *loop = peer->options->loop;

    if (certificate == NULL || !certificate->is_bridge) {
        stream_close(stream, "what answers there is not a bridge of this farm");
    } else if (is_revoked(peer)) {
        stream_close(stream, "its certificate has been revoked");
    } else if (link_client_new(stream_sink(stream), loop_timers(loop), loop_log(loop),
                               peer->options->self, &link_handler, peer,
                               &peer->link) != STATUS_OK) {
        stream_close(stream, "out of memory");
    }
}

static void
on_stream_data(void *owner, struct stream *stream, struct bytes input)
{
    struct bridge_peer *peer = owner;

    (void)stream;
    if (peer->link != NULL) {
        link_client_receive(peer->link, input);
    }
}

static void
on_stream_closed(void *owner, enum status status, const char *reason)
{
    struct bridge_peer *peer = owner;
    const struct bridge_peer_options *options = peer->options;
    uint64_t suppressed;

    if (peer->link != NULL) {
        link_client_closed(peer->link, status, reason);
        link_client_free(peer->link);
        peer->link = NULL;
    } else if (peer->state == BRIDGE_PEER_DIALING &&
               log_allows(&peer->failures, loop_clock(options->loop)->now_ms, &suppressed)) {
        log_warn(log_of(peer), peer->subject, "cannot be reached: %s suppressed=%" PRIu64, reason,
                 suppressed);
    }
    peer->stream = NULL;
    if (peer->state == BRIDGE_PEER_DIALING) {
        dial_later(peer);
    }
    options->on_stream_closed(options->owner);
}

static const struct stream_handler stream_handler = {
    .on_open = on_stream_open,
    .on_data = on_stream_data,
    .on_closed = on_stream_closed,
};

static void
dial(struct bridge_peer *peer)
{
    const struct stream_options options = {.tls = peer->options->tls};

    set_state(peer, BRIDGE_PEER_DIALING);
    if (dialer_open(peer->options->loop, peer->address, DIAL_TIMEOUT_MS, &options, &stream_handler,
                    peer, &peer->stream) == STATUS_OK) {
        peer->options->on_stream_opened(peer->options->owner);
    } else {
        dial_later(peer);
    }
}

/* ---- Life ---- */

static char *
subject_of(struct bytes address)
{
    struct buffer text;
    char *copy = NULL;

    buffer_init(&text, ADDRESS_MAX_BYTES);
    (void)buffer_append_string(&text, "bridge ");
    if (buffer_append(&text, address) == STATUS_OK) {
        copy = bytes_duplicate(buffer_bytes(&text));
    }
    buffer_deinit(&text);
    return copy;
}

struct bridge_peer *
bridge_peer_new(const struct bridge_peer_options *options, struct bytes address)
{
    struct bridge_peer *peer = calloc(1, sizeof(*peer));

    if (peer == NULL) {
        return NULL;
    }
    peer->options = options;
    bridge_asking_init(&peer->asking);
    peer->address = bytes_duplicate(address);
    peer->subject = subject_of(address);
    backoff_init(&peer->backoff, BACKOFF_FIRST_MS, BACKOFF_LIMIT_MS);
    if (peer->address == NULL || peer->subject == NULL) {
        bridge_peer_free(peer);
        return NULL;
    }
    timer_start(loop_timers(options->loop), &peer->retry, 0, on_retry);
    return peer;
}

struct bridge_peer *
bridge_peer_from(struct list_node *node)
{
    return CONTAINER_OF(node, struct bridge_peer, node);
}

void
bridge_peer_check_revoked(struct bridge_peer *peer)
{
    if (peer->state == BRIDGE_PEER_LINKED && is_revoked(peer)) {
        set_state(peer, BRIDGE_PEER_DIALING);
        stream_close(peer->stream, "its certificate has been revoked");
    }
}

void
bridge_peer_close(struct bridge_peer *peer)
{
    set_state(peer, BRIDGE_PEER_CLOSED);
    timer_stop(loop_timers(peer->options->loop), &peer->retry);
    if (peer->stream != NULL) {
        stream_close(peer->stream, "the bridge is being stopped");
    }
}

void
bridge_peer_free(struct bridge_peer *peer)
{
    assert(peer->stream == NULL);
    timer_stop(loop_timers(peer->options->loop), &peer->retry);
    bridge_asking_deinit(&peer->asking);
    free(peer->subject);
    free(peer->address);
    free(peer);
}

/* ---- For the operator ---- */

const char *
bridge_peer_address(const struct bridge_peer *peer)
{
    return peer->address;
}

const char *
bridge_peer_state_name(const struct bridge_peer *peer)
{
    if (peer->state == BRIDGE_PEER_ITSELF) {
        return "this bridge";
    }
    return peer->state == BRIDGE_PEER_LINKED ? "linked" : "not linked";
}
