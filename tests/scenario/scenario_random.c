/* SPDX-License-Identifier: MIT */
/*
 * Goal of this test: whatever happens in whatever order, every client gets every message of its
 * topics once and in order. Clients of all transports drop and come back here and there, join and
 * leave, while events and commands are held back. A ledger says what each must have got.
 * HUBPLANE_SEED=n repeats one run. T42, T63, T64, C-4, C-5.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/scenario/signalr_client.h"

enum { HOSTS = 3, CLIENTS = 6, GROUPS = 2, STEPS = 300, SEEDS = 100, MESSAGES_MAX = STEPS + 1 };

/* What a client must get of a message. */
enum duty { MUST, MAY, MUST_NOT };

struct ledger_row {
    int group; /* -1 = to all */
    enum duty duty[CLIENTS];
};

struct member {
    struct signalr_client client;
    enum duty state[GROUPS];    /* of messages to the group from now on */
    unsigned operation[GROUPS]; /* waited for; 0 = none */
    bool is_join[GROUPS];
    bool is_wished[GROUPS];   /* since all was quiet */
    size_t wish_host[GROUPS]; /* where */
    size_t last_seen;
    bool has_seen[MESSAGES_MAX];
};

struct world {
    struct scenario scenario;
    struct member members[CLIENTS];
    struct ledger_row rows[MESSAGES_MAX];
    size_t row_count;
    unsigned next_operation;
    uint64_t random;
    unsigned seed;
};

static unsigned
draw(struct world *world, unsigned below)
{
    /* xorshift: the same everywhere */
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (unsigned)(world->random % below);
}

/* HUBPLANE_SCENARIO_LOG=1 shows what is done. */
PRINTF_LIKE(1, 2)
static void
trace(const char *format, ...)
{
    va_list arguments;

    if (getenv("HUBPLANE_SCENARIO_LOG") != NULL) {
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        fputc('\n', stderr);
    }
}

/*
 * The ledger.
 */

static void
take_message(struct world *world, size_t index, struct bytes line)
{
    struct member *member = &world->members[index];
    struct bytes digits = bytes_after(line, bytes_find(line, '[') + 1);
    uint64_t number;

    digits.length = bytes_find(digits, ']');
    assert_status(bytes_parse_uint64(digits, &number), STATUS_OK);
    assert_in_range(number, 0, world->row_count - 1);
    const struct ledger_row *row = &world->rows[number];
    if (member->has_seen[number]) {
        fail_msg("seed %u: client %zu got message %llu twice", world->seed, index,
                 (unsigned long long)number);
    }
    if (row->duty[index] == MUST_NOT) {
        fail_msg("seed %u: client %zu got message %llu of a group it is not in", world->seed, index,
                 (unsigned long long)number);
    }
    if (row->group < 0) {
        if (number < member->last_seen) {
            fail_msg("seed %u: client %zu got message %llu after %zu", world->seed, index,
                     (unsigned long long)number, member->last_seen);
        }
        member->last_seen = number;
    }
    member->has_seen[number] = true;
    trace("client %zu got %llu", index, (unsigned long long)number);
}

static void
take_result(struct member *member, struct bytes line)
{
    for (int group = 0; group < GROUPS; group++) {
        char id[32];
        snprintf(id, sizeof(id), "\"I\":\"%u\"", member->operation[group]);
        char *text = bytes_duplicate(line);
        if (member->operation[group] != 0 && strstr(text, id) != NULL) {
            bool is_ok = strstr(text, "\"E\"") == NULL;
            member->operation[group] = 0;
            if (is_ok) {
                member->state[group] = member->is_join[group] ? MUST : MUST_NOT;
            }
        }
        free(text);
    }
}

/* Read what a client has got. */
static void
look(struct world *world, size_t index)
{
    struct member *member = &world->members[index];
    struct bytes line;

    signalr_client_run(&member->client);
    struct bytes rest = buffer_bytes(&member->client.messages);
    while (bytes_split(&rest, '\n', &line) && line.length > 0) {
        take_message(world, index, line);
    }
    rest = buffer_bytes(&member->client.results);
    while (bytes_split(&rest, '\n', &line) && line.length > 0) {
        take_result(member, line);
    }
    buffer_clear(&member->client.messages);
    buffer_clear(&member->client.results);
    buffer_clear(&member->client.texts);
}

