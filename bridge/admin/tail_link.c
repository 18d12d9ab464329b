/* SPDX-License-Identifier: MIT */
/* tail_link: the messages of an app from the bridge of this machine, as a node that listens to all
 * of them. */
#include "bridge/admin/tail.h"

#include <hubplane_version.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/base/file.h"
#include "common/net/dialer.h"
#include "common/net/net_address.h"
#include "common/wire/link_client.h"
#include "common/wire/link_client_ignore.h"

enum { APP_HANDLE = 1, CREDENTIALS_MAX_BYTES = 1024 * 1024, DIAL_TIMEOUT_MS = 5000 };

struct tail_link {
    struct tail *tail;
    struct tls_context *tls;
    struct stream *stream;
    struct link_client *link;
    struct link_identity self;
    bool is_closing;
};

static void
on_welcome(void *owner, const struct link_identity *bridge)
{
    struct tail_link *source = owner;

    (void)bridge;
    link_client_open_app(source->link, APP_HANDLE, source->tail->key, 0, 0);
}

static void
on_opened(void *owner, uint16_t app, const struct link_opened *opened)
{
    struct tail_link *source = owner;
    const struct bytes every = BYTES("*");

    (void)opened;
    link_client_interest(source->link, app, 1, &every, 1, NULL, 0);
}

static void
on_open_refused(void *owner, uint16_t app, enum status status, struct bytes text)
{
    struct tail_link *source = owner;
    char *sentence = bytes_duplicate(text);

    (void)app;
    tail_fail(source->tail, sentence != NULL ? sentence : status_sentence(status));
    free(sentence);
}

static void
on_deliver(void *owner, uint16_t app, uint32_t request, uint64_t id, struct bytes frame,
           bool is_foreign)
{
    struct tail_link *source = owner;

    (void)app;
    (void)request;
    (void)is_foreign;
    tail_message(source->tail, id, frame);
    link_client_credit(source->link, frame.length);
}

static void
on_link_failed(void *owner, enum status status, const char *reason)
{
    struct tail_link *source = owner;

    (void)status;
    if (!source->is_closing) {
        tail_fail(source->tail, reason);
    }
}

static const struct link_client_handler link_handler = {
    .on_welcome = on_welcome,
    .on_opened = on_opened,
    .on_open_refused = on_open_refused,
    .on_published = link_client_ignore_published,
    .on_refused = link_client_ignore_refused,
    .on_interest_ack = link_client_ignore_interest_ack,
    .on_deliver = on_deliver,
    .on_replayed = link_client_ignore_replayed,
    .on_gap = link_client_ignore_gap,
    .on_query_ack = link_client_ignore_query_ack,
    .on_state = link_client_ignore_state,
    .on_secrets = link_client_ignore_secrets,
    .on_position = link_client_ignore_position,
    .on_credit = link_client_ignore_credit,
    .on_goaway = link_client_ignore_goaway,
    .on_failed = on_link_failed,
};

/* ---- The stream ---- */

static void
on_open(void *owner, struct stream *stream)
{
    struct tail_link *source = owner;

    source->self.name = BYTES("tail");
    source->self.software = BYTES("hubplane-bridge " HUBPLANE_VERSION);
    crypto_random(source->self.instance, sizeof(source->self.instance));
    if (link_client_new(stream_sink(stream), loop_timers(source->tail->loop), &source->tail->log,
                        &source->self, &link_handler, source, &source->link) != STATUS_OK) {
        stream_close(stream, "out of memory");
    }
}

static void
on_data(void *owner, struct stream *stream, struct bytes input)
{
    struct tail_link *source = owner;

    (void)stream;
    if (source->link != NULL) {
        link_client_receive(source->link, input);
    }
}

static void
free_source(struct tail_link *source)
{
    link_client_free(source->link);
    tls_context_free(source->tls);
    free(source);
}

static void
on_closed(void *owner, enum status status, const char *reason)
{
    struct tail_link *source = owner;

    (void)status;
    source->stream = NULL;
    if (source->is_closing) {
        free_source(source);
        return;
    }
    tail_fail(source->tail, reason);
}

static const struct stream_handler stream_handler = {
    .on_open = on_open,
    .on_data = on_data,
    .on_closed = on_closed,
};

/* ---- Life ---- */

static enum status
load_credentials(struct tail_link *source, struct buffer *problem)
{
    const char *path = source->tail->options->credentials;
    struct tls_options options = {.role = TLS_CLIENT, .is_link = true};
    struct buffer pem;
    enum status status;

    buffer_init(&pem, CREDENTIALS_MAX_BYTES);
    status = file_read(path, CREDENTIALS_MAX_BYTES, &pem);
    if (status == STATUS_OK) {
        options.certificate_pem = options.key_pem = options.authority_pem = buffer_bytes(&pem);
        status = tls_context_new(&options, problem, &source->tls);
    } else {
        (void)buffer_append_format(problem, "cannot read the credentials %s: %s", path,
                                   status_sentence(status));
    }
    crypto_wipe(pem.data, pem.capacity);
    buffer_deinit(&pem);
    return status;
}

/* "*:7443" is every address of this machine; from here, loopback is as good as any. */
static enum status
dial(struct tail_link *source, struct buffer *problem)
{
    const char *listen = source->tail->options->bridge->listen;
    struct stream_options options = {.tls = source->tls};
    struct net_address parsed;
    struct buffer address;
    enum status status = net_address_parse(listen, &parsed);

    buffer_init(&address, 512);
    if (status == STATUS_OK) {
        bool is_any = strcmp(parsed.host, "*") == 0 || strcmp(parsed.host, "0.0.0.0") == 0;

        status = is_any ? buffer_append_format(&address, "127.0.0.1:%s", parsed.port)
                        : buffer_append_string(&address, listen);
        (void)buffer_append_byte(&address, '\0');
    }
    if (status == STATUS_OK) {
        status = dialer_open(source->tail->loop, (const char *)address.data, DIAL_TIMEOUT_MS,
                             &options, &stream_handler, source, &source->stream);
    }
    if (status != STATUS_OK) {
        (void)buffer_append_format(problem, "cannot reach the bridge at %s: %s", listen,
                                   status_sentence(status));
    }
    buffer_deinit(&address);
    return status;
}

static void
close_source(void *opened)
{
    struct tail_link *source = opened;

    source->is_closing = true;
    if (source->stream != NULL) {
        stream_close(source->stream, "done");
    } else {
        free_source(source);
    }
}

static enum status
open_source(struct tail *tail, struct buffer *problem, void **out)
{
    struct tail_link *source = calloc(1, sizeof(*source));
    enum status status;

    if (source == NULL) {
        return STATUS_NO_MEMORY;
    }
    source->tail = tail;
    status = load_credentials(source, problem);
    if (status == STATUS_OK) {
        status = dial(source, problem);
    }
    if (status != STATUS_OK) {
        free_source(source);
        return status;
    }
    *out = source;
    return STATUS_OK;
}

const struct tail_source tail_link_source = {.open = open_source, .close = close_source};
