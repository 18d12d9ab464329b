/* SPDX-License-Identifier: MIT */
#include "bridge/bridge.h"

#include <hubplane_version.h>
#include <stdlib.h>

#include "bridge/admin/admin_page.h"
#include "bridge/authority/farm_authority.h"
#include "bridge/authority/state_file.h"
#include "bridge/bridge_apps.h"
#include "bridge/bridge_metrics.h"
#include "bridge/bridge_trust.h"
#include "bridge/node_link/bridge_peers.h"
#include "bridge/node_link/node_links.h"
#include "bridge/redis/redis_backplane.h"
#include "bridge/route/route_memory.h"
#include "common/base/crypto.h"
#include "common/base/file.h"
#include "common/net/listener.h"

enum { NAMED_FILE_MAX_BYTES = 1024 * 1024 };

enum bridge_state {
    BRIDGE_OPEN,
    BRIDGE_DRAINING, /* nodes were asked to leave; the timer runs */
    BRIDGE_CLOSING,
};

struct bridge {
    struct loop *loop;
    const struct bridge_options *options;
    void (*on_closed)(void *owner);
    void *owner;
    enum bridge_state state;
    struct metrics metrics;
    struct tls_context *redis_tls;
    struct route_backplane *backplane;
    struct bridge_apps apps;
    struct node_links links;
    struct bridge_peers peers;
    struct bridge_trust trust;
    struct admin_page admin_page;
    struct admin_server *admin; /* NULL: nothing answers */
    struct timer drain_timer;
    uint8_t instance[ENVELOPE_INSTANCE_BYTES];
};

/* ---- The backplane ---- */

/* "bridge.ini:7: [redis] tls_authority", so that the problem that follows can be found. */
static void
name_option(const struct bridge_options *options, const char *name, struct buffer *problem)
{
    const char *origin =
        option_origin(&options->set, option_find(&options->set, "redis", NULL), name);

    (void)buffer_append_format(problem, "%s%s[redis] %s", origin == NULL ? "" : origin,
                               origin == NULL ? "" : ": ", name);
}

/* The file that an option of [redis] names; ${path} may be NULL. */
static enum status
read_named_file(const struct bridge_options *options, const char *name, const char *path,
                struct buffer *out, struct buffer *problem)
{
    enum status status = path == NULL ? STATUS_OK : file_read(path, NAMED_FILE_MAX_BYTES, out);

    if (status != STATUS_OK) {
        name_option(options, name, problem);
        (void)buffer_append_format(problem, " \"%s\" cannot be read: %s", path,
                                   status_sentence(status));
    }
    return status;
}

/* One file at a time, so that a problem names the right one. */
static enum status
check_tls_file(const struct bridge_options *options, const char *name, const char *path,
               const struct tls_options *tls, struct buffer *problem)
{
    struct tls_context *context = NULL;
    struct buffer reason;
    enum status status;

    buffer_init(&reason, NAMED_FILE_MAX_BYTES);
    status = tls_context_new(tls, &reason, &context);
    if (status != STATUS_OK) {
        name_option(options, name, problem);
        (void)buffer_append_format(problem, " \"%s\": %.*s", path,
                                   BYTES_PRINTF(buffer_bytes(&reason)));
    }
    tls_context_free(context);
    buffer_deinit(&reason);
    return status;
}

enum status
bridge_redis_tls(const struct bridge_options *options, struct buffer *problem,
                 struct tls_context **out)
{
    const struct bridge_options_redis *redis = options->redis;
    struct tls_options tls = {.role = TLS_CLIENT, .verifies_host_name = true};
    struct buffer authority, certificate;
    enum status status;

