/* SPDX-License-Identifier: MIT */
#include "bridge/node_link/node_links.h"

#include <inttypes.h>

#include "bridge/bridge_metrics.h"
#include "common/base/crypto.h"
#include "common/base/file.h"

enum { CREDENTIALS_MAX_BYTES = 1024 * 1024 };

static void
finish_close(struct node_links *links)
{
    if (links->state == NODE_LINKS_CLOSING && links->listener == NULL && links->peer_count == 0) {
        links->state = NODE_LINKS_CLOSED;
        tls_context_free(links->tls);
        links->tls = NULL;
        links->options.on_closed(links->options.owner);
    }
}

static void
on_peer_gone(void *owner)
{
    struct node_links *links = owner;

    links->peer_count--;
    if (links->state == NODE_LINKS_DRAINING && links->peer_count == 0) {
        node_links_close(links);
    }
    finish_close(links);
}

static void
on_socket(void *owner, stream_socket socket)
{
    struct node_links *links = owner;
    uint64_t suppressed;

    if (links->state != NODE_LINKS_OPEN) {
        listener_reject(socket); /* came just before the listener closed; another bridge takes it */
        return;
    }
    if (links->peer_count >= links->options.links_max) {
        metrics_add(links->options.peers.metrics, BRIDGE_METRIC_LINKS_REFUSED, 1);
        if (log_allows(&links->refused_limit, loop_clock(links->options.loop)->now_ms,
                       &suppressed)) {
            log_warn(
                loop_log(links->options.loop), "bridge",
                "a link was refused: there are as many as links_max allows suppressed=%" PRIu64,
                suppressed);
        }
        listener_reject(socket);
        return;
    }
    if (peer_open(&links->options.peers, links->tls, socket, &links->peers) == STATUS_OK) {
        links->peer_count++;
    }
}

static void
on_listener_closed(void *owner)
{
    struct node_links *links = owner;

    links->listener = NULL;
    finish_close(links);
}

static const struct listener_handler listener_handler = {
    .on_socket = on_socket,
    .on_closed = on_listener_closed,
};

static void
explain_unreadable(const char *path, enum status status, struct buffer *problem)
{
    (void)buffer_append_format(
        problem, "cannot read the credentials %s: %s; %s", path, status_sentence(status),
        status == STATUS_DENIED ? "they must belong to the user that runs the bridge"
                                : "make them with: hubplane-bridge ca, then hubplane-bridge issue "
                                  "NAME --bridge");
}

/* ${problem} has what is wrong with them, perhaps also what to do. */
static void
explain_unusable(struct buffer *problem)
{
    if (bytes_find(buffer_bytes(problem), ';') == SIZE_MAX) {
        (void)buffer_append_string(
            problem, "; issue new ones where the farm's authority is: hubplane-bridge issue NAME "
                     "--bridge");
    }
}

static enum status
check_role(const struct tls_context *tls, struct buffer *problem)
{
    const struct tls_peer *identity = tls_context_identity(tls);

    if (identity->is_bridge) {
        return STATUS_OK;
    }
    (void)buffer_append_format(problem, "these are the credentials of the node %s, not of a bridge",
                               identity->name);
    return STATUS_INVALID;
}

enum status
node_links_load_credentials(const char *path, enum tls_role role, struct tls_context **out,
                            struct buffer *problem)
{
    struct tls_options options = {.role = role, .requires_peer_certificate = true, .is_link = true};
    struct tls_context *tls = NULL;
    struct buffer pem;
    enum status status;

    buffer_init(&pem, CREDENTIALS_MAX_BYTES);
    status = file_read(path, CREDENTIALS_MAX_BYTES, &pem);
    if (status != STATUS_OK) {
        explain_unreadable(path, status, problem);
        goto out;
    }
    options.certificate_pem = options.key_pem = options.authority_pem = buffer_bytes(&pem);
    (void)buffer_append_format(problem, "%s: ", path);
    status = tls_context_new(&options, problem, &tls);
    if (status == STATUS_OK) {
        status = check_role(tls, problem);
    }
    if (status != STATUS_OK) {
        explain_unusable(problem);
        tls_context_free(tls);
        goto out;
    }
    buffer_clear(problem);
    *out = tls;
out:
    crypto_wipe(pem.data, pem.capacity);
    buffer_deinit(&pem);
    return status;
}

