/* SPDX-License-Identifier: MIT */
/*
 * load_run: many clients send numbered messages through a farm and keep the ledger. Whoever started
 * it says what to do on standard input (start, pause, break N, stop) and reads one JSON object a
 * line: what goes on each second, "ready", and "end" with the totals.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/net/loop.h"
#include "tests/load/load_client.h"
#include "tests/load/load_latency.h"
#include "tests/load/load_ledger.h"

enum {
    TICK_MS = 5,
    REPORT_MS = 1000,
    PENDING_PER_SENDER_MAX = 256,
    NODES_MAX = 16,
    LINE_BYTES = 256,
};

enum run_state { RUN_JOINING, RUN_READY, RUN_SENDING, RUN_SETTLING };

struct run_options {
    const char *nodes[NODES_MAX];
    size_t node_count;
    size_t clients;
    double rate; /* messages a second */
    uint64_t seed;
    uint32_t patience_ms;
    uint32_t quiet_ms;  /* how long nothing must come before what is missing counts as lost */
    uint32_t settle_ms; /* at most so long for the end */
    bool is_sticky;     /* clients stay on their node */
};

struct run;

struct pending {
    uint64_t id;
    uint32_t number;
};

struct member {
    struct run *run;
    size_t index;
    enum load_transport transport;
    struct load_client *client;
    char user[24];
    uint32_t session; /* changes with every transport */
    bool is_joined;
    bool is_ended;
    struct pending *pending;
    size_t pending_count;
};

struct run {
    struct run_options options;
    struct log log;
    struct loop *loop;
    struct load_ledger *ledger;
    struct load_latency latency;
    struct member *members;
    enum run_state state;
    size_t group_count, user_count, joined_count, ended_count, break_count, lost_transports;
    uint64_t random;
    double owed;
    uint64_t last_tick_ms, last_progress_ms, stop_ms, throttled;
    uint64_t last_delivered;
    struct timer tick, report;
};

/* ---- odds and ends ---- */

static uint64_t
draw(struct run *run, uint64_t below)
{
    run->random ^= run->random << 13;
    run->random ^= run->random >> 7;
    run->random ^= run->random << 17;
    return run->random % below;
}

static uint64_t
now_ms(const struct run *run)
{
    return loop_clock(run->loop)->now_ms;
}

static void
print_totals(struct run *run, const char *event)
{
    struct load_totals totals = load_ledger_totals(run->ledger);
    size_t up = 0;

    for (size_t i = 0; i < run->options.clients; i++) {
        up += load_client_is_up(run->members[i].client);
    }
    printf("{\"event\":\"%s\",\"up\":%zu,\"ended\":%zu,\"broken\":%zu,\"sent\":%" PRIu64
           ",\"accepted\":%" PRIu64 ",\"refused\":%" PRIu64 ",\"unknown\":%" PRIu64
           ",\"pending\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"missing\":%" PRIu64
           ",\"duplicated\":%" PRIu64 ",\"disordered\":%" PRIu64 ",\"stray\":%" PRIu64
           ",\"throttled\":%" PRIu64 ",\"oldest\":%" PRIu64 ",\"slowest\":%" PRIu64
           ",\"p50_ms\":%" PRIu64 ",\"p99_ms\":%" PRIu64 "}\n",
           event, up, run->ended_count, run->lost_transports, totals.sent, totals.accepted,
           totals.refused, totals.unknown, totals.pending, totals.delivered, totals.missing,
           totals.duplicated, totals.disordered, totals.stray, run->throttled,
           totals.oldest_missing, totals.slowest_client, load_latency_percentile(&run->latency, 50),
           load_latency_percentile(&run->latency, 99));
    fflush(stdout);
}

/* ---- what clients tell ---- */

static void
forget_pending(struct member *member)
{
    for (size_t i = 0; i < member->pending_count; i++) {
        load_ledger_settle(member->run->ledger, member->pending[i].number, LOAD_UNKNOWN);
    }
    member->pending_count = 0;
}

static void
join(struct member *member)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "[\"g%zu\"]", member->index % member->run->group_count);
    (void)load_client_invoke(member->client, "Join", bytes_from_string(text));
}

static void
on_started(void *owner)
{
    struct member *member = owner;

    member->session++;
    join(member);
}

static bool
contains(struct bytes text, const char *part)
{
    return text.length > 0 && memmem(text.data, text.length, part, strlen(part)) != NULL;
}

