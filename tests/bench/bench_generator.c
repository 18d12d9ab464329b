/* SPDX-License-Identifier: MIT */
/*
 * bench_generator: the load of one measurement, from one process with one clock, and what came of
 * it as one line of JSON.
 *
 *   bench_generator mode=fanout protocol=signalr ports=8081,8082 pids=1,2,3 subscribers=200
 * rate=100
 *
 * Modes: fanout (client 0 on the first port to all others on the second), pipe (to one of them
 * alone), chat (each client of the first port to one of the second), idle, storm, interest.
 * rate > 0 is an open loop: messages leave when they are due, or as soon after as possible, and
 * latency counts from when they were due, so that a stall is not left out of the percentiles.
 * rate = 0 is a closed loop with `inflight` messages under way.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/bench/bench_client.h"
#include "tests/bench/bench_measure.h"

enum {
    PORTS_MAX = 16,
    GROUPS = 100, /* of mode interest */
    MISSED = 100, /* messages of mode storm */
    OPENING_AT_ONCE = 100,
    TIMEOUT_S = 30,
    TEXT_MAX = 4096,
    SECOND_NS = 1000 * 1000 * 1000,
};

struct options {
    const char *mode;
    const struct bench_protocol *protocol;
    uint16_t ports[PORTS_MAX];
    uint32_t port_count;
    int pids[BENCH_PROCESSES_MAX];
    uint32_t pid_count;
    uint32_t subscribers;
    uint32_t rate;
    uint32_t inflight;
    uint32_t bytes; /* of a text; at most TEXT_MAX less what its protocol adds */
    double seconds;
    bool waits; /* for a line on standard input before and after the measurement */
};

struct sample {
    uint64_t now_ns;
    uint64_t own_cpu_ns;
    uint64_t cpu_ns[BENCH_PROCESSES_MAX];
    uint64_t resident_bytes[BENCH_PROCESSES_MAX];
};

struct generator {
    struct options options;
    struct bench_clients clients;
    struct bench_histogram latency;
    struct sample before, after;
    uint64_t sent, received, lost, doubled;
    uint32_t invocation;
    uint64_t sent_before, received_before;
};

/* ---- options ---- */

static uint32_t
read_list(const char *text, int *out, uint32_t capacity)
{
    uint32_t count = 0;

    while (*text != '\0' && count < capacity) {
        char *end;
        out[count++] = (int)strtol(text, &end, 10);
        text = *end == ',' ? end + 1 : end;
    }
    return count;
}

static void
read_option(struct options *options, const char *name, const char *value)
{
    int list[PORTS_MAX];

    if (strcmp(name, "mode") == 0) {
        options->mode = value;
    } else if (strcmp(name, "protocol") == 0) {
        options->protocol = bench_protocol_find(value);
        if (options->protocol == NULL) {
            fprintf(stderr, "bench_generator: no protocol '%s'\n", value);
            exit(2);
        }
    } else if (strcmp(name, "ports") == 0) {
        options->port_count = read_list(value, list, PORTS_MAX);
        for (uint32_t i = 0; i < options->port_count; i++) {
            options->ports[i] = (uint16_t)list[i];
        }
    } else if (strcmp(name, "pids") == 0) {
        options->pid_count = read_list(value, options->pids, BENCH_PROCESSES_MAX);
    } else if (strcmp(name, "subscribers") == 0) {
        options->subscribers = (uint32_t)atoi(value);
    } else if (strcmp(name, "rate") == 0) {
        options->rate = (uint32_t)atoi(value);
    } else if (strcmp(name, "inflight") == 0) {
        options->inflight = (uint32_t)atoi(value);
    } else if (strcmp(name, "bytes") == 0) {
        options->bytes = (uint32_t)atoi(value);
    } else if (strcmp(name, "seconds") == 0) {
        options->seconds = strtod(value, NULL);
    } else if (strcmp(name, "waits") == 0) {
        options->waits = atoi(value) != 0;
    } else {
        fprintf(stderr, "bench_generator: no option '%s'\n", name);
        exit(2);
    }
}

