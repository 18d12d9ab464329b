/* SPDX-License-Identifier: MIT */
#include "tests/integration/bridge_rig.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/crypto.h"
#include "common/base/file.h"
#include "tests/integration/bridge_proxy.h"
#include "tests/support/test.h"

enum { PEM_MAX_BYTES = 1024 * 1024, COMMAND_MAX = 4096, REDIAL_MS = 50, SKIPPED = 77 };
enum { PORT_LOWEST = 20000, PORT_COUNT = 12000 };

/* ---- Processes ---- */

static const char *
bin_dir(void)
{
    const char *folder = getenv("HUBPLANE_BIN_DIR");

    return folder != NULL ? folder : "bin";
}

uint64_t
rig_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
sleep_ms(long milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};

    nanosleep(&time, NULL);
}

/* Runs in the folder; standard output and error go to ${log_name} there, unless it is NULL. */
static pid_t
spawn(struct rig *rig, char *const *arguments, const char *log_name)
{
    pid_t child;

    fflush(NULL);
    child = fork();

    if (child == 0) {
        /* A test that fails leaves nothing running. */
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (chdir(rig->folder) != 0 ||
            (log_name != NULL &&
             (freopen(log_name, "a", stdout) == NULL || dup2(fileno(stdout), STDERR_FILENO) < 0))) {
            _exit(126);
        }
        execvp(arguments[0], arguments);
        _exit(127);
    }
    assert_true(child > 0);
    return child;
}

static pid_t
spawn_shell(struct rig *rig, char *command, const char *log_name)
{
    char shell[] = "sh", option[] = "-c";
    char *arguments[] = {shell, option, command, NULL};

    return spawn(rig, arguments, log_name);
}

static int
wait_for(pid_t child)
{
    int state = 0;

    while (waitpid(child, &state, 0) < 0) {}
    return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

int
rig_shell(struct rig *rig, const char *format, ...)
{
    char command[COMMAND_MAX];
    int length = snprintf(command, sizeof(command), "BRIDGE=%s/hubplane-bridge; ", bin_dir());
    va_list list;

    va_start(list, format);
    vsnprintf(command + length, sizeof(command) - (size_t)length, format, list);
    va_end(list);
    return wait_for(spawn_shell(rig, command, "shell.log"));
}

static bool
can_listen(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons(port)};
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool can;

    assert_true(file >= 0);
    can = bind(file, (struct sockaddr *)&address, sizeof(address)) == 0;
    close(file);
    return can;
}

/* A port that was free a moment ago: another one each time, and below those that the kernel hands
 * out for outgoing connections, so that it stays free until it is used. */
static uint16_t
free_port(void)
{
    static unsigned last;
    uint16_t port;

    if (last == 0) {
        last = (unsigned)getpid();
    }
    do {
        port = (uint16_t)(PORT_LOWEST + ++last % PORT_COUNT);
    } while (!can_listen(port));
    return port;
}

void
rig_start_redis(struct rig *rig)
{
    char command[COMMAND_MAX];
    uint64_t end_ms = rig_now_ms() + RIG_WAIT_MS;

    if (rig->redis_port == 0) {
        rig->redis_port = free_port();
    }
    snprintf(command, sizeof(command),
             "exec redis-server --port %u --bind 127.0.0.1 --save '' --dir . %s", rig->redis_port,
             rig->redis_options);
    rig->redis = spawn_shell(rig, command, "redis.log");
    while (rig->redis_client == NULL) {
        rig->redis_client = redisConnect("127.0.0.1", rig->redis_port);
        if (rig->redis_client->err != 0) {
            redisFree(rig->redis_client);
            rig->redis_client = NULL;
            assert_true(rig_now_ms() < end_ms);
            sleep_ms(10);
        }
    }
}

void
rig_stop_redis(struct rig *rig, int signal_number)
{
    if (rig->redis > 0) {
        kill(rig->redis, signal_number);
        (void)wait_for(rig->redis);
    }
    redisFree(rig->redis_client);
    rig->redis_client = NULL;
    rig->redis = 0;
}