    *out = NULL;
    if (!redis->tls) {
        return STATUS_OK;
    }
    buffer_init(&authority, NAMED_FILE_MAX_BYTES);
    buffer_init(&certificate, NAMED_FILE_MAX_BYTES);
    status = read_named_file(options, "tls_authority", redis->tls_authority, &authority, problem);
    if (status == STATUS_OK) {
        status = read_named_file(options, "tls_certificate", redis->tls_certificate, &certificate,
                                 problem);
    }
    if (status == STATUS_OK && redis->tls_authority != NULL) {
        tls.authority_pem = buffer_bytes(&authority);
        status = check_tls_file(options, "tls_authority", redis->tls_authority, &tls, problem);
    }
    if (status == STATUS_OK && redis->tls_certificate != NULL) {
        tls.certificate_pem = tls.key_pem = buffer_bytes(&certificate);
        status = check_tls_file(options, "tls_certificate", redis->tls_certificate, &tls, problem);
    }
    if (status == STATUS_OK) {
        status = tls_context_new(&tls, problem, out);
    }
    crypto_wipe(certificate.data, certificate.capacity);
    buffer_deinit(&certificate);
    buffer_deinit(&authority);
    return status;
}

static enum status
open_redis(struct bridge *bridge, struct buffer *problem)
{
    const struct bridge_options_redis *redis = bridge->options->redis;
    struct redis_backplane_options options = {
        .redis =
            {
                .address = redis->address,
                .user = redis->user,
                .password_file = redis->password_file,
                .database = redis->database,
                .tls_server_name = bridge->options->redis_host,
            },
        .metrics = &bridge->metrics,
        .log_messages = redis->log_messages,
        .log_bytes = redis->log_max,
        .sequence_life_ms = redis->sequence_life,
    };
    enum status status = bridge_redis_tls(bridge->options, problem, &bridge->redis_tls);

    if (status != STATUS_OK) {
        return status;
    }
    options.redis.tls = bridge->redis_tls;
    return redis_backplane_new(bridge->loop, &options, &bridge->backplane);
}

static enum status
open_backplane(struct bridge *bridge, struct buffer *problem)
{
    if (!bridge_options_is_memory(bridge->options)) {
        return open_redis(bridge, problem);
    }
    return route_memory_new(loop_timers(bridge->loop), &bridge->backplane);
}

static void
close_backplane(struct bridge *bridge)
{
    if (bridge_options_is_memory(bridge->options)) {
        route_memory_free(bridge->backplane);
    } else {
        redis_backplane_free(bridge->backplane);
    }
    tls_context_free(bridge->redis_tls);
}

/* Without Redis each bridge numbers its own messages: the others know nothing of them. */
static struct route_bridges *
other_bridges(struct bridge *bridge)
{
    return bridge->options->bridge->peers == NULL || bridge_options_is_memory(bridge->options)
               ? NULL
               : &bridge->peers.base;
}

static void
on_app_opened(void *owner, struct route_app *app)
{
    struct bridge *bridge = owner;

    bridge_peers_open_app(&bridge->peers, app);
}

/* ---- The state directory ---- */

static enum status
check_state(const struct bridge_options *options, struct buffer *problem)
{
    const char *directory = options->bridge->state;
    enum status status = state_directory_check(directory);

    if (status != STATUS_OK) {
        (void)buffer_append_format(problem,
                                   "cannot write to the state directory %s: %s; make it belong to "
                                   "the user that runs the bridge, or choose another with state in "
                                   "[bridge]",
                                   directory, status_sentence(status));
    }
    return status;
}

/* ---- The door ---- */

static bool
has_expired(const char *credentials)
{
    struct buffer problem;

    buffer_init(&problem, NAMED_FILE_MAX_BYTES);
    bool is_expired = node_links_check_credentials(credentials, &problem) == STATUS_EXPIRED;
    buffer_deinit(&problem);
    return is_expired;
}

/* An authority that was made here by mistake must not take this bridge out of its farm. */
static bool
has_foreign_authority(const struct bridge_options *options)
{
    return farm_authority_exists(options->bridge->state) &&
           state_file_exists(options->credentials) &&
           !farm_authority_made(options->bridge->state, options->credentials);
}

/* The bridge that holds the authority needs no one to issue its own credentials. */
static bool
can_issue_own_credentials(const struct bridge_options *options)
{
    return options->bridge->credentials == NULL && farm_authority_exists(options->bridge->state) &&
           !has_foreign_authority(options);
}

/* At its first start or after a long rest. */
static bool
issues_own_credentials(const struct bridge_options *options)
{
    return can_issue_own_credentials(options) &&
           (!state_file_exists(options->credentials) || has_expired(options->credentials));
}

