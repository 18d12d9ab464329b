/* SPDX-License-Identifier: MIT */
/* redis_fixture: a Redis endpoint in virtual time on a farm in memory, with two doors (the second
 * wants a password) and clients whose replies become text. */
#ifndef HUBPLANE_TESTS_UNIT_REDIS_FIXTURE_H
#define HUBPLANE_TESTS_UNIT_REDIS_FIXTURE_H

#include "service/redis_endpoint/redis_session.h"
#include "tests/support/fake_backplane.h"
#include "tests/support/fake_sink.h"
#include "tests/support/test.h"

/* What a package sends; in the words of Lua, as one line. */
#define REDIS_FIXTURE_PUBLISH_SCRIPT                                                     \
    "local newId = redis.call('INCR', KEYS[1]) local payload = newId .. ' ' .. ARGV[1] " \
    "redis.call('PUBLISH', KEYS[1], payload) return {newId, ARGV[1], payload}"
#define REDIS_FIXTURE_PUBLISH       "edeb7a3b4fb872b8a76ae281cc47bd2c4d2da9b0"
#define REDIS_FIXTURE_PUBLISH_COUNT "4651c92606a1816e6dbcfbb0441ab3dd8fe51853"
#define REDIS_FIXTURE_RESTORE       "60a57d72ad3c5f10b4f04fe76cbc5f0cc86d1da8"
/* A frame without messages. */
#define REDIS_FIXTURE_FRAME "\x0c\0\0\0\0\0\0\0\xe0\xb4\x57\x1e\xda\x2a\xdd\x08"

enum { REDIS_FIXTURE_CLIENTS = 3 };

struct redis_fixture {
    struct clock clock;
    struct timers timers;
    struct log log;
    struct buffer lines; /* of the log */
    struct fake_backplane farm;
    struct fake_port *port;
    struct redis_endpoint *endpoint;
    char password_file[64];
    struct fake_sink sinks[REDIS_FIXTURE_CLIENTS];
    struct redis_session *sessions[REDIS_FIXTURE_CLIENTS];
};

void redis_fixture_init(struct redis_fixture *fixture);
void redis_fixture_deinit(struct redis_fixture *fixture);
/** Client ${client} connects to the first door (or the one with a password). */
void redis_fixture_connect(struct redis_fixture *fixture, size_t client, bool wants_password);
void redis_fixture_disconnect(struct redis_fixture *fixture, size_t client);
void redis_fixture_send(struct redis_fixture *fixture, size_t client, struct bytes input);
/** redis_fixture_command(fixture, client, count, arguments...): struct bytes each. */
void redis_fixture_command(struct redis_fixture *fixture, size_t client, size_t count, ...);
/** A publish of ${frame} by EVALSHA. */
void redis_fixture_publish(struct redis_fixture *fixture, size_t client, struct bytes frame);
/** Let the farm do what it can. */
void redis_fixture_run(struct redis_fixture *fixture);
void redis_fixture_advance(struct redis_fixture *fixture, uint64_t delta_ms);
/** Compare what the client was sent since the last time. */
void redis_fixture_expect(struct redis_fixture *fixture, size_t client, struct bytes expected);

#define REDIS_FIXTURE_SAYS(fixture, client, literal) \
    redis_fixture_expect(fixture, client, BYTES(literal))

#endif