static void
write_config(struct rig *rig, size_t index)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/bridge%zu.ini", rig->folder, index);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "[bridge]\nlisten = 127.0.0.1:%u\nstate = state%zu\nname = bridge%zu\n%s\n",
            rig->bridge_ports[index], index, index, rig->bridge_section);
    if (rig->has_peers) {
        fprintf(file, "peers = 127.0.0.1:%u, 127.0.0.1:%u\n", rig->bridge_ports[0],
                rig->bridge_ports[1]);
    }
    if (rig->redis_section[0] != '\0') {
        fprintf(file, "[redis]\n%s\n", rig->redis_section);
    } else if (rig->redis_port != 0) {
        fprintf(file, "[redis]\naddress = 127.0.0.1:%u\n", rig->redis_port);
    }
    fclose(file);
}

static bool
accepts(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_connected = connect(file, (struct sockaddr *)&address, sizeof(address)) == 0;

    close(file);
    return is_connected;
}

void
rig_start_bridge(struct rig *rig, size_t index)
{
    char command[COMMAND_MAX];
    uint64_t end_ms = rig_now_ms() + RIG_WAIT_MS;

    for (size_t i = 0; i < RIG_BRIDGES; i++) {
        if (rig->bridge_ports[i] == 0) {
            rig->bridge_ports[i] = free_port();
            assert_int_equal(rig_shell(rig, "cp -r state state%zu", i), 0);
        }
    }
    write_config(rig, index);
    snprintf(command, sizeof(command), "exec %s/hubplane-bridge run --config bridge%zu.ini",
             bin_dir(), index);
    rig->bridges[index] = spawn_shell(rig, command, "bridge.log");
    while (!accepts(rig->bridge_ports[index])) {
        assert_true(rig_now_ms() < end_ms);
        sleep_ms(10);
    }
}

int
rig_stop_bridge(struct rig *rig, size_t index, int signal_number)
{
    pid_t bridge = rig->bridges[index];

    rig->bridges[index] = 0;
    if (bridge <= 0) {
        return -1;
    }
    kill(bridge, signal_number);
    return wait_for(bridge);
}

/* ---- The loop ---- */

struct run_timer {
    struct timer timer;
    struct loop *loop;
};

static void
on_run_timer(struct timer *timer)
{
    loop_stop(CONTAINER_OF(timer, struct run_timer, timer)->loop);
}

void
rig_run(struct rig *rig, uint64_t milliseconds)
{
    struct run_timer run = {.loop = rig->loop};

    timer_start(loop_timers(rig->loop), &run.timer, milliseconds, on_run_timer);
    loop_run(rig->loop);
    timer_stop(loop_timers(rig->loop), &run.timer);
}

void
rig_give_up(struct rig *rig, const char *condition, const char *file, int line)
{
    char program[] = "tail", option[] = "-n", lines[] = "30", log[] = "bridge.log";
    char *tail[] = {program, option, lines, log, NULL};

    fprintf(stderr, "%s:%d: not true after %d ms: %s; the end of the bridge's log:\n", file, line,
            RIG_WAIT_MS, condition);
    for (size_t i = 0; i < RIG_NODES; i++) {
        const struct rig_node *node = &rig->nodes[i];

        fprintf(stderr,
                "node %zu: open=%d state=%d position=%" PRIu64 " sequence=%" PRIu64
                " acknowledged=%" PRIu64 " delivered=%zu failure=%s\n",
                i, node->is_open, node->state, node->position, node->sequence, node->acknowledged,
                node->delivered_count, node->failure);
    }
    fflush(stderr);
    (void)wait_for(spawn(rig, tail, NULL));
    fail();
}

/* ---- Nodes ---- */

static void redial(struct timer *timer);