static void
read_options(struct options *options, int count, char **arguments)
{
    *options = (struct options){.mode = "", .subscribers = 1, .inflight = 64, .bytes = 100};
    options->protocol = bench_protocol_find("signalr");
    options->seconds = 2;
    for (int i = 1; i < count; i++) {
        char *value = strchr(arguments[i], '=');
        if (value == NULL) {
            fprintf(stderr, "bench_generator: '%s' is not name=value\n", arguments[i]);
            exit(2);
        }
        *value = '\0';
        read_option(options, arguments[i], value + 1);
    }
}

static bool
is_mode(const struct generator *generator, const char *mode)
{
    return strcmp(generator->options.mode, mode) == 0;
}

/* ---- messages ---- */

static void
on_message(void *owner, struct bench_client *client, uint64_t time, uint32_t sequence)
{
    struct generator *generator = owner;

    if (client->number == 0 && !is_mode(generator, "storm")) {
        return; /* the publisher hears itself; only its latency would be of interest */
    }
    uint64_t now = bench_now_ns();
    bench_histogram_add(&generator->latency, now > time ? now - time : 0);
    generator->received++;
    if (sequence != client->expected) {
        if (sequence < client->expected) {
            generator->doubled++;
            return;
        }
        generator->lost += sequence - client->expected;
    }
    client->expected = sequence + 1;
}

/* The text of ${bytes} that travels: the mark, then padding. */
static void
write_text(char *out, uint64_t time, uint32_t sequence, uint32_t bytes)
{
    uint32_t length = (uint32_t)sprintf(out, "#%016" PRIx64 "%08" PRIx32, time, sequence);

    for (; length < bytes; length++) {
        out[length] = 'x';
    }
    out[length] = '\0';
}

static void
publish(struct generator *generator, struct bench_client *from, enum bench_address address,
        uint32_t target, uint64_t time, uint32_t sequence)
{
    const struct bench_protocol *protocol = generator->options.protocol;
    char text[TEXT_MAX], written[2 * TEXT_MAX];
    struct bench_message message = {
        .address = address,
        .client = address == BENCH_TO_CLIENT ? &generator->clients.items[target] : NULL,
        .group = target,
        .invocation = generator->invocation++,
        .text = text,
    };

    write_text(text, time, sequence, generator->options.bytes + protocol->extra_bytes);
    bench_client_send(from, written,
                      (size_t)protocol->write_message(written, sizeof(written), &message));
    generator->sent++;
}

/* ---- phases ---- */

static uint64_t
deadline_in(double seconds)
{
    return bench_now_ns() + (uint64_t)(seconds * SECOND_NS);
}

static void
give_up(const struct generator *generator, const char *what)
{
    fprintf(stderr,
            "bench_generator: %s: sent=%" PRIu64 " received=%" PRIu64 " lost=%" PRIu64
            " results=%" PRIu64 " errors=%" PRIu64 " closed=%" PRIu64 " refused=%" PRIu64
            " open=%" PRIu32 "\n",
            what, generator->sent, generator->received, generator->lost, generator->clients.results,
            generator->clients.errors, generator->clients.closed, generator->clients.refused,
            generator->clients.open_count);
    exit(1);
}

static void
wait_until_open(struct generator *generator, uint32_t count)
{
    uint64_t deadline = deadline_in(TIMEOUT_S);

    while (generator->clients.open_count < count) {
        bench_clients_poll(&generator->clients, 10 * 1000 * 1000);
        if (bench_now_ns() > deadline || generator->clients.refused > 0) {
            give_up(generator, "not every client could connect");
        }
    }
}

/* Who publishes and on which channel, for a protocol whose clients must say so when they open. */
static void
assign_channel(struct generator *generator, struct bench_client *client)
{
    if (is_mode(generator, "fanout")) {
        client->publishes = client->number == 0;
    } else if (is_mode(generator, "pipe") || is_mode(generator, "chat")) {
        client->publishes = client->number % 2 == 0;
        client->channel = client->number | 1; /* the one who listens is odd */
    }
}