/*
 * What may happen.
 */

static void
publish(struct world *world)
{
    struct ledger_row *row = &world->rows[world->row_count];
    char topic[32], value[128];

    row->group = (int)draw(world, GROUPS + 1) - 1;
    snprintf(topic, sizeof(topic), row->group < 0 ? "h-ChatHub" : "hg-ChatHub.%d", row->group);
    snprintf(value, sizeof(value), "{\"H\":\"ChatHub\",\"M\":\"say\",\"A\":[%zu]}",
             world->row_count);
    for (size_t i = 0; i < CLIENTS; i++) {
        row->duty[i] = row->group < 0 ? MUST : world->members[i].state[row->group];
    }
    trace("publish %zu to group %d id=%llu", world->row_count, row->group,
          (unsigned long long)world->scenario.farm.last_id + 1);
    world->row_count++;
    scenario_publish(&world->scenario, topic, value);
}

/* ${caller} changes a group of ${member}; one wish at a time for each group. What is wished at one
 * host while an earlier wish made at another is still on its way has no defined order: that is not
 * done. */
static void
change_group(struct world *world, size_t caller, size_t target)
{
    struct member *member = &world->members[target];
    struct signalr_client *by = &world->members[caller].client;
    int group = (int)draw(world, GROUPS);
    char json[256];

    if (member->operation[group] != 0 || by->stream == NULL ||
        (member->is_wished[group] && member->wish_host[group] != by->host)) {
        return;
    }
    world->next_operation++;
    member->is_wished[group] = true;
    member->wish_host[group] = by->host;
    member->is_join[group] = draw(world, 2) == 0;
    member->state[group] = MAY;
    snprintf(json, sizeof(json), "{\"H\":\"chathub\",\"M\":\"%s\",\"A\":[\"%d\",\"%s\"],\"I\":%u}",
             member->is_join[group] ? "JoinOther" : "LeaveOther", group, member->client.id,
             world->next_operation);
    member->operation[group] = world->next_operation;
    look(world, caller);
    signalr_client_invoke(by, json);
    /* Whoever called hears the result. */
    struct bytes rest = buffer_bytes(&by->results);
    struct bytes line;
    while (bytes_split(&rest, '\n', &line) && line.length > 0) {
        take_result(member, line);
        take_result(&world->members[caller], line);
    }
    buffer_clear(&by->results);
    trace("client %zu has %zu %s group %d: %s", caller, target,
          member->is_join[group] ? "join" : "leave", group,
          member->operation[group] == 0 ? "done" : "under way");
    if (member->operation[group] == world->next_operation) {
        /* It did not come at once: perhaps never. Nothing is certain until all is quiet. */
        member->operation[group] = UINT32_MAX;
    }
}

static void
move(struct world *world, size_t index)
{
    struct signalr_client *client = &world->members[index].client;

    if (client->stream != NULL && draw(world, 2) == 0) {
        if (draw(world, 2) == 0) {
            look(world, index);
        }
        trace("client %zu drops at %s", index, client->cursor);
        signalr_client_drop(client);
        return;
    }
    client->host = draw(world, HOSTS);
    trace("client %zu opens at host %zu from %s", index, client->host, client->cursor);
    signalr_client_open(client, "reconnect");
}

static void
disturb(struct world *world)
{
    struct fake_port *port = world->scenario.hosts[draw(world, HOSTS)].port;

    trace("disturbance at host %zu", (size_t)(port - world->scenario.farm.ports));
    switch (draw(world, 3)) {
    case 0:
        port->holds_events = !port->holds_events;
        break;
    case 1:
        port->holds_commands = !port->holds_commands;
        break;
    default:
        world->scenario.farm.is_buffering = !world->scenario.farm.is_buffering;
        break;
    }
}