static enum status
write_own_credentials(const struct bridge *bridge, struct buffer *problem)
{
    const struct bridge_options *options = bridge->options;
    const struct farm_certificate_wanted wanted = {
        .name = bytes_from_string(options->name),
        .is_bridge = true,
        .days = FARM_CERTIFICATE_DAYS,
        .now_s = (int64_t)(loop_clock(bridge->loop)->wall_ms / 1000),
    };
    struct farm_certificate made;
    struct buffer pem;
    enum status status;

    buffer_init(&pem, NAMED_FILE_MAX_BYTES);
    status = farm_authority_issue(options->bridge->state, &wanted, &pem, &made, problem);
    if (status == STATUS_OK) {
        status = state_file_write(options->credentials, buffer_bytes(&pem), STATE_FILE_PRIVATE);
        if (status != STATUS_OK) {
            (void)buffer_append_format(problem, "cannot write %s: %s", options->credentials,
                                       status_sentence(status));
        }
    }
    if (status == STATUS_OK) {
        log_info(loop_log(bridge->loop), "bridge", "issued its own credentials file=%s serial=%s",
                 options->credentials, made.serial);
    }
    crypto_wipe(pem.data, pem.capacity);
    buffer_deinit(&pem);
    return status;
}

static enum status
issue_own_credentials(const struct bridge *bridge, struct buffer *problem)
{
    return issues_own_credentials(bridge->options) ? write_own_credentials(bridge, problem)
                                                   : STATUS_OK;
}

static enum status
reload_credentials(struct bridge *bridge, const char *credentials, struct buffer *problem)
{
    enum status status = node_links_reload(&bridge->links, credentials, problem);

    return status == STATUS_OK ? bridge_peers_reload(&bridge->peers, credentials, problem) : status;
}

/* So does the bridge that holds the authority renew them. */
static bool
renew_own_credentials(void *owner)
{
    struct bridge *bridge = owner;
    const struct bridge_options *options = bridge->options;
    enum status status = STATUS_NOT_FOUND;
    struct buffer problem;

    if (!can_issue_own_credentials(options)) {
        return false;
    }
    buffer_init(&problem, NAMED_FILE_MAX_BYTES);
    status = write_own_credentials(bridge, &problem);
    if (status == STATUS_OK) {
        status = reload_credentials(bridge, options->credentials, &problem);
    }
    if (status != STATUS_OK) {
        log_error(loop_log(bridge->loop), "bridge", "cannot renew its own credentials: %.*s",
                  BYTES_PRINTF(buffer_bytes(&problem)));
    }
    buffer_deinit(&problem);
    return status == STATUS_OK;
}

/* To those that dialed us, and to those that we dialed: the lists of both may be incomplete. */
static void
share(void *owner)
{
    struct bridge *bridge = owner;

    node_links_share(&bridge->links);
    bridge_peers_share(&bridge->peers);
}

static enum status
init_trust(struct bridge *bridge, struct buffer *problem)
{
    return bridge_trust_init(&bridge->trust,
                             &(struct bridge_trust_options){
                                 .state = bridge->options->bridge->state,
                                 .timers = loop_timers(bridge->loop),
                                 .log = loop_log(bridge->loop),
                                 .metrics = &bridge->metrics,
                                 .apps = &bridge->apps,
                                 .links = &bridge->links,
                                 .renew = renew_own_credentials,
                                 .on_changed = share,
                                 .owner = bridge,
                             },
                             problem);
}

/* It is freed by itself, perhaps long before the bridge. */
static void
close_admin(struct bridge *bridge)
{
    admin_server_close(bridge->admin);
    bridge->admin = NULL;
}

/* Every node has left, and we have left every bridge: nothing calls in any more. */
static void
on_peers_closed(void *owner)
{
    struct bridge *bridge = owner;
    void (*on_closed)(void *owner) = bridge->on_closed;
    void *closed_owner = bridge->owner;

    bridge_apps_deinit(&bridge->apps);
    close_backplane(bridge);
    metrics_deinit(&bridge->metrics);
    free(bridge);
    on_closed(closed_owner);
}