static void
pause_for(struct generator *generator, double seconds)
{
    for (uint64_t until = deadline_in(seconds); bench_now_ns() < until;) {
        bench_clients_poll(&generator->clients, 50 * 1000 * 1000);
    }
}

static void
open_all(struct generator *generator)
{
    const struct options *options = &generator->options;
    struct bench_clients *clients = &generator->clients;
    bool is_fanout = is_mode(generator, "fanout") || is_mode(generator, "pipe");

    for (uint32_t i = 0; i < clients->count; i++) {
        uint32_t port = is_fanout ? i > 0 : i % options->port_count;
        assign_channel(generator, &clients->items[i]);
        bench_client_open(clients, &clients->items[i], options->ports[port]);
        bench_clients_poll(clients, 0);
        if (i >= OPENING_AT_ONCE) {
            wait_until_open(generator, i - OPENING_AT_ONCE);
        }
    }
    wait_until_open(generator, clients->count);
    for (uint32_t i = 0; i < clients->count; i++) {
        bench_client_start(clients, &clients->items[i]);
    }
    pause_for(generator, options->protocol->settle_ms / 1e3);
}

static void
take_sample(const struct generator *generator, struct sample *sample)
{
    for (uint32_t i = 0; i < generator->options.pid_count; i++) {
        sample->cpu_ns[i] = bench_cpu_ns(generator->options.pids[i]);
        sample->resident_bytes[i] = bench_resident_bytes(generator->options.pids[i]);
    }
    sample->own_cpu_ns = bench_own_cpu_ns();
    sample->now_ns = bench_now_ns();
}

static void
tell(const struct generator *generator, const char *word)
{
    if (generator->options.waits) {
        printf("%s\n", word);
        fflush(stdout);
        while (getchar() != '\n') {}
    }
}

static void
begin_measurement(struct generator *generator)
{
    tell(generator, "begin");
    memset(&generator->latency, 0, sizeof(generator->latency));
    generator->sent_before = generator->sent;
    generator->received_before = generator->received;
    take_sample(generator, &generator->before);
}

static void
end_measurement(struct generator *generator)
{
    take_sample(generator, &generator->after);
    tell(generator, "end");
}

/* Until every message has come that had been sent. */
static void
drain(struct generator *generator, uint64_t expected)
{
    uint64_t deadline = deadline_in(10);

    while (generator->received + generator->lost < expected) {
        bench_clients_poll(&generator->clients, 10 * 1000 * 1000);
        if (bench_now_ns() > deadline) {
            give_up(generator, "messages are missing");
        }
    }
}

/* Who publishes message number ${k}, to whom, and as which of theirs. */
static void
publish_number(struct generator *generator, uint64_t k, uint64_t time)
{
    struct bench_client *items = generator->clients.items;

    if (is_mode(generator, "fanout")) {
        publish(generator, &items[0], BENCH_TO_ALL, 0, time, (uint32_t)k);
    } else if (is_mode(generator, "pipe")) {
        publish(generator, &items[0], BENCH_TO_CLIENT, 1, time, (uint32_t)k);
    } else { /* chat: even clients are on the first port, odd ones on the second */
        uint32_t pairs = generator->clients.count / 2;
        uint32_t pair = (uint32_t)(k % pairs);
        publish(generator, &items[2 * pair], BENCH_TO_CLIENT, 2 * pair + 1, time,
                (uint32_t)(k / pairs));
        bench_client_flush(&generator->clients, &items[2 * pair]);
    }
}

/* Somewhere in [0, below), the same in every run. */
static uint64_t
scatter(uint64_t k, uint64_t below)
{
    return (k * 0x9e3779b97f4a7c15U >> 32) % below;
}

static void
run_paced(struct generator *generator, double seconds, uint32_t receivers)
{
    uint64_t period = SECOND_NS / generator->options.rate;
    uint64_t count = (uint64_t)(seconds * generator->options.rate);
    uint64_t first = generator->sent;
    uint64_t start = bench_now_ns();
    bool is_chat = is_mode(generator, "chat");

    for (uint64_t k = 0; k < count; k++) {
        uint64_t due = start + k * period + (is_chat ? scatter(k, period) : 0);
        for (uint64_t now; (now = bench_now_ns()) < due;) {
            bench_clients_poll(&generator->clients, due - now);
        }
        publish_number(generator, first + k, due);
        bench_client_flush(&generator->clients, &generator->clients.items[0]);
    }
    drain(generator, generator->sent * receivers);
}

