/* SPDX-License-Identifier: MIT */
#include "service/node/upstream_sockets.h"

#include <stdlib.h>

#include "common/base/file.h"
#include "common/net/dialer.h"
#include "service/http/http_url.h"
#include "service/upstream/upstream_socket.h"

enum { AUTHORITY_BYTES_MAX = 1024 * 1024, ADDRESS_BYTES_MAX = 1024 };

/* How one application is dialed. */
struct target {
    const struct upstream_settings *settings;
    char *address;           /* HOST:PORT */
    char *host;              /* for SNI and the certificate's name */
    struct tls_context *tls; /* NULL = plain */
};

struct upstream_sockets {
    struct upstream_dialer dialer; /* first */
    struct loop *loop;
    struct target *targets;
    size_t count;
};

static void
on_open(void *owner, struct stream *stream)
{
    (void)stream;
    upstream_socket_opened(owner);
}

static void
on_data(void *owner, struct stream *stream, struct bytes input)
{
    (void)stream;
    upstream_socket_receive(owner, input);
}

static void
on_closed(void *owner, enum status status, const char *reason)
{
    upstream_socket_closed(owner, status, reason);
}

static const struct stream_handler handler = {
    .on_open = on_open,
    .on_data = on_data,
    .on_closed = on_closed,
};

static enum status
dial(struct upstream_dialer *dialer, const struct upstream_settings *settings,
     struct upstream_socket *socket, struct sink **sink)
{
    struct upstream_sockets *sockets = CONTAINER_OF(dialer, struct upstream_sockets, dialer);

    for (size_t i = 0; i < sockets->count; i++) {
        const struct target *target = &sockets->targets[i];
        if (target->settings != settings) {
            continue;
        }
        /* A request is written whole, and bounded by the largest call. */
        const struct stream_options options = {
            .tls = target->tls,
            .tls_server_name = target->tls != NULL ? target->host : NULL,
            .queue_limit_bytes = (size_t)256 * 1024 * 1024,
        };
        struct stream *stream;
        enum status status = dialer_open(sockets->loop, target->address, settings->timeout_ms,
                                         &options, &handler, socket, &stream);
        if (status == STATUS_OK) {
            *sink = stream_sink(stream);
        }
        return status;
    }
    return STATUS_NOT_FOUND;
}

static const struct upstream_dialer_operations operations = {.dial = dial};

static enum status
make_tls(const struct upstream_settings *settings, struct buffer *problem, struct tls_context **out)
{
    struct tls_options options = {.role = TLS_CLIENT, .verifies_host_name = true};
    struct buffer authority;
    enum status status = STATUS_OK;

    buffer_init(&authority, AUTHORITY_BYTES_MAX);
    if (settings->authority != NULL) {
        status = file_read(settings->authority, AUTHORITY_BYTES_MAX, &authority);
        options.authority_pem = buffer_bytes(&authority);
    }
    if (status == STATUS_OK) {
        status = tls_context_new(&options, problem, out);
    } else {
        buffer_append_format(problem, "cannot read \"%s\": %s", settings->authority,
                             status_sentence(status));
    }
    buffer_deinit(&authority);
    return status;
}

static enum status
init_target(struct target *target, const struct upstream_settings *settings, struct buffer *problem)
{
    struct http_url url;
    struct buffer address;

    target->settings = settings;
    if (http_url_parse(bytes_from_string(settings->url), &url) != STATUS_OK) {
        return STATUS_INVALID;
    }
    buffer_init(&address, ADDRESS_BYTES_MAX);
    bool is_ipv6 = bytes_find(url.host, ':') != SIZE_MAX;
    buffer_append_format(&address, is_ipv6 ? "[%.*s]:%u" : "%.*s:%u", BYTES_PRINTF(url.host),
                         url.port);
    target->address = bytes_duplicate(buffer_bytes(&address));
    target->host = bytes_duplicate(url.host);
    buffer_deinit(&address);
    if (target->address == NULL || target->host == NULL) {
        return STATUS_NO_MEMORY;
    }
    return url.is_tls ? make_tls(settings, problem, &target->tls) : STATUS_OK;
}

enum status
upstream_sockets_new(struct loop *loop, const struct upstream_settings *const *settings,
                     size_t count, struct buffer *problem, struct upstream_sockets **out)
{
    struct upstream_sockets *sockets = calloc(1, sizeof(*sockets));

    if (sockets == NULL) {
        return STATUS_NO_MEMORY;
    }
    sockets->dialer.operations = &operations;
    sockets->loop = loop;
    sockets->targets = calloc(count + 1, sizeof(*sockets->targets));
    enum status status = sockets->targets == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        sockets->count++;
        status = init_target(&sockets->targets[i], settings[i], problem);
    }
    if (status != STATUS_OK) {
        upstream_sockets_free(sockets);
        return status;
    }
    *out = sockets;
    return STATUS_OK;
}

void
upstream_sockets_free(struct upstream_sockets *sockets)
{
    if (sockets == NULL) {
        return;
    }
    for (size_t i = 0; i < sockets->count; i++) {
        free(sockets->targets[i].address);
        free(sockets->targets[i].host);
        tls_context_free(sockets->targets[i].tls);
    }
    free(sockets->targets);
    free(sockets);
}

struct upstream_dialer *
upstream_sockets_dialer(struct upstream_sockets *sockets)
{
    return &sockets->dialer;
}