/* What looks at the links ends with them; peers that are being closed ask it nothing any more. */
static void
on_links_closed(void *owner)
{
    struct bridge *bridge = owner;

    timer_stop(loop_timers(bridge->loop), &bridge->drain_timer);
    close_admin(bridge);
    bridge_peers_close(&bridge->peers);
    bridge_trust_deinit(&bridge->trust);
}

static enum status
open_peers(struct bridge *bridge, struct buffer *problem)
{
    const struct bridge_options *options = bridge->options;

    return bridge_peers_open(&bridge->peers,
                             &(struct bridge_peers_options){
                                 .loop = bridge->loop,
                                 .addresses = options->bridge->peers,
                                 .credentials = options->credentials,
                                 .self = &bridge->links.options.peers.self,
                                 .trust = &bridge->trust,
                                 .apps = other_bridges(bridge) == NULL ? NULL : &bridge->apps,
                                 .metrics = &bridge->metrics,
                                 .on_closed = on_peers_closed,
                                 .owner = bridge,
                             },
                             problem);
}

static enum status
open_links(struct bridge *bridge, struct buffer *problem)
{
    const struct bridge_options *options = bridge->options;
    struct node_links_options links = {
        .loop = bridge->loop,
        .listen = options->bridge->listen,
        .credentials = options->credentials,
        .links_max = options->bridge->links_max,
        .peers =
            {
                .loop = bridge->loop,
                .apps = &bridge->apps,
                .metrics = &bridge->metrics,
                .deliver_high_bytes = options->bridge->queue_max,
                .revoked = &bridge->trust.revoked,
                .trust = &bridge->trust,
                .self =
                    {
                        .name = bytes_from_string(options->name),
                        .software = BYTES("hubplane-bridge " HUBPLANE_VERSION),
                    },
            },
        .on_closed = on_links_closed,
        .owner = bridge,
    };

    crypto_random(links.peers.self.instance, sizeof(links.peers.self.instance));
    return node_links_open(&bridge->links, &links, problem);
}

/* Its absence is no reason to keep a farm from working. */
static void
open_admin(struct bridge *bridge)
{
    const char *address = bridge->options->bridge->admin;
    struct loop *loop = bridge->loop;
    struct buffer problem;
    enum status status;

    bridge->admin_page = (struct admin_page){
        .options = bridge->options,
        .metrics = &bridge->metrics,
        .apps = &bridge->apps,
        .links = &bridge->links,
        .peers = &bridge->peers,
        .clock = loop_clock(loop),
        .started_ms = loop_clock(loop)->now_ms,
    };
    if (address == NULL) {
        return;
    }
    status =
        admin_server_open(loop, address, admin_page_answer, &bridge->admin_page, &bridge->admin);
    if (status == STATUS_OK) {
        log_info(loop_log(loop), "bridge", "metrics and status are served address=%s", address);
    } else {
        buffer_init(&problem, NAMED_FILE_MAX_BYTES);
        listener_explain(status, address, "[bridge] admin", &problem);
        log_error(loop_log(loop), "bridge", "metrics and status are not served: %.*s",
                  BYTES_PRINTF(buffer_bytes(&problem)));
        buffer_deinit(&problem);
    }
}

enum status
bridge_check(const struct bridge_options *options, struct buffer *problem)
{
    struct tls_context *tls = NULL;
    struct buffer password;
    enum status status = check_state(options, problem);

    if (status == STATUS_OK && !issues_own_credentials(options)) {
        status = node_links_check_credentials(options->credentials, problem);
    }
    if (status == STATUS_OK) {
        status = bridge_redis_tls(options, problem, &tls);
    }
    tls_context_free(tls);
    buffer_init(&password, NAMED_FILE_MAX_BYTES);
    if (status == STATUS_OK) {
        status = read_named_file(options, "password_file", options->redis->password_file, &password,
                                 problem);
    }
    crypto_wipe(password.data, password.capacity);
    buffer_deinit(&password);
    return status;
}

/* ---- Life ---- */