static void
on_welcome(void *owner, const struct link_identity *bridge)
{
    struct rig_node *node = owner;

    (void)bridge;
    link_client_open_app(node->link, RIG_APP, BYTES(RIG_KEY), node->position, node->acknowledged);
}

static void
on_opened(void *owner, uint16_t app, const struct link_opened *opened)
{
    struct rig_node *node = owner;

    (void)app;
    node->is_open = true;
    node->state = opened->state;
    node->current_id = opened->current_id;
    node->secret_count = opened->secret_count;
    memcpy(node->secrets, opened->secrets, sizeof(node->secrets));
    for (uint64_t sequence = node->acknowledged + 1; sequence <= node->sequence; sequence++) {
        link_client_publish(node->link, RIG_APP, sequence, node->spool[sequence - 1]);
    }
}

static void
on_open_refused(void *owner, uint16_t app, enum status status, struct bytes text)
{
    struct rig_node *node = owner;

    (void)app;
    snprintf(node->refusal, sizeof(node->refusal), "%s %.*s", status_name(status),
             BYTES_PRINTF(text));
}

static void
on_published(void *owner, uint16_t app, uint64_t sequence, uint64_t id)
{
    struct rig_node *node = owner;

    (void)app;
    node->acknowledged = sequence;
    node->published_id = id != 0 ? id : node->published_id;
}

static void
on_refused(void *owner, uint16_t app, uint64_t sequence, enum status status, struct bytes text)
{
    struct rig_node *node = owner;

    (void)app;
    (void)text;
    node->acknowledged = sequence;
    node->refused_count++;
    node->refused_status = status;
}

static void
on_interest_ack(void *owner, uint16_t app, uint32_t request, uint64_t position)
{
    struct rig_node *node = owner;

    (void)app;
    (void)request;
    node->interest_position = position;
    node->interest_count++;
}

static void
on_deliver(void *owner, uint16_t app, uint32_t request, uint64_t id, struct bytes frame,
           bool is_foreign)
{
    struct rig_node *node = owner;
    struct rig_delivery delivery = {.id = id, .is_foreign = is_foreign, .is_replay = request != 0};
    struct signalr_message_reader reader;
    struct signalr_message message;

    (void)app;
    assert_status(signalr_message_open(frame, &reader), STATUS_OK);
    link_client_credit(node->link, frame.length);
    if (signalr_message_next(&reader, &message) &&
        bytes_parse_uint64(message.value, &delivery.number) != STATUS_OK) {
        delivery.number = 0;
    }
    assert_true(node->delivered_count < RIG_DELIVERED_MAX);
    node->delivered[node->delivered_count++] = delivery;
    if (request == 0 && id > node->position) {
        node->position = id;
    }
}

static void
on_replayed(void *owner, uint16_t app, uint32_t request, uint64_t position, uint64_t missing_to)
{
    struct rig_node *node = owner;

    (void)app;
    (void)request;
    node->replayed_to = position;
    node->missing_to = missing_to;
    node->replayed_count++;
}

static void
on_gap(void *owner, uint16_t app, uint64_t from, uint64_t to)
{
    struct rig_node *node = owner;

    (void)app;
    node->lost_ids += to - from + 1;
}

static void
on_query_ack(void *owner, uint16_t app, uint32_t request, bool exists)
{
    struct rig_node *node = owner;

    (void)app;
    (void)request;
    node->query_answer = exists;
    node->queried_count++;
}

static void
on_state(void *owner, uint16_t app, enum link_backplane_state state, struct bytes text)
{
    struct rig_node *node = owner;

    (void)app;
    (void)text;
    node->state = state;
}

static void
on_secrets(void *owner, uint16_t app, size_t count, const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES])
{
    struct rig_node *node = owner;

    (void)app;
    node->secret_count = count;
    memcpy(node->secrets, secrets, count * sizeof(secrets[0]));
}

static void
on_position(void *owner, uint16_t app, uint64_t position)
{
    struct rig_node *node = owner;

    (void)app;
    if (position > node->position) {
        node->position = position;
    }
}

