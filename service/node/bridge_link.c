/* SPDX-License-Identifier: MIT */
#include "service/node/bridge_link.h"

#include <assert.h>
#include <stdlib.h>

#include "common/base/backoff.h"
#include "service/node/service_metrics.h"

enum { BACKOFF_FIRST_MS = 100, BACKOFF_LIMIT_MS = 5000, STABLE_AFTER_MS = 1000 };

struct bridge_link {
    struct bridge_link_options options;
    struct bytes rest;     /* addresses not tried in this round; data NULL = the round is over */
    char *address;         /* the one being tried or used */
    struct stream *stream; /* NULL between attempts */
    bool is_open;          /* TLS is done, the backplane uses it */
    bool is_sent_away;     /* that bridge is stopping */
    bool is_closing;
    uint64_t opened_ms;
    struct tls_context *fresh_tls; /* for the next attempt; NULL = no change */
    struct backoff backoff;
    struct timer retry;
    struct log_limit failures;
    void (*on_closed)(void *owner);
    void *owner;
};

/* Something answers, but TLS does not come about with it. */
static const char foreign_hint[] =
    "[bridge] address must be that of a bridge whose credentials, as well as ours, were issued by "
    "this farm's authority; ";

static void dial_next(struct bridge_link *link);

static void
on_retry(struct timer *timer)
{
    struct bridge_link *link = CONTAINER_OF(timer, struct bridge_link, retry);

    link->rest = bytes_from_string(link->options.addresses);
    dial_next(link);
}

static void
retry_later(struct bridge_link *link)
{
    timer_start(loop_timers(link->options.loop), &link->retry, backoff_next_ms(&link->backoff),
                on_retry);
}

/* The session ended by itself; on_stream_closed follows. */
static void
on_session_ended(void *owner, const char *reason, bool is_sent_away)
{
    struct bridge_link *link = owner;

    link->is_open = false;
    link->is_sent_away = is_sent_away;
    if (link->stream != NULL) {
        sink_finish(stream_sink(link->stream), reason);
    }
}

static void
on_stream_open(void *owner, struct stream *stream)
{
    struct bridge_link *link = owner;
    const struct tls_peer *peer = stream_tls_peer(stream);

    if (peer == NULL || !peer->is_bridge) {
        log_error(loop_log(link->options.loop), "link",
                  "what answers there has a certificate of this farm, but not of a bridge: correct "
                  "[bridge] address "
                  "address=%s",
                  link->address);
        stream_close(stream, "not-a-bridge");
        return;
    }
    if (backplane_link_opened(link->options.backplane, stream_sink(stream), on_session_ended,
                              link) != STATUS_OK) {
        stream_close(stream, "out-of-memory");
        return;
    }
    link->is_open = true;
    link->opened_ms = loop_clock(link->options.loop)->now_ms;
}

static void
on_stream_data(void *owner, struct stream *stream, struct bytes input)
{
    struct bridge_link *link = owner;

    (void)stream;
    backplane_link_receive(link->options.backplane, input);
}

/* With TLS 1.3 a node learns that it was refused when it has begun to speak already. */
static void
count_tls_failure(const struct bridge_link *link, const char *reason)
{
    static const enum service_metric metrics[TLS_FAILURES] = {
        [TLS_FAILURE_CERTIFICATE] = SERVICE_METRIC_TLS_CERTIFICATE,
        [TLS_FAILURE_REFUSED] = SERVICE_METRIC_TLS_REFUSED,
        [TLS_FAILURE_PROTOCOL] = SERVICE_METRIC_TLS_PROTOCOL,
    };
    metrics_add(link->options.metrics, metrics[tls_failure_of(STATUS_TLS, reason)], 1);
}