static void
log_start(const struct bridge *bridge)
{
    const struct bridge_options *options = bridge->options;
    struct log *log = loop_log(bridge->loop);

    if (bridge_options_is_memory(options)) {
        log_warn(log, "bridge",
                 "backplane = memory: no Redis is configured, so the farm is what connects to this "
                 "one bridge, and a restart forgets what is on its way");
    } else {
        log_info(log, "bridge", "connecting to Redis address=%s", options->redis->address);
    }
    if (has_foreign_authority(options)) {
        log_warn(log, "bridge",
                 "the authority in %s did not issue %s: whom it lets in is refused by the farm; "
                 "issue where the farm's authority is, and delete authority.key here",
                 options->bridge->state, options->credentials);
    }
    log_info(log, "bridge", "listening address=%s port=%u name=%s", options->bridge->listen,
             bridge_port(bridge), options->name);
}

enum status
bridge_open(struct loop *loop, const struct bridge_options *options, void (*on_closed)(void *owner),
            void *owner, struct buffer *problem, struct bridge **out)
{
    struct bridge *bridge = calloc(1, sizeof(*bridge));
    enum status status;

    if (bridge == NULL || bridge_metrics_init(&bridge->metrics) != STATUS_OK) {
        (void)buffer_append_string(problem, "out of memory");
        free(bridge);
        return STATUS_NO_MEMORY;
    }
    bridge->loop = loop;
    bridge->options = options;
    bridge->on_closed = on_closed;
    bridge->owner = owner;
    bridge_apps_init(&bridge->apps, &(struct bridge_apps_options){
                                        .config = options,
                                        .bridges = other_bridges(bridge),
                                        .timers = loop_timers(loop),
                                        .log = loop_log(loop),
                                        .metrics = &bridge->metrics,
                                        .on_opened = on_app_opened,
                                        .owner = bridge,
                                    });
    status = check_state(options, problem);
    if (status == STATUS_OK) {
        status = init_trust(bridge, problem);
    }
    if (status == STATUS_OK) {
        status = issue_own_credentials(bridge, problem);
    }
    if (status == STATUS_OK) {
        status = open_backplane(bridge, problem);
    }
    bridge->apps.options.backplane = bridge->backplane;
    if (status == STATUS_OK) {
        status = bridge_apps_open_configured(&bridge->apps, problem);
    }
    /* What may fail for reasons outside comes last; the peers are dialed from the loop. */
    if (status == STATUS_OK) {
        status = open_peers(bridge, problem);
    }
    if (status == STATUS_OK) {
        status = open_links(bridge, problem);
    }
    if (status != STATUS_OK) {
        bridge_peers_deinit(&bridge->peers);
        bridge_trust_deinit(&bridge->trust);
        bridge_apps_deinit(&bridge->apps);
        close_backplane(bridge);
        metrics_deinit(&bridge->metrics);
        free(bridge);
        return status;
    }
    bridge_trust_start(&bridge->trust);
    open_admin(bridge);
    log_start(bridge);
    *out = bridge;
    return STATUS_OK;
}

void
bridge_close(struct bridge *bridge)
{
    if (bridge->state != BRIDGE_CLOSING) {
        bridge->state = BRIDGE_CLOSING;
        close_admin(bridge);
        node_links_close(&bridge->links);
    }
}

static void
on_drain_timer(struct timer *timer)
{
    struct bridge *bridge = CONTAINER_OF(timer, struct bridge, drain_timer);

    log_warn(loop_log(bridge->loop), "bridge",
             "some nodes have not left in time; their links are closed");
    bridge_close(bridge);
}

void
bridge_drain(struct bridge *bridge, uint64_t timeout_ms)
{
    if (bridge->state != BRIDGE_OPEN) {
        return;
    }
    bridge->state = BRIDGE_DRAINING;
    timer_start(loop_timers(bridge->loop), &bridge->drain_timer, timeout_ms, on_drain_timer);
    node_links_drain(&bridge->links, BYTES_NONE);
}

enum status
bridge_reload(struct bridge *bridge, const char *credentials, struct buffer *problem)
{
    return reload_credentials(bridge, credentials, problem);
}

uint16_t
bridge_port(const struct bridge *bridge)
{
    return node_links_port(&bridge->links);
}

const struct metrics *
bridge_metrics(const struct bridge *bridge)
{
    return &bridge->metrics;
}