static void
on_credit(void *owner, uint64_t bytes)
{
    (void)owner;
    (void)bytes;
}

static void
on_goaway(void *owner, struct bytes reason, struct bytes others)
{
    struct rig_node *node = owner;

    (void)reason;
    (void)others;
    node->goaway_count++;
}

static void
on_failed(void *owner, enum status status, const char *reason)
{
    struct rig_node *node = owner;

    snprintf(node->failure, sizeof(node->failure), "%s %s", status_name(status), reason);
    node->is_open = false;
}

static const struct link_client_handler link_handler = {
    .on_welcome = on_welcome,
    .on_opened = on_opened,
    .on_open_refused = on_open_refused,
    .on_published = on_published,
    .on_refused = on_refused,
    .on_interest_ack = on_interest_ack,
    .on_deliver = on_deliver,
    .on_replayed = on_replayed,
    .on_gap = on_gap,
    .on_query_ack = on_query_ack,
    .on_state = on_state,
    .on_secrets = on_secrets,
    .on_position = on_position,
    .on_credit = on_credit,
    .on_goaway = on_goaway,
    .on_failed = on_failed,
};

static void
on_stream_open(void *owner, struct stream *stream)
{
    struct rig_node *node = owner;

    assert_status(link_client_new(stream_sink(stream), loop_timers(node->rig->loop),
                                  &node->rig->log, &node->identity, &link_handler, node,
                                  &node->link),
                  STATUS_OK);
}

static void
on_stream_data(void *owner, struct stream *stream, struct bytes input)
{
    struct rig_node *node = owner;

    (void)stream;
    if (node->link != NULL) {
        link_client_receive(node->link, input);
    }
}

static void
on_stream_closed(void *owner, enum status status, const char *reason)
{
    struct rig_node *node = owner;

    if (node->link != NULL) {
        link_client_closed(node->link, status, reason); /* unless the link knew why before */
    } else {
        snprintf(node->failure, sizeof(node->failure), "%s %s", status_name(status), reason);
    }
    node->is_open = false;
    node->stream = NULL;
    link_client_free(node->link);
    node->link = NULL;
    if (node->reconnects) {
        timer_start(loop_timers(node->rig->loop), &node->redial, REDIAL_MS, redial);
    }
}

static const struct stream_handler stream_handler = {
    .on_open = on_stream_open,
    .on_data = on_stream_data,
    .on_closed = on_stream_closed,
};

static void
dial(struct rig_node *node)
{
    const struct stream_options options = {.tls = node->tls};
    char address[64];

    snprintf(address, sizeof(address), "127.0.0.1:%u", node->rig->bridge_ports[node->bridge]);
    assert_status(dialer_open(node->rig->loop, address, 5000, &options, &stream_handler, node,
                              &node->stream),
                  STATUS_OK);
}

static void
redial(struct timer *timer)
{
    dial(CONTAINER_OF(timer, struct rig_node, redial));
}

void
rig_dial(struct rig *rig, size_t index, const char *credentials)
{
    struct rig_node *node = &rig->nodes[index];
    struct tls_options options = {.role = TLS_CLIENT, .is_link = true};
    struct buffer pem, problem;
    char path[128];

    snprintf(path, sizeof(path), "%s/%s", rig->folder, credentials);
    buffer_init(&pem, PEM_MAX_BYTES);
    buffer_init(&problem, 4096);
    assert_status(file_read(path, PEM_MAX_BYTES, &pem), STATUS_OK);
    options.certificate_pem = options.key_pem = options.authority_pem = buffer_bytes(&pem);
    tls_context_free(node->tls);
    assert_status(tls_context_new(&options, &problem, &node->tls), STATUS_OK);
    buffer_deinit(&pem);
    buffer_deinit(&problem);
    dial(node);
}