static void
on_stream_closed(void *owner, enum status status, const char *reason)
{
    struct bridge_link *link = owner;
    bool was_open = link->is_open;
    bool was_sent_away = link->is_sent_away;
    uint64_t suppressed;

    link->stream = NULL;
    link->is_open = false;
    link->is_sent_away = false;
    if (status == STATUS_TLS) {
        count_tls_failure(link, reason);
    }
    backplane_link_closed(link->options.backplane, reason);
    if (link->is_closing) {
        link->on_closed(link->owner);
        return;
    }
    if (was_sent_away) {
        backoff_reset(&link->backoff);
        dial_next(link); /* the next in order; then the round begins anew */
        return;
    }
    if (!was_open &&
        log_allows(&link->failures, loop_clock(link->options.loop)->now_ms, &suppressed)) {
        log_warn(loop_log(link->options.loop), "link",
                 "no bridge at %s: %s; %strying again status=%s suppressed=%llu", link->address,
                 reason, status == STATUS_TLS ? foreign_hint : "", status_name(status),
                 (unsigned long long)suppressed);
    }
    if (was_open) {
        /* First choice first again: it may just have restarted. */
        link->rest = bytes_from_string(link->options.addresses);
    }
    if (was_open && loop_clock(link->options.loop)->now_ms - link->opened_ms < STABLE_AFTER_MS) {
        retry_later(link); /* accepted and thrown out at once: do not hammer */
        return;
    }
    if (was_open) {
        backoff_reset(&link->backoff);
    }
    dial_next(link);
}

static const struct stream_handler stream_handler = {
    .on_open = on_stream_open,
    .on_data = on_stream_data,
    .on_closed = on_stream_closed,
};

/* Take the next address of this round; false when there is none. */
static bool
take_address(struct bridge_link *link)
{
    struct bytes part;

    while (link->rest.data != NULL && bytes_split(&link->rest, ',', &part)) {
        part = bytes_trim(part);
        if (part.length > 0) {
            free(link->address);
            link->address = bytes_duplicate(part);
            return link->address != NULL;
        }
    }
    return false;
}

/* Between attempts nobody uses the old one any more, but sessions with references of their own. */
static void
take_fresh_tls(struct bridge_link *link)
{
    if (link->fresh_tls != NULL) {
        tls_context_free(link->options.tls);
        link->options.tls = link->fresh_tls;
        link->fresh_tls = NULL;
    }
}

static void
dial_next(struct bridge_link *link)
{
    take_fresh_tls(link);
    struct stream_options options = {
        .tls = link->options.tls,
        /* the spool and the credit bound it first */
        .queue_limit_bytes = (size_t)256 * 1024 * 1024,
    };

    while (take_address(link)) {
        enum status status =
            dialer_open(link->options.loop, link->address, link->options.connect_timeout_ms,
                        &options, &stream_handler, link, &link->stream);
        if (status == STATUS_OK) {
            return;
        }
        log_error(loop_log(link->options.loop), "link",
                  "[bridge] address \"%s\" cannot be used: %s", link->address,
                  status_sentence(status));
    }
    retry_later(link);
}

enum status
bridge_link_new(const struct bridge_link_options *options, struct bridge_link **out)
{
    struct bridge_link *link = calloc(1, sizeof(*link));

    if (link == NULL) {
        return STATUS_NO_MEMORY;
    }
    link->options = *options;
    link->options.tls = options->tls != NULL ? tls_context_ref(options->tls) : NULL;
    backoff_init(&link->backoff, BACKOFF_FIRST_MS, BACKOFF_LIMIT_MS);
    link->rest = bytes_from_string(options->addresses);
    *out = link;
    /* Dialing starts from the timer, so that a failure never reaches the caller inside this call.
     */
    timer_start(loop_timers(options->loop), &link->retry, 0, on_retry);
    return STATUS_OK;
}

void
bridge_link_set_tls(struct bridge_link *link, struct tls_context *tls)
{
    tls_context_free(link->fresh_tls);
    link->fresh_tls = tls_context_ref(tls);
}

static void
on_close_without_stream(struct timer *timer)
{
    struct bridge_link *link = CONTAINER_OF(timer, struct bridge_link, retry);
    link->on_closed(link->owner);
}

void
bridge_link_close(struct bridge_link *link, void (*on_closed)(void *owner), void *owner)
{
    assert(!link->is_closing);
    link->is_closing = true;
    link->on_closed = on_closed;
    link->owner = owner;
    timer_stop(loop_timers(link->options.loop), &link->retry);
    if (link->stream != NULL && link->is_open) {
        sink_finish(stream_sink(link->stream), "stopping");
    } else if (link->stream != NULL) {
        stream_close(link->stream, "stopping"); /* still being dialed: there is nothing to flush */
    } else {
        timer_start(loop_timers(link->options.loop), &link->retry, 0, on_close_without_stream);
    }
}

void
bridge_link_free(struct bridge_link *link)
{
    if (link == NULL) {
        return;
    }
    tls_context_free(link->fresh_tls);
    tls_context_free(link->options.tls);
    free(link->address);
    free(link);
}