static enum load_outcome
outcome_of(struct member *member, struct bytes json)
{
    if (json.length == 0) {
        return LOAD_UNKNOWN;
    }
    if (!contains(json, "\"E\":")) {
        if (contains(json, "\"I\":")) {
            return LOAD_ACCEPTED;
        }
        fprintf(stderr, "client %zu: neither result nor error: %.*s\n", member->index,
                BYTES_PRINTF(json));
        return LOAD_UNKNOWN;
    }
    if (contains(json, "OUTCOME_UNKNOWN")) {
        return LOAD_UNKNOWN;
    }
    if (member->run->state != RUN_JOINING) {
        fprintf(stderr, "refused: %.*s\n", BYTES_PRINTF(json));
    }
    return LOAD_REFUSED;
}

static void
take_join_result(struct member *member, struct bytes json)
{
    struct run *run = member->run;

    if (outcome_of(member, json) != LOAD_ACCEPTED) {
        fprintf(stderr, "client %zu could not join: %.*s\n", member->index, BYTES_PRINTF(json));
        if (load_client_is_up(member->client)) {
            join(member);
        }
        return;
    }
    member->is_joined = true;
    if (++run->joined_count == run->options.clients) {
        run->state = RUN_READY;
        print_totals(run, "ready");
    }
}

static void
on_result(void *owner, uint64_t id, struct bytes json)
{
    struct member *member = owner;

    if (!member->is_joined) {
        take_join_result(member, json);
        return;
    }
    for (size_t i = 0; i < member->pending_count; i++) {
        if (member->pending[i].id == id) {
            load_ledger_settle(member->run->ledger, member->pending[i].number,
                               outcome_of(member, json));
            member->pending[i] = member->pending[--member->pending_count];
            return;
        }
    }
}

/* {"H":"ChatHub","M":"m","A":[NUMBER]} */
static void
on_message(void *owner, struct bytes json)
{
    static const char mark[] = "\"M\":\"m\",\"A\":[";
    struct member *member = owner;
    const uint8_t *found = memmem(json.data, json.length, mark, sizeof(mark) - 1);

    if (found != NULL) {
        uint32_t number = (uint32_t)strtoul((const char *)found + sizeof(mark) - 1, NULL, 10);
        load_ledger_receive(member->run->ledger, member->index, number);
        load_latency_received(&member->run->latency, number, now_ms(member->run));
    }
}

static void
on_connection(void *owner, bool is_up)
{
    struct member *member = owner;

    fprintf(stderr, "%" PRIu64 " client %zu %s: %s\n", now_ms(member->run), member->index,
            is_up ? "up" : "down", load_client_id(member->client));
    if (is_up) {
        member->session++;
        if (!member->is_joined) {
            join(member);
        }
        return;
    }
    member->run->lost_transports++;
    if (member->transport == LOAD_WEB_SOCKETS) {
        forget_pending(member); /* results are not repeated */
    }
}

static void
on_ended(void *owner, const char *reason)
{
    struct member *member = owner;

    member->is_ended = true;
    member->run->ended_count++;
    forget_pending(member);
    fprintf(stderr, "client %zu ended: %s\n", member->index, reason);
}

static const struct load_client_handler client_handler = {
    .on_started = on_started,
    .on_message = on_message,
    .on_result = on_result,
    .on_connection = on_connection,
    .on_ended = on_ended,
};

/* ---- sending ---- */

static struct member *
choose_sender(struct run *run)
{
    for (int attempt = 0; attempt < 20; attempt++) {
        struct member *member = &run->members[draw(run, run->options.clients)];
        size_t limit = member->transport == LOAD_WEB_SOCKETS ? PENDING_PER_SENDER_MAX : 2;
        if (load_client_is_up(member->client) && member->pending_count < limit) {
            return member;
        }
    }
    return NULL;
}