void
rig_join(struct rig *rig, size_t index)
{
    rig_dial(rig, index, "node.pem");
    rig_wait(rig, rig->nodes[index].is_open);
}

void
rig_leave(struct rig *rig, size_t index)
{
    struct rig_node *node = &rig->nodes[index];

    node->reconnects = false;
    timer_stop(loop_timers(rig->loop), &node->redial);
    if (node->stream != NULL) {
        stream_close(node->stream, "done");
    }
    rig_wait(rig, node->stream == NULL);
}

void
rig_listen(struct rig *rig, size_t index, const char *topic)
{
    struct rig_node *node = &rig->nodes[index];
    size_t before = node->interest_count;
    struct bytes name = bytes_from_string(topic);

    link_client_interest(node->link, RIG_APP, 1, &name, 1, NULL, 0);
    rig_wait(rig, node->interest_count > before);
}

struct payload *
rig_frame(const char *topic, uint64_t number)
{
    char value[24];
    struct signalr_message message = {.source = BYTES("s"), .topic = bytes_from_string(topic)};
    struct buffer frame;
    struct payload *payload;

    snprintf(value, sizeof(value), "%" PRIu64, number);
    message.value = bytes_from_string(value);
    buffer_init(&frame, 4096);
    assert_status(signalr_message_encode(&message, 1, INT64_C(638713838456780000), &frame),
                  STATUS_OK);
    payload = payload_from(buffer_bytes(&frame));
    assert_non_null(payload);
    buffer_deinit(&frame);
    return payload;
}

uint64_t
rig_publish(struct rig *rig, size_t index, const char *topic, uint64_t number)
{
    struct rig_node *node = &rig->nodes[index];
    struct payload *frame = rig_frame(topic, number);

    if (node->sequence == node->spool_capacity) {
        node->spool_capacity = node->spool_capacity == 0 ? 1024 : 2 * node->spool_capacity;
        node->spool = realloc(node->spool, node->spool_capacity * sizeof(struct payload *));
        assert_non_null(node->spool);
    }
    node->spool[node->sequence++] = frame;
    if (node->is_open) {
        link_client_publish(node->link, RIG_APP, node->sequence, frame);
    }
    return node->sequence;
}

void
rig_publish_run(struct rig *rig, const char *topic, uint64_t first, uint64_t last)
{
    for (uint64_t number = first; number <= last; number++) {
        rig_publish(rig, 0, topic, number);
    }
}

bool
rig_query(struct rig *rig, size_t index, const char *topic)
{
    struct rig_node *node = &rig->nodes[index];
    size_t before = node->queried_count;

    link_client_query(node->link, RIG_APP, 6, bytes_from_string(topic));
    rig_wait(rig, node->queried_count > before);
    return node->query_answer;
}

void
rig_replay(struct rig *rig, size_t index, const char *topic, uint64_t since)
{
    struct rig_node *node = &rig->nodes[index];
    struct link_topic asked = {bytes_from_string(topic), since};
    size_t before = node->replayed_count;

    link_client_replay(node->link, RIG_APP, 5, &asked, 1);
    rig_wait(rig, node->replayed_count > before);
}

bool
rig_has_run(const struct rig_node *node, size_t from, uint64_t first, uint64_t last)
{
    uint64_t id = 0;

    if (node->delivered_count != from + (last - first + 1)) {
        return false;
    }
    for (size_t i = from; i < node->delivered_count; i++) {
        if (node->delivered[i].number != first + (i - from) || node->delivered[i].id <= id) {
            return false;
        }
        id = node->delivered[i].id;
    }
    return true;
}

/* ---- Redis from outside ---- */

static long long
number_of(redisReply *reply)
{
    long long number = -1;

    if (reply == NULL) {
        return -1;
    }
    if (reply->type == REDIS_REPLY_INTEGER) {
        number = reply->integer;
    } else if (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS) {
        uint64_t parsed;

        number = bytes_parse_uint64(bytes_from(reply->str, reply->len), &parsed) == STATUS_OK
                     ? (long long)parsed
                     : (long long)reply->len;
    } else if (reply->type == REDIS_REPLY_ARRAY) {
        number = (long long)reply->elements;
    } else if (reply->type == REDIS_REPLY_ERROR) {
        fprintf(stderr, "redis: %s\n", reply->str);
    }
    freeReplyObject(reply);
    return number;
}