static enum status
listen_at(struct node_links *links, struct buffer *problem)
{
    const char *address = links->options.listen;
    enum status status =
        listener_open(links->options.loop, address, &listener_handler, links, &links->listener);

    if (status != STATUS_OK) {
        listener_explain(status, address, "[bridge] listen", problem);
    }
    return status;
}

enum status
node_links_open(struct node_links *links, const struct node_links_options *options,
                struct buffer *problem)
{
    enum status status;

    *links = (struct node_links){.options = *options, .state = NODE_LINKS_OPEN};
    links->options.peers.on_gone = on_peer_gone;
    links->options.peers.owner = links;
    links->options.peers.refused_limit = &links->refused_limit;
    list_init(&links->peers);
    status =
        node_links_load_credentials(links->options.credentials, TLS_SERVER, &links->tls, problem);
    if (status == STATUS_OK) {
        status = listen_at(links, problem);
        if (status != STATUS_OK) {
            tls_context_free(links->tls);
            links->tls = NULL;
        }
    }
    return status;
}

enum status
node_links_reload(struct node_links *links, const char *path, struct buffer *problem)
{
    struct tls_context *tls;
    enum status status = node_links_load_credentials(path, TLS_SERVER, &tls, problem);

    if (status == STATUS_OK) {
        tls_context_free(links->tls);
        links->tls = tls;
    }
    return status;
}

enum status
node_links_check_credentials(const char *path, struct buffer *problem)
{
    struct tls_context *tls = NULL;
    enum status status = node_links_load_credentials(path, TLS_SERVER, &tls, problem);

    tls_context_free(tls);
    return status;
}

void
node_links_drain(struct node_links *links, struct bytes others)
{
    if (links->state != NODE_LINKS_OPEN) {
        return;
    }
    links->state = NODE_LINKS_DRAINING;
    listener_close(links->listener);
    LIST_FOR_EACH (node, &links->peers) {
        peer_drain(peer_from(node), BYTES("the bridge is being stopped"), others);
    }
    if (links->peer_count == 0) {
        node_links_close(links);
    }
}

void
node_links_close(struct node_links *links)
{
    if (links->state == NODE_LINKS_CLOSING || links->state == NODE_LINKS_CLOSED) {
        return;
    }
    if (links->state == NODE_LINKS_OPEN) {
        listener_close(links->listener);
    }
    links->state = NODE_LINKS_CLOSING;
    LIST_FOR_EACH (node, &links->peers) {
        peer_close(peer_from(node), "the bridge is being stopped");
    }
}

void
node_links_close_revoked(struct node_links *links)
{
    LIST_FOR_EACH (node, &links->peers) {
        peer_check_revoked(peer_from(node));
    }
}

void
node_links_share(struct node_links *links)
{
    LIST_FOR_EACH (node, &links->peers) {
        peer_share(peer_from(node));
    }
}

void
node_links_warn_of_expiry(const struct node_links *links)
{
    LIST_FOR_EACH (node, &links->peers) {
        peer_warn_of_expiry(peer_from(node));
    }
}

int64_t
node_links_first_expiry_s(const struct node_links *links)
{
    int64_t first_s = INT64_MAX;

    LIST_FOR_EACH (node, &links->peers) {
        int64_t expires_s = peer_expires_s(peer_from(node));

        first_s = expires_s < first_s ? expires_s : first_s;
    }
    return first_s;
}

int64_t
node_links_expires_s(const struct node_links *links)
{
    return tls_context_identity(links->tls)->expires_at_s;
}

uint16_t
node_links_port(const struct node_links *links)
{
    return listener_port(links->listener);
}