static void
send_one(struct run *run)
{
    struct member *member = choose_sender(run);
    uint32_t session, number;
    uint64_t kind = draw(run, 8), id;
    char text[96];

    if (member == NULL) {
        run->throttled++;
        return;
    }
    /* Posts travel on connections of their own. */
    session = member->transport == LOAD_WEB_SOCKETS ? member->session : 0;
    if (kind < 4) {
        number = load_ledger_send(run->ledger, member->index, session, LOAD_TO_ALL, 0);
        (void)snprintf(text, sizeof(text), "[%" PRIu32 "]", number);
        id = load_client_invoke(member->client, "All", bytes_from_string(text));
    } else if (kind < 6) {
        size_t group = draw(run, run->group_count);
        number = load_ledger_send(run->ledger, member->index, session, LOAD_TO_GROUP, group);
        (void)snprintf(text, sizeof(text), "[\"g%zu\",%" PRIu32 "]", group, number);
        id = load_client_invoke(member->client, "Group", bytes_from_string(text));
    } else if (kind < 7) {
        size_t user = draw(run, run->user_count);
        number = load_ledger_send(run->ledger, member->index, session, LOAD_TO_USER, user);
        (void)snprintf(text, sizeof(text), "[\"u%zu\",%" PRIu32 "]", user, number);
        id = load_client_invoke(member->client, "User", bytes_from_string(text));
    } else {
        size_t target = draw(run, run->options.clients);
        number = load_ledger_send(run->ledger, member->index, session, LOAD_TO_CONNECTION, target);
        (void)snprintf(text, sizeof(text), "[\"%s\",%" PRIu32 "]",
                       load_client_id(run->members[target].client), number);
        id = load_client_invoke(member->client, "Client", bytes_from_string(text));
    }
    load_latency_sent(&run->latency, number, now_ms(run));
    member->pending[member->pending_count++] = (struct pending){id, number};
}

/* ---- time ---- */

static void
end_run(struct run *run)
{
    load_ledger_complain(run->ledger);
    print_totals(run, "end");
    exit(0); /* the sockets go with the process */
}

static void
settle(struct run *run)
{
    struct load_totals totals = load_ledger_totals(run->ledger);

    if (totals.delivered != run->last_delivered) {
        run->last_delivered = totals.delivered;
        run->last_progress_ms = now_ms(run);
    }
    /* Whatever is missing has quiet_ms to come; what came twice may come late, so wait a little
     * anyway. */
    uint64_t quiet_ms = now_ms(run) - run->last_progress_ms;
    bool is_complete = totals.pending == 0 && totals.missing == 0 && quiet_ms > 500;
    bool is_hopeless = (totals.pending == 0 && quiet_ms > run->options.quiet_ms) ||
                       now_ms(run) - run->stop_ms > run->options.settle_ms;
    if (is_complete || is_hopeless) {
        end_run(run);
    }
}

static void
on_tick(struct timer *timer)
{
    struct run *run = CONTAINER_OF(timer, struct run, tick);
    uint64_t elapsed_ms = now_ms(run) - run->last_tick_ms;

    run->last_tick_ms = now_ms(run);
    if (run->state == RUN_SENDING) {
        /* Without catching up after a pause of this very program. */
        run->owed += run->options.rate * (double)(elapsed_ms > 100 ? 100 : elapsed_ms) / 1000;
        while (run->owed >= 1) {
            run->owed -= 1;
            send_one(run);
        }
    }
    timer_start(loop_timers(run->loop), timer, TICK_MS, on_tick);
}

static void
on_report(struct timer *timer)
{
    struct run *run = CONTAINER_OF(timer, struct run, report);
    static const char *const events[] = {"joining", "ready to start", "sending", "settling"};

    print_totals(run, events[run->state]);
    if (run->state == RUN_SETTLING) {
        settle(run);
    }
    timer_start(loop_timers(run->loop), timer,
                run->state == RUN_SETTLING ? REPORT_MS / 5 : REPORT_MS, on_report);
}

/* ---- what we are told ---- */

struct command {
    struct run *run;
    char line[LINE_BYTES];
};

static void
break_some(struct run *run, unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        load_client_break(run->members[draw(run, run->options.clients)].client);
    }
}

static void
run_command(void *context)
{
    struct command *command = context;
    struct run *run = command->run;

    if (strncmp(command->line, "start", 5) == 0) {
        run->state = RUN_SENDING;
    } else if (strncmp(command->line, "pause", 5) == 0) {
        run->state = RUN_READY;
    } else if (strncmp(command->line, "break ", 6) == 0) {
        break_some(run, strtoul(command->line + 6, NULL, 10));
    } else if (strncmp(command->line, "stop", 4) == 0) {
        run->state = RUN_SETTLING;
        run->stop_ms = run->last_progress_ms = now_ms(run);
        timer_start(loop_timers(run->loop), &run->report, 0, on_report);
    } else {
        fprintf(stderr, "not understood: %s", command->line);
    }
    free(command);
}

static void
quit(void *context)
{
    (void)context;
    exit(1);
}

/* Not by stdio, which would hold a lock as long as it waits; exit() wants it. */
static bool
read_line(char *line, size_t size)
{
    size_t length = 0;

    while (length + 1 < size && read(STDIN_FILENO, line + length, 1) == 1) {
        if (line[length++] == '\n') {
            break;
        }
    }
    line[length] = '\0';
    return length > 0;
}

