/* SPDX-License-Identifier: MIT */
/*
 * redis_script: the publish script: what is asked of it and what it answered. One call is one
 * atomic step: it checks the sequence, gives each message its id, publishes it, and adds it to the
 * log.
 */
#ifndef HUBPLANE_BRIDGE_REDIS_SCRIPT_H
#define HUBPLANE_BRIDGE_REDIS_SCRIPT_H

#include "bridge/route/route_backplane.h"

struct redisReply;

/* Arguments of a call besides the messages. */
enum { REDIS_SCRIPT_ARGUMENTS_MAX = 2 + 1 + 3 + 6 + ROUTE_BATCH_MESSAGES_MAX };

struct redis_script {
    char digest[41]; /* what EVALSHA wants */
};

/* The names of an app's keys. */
struct redis_keys {
    struct bytes counter; /* also the channel */
    struct bytes log;
    struct bytes sequence_prefix; /* followed by the instance in hex */
};

struct redis_script_request {
    const struct redis_keys *keys;
    const struct route_batch *batch; /* without messages: only look at the counter, and heal it */
    uint64_t log_limit;              /* 0 = no log */
    uint64_t sequence_life_ms;
    int64_t ticks; /* of a void mark, if one is needed */
};

void redis_script_init(struct redis_script *script);
/** redis_script_arguments(script, request, is_eval, storage, arguments):
 *  Fill in ${arguments}, of REDIS_SCRIPT_ARGUMENTS_MAX, and return how many there are: EVALSHA, or
 * EVAL with the whole text.
 *    Owns:     they point into ${storage} (cleared before), the request, and static text. 0 when out of memory. */
size_t redis_script_arguments(const struct redis_script *script,
                              const struct redis_script_request *request, bool is_eval,
                              struct buffer *storage, struct bytes *arguments);
/** What a reply to ${batch} means. ${result}->text points into ${reply} or is static. */
void redis_script_result(const struct redisReply *reply, const struct route_batch *batch,
                         struct route_result *result);
/** Whether the script has to be sent whole. */
bool redis_script_is_unknown(const struct redisReply *reply);

#endif
