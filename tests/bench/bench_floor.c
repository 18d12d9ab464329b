/* SPDX-License-Identifier: MIT */
/*
 * bench_floor: the least a node can cost: the same sockets, the same frames, raw Redis pub/sub, and
 * nothing else: no TLS, no order, no history, no interest, no limits, no recovery from any error.
 *
 *   bench_floor port=8081 redis=6379 [coalesced=1] [script=1]
 *
 * A client says "GET /17" and is then number 17; what it sends, "@* text" or "@17 text", goes to
 * Redis as it is, and from there to all clients of every node or to that one. coalesced: one write
 * per client and turn, instead of one per message. script: each message by a call of a script of
 * its own that takes a number for it (INCR) and publishes it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SCRATCH_BYTES = 256 * 1024, CLIENTS_MAX = 65536, EVENTS = 512 };

struct text {
    char *bytes;
    size_t length;
    size_t capacity;
};

struct peer {
    int fd;
    uint32_t number;
    bool is_open;
    bool is_listed; /* among those to flush at the end of the turn */
    struct text in; /* the beginning of something whose rest has not come */
    struct text out;
};

static struct {
    int epoll;
    bool is_coalesced;
    bool is_scripted;
    struct peer listener, publisher, subscriber;
    struct peer *clients[CLIENTS_MAX];
    uint32_t client_count;
    struct peer *by_number[CLIENTS_MAX];
    struct peer *unflushed[CLIENTS_MAX];
    uint32_t unflushed_count;
    struct text turn; /* frames for everybody */
    char script[41];
    char scratch[SCRATCH_BYTES];
} node;