static void
run_closed(struct generator *generator, double seconds, uint32_t receivers)
{
    uint64_t deadline = deadline_in(seconds);

    while (bench_now_ns() < deadline) {
        uint64_t done = (generator->received + generator->lost) / receivers;
        while (generator->sent < done + generator->options.inflight) {
            publish_number(generator, generator->sent, bench_now_ns());
        }
        bench_client_flush(&generator->clients, &generator->clients.items[0]);
        bench_clients_poll(&generator->clients, 100 * 1000 * 1000);
    }
    drain(generator, generator->sent * receivers);
}

static void
run(struct generator *generator, double seconds)
{
    uint32_t receivers = is_mode(generator, "fanout") ? generator->clients.count - 1 : 1;

    if (generator->options.rate > 0) {
        run_paced(generator, seconds, receivers);
    } else {
        run_closed(generator, seconds, receivers);
    }
}

static void
measure_flow(struct generator *generator)
{
    open_all(generator);
    run(generator, generator->options.seconds / 4); /* warming up */
    begin_measurement(generator);
    run(generator, generator->options.seconds);
    end_measurement(generator);
}

/* ---- idle ---- */

static void
measure_idle(struct generator *generator)
{
    begin_measurement(generator);
    open_all(generator);
    pause_for(generator, generator->options.seconds);
    end_measurement(generator);
}

/* ---- storm ---- */

static void
publish_missed(struct generator *generator)
{
    uint64_t before = generator->clients.results;
    uint64_t deadline = deadline_in(10);

    for (uint32_t k = 0; k < MISSED; k++) {
        publish(generator, &generator->clients.items[0], BENCH_TO_ALL, 0, bench_now_ns(),
                (uint32_t)generator->sent);
    }
    bench_client_flush(&generator->clients, &generator->clients.items[0]);
    while (generator->clients.results < before + MISSED) {
        bench_clients_poll(&generator->clients, 10 * 1000 * 1000);
        if (bench_now_ns() > deadline) {
            give_up(generator, "publishes were not accepted");
        }
    }
}

static void
measure_storm(struct generator *generator)
{
    const struct options *options = &generator->options;
    struct bench_clients *clients = &generator->clients;

    open_all(generator);
    clients->keeps_cursors = true;
    publish(generator, &clients->items[0], BENCH_TO_ALL, 0, bench_now_ns(), 0);
    bench_client_flush(clients, &clients->items[0]);
    drain(generator, clients->count);
    for (uint32_t i = 1; i < clients->count; i++) {
        bench_client_cut(clients, &clients->items[i]);
    }
    publish_missed(generator);
    /* Every second one moves to the other node. */
    begin_measurement(generator);
    for (uint32_t i = 1; i < clients->count; i++) {
        uint32_t port = (i + i / 2) % options->port_count;
        bench_client_resume(clients, &clients->items[i], options->ports[port]);
        if (i % 32 == 0) {
            bench_clients_poll(clients, 0);
        }
    }
    drain(generator, (uint64_t)clients->count * (1 + MISSED));
    end_measurement(generator);
}

/* ---- interest ---- */

static void
join_groups(struct generator *generator)
{
    struct bench_clients *clients = &generator->clients;
    uint64_t deadline = deadline_in(10);

    for (uint32_t i = 1; i < clients->count; i++) {
        char text[128];
        int length =
            sprintf(text, "{\"H\":\"bench\",\"M\":\"Join\",\"A\":[\"g%" PRIu32 "\"],\"I\":0}", i);
        bench_client_send(&clients->items[i], text, (size_t)length);
        bench_client_flush(clients, &clients->items[i]);
    }
    while (clients->results < clients->count - 1) {
        bench_clients_poll(clients, 10 * 1000 * 1000);
        if (bench_now_ns() > deadline || clients->errors > 0) {
            give_up(generator, "not every client could join");
        }
    }
}