static void *
read_commands(void *context)
{
    struct run *run = context;

    for (;;) {
        struct command *command = calloc(1, sizeof(*command));
        if (command == NULL || !read_line(command->line, sizeof(command->line))) {
            free(command);
            break;
        }
        command->run = run;
        if (loop_post(run->loop, run_command, command) != STATUS_OK) {
            abort();
        }
    }
    if (loop_post(run->loop, quit, run) != STATUS_OK) {
        exit(1);
    }
    return NULL;
}

/* ---- the beginning ---- */

static void
usage(void)
{
    fprintf(stderr, "usage: load_run --nodes HOST:PORT,… [--clients N] [--rate R] [--seed S] "
                    "[--patience-ms N]\n"
                    "                [--quiet-ms N] [--settle-ms N] [--sticky yes]\n");
    exit(2);
}

static void
take_nodes(struct run_options *options, char *text)
{
    for (char *part = strtok(text, ","); part != NULL && options->node_count < NODES_MAX;
         part = strtok(NULL, ",")) {
        options->nodes[options->node_count++] = part;
    }
}

static void
take_options(struct run_options *options, int count, char **values)
{
    for (int i = 1; i + 1 < count; i += 2) {
        char *value = values[i + 1];
        if (strcmp(values[i], "--nodes") == 0) {
            take_nodes(options, value);
        } else if (strcmp(values[i], "--clients") == 0) {
            options->clients = strtoul(value, NULL, 10);
        } else if (strcmp(values[i], "--rate") == 0) {
            options->rate = strtod(value, NULL);
        } else if (strcmp(values[i], "--seed") == 0) {
            options->seed = strtoull(value, NULL, 10);
        } else if (strcmp(values[i], "--patience-ms") == 0) {
            options->patience_ms = (uint32_t)strtoul(value, NULL, 10);
        } else if (strcmp(values[i], "--quiet-ms") == 0) {
            options->quiet_ms = (uint32_t)strtoul(value, NULL, 10);
        } else if (strcmp(values[i], "--settle-ms") == 0) {
            options->settle_ms = (uint32_t)strtoul(value, NULL, 10);
        } else if (strcmp(values[i], "--sticky") == 0) {
            options->is_sticky = strcmp(value, "yes") == 0;
        } else {
            usage();
        }
    }
    if (options->node_count == 0 || options->clients == 0 || count % 2 == 0) {
        usage();
    }
}

static void
start_member(struct run *run, size_t index)
{
    struct member *member = &run->members[index];
    struct load_client_options options = {
        .loop = run->loop,
        .addresses = run->options.nodes,
        .address_count = run->options.node_count,
        .first_address = index % run->options.node_count,
        .hops = !run->options.is_sticky,
        .transport = (enum load_transport)(index / run->options.node_count % 3),
        .path = "/signalr",
        .hub = "chathub",
        .user = member->user,
        .retry_ms = 200,
        .patience_ms = run->options.patience_ms,
    };

    member->run = run;
    member->index = index;
    member->transport = options.transport;
    member->pending = calloc(PENDING_PER_SENDER_MAX, sizeof(*member->pending));
    (void)snprintf(member->user, sizeof(member->user), "u%zu", index % run->user_count);
    if (member->pending == NULL ||
        load_client_new(&options, &client_handler, member, &member->client) != STATUS_OK) {
        abort();
    }
}

int
main(int count, char **values)
{
    static struct run run = {
        .options = {.clients = 200,
                    .rate = 500,
                    .seed = 1,
                    .patience_ms = 120000,
                    .quiet_ms = 10000,
                    .settle_ms = 90000},
    };
    pthread_t reader;

    take_options(&run.options, count, values);
    run.random = run.options.seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    run.group_count = run.options.clients / 20 + 1;
    run.user_count = run.options.clients / 2 + 1;
    run.ledger = load_ledger_new(run.options.clients, run.group_count, run.user_count, stderr);
    run.members = calloc(run.options.clients, sizeof(*run.members));
    log_init_stderr(&run.log, LOG_WARN);
    if (run.members == NULL || loop_new(&run.log, &run.loop) != STATUS_OK) {
        abort();
    }
    for (size_t i = 0; i < run.options.clients; i++) {
        start_member(&run, i);
    }
    run.last_tick_ms = now_ms(&run);
    timer_start(loop_timers(run.loop), &run.tick, TICK_MS, on_tick);
    timer_start(loop_timers(run.loop), &run.report, REPORT_MS, on_report);
    if (pthread_create(&reader, NULL, read_commands, &run) != 0) {
        abort();
    }
    loop_run(run.loop);
    return 0;
}