static void
die(const char *what)
{
    fprintf(stderr, "bench_floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void
append(struct text *text, const void *bytes, size_t length)
{
    if (text->length + length > text->capacity) {
        text->capacity = 2 * (text->length + length);
        text->bytes = realloc(text->bytes, text->capacity);
        if (text->bytes == NULL) {
            die("memory");
        }
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
}

static void
drop(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

static void
watch(struct peer *peer, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = peer};

    if (epoll_ctl(node.epoll, operation, peer->fd, &event) != 0) {
        die("epoll");
    }
}

static void
flush(struct peer *peer)
{
    ssize_t sent = send(peer->fd, peer->out.bytes, peer->out.length, MSG_NOSIGNAL);

    if (sent > 0) {
        peer->out.length -= (size_t)sent;
        memmove(peer->out.bytes, peer->out.bytes + sent, peer->out.length);
    }
    watch(peer, EPOLL_CTL_MOD, EPOLLIN | (peer->out.length > 0 ? EPOLLOUT : 0));
}

/* Send now what the socket takes, keep the rest. */
static void
send_now(struct peer *peer, const char *bytes, size_t length)
{
    ssize_t sent = 0;

    if (peer->out.length == 0) {
        sent = send(peer->fd, bytes, length, MSG_NOSIGNAL);
        sent = sent < 0 ? 0 : sent;
    }
    if ((size_t)sent < length) {
        append(&peer->out, bytes + sent, length - (size_t)sent);
        watch(peer, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    }
}

static void
send_soon(struct peer *peer, const char *bytes, size_t length)
{
    append(&peer->out, bytes, length);
    if (!peer->is_listed) {
        peer->is_listed = true;
        node.unflushed[node.unflushed_count++] = peer;
    }
}

static void
end_turn(void)
{
    if (node.turn.length > 0) {
        for (uint32_t i = 0; i < node.client_count; i++) {
            send_now(node.clients[i], node.turn.bytes, node.turn.length);
        }
        node.turn.length = 0;
    }
    for (uint32_t i = 0; i < node.unflushed_count; i++) {
        struct peer *peer = node.unflushed[i];
        ssize_t sent = send(peer->fd, peer->out.bytes, peer->out.length, MSG_NOSIGNAL);
        peer->is_listed = false;
        if (sent == (ssize_t)peer->out.length) {
            peer->out.length = 0;
        } else {
            watch(peer, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
        }
        if (sent > 0 && peer->out.length > 0) {
            peer->out.length -= (size_t)sent;
            memmove(peer->out.bytes, peer->out.bytes + sent, peer->out.length);
        }
    }
    node.unflushed_count = 0;
}

/* ---- Redis to clients ---- */

static void
deliver(const char *text, size_t length)
{
    char frame[8192 + 4];
    size_t head = length < 126 ? 2 : 4;

    frame[0] = (char)0x81;
    frame[1] = (char)(length < 126 ? length : 126);
    if (length >= 126) {
        frame[2] = (char)(length >> 8);
        frame[3] = (char)length;
    }
    memcpy(frame + head, text, length);
    if (text[1] != '*') {
        struct peer *peer = node.by_number[atoi(text + 1) & (CLIENTS_MAX - 1)];
        if (peer != NULL) {
            (node.is_coalesced ? send_soon : send_now)(peer, frame, head + length);
        }
    } else if (node.is_coalesced) {
        append(&node.turn, frame, head + length);
    } else {
        for (uint32_t i = 0; i < node.client_count; i++) {
            send_now(node.clients[i], frame, head + length);
        }
    }
}

/* Messages are "*3\r\n$7\r\nmessage\r\n$5\r\nfloor\r\n$LENGTH\r\nTEXT\r\n". Returns how much was
 * whole. */
static size_t
take_messages(const char *bytes, size_t length)
{
    static const size_t head = sizeof("*3\r\n$7\r\nmessage\r\n$5\r\nfloor\r\n$") - 1;
    size_t used = 0;

    while (length - used > head) {
        const char *at = bytes + used + head;
        const char *line = memchr(at, '\n', length - used - head);
        if (line == NULL) {
            break;
        }
        size_t size = (size_t)atoi(at);
        size_t whole = (size_t)(line + 1 - (bytes + used)) + size + 2;
        if (whole > length - used) {
            break;
        }
        const char *text = memchr(line + 1, '@', size); /* behind the number of a script */
        if (text != NULL) {
            deliver(text, size - (size_t)(text - (line + 1)));
        }
        used += whole;
    }
    return used;
}

/* ---- clients to Redis ---- */

static void
publish(const char *text, size_t length)
{
    char head[160];
    int used =
        node.is_scripted
            ? sprintf(head,
                      "*5\r\n$7\r\nEVALSHA\r\n$40\r\n%s\r\n$1\r\n1\r\n$5\r\nfloor\r\n$%zu\r\n",
                      node.script, length)
            : sprintf(head, "*3\r\n$7\r\nPUBLISH\r\n$5\r\nfloor\r\n$%zu\r\n", length);

    send_soon(&node.publisher, head, (size_t)used);
    send_soon(&node.publisher, text, length);
    send_soon(&node.publisher, "\r\n", 2);
    if (!node.is_coalesced) {
        end_turn();
    }
}

static size_t
take_frames(char *bytes, size_t length)
{
    size_t used = 0;

    while (length - used >= 6) {
        uint8_t *at = (uint8_t *)bytes + used;
        size_t size = at[1] & 127, head = 6;
        if (size == 126) {
            size = (size_t)at[2] << 8 | at[3];
            head = 8;
        }
        if (head + size > length - used) {
            break;
        }
        for (size_t i = 0; i < size; i++) {
            at[head + i] ^= at[head - 4 + (i & 3)];
        }
        publish((char *)at + head, size);
        used += head + size;
    }
    return used;
}

static void
close_client(struct peer *peer)
{
    for (uint32_t i = 0; i < node.client_count; i++) {
        if (node.clients[i] == peer) {
            node.clients[i] = node.clients[--node.client_count];
            break;
        }
    }
    node.by_number[peer->number] = NULL;
    close(peer->fd);
    drop(&peer->in);
    drop(&peer->out);
    free(peer);
}

static size_t
take_request(struct peer *peer, const char *bytes, size_t length)
{
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                 "Connection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n";
    const char *end = memmem(bytes, length, "\r\n\r\n", 4);

    if (end == NULL) {
        return 0;
    }
    peer->number = (uint32_t)atoi(bytes + sizeof("GET /") - 1) & (CLIENTS_MAX - 1);
    peer->is_open = true;
    node.by_number[peer->number] = peer;
    node.clients[node.client_count++] = peer;
    send_now(peer, answer, sizeof(answer) - 1);
    return (size_t)(end - bytes) + 4;
}

static void
receive(struct peer *peer)
{
    size_t length = peer->in.length;

    if (length > 0) {
        memcpy(node.scratch, peer->in.bytes, length);
    }
    ssize_t got = recv(peer->fd, node.scratch + length, SCRATCH_BYTES - length, 0);
    if (got <= 0) {
        if (peer == &node.publisher || peer == &node.subscriber) {
            exit(0);
        }
        close_client(peer);
        return;
    }
    length += (size_t)got;
    size_t used = length;
    if (peer == &node.subscriber) {
        used = take_messages(node.scratch, length);
    } else if (peer != &node.publisher) {
        used = peer->is_open ? 0 : take_request(peer, node.scratch, length);
        if (peer->is_open) {
            used += take_frames(node.scratch + used, length - used);
        }
    }
    if (used < length || peer->in.bytes != NULL) {
        struct text rest = {0};
        if (used < length) {
            append(&rest, node.scratch + used, length - used);
        }
        drop(&peer->in);
        peer->in = rest;
    }
}

static void
accept_clients(void)
{
    for (int fd; (fd = accept4(node.listener.fd, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        int on = 1;
        struct peer *peer = calloc(1, sizeof(*peer));
        if (peer == NULL) {
            die("memory");
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        peer->fd = fd;
        watch(peer, EPOLL_CTL_ADD, EPOLLIN);
    }
}

/* ---- start ---- */

static int
connect_to_redis(uint16_t port, const char *command, char *answer, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        die("Redis");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (write(fd, command, strlen(command)) < 0 || read(fd, answer, size) <= 0) {
        die("Redis");
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void
start(uint16_t port, uint16_t redis)
{
    static const char script[] = "local id=redis.call('INCR',KEYS[1]..':id') "
                                 "redis.call('PUBLISH',KEYS[1],id..' '..ARGV[1]) return id";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    char command[256], answer[256] = "";
    int on = 1;

    snprintf(command, sizeof(command), "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$%zu\r\n%s\r\n",
             sizeof(script) - 1, script);
    node.publisher.fd = connect_to_redis(redis, command, answer, sizeof(answer));
    memcpy(node.script, answer + sizeof("$40\r\n") - 1, 40);
    node.subscriber.fd = connect_to_redis(redis, "SUBSCRIBE floor\r\n", answer, sizeof(answer));
    node.listener.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(node.listener.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(node.listener.fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(node.listener.fd, 4096) != 0) {
        die("listening");
    }
    node.epoll = epoll_create1(0);
    watch(&node.listener, EPOLL_CTL_ADD, EPOLLIN);
    watch(&node.publisher, EPOLL_CTL_ADD, EPOLLIN);
    watch(&node.subscriber, EPOLL_CTL_ADD, EPOLLIN);
}

static void
turn(void)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(node.epoll, events, EVENTS, -1);

    for (int i = 0; i < count; i++) {
        struct peer *peer = events[i].data.ptr;
        if (peer == &node.listener) {
            accept_clients();
            continue;
        }
        if (events[i].events & EPOLLOUT) {
            flush(peer);
        }
        if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
            receive(peer);
        }
    }
    end_turn();
}

int
main(int count, char **arguments)
{
    uint16_t port = 0, redis = 6379;
    struct rlimit limit;

    for (int i = 1; i < count; i++) {
        if (strncmp(arguments[i], "port=", 5) == 0) {
            port = (uint16_t)atoi(arguments[i] + 5);
        } else if (strncmp(arguments[i], "redis=", 6) == 0) {
            redis = (uint16_t)atoi(arguments[i] + 6);
        } else if (strcmp(arguments[i], "coalesced=1") == 0) {
            node.is_coalesced = true;
        } else if (strcmp(arguments[i], "script=1") == 0) {
            node.is_scripted = true;
        }
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    start(port, redis);
    for (;;) {
        turn();
    }
}