/* Client i is alone in group i on node i; client 0 publishes to 100 groups in turn. */
static void
measure_interest(struct generator *generator)
{
    struct bench_clients *clients = &generator->clients;
    uint64_t rounds = (uint64_t)(generator->options.seconds * generator->options.rate / GROUPS);

    open_all(generator);
    join_groups(generator);
    begin_measurement(generator);
    for (uint64_t round = 0; round < rounds; round++) {
        for (uint32_t group = 0; group < GROUPS; group++) {
            publish(generator, &clients->items[0], BENCH_TO_GROUP, group, bench_now_ns(),
                    (uint32_t)round);
        }
        bench_client_flush(clients, &clients->items[0]);
        while (generator->received + generator->lost < (round + 1) * (clients->count - 1)) {
            bench_clients_poll(clients, 1000 * 1000);
        }
    }
    end_measurement(generator);
}

/* ---- the answer ---- */

static void
print_per_process(const struct generator *generator, const char *name, bool is_memory)
{
    printf(",\"%s\":[", name);
    for (uint32_t i = 0; i < generator->options.pid_count; i++) {
        double value =
            is_memory
                ? (double)generator->after.resident_bytes[i] -
                      (double)generator->before.resident_bytes[i]
                : (double)(generator->after.cpu_ns[i] - generator->before.cpu_ns[i]) / SECOND_NS;
        printf("%s%.6f", i == 0 ? "" : ",", value);
    }
    printf("]");
}

static void
print_answer(const struct generator *generator)
{
    const struct bench_clients *clients = &generator->clients;

    printf("{\"seconds\":%.6f,\"sent\":%" PRIu64 ",\"received\":%" PRIu64 ",\"lost\":%" PRIu64
           ",\"doubled\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"closed\":%" PRIu64
           ",\"refused\":%" PRIu64 ",\"clients\":%" PRIu32 ",\"own_cpu\":%.6f",
           (double)(generator->after.now_ns - generator->before.now_ns) / SECOND_NS,
           generator->sent - generator->sent_before,
           generator->received - generator->received_before, generator->lost, generator->doubled,
           clients->errors, clients->closed, clients->refused, clients->count,
           (double)(generator->after.own_cpu_ns - generator->before.own_cpu_ns) / SECOND_NS);
    printf(",\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"p999_ms\":%.4f",
           (double)bench_histogram_ns(&generator->latency, 50) / 1e6,
           (double)bench_histogram_ns(&generator->latency, 99) / 1e6,
           (double)bench_histogram_ns(&generator->latency, 99.9) / 1e6);
    print_per_process(generator, "cpu", false);
    print_per_process(generator, "memory", true);
    printf("}\n");
}

static uint32_t
client_count(const struct generator *generator)
{
    uint32_t wanted = generator->options.subscribers;

    if (is_mode(generator, "fanout") || is_mode(generator, "pipe")) {
        return wanted + 1;
    }
    if (is_mode(generator, "interest")) {
        return generator->options.port_count;
    }
    return is_mode(generator, "chat") ? 2 * wanted : wanted;
}

int
main(int argument_count, char **arguments)
{
    static struct generator generator;
    struct rlimit limit;

    read_options(&generator.options, argument_count, arguments);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    bench_clients_init(&generator.clients, generator.options.protocol, client_count(&generator));
    generator.clients.on_message = on_message;
    generator.clients.owner = &generator;
    if (is_mode(&generator, "idle")) {
        measure_idle(&generator);
    } else if (is_mode(&generator, "storm")) {
        measure_storm(&generator);
    } else if (is_mode(&generator, "interest")) {
        measure_interest(&generator);
    } else {
        measure_flow(&generator);
    }
    print_answer(&generator);
    fflush(stdout);
    for (uint32_t i = 0; i < generator.clients.count; i++) {
        bench_client_abort(&generator.clients, &generator.clients.items[i]);
    }
    return 0;
}