long long
rig_redis(struct rig *rig, const char *format, ...)
{
    va_list list;
    redisReply *reply;

    va_start(list, format);
    reply = redisvCommand(rig->redis_client, format, list);
    va_end(list);
    return number_of(reply);
}

void
rig_publish_dotnet(struct rig *rig, struct bytes frame)
{
    static const char script[] = "local id = redis.call('INCR', KEYS[1])\n"
                                 "local payload = id .. ' ' .. ARGV[1]\n"
                                 "redis.call('PUBLISH', KEYS[1], payload)\n"
                                 "return {id, ARGV[1], payload}";

    const char *arguments[] = {"EVAL", script, "1", RIG_KEY, (const char *)frame.data};
    const size_t lengths[] = {4, sizeof(script) - 1, 1, sizeof(RIG_KEY) - 1, frame.length};

    assert_int_equal(number_of(redisCommandArgv(rig->redis_client, 5, arguments, lengths)), 3);
}

/* ---- Life ---- */

static void
init_node(struct rig *rig, size_t index)
{
    struct rig_node *node = &rig->nodes[index];

    memset(node, 0, sizeof(*node));
    node->rig = rig;
    snprintf(node->name, sizeof(node->name), "web%zu", index);
    node->identity.name = bytes_from_string(node->name);
    node->identity.software = BYTES("rig");
    crypto_random(node->identity.instance, sizeof(node->identity.instance));
    node->delivered = calloc(RIG_DELIVERED_MAX, sizeof(struct rig_delivery));
    assert_non_null(node->delivered);
}

void
rig_init(struct rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    snprintf(rig->folder, sizeof(rig->folder), "/tmp/hubplane-rig.XXXXXX");
    assert_non_null(mkdtemp(rig->folder));
    if (rig_shell(rig, "command -v redis-server") != 0) {
        rig_shell(rig, "rm -rf \"$PWD\"");
        exit(SKIPPED);
    }
    signal(SIGPIPE, SIG_IGN);
    log_init_stderr(&rig->log, LOG_ERROR);
    assert_status(loop_new(&rig->log, &rig->loop), STATUS_OK);
    assert_int_equal(rig_shell(rig, "$BRIDGE ca --state state && "
                                    "$BRIDGE issue web --state state > node.pem"),
                     0);
    for (size_t i = 0; i < RIG_NODES; i++) {
        init_node(rig, i);
    }
}

static void
deinit_node(struct rig *rig, size_t index)
{
    struct rig_node *node = &rig->nodes[index];

    rig_leave(rig, index);
    tls_context_free(node->tls);
    for (uint64_t i = 0; i < node->sequence; i++) {
        payload_unref(node->spool[i]);
    }
    free(node->spool);
    free(node->delivered);
}

void
rig_deinit(struct rig *rig)
{
    for (size_t i = 0; i < RIG_NODES; i++) {
        deinit_node(rig, i);
    }
    for (size_t i = 0; i < RIG_BRIDGES; i++) {
        if (rig->bridges[i] > 0) {
            assert_int_equal(rig_stop_bridge(rig, i, SIGTERM), 0);
        }
    }
    rig_stop_redis(rig, SIGKILL);
    loop_free(rig->loop);
    (void)rig_shell(rig, "rm -rf \"$PWD\"");
}

void
rig_deinit_with_proxy(struct rig *rig, struct bridge_proxy *proxy)
{
    bridge_proxy_close(proxy);
    rig_wait(rig, list_is_empty(&proxy->wires) && proxy->listener == NULL);
    rig_deinit(rig);
}
