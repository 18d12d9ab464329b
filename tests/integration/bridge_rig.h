/* SPDX-License-Identifier: MIT */
/*
 * bridge_rig: a real redis-server, a real hubplane-bridge and a few nodes (link_client over TLS),
 * for integration tests. Everything lives in a folder of its own and is ended by process id.
 */
#ifndef HUBPLANE_TESTS_INTEGRATION_BRIDGE_RIG_H
#define HUBPLANE_TESTS_INTEGRATION_BRIDGE_RIG_H

#include <stdarg.h>
#include <sys/types.h>

#include "common/base/metrics.h"
#include "common/net/dialer.h"
#include "common/wire/link_client.h"
#include "common/wire/signalr_message.h"

struct bridge_proxy;

struct redisContext;

enum {
    RIG_NODES = 4,
    RIG_BRIDGES = 2,
    RIG_APP = 1,
    RIG_DELIVERED_MAX = 100000,
    RIG_WAIT_MS = 20000
};

#define RIG_KEY "ChatApp"

struct rig;

struct rig_delivery {
    uint64_t id;
    uint64_t number; /* what the value says, when it is a number */
    bool is_foreign;
    bool is_replay;
};

struct rig_node {
    struct rig *rig;
    size_t bridge; /* setting: which one it dials */
    char name[8];
    struct tls_context *tls;
    struct stream *stream;
    struct link_client *link;
    struct link_identity identity;
    bool is_open;
    bool reconnects; /* setting: dial again when the link ends */
    struct timer redial;

    enum link_backplane_state state;
    char refusal[256]; /* of OPEN */
    char failure[256]; /* why the last link ended */
    uint64_t current_id;
    uint64_t position;
    uint64_t sequence;     /* of the last publish() */
    uint64_t acknowledged; /* settled */
    uint64_t published_id; /* of the last acknowledgement that had one */
    size_t refused_count;
    enum status refused_status;
    size_t goaway_count;
    uint64_t interest_position;
    size_t interest_count;
    uint64_t replayed_to, missing_to;
    size_t replayed_count;
    uint64_t lost_ids;
    size_t queried_count;
    bool query_answer;
    size_t secret_count;
    uint8_t secrets[2][ENVELOPE_SECRET_BYTES];
    struct payload **spool; /* spool[sequence - 1]; sent again after a reconnect */
    size_t spool_capacity;
    struct rig_delivery *delivered;
    size_t delivered_count;
};

struct rig {
    char folder[64];
    struct log log;
    struct loop *loop;
    uint16_t redis_port;
    pid_t redis;
    pid_t bridges[RIG_BRIDGES];
    uint16_t bridge_ports[RIG_BRIDGES];
    char redis_options[256]; /* more of redis-server's command line */
    char redis_section[512]; /* of the bridge's configuration; "" = memory */
    char bridge_section[256];
    bool has_peers; /* setting: the bridges are linked to each other */
    struct rig_node nodes[RIG_NODES];
    struct redisContext *redis_client;
};

/** A folder, a farm authority, credentials for the nodes. Skips the whole test (exit 77) without
 * redis-server. */
void rig_init(struct rig *rig);
/** Ends every process and removes the folder. */
void rig_deinit(struct rig *rig);
/** The same, and before it ends a proxy on the rig's loop. */
void rig_deinit_with_proxy(struct rig *rig, struct bridge_proxy *proxy);
void rig_start_redis(struct rig *rig);
void rig_stop_redis(struct rig *rig, int signal_number);
/** Writes the configuration with [redis] address = the redis of this rig, unless redis_section says
 * otherwise. */
void rig_start_bridge(struct rig *rig, size_t index);
/** Returns its exit code; 128 + signal when it was killed. */
int rig_stop_bridge(struct rig *rig, size_t index, int signal_number);
/** Run a command of the shell in the folder, with $BRIDGE = the program; returns its exit code. */
PRINTF_LIKE(2, 3) int rig_shell(struct rig *rig, const char *format, ...);

/** Let the loop run until ${is_done} says so; fails the test after RIG_WAIT_MS. */
#define rig_wait(rig, condition)                                    \
    do {                                                            \
        uint64_t rig_end_ms = rig_now_ms() + RIG_WAIT_MS;           \
                                                                    \
        while (!(condition)) {                                      \
            if (rig_now_ms() > rig_end_ms) {                        \
                rig_give_up((rig), #condition, __FILE__, __LINE__); \
            }                                                       \
            rig_run((rig), 5);                                      \
        }                                                           \
    } while (0)
void rig_run(struct rig *rig, uint64_t milliseconds);
uint64_t rig_now_ms(void);
void rig_give_up(struct rig *rig, const char *condition, const char *file, int line);

/** Dial and wait until the app is open. */
void rig_join(struct rig *rig, size_t index);
/** Dial with the credentials of the given file, and wait for nothing. */
void rig_dial(struct rig *rig, size_t index, const char *credentials);
void rig_leave(struct rig *rig, size_t index);
/** INTEREST, and wait for its acknowledgement. */
void rig_listen(struct rig *rig, size_t index, const char *topic);
/** Publish the number as value; returns the sequence. */
uint64_t rig_publish(struct rig *rig, size_t index, const char *topic, uint64_t number);
/** The first node publishes ${first} to ${last}. */
void rig_publish_run(struct rig *rig, const char *topic, uint64_t first, uint64_t last);
/** QUERY, and wait for the answer. */
bool rig_query(struct rig *rig, size_t index, const char *topic);
void rig_replay(struct rig *rig, size_t index, const char *topic, uint64_t since);
/** Whether deliveries since ${from} are numbers ${first}, ${first} + 1, ... ${last}, in ascending
 * ids. */
bool rig_has_run(const struct rig_node *node, size_t from, uint64_t first, uint64_t last);

/** A Redis command; the answer as a number (integer, or the length of a text), or -1 for errors. */
PRINTF_LIKE(2, 3) long long rig_redis(struct rig *rig, const char *format, ...);
/** Publish as .NET's script does. */
void rig_publish_dotnet(struct rig *rig, struct bytes frame);
/** A frame with one message; owned by the caller. */
struct payload *rig_frame(const char *topic, uint64_t number);

#endif
