/* SPDX-License-Identifier: MIT */
/* bridge_options: every option of the bridge, from one table (bridge_options.def). */
#ifndef HUBPLANE_BRIDGE_OPTIONS_H
#define HUBPLANE_BRIDGE_OPTIONS_H

#include "common/base/log.h"
#include "common/base/option.h"

#define BRIDGE_OPTIONS_FILE "/etc/hubplane/bridge.ini"

/* One struct per section; the names of the members are those of bridge_options.def. */
struct bridge_options_bridge {
    char *name, *listen, *admin, *state, *credentials, *peers, *log_level;
    uint64_t history_max, message_max, reorder_max, queue_max, links_max, apps_max, drain_timeout;
};

struct bridge_options_redis {
    char *address, *user, *password_file, *tls_authority, *tls_certificate, *tls_server_name;
    bool tls;
    uint64_t database, log_messages, log_max, sequence_life;
};

struct bridge_options_app {
    uint64_t history_max; /* 0 = that of [bridge] */
};

extern const struct option_schema bridge_option_schema;

/* What the options say, with everything filled in that has no fixed default. */
struct bridge_options {
    struct option_set set;
    const struct bridge_options_bridge *bridge;
    const struct bridge_options_redis *redis;
    char *name;        /* of this bridge */
    char *credentials; /* path */
    char *redis_host;  /* that its certificate must name; NULL for a Unix socket */
};

/** Defaults only. The file is read into ${options}->set before bridge_options_resolve(). OK or
 * NO_MEMORY. */
MUST_CHECK enum status bridge_options_init(struct bridge_options *options);
void bridge_options_deinit(struct bridge_options *options);
/** Check everything across options and fill in the rest. OK; INVALID - every mistake is a line in
 * ${options}->set.problems; NO_MEMORY. */
MUST_CHECK enum status bridge_options_resolve(struct bridge_options *options);
/** Whether the backplane is this bridge's memory. */
bool bridge_options_is_memory(const struct bridge_options *options);
enum log_level bridge_options_log_level(const struct bridge_options *options);
/** History of the app ${key}. */
uint64_t bridge_options_history_max(const struct bridge_options *options, struct bytes key);

#endif
