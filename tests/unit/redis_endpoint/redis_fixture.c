/* SPDX-License-Identifier: MIT */
#include "tests/unit/redis_endpoint/redis_fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/crypto.h"
#include "service/redis_endpoint/resp_writer.h"

static struct redis_door doors[] = {{"127.0.0.1:6379", NULL}, {"127.0.0.1:6380", NULL}};
static const struct redis_door_app apps[] = {{"chat", "ChatApp", FAKE_BACKPLANE_APP, 0},
                                             {"chat", "ChatApp", FAKE_BACKPLANE_APP, 1}};

static void
keep_line(void *context, enum log_level level, const char *line)
{
    struct redis_fixture *fixture = context;

    (void)level;
    buffer_append_string(&fixture->lines, line);
    buffer_append_byte(&fixture->lines, '\n');
}

static void
write_password(struct redis_fixture *fixture)
{
    uint64_t unique; /* several tests that use it run at once, and in one folder */
    crypto_random(&unique, sizeof(unique));
    (void)snprintf(fixture->password_file, sizeof(fixture->password_file), "redis-password-%llx",
                   (unsigned long long)unique);
    FILE *file = fopen(fixture->password_file, "wb");
    assert_non_null(file);
    assert_true(fputs("secret\r\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    doors[1].password_file = fixture->password_file;
}

void
redis_fixture_init(struct redis_fixture *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    clock_init_virtual(&fixture->clock, 1000, 1700000000000);
    timers_init(&fixture->timers, &fixture->clock);
    buffer_init(&fixture->lines, 1024 * 1024);
    log_init(&fixture->log, LOG_DEBUG, keep_line, fixture);
    write_password(fixture);
    fake_backplane_init(&fixture->farm);
    fixture->port = fake_backplane_add(&fixture->farm, 1);
    struct redis_endpoint_options options = {
        .timers = &fixture->timers,
        .log = &fixture->log,
        .port = &fixture->port->port,
        .doors = doors,
        .door_count = 2,
        .apps = apps,
        .app_count = 2,
    };
    assert_status(redis_endpoint_new(&options, &fixture->endpoint), STATUS_OK);
    fake_port_attach(fixture->port, &redis_endpoint_port_handler, fixture->endpoint);
    redis_fixture_run(fixture);
}

void
redis_fixture_deinit(struct redis_fixture *fixture)
{
    for (size_t i = 0; i < REDIS_FIXTURE_CLIENTS; i++) {
        redis_fixture_disconnect(fixture, i);
    }
    fake_port_detach(fixture->port);
    redis_endpoint_free(fixture->endpoint);
    fake_backplane_deinit(&fixture->farm);
    timers_deinit(&fixture->timers);
    buffer_deinit(&fixture->lines);
    assert_int_equal(remove(fixture->password_file), 0);
}

void
redis_fixture_connect(struct redis_fixture *fixture, size_t client, bool wants_password)
{
    fake_sink_init(&fixture->sinks[client]);
    assert_status(redis_session_new(fixture->endpoint, wants_password ? 1 : 0,
                                    &fixture->sinks[client].sink, &fixture->sessions[client]),
                  STATUS_OK);
}

void
redis_fixture_disconnect(struct redis_fixture *fixture, size_t client)
{
    if (fixture->sessions[client] != NULL) {
        redis_session_closed(fixture->sessions[client]);
        fixture->sessions[client] = NULL;
        fake_sink_deinit(&fixture->sinks[client]);
    }
}

void
redis_fixture_send(struct redis_fixture *fixture, size_t client, struct bytes input)
{
    redis_session_receive(fixture->sessions[client], input);
}

void
redis_fixture_command(struct redis_fixture *fixture, size_t client, size_t count, ...)
{
    struct buffer command;
    va_list arguments;

    buffer_init(&command, SIZE_MAX);
    resp_write_array(&command, count);
    va_start(arguments, count);
    for (size_t i = 0; i < count; i++) {
        resp_write_bulk(&command, va_arg(arguments, struct bytes));
    }
    va_end(arguments);
    redis_fixture_send(fixture, client, buffer_bytes(&command));
    buffer_deinit(&command);
}

void
redis_fixture_publish(struct redis_fixture *fixture, size_t client, struct bytes frame)
{
    redis_fixture_command(fixture, client, 5, BYTES("EVALSHA"), BYTES(REDIS_FIXTURE_PUBLISH),
                          BYTES("1"), BYTES("ChatApp"), frame);
}

void
redis_fixture_run(struct redis_fixture *fixture)
{
    while (fake_backplane_run(&fixture->farm)) {}
}

void
redis_fixture_advance(struct redis_fixture *fixture, uint64_t delta_ms)
{
    clock_advance(&fixture->clock, delta_ms);
    timers_run(&fixture->timers);
    redis_fixture_run(fixture);
}

void
redis_fixture_expect(struct redis_fixture *fixture, size_t client, struct bytes expected)
{
    redis_fixture_run(fixture);
    assert_bytes(fake_sink_written(&fixture->sinks[client]), expected);
    fake_sink_clear(&fixture->sinks[client]);
}