/* Everything held is let go, everyone is back, every wish has come to its end. */
static void
settle(struct world *world)
{
    trace("settle");
    world->scenario.farm.is_buffering = false;
    for (size_t i = 0; i < HOSTS; i++) {
        world->scenario.hosts[i].port->holds_events = false;
        world->scenario.hosts[i].port->holds_commands = false;
    }
    scenario_run(&world->scenario);
    for (int round = 0; round < 45; round++) {
        for (size_t i = 0; i < CLIENTS; i++) {
            look(world, i);
            if (!signalr_client_is_receiving(&world->members[i].client)) {
                trace("client %zu reopens from %s", i, world->members[i].client.cursor);
                signalr_client_open(&world->members[i].client, "reconnect");
                look(world, i);
            }
        }
        scenario_advance(&world->scenario, 1000);
    }
    for (size_t i = 0; i < CLIENTS; i++) {
        memset(world->members[i].operation, 0, sizeof(world->members[i].operation));
        memset(world->members[i].is_wished, 0, sizeof(world->members[i].is_wished));
    }
}

static void
check(const struct world *world)
{
    for (size_t number = 0; number < world->row_count; number++) {
        for (size_t i = 0; i < CLIENTS; i++) {
            if (world->rows[number].duty[i] == MUST && !world->members[i].has_seen[number]) {
                fail_msg("seed %u: client %zu (transport %d) never got message %zu of group %d",
                         world->seed, i, (int)world->members[i].client.transport, number,
                         world->rows[number].group);
            }
        }
    }
}

static void
step(struct world *world)
{
    size_t index = draw(world, CLIENTS);
    unsigned what = draw(world, 100);

    if (what < 40) {
        publish(world);
    } else if (what < 55) {
        change_group(world, index, index);
    } else if (what < 65) {
        change_group(world, draw(world, CLIENTS), index);
    } else if (what < 77) {
        move(world, index);
    } else if (what < 83) {
        disturb(world);
    } else if (what < 92) {
        scenario_advance(&world->scenario, draw(world, 3000));
    } else if (what < 99) {
        look(world, index);
    } else {
        settle(world);
    }
}

static struct world *
make_world(unsigned seed)
{
    struct world *world = calloc(1, sizeof(*world));

    world->seed = seed;
    world->random = 0x9E3779B97F4A7C15u * (seed + 1);
    scenario_init(&world->scenario);
    world->scenario.shares_node = seed % 3 == 0;
    scenario_start(&world->scenario, HOSTS);
    for (size_t i = 0; i < CLIENTS; i++) {
        struct member *member = &world->members[i];
        signalr_client_init(&member->client, &world->scenario, i % HOSTS,
                            (enum signalr_transport)(i % SIGNALR_TRANSPORTS));
        signalr_client_start(&member->client);
        member->state[0] = member->state[1] = MUST_NOT;
    }
    return world;
}

static void
free_world(struct world *world)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        signalr_client_deinit(&world->members[i].client);
    }
    scenario_deinit(&world->scenario);
    free(world);
}

static void
run_seed(unsigned seed)
{
    struct world *world = make_world(seed);

    for (int i = 0; i < STEPS; i++) {
        step(world);
    }
    settle(world);
    check(world);
    for (size_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(world->members[i].client.backward_count, 0);
    }
    free_world(world);
}

/* In the middle of whatever is under way, hosts send their clients elsewhere and end. */
static void
hosts_end_at_any_moment(void **state)
{
    const char *seed = getenv("HUBPLANE_SEED");

    (void)state;
    for (unsigned i = 0; i < SEEDS; i++) {
        struct world *world = make_world(seed != NULL ? (unsigned)strtoul(seed, NULL, 10) : i);

        for (unsigned steps = 10 + draw(world, 90); steps > 0; steps--) {
            step(world);
        }
        for (size_t host = 0; host < HOSTS; host++) {
            if (draw(world, 3) > 0) {
                signalr_host_drain(world->scenario.hosts[host].host);
                scenario_run(&world->scenario);
            }
        }
        for (unsigned steps = draw(world, 5); steps > 0; steps--) {
            publish(world);
            scenario_run(&world->scenario);
        }
        free_world(world);
    }
}

static void
nothing_is_lost_or_doubled(void **state)
{
    const char *seed = getenv("HUBPLANE_SEED");

    (void)state;
    if (seed != NULL) {
        run_seed((unsigned)strtoul(seed, NULL, 10));
        return;
    }
    for (unsigned i = 0; i < SEEDS; i++) {
        run_seed(i);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_or_doubled),
        cmocka_unit_test(hosts_end_at_any_moment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
