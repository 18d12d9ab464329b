/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SCRATCH_BYTES = 256 * 1024,
    HTTP_BYTES = 16 * 1024,
    EVENTS = 512,
};

static void
die(const char *what)
{
    fprintf(stderr, "bench_generator: %s: %s\n", what, strerror(errno));
    exit(1);
}

void
bench_clients_init(struct bench_clients *clients, const struct bench_protocol *protocol,
                   uint32_t count)
{
    clients->protocol = protocol;
    clients->count = count;
    clients->items = calloc(count, sizeof(*clients->items));
    clients->scratch = malloc(SCRATCH_BYTES);
    clients->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (clients->items == NULL || clients->scratch == NULL || clients->epoll < 0) {
        die("starting");
    }
    for (uint32_t i = 0; i < count; i++) {
        clients->items[i].number = i;
        clients->items[i].fd = -1;
    }
}

/* ---- plain HTTP, waiting for the answer: before and after what is measured ---- */

static int
connect_to(uint16_t port, int flags)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 ||
        (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0 && errno != EINPROGRESS)) {
        die("connecting");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

/* The whole answer with its body has come. */
static bool
is_whole(const char *answer, size_t length, const char **body)
{
    const char *end = strstr(answer, "\r\n\r\n");
    const char *field = strcasestr(answer, "\r\ncontent-length:");

    if (end == NULL || field == NULL) {
        return false;
    }
    *body = end + 4;
    return (size_t)(*body - answer) + strtoul(field + 17, NULL, 10) <= length;
}

/* One request on the kept connection to ${port}. Returns the body, which lives until the next call.
 */
static const char *
ask(uint16_t port, const char *request)
{
    static struct {
        uint16_t port;
        int fd;
    } kept[BENCH_MARK_BYTES];
    static char answer[HTTP_BYTES + 1];
    const char *body = NULL;
    size_t length = 0, slot = 0;

    while (kept[slot].port != 0 && kept[slot].port != port) {
        slot++;
    }
    if (kept[slot].port == 0) {
        kept[slot].port = port;
        kept[slot].fd = connect_to(port, 0);
    }
    if (write(kept[slot].fd, request, strlen(request)) < 0) {
        die("asking");
    }
    do {
        ssize_t got = read(kept[slot].fd, answer + length, HTTP_BYTES - length);
        if (got <= 0) {
            die("waiting for an answer");
        }
        length += (size_t)got;
        answer[length] = '\0';
    } while (!is_whole(answer, length, &body));
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "bench_generator: %.200s\n", answer);
        exit(1);
    }
    return body;
}

static void
ask_with_token(const struct bench_client *client, const char *method, const char *verb)
{
    char request[2048];

    snprintf(request, sizeof(request),
             "%s /signalr/%s?transport=webSockets&clientProtocol=2.1&%s"
             "&connectionToken=%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
             method, verb, BENCH_HUBS, client->token);
    ask(client->port, request);
}

/* The text of member ${name}, percent-encoded where a query needs it. */
static void
copy_member(const char *body, const char *name, char *out, size_t size)
{
    const char *from = strstr(body, name);
    size_t length = 0;

    if (from == NULL) {
        die("reading the negotiation");
    }
    for (from += strlen(name); *from != '"' && length + 4 < size; from++) {
        if (strchr("+/=", *from) != NULL) {
            length += (size_t)snprintf(out + length, size - length, "%%%02X", *from);
        } else {
            out[length++] = *from;
        }
    }
    out[length] = '\0';
}

static void
negotiate(struct bench_client *client)
{
    char token[1024];
    const char *body = ask(client->port, "GET /signalr/negotiate?clientProtocol=2.1&" BENCH_HUBS
                                         " HTTP/1.1\r\nHost: localhost\r\n\r\n");

    copy_member(body, "\"ConnectionToken\":\"", token, sizeof(token));
    copy_member(body, "\"ConnectionId\":\"", client->id, sizeof(client->id));
    free(client->token);
    client->token = strdup(token);
}

/* ---- opening and closing ---- */

static void
append(struct bench_client *client, const void *bytes, size_t length)
{
    if (client->out_length + length > client->out_capacity) {
        client->out_capacity = 2 * (client->out_length + length);
        client->out = realloc(client->out, client->out_capacity);
        if (client->out == NULL) {
            die("sending");
        }
    }
    memcpy(client->out + client->out_length, bytes, length);
    client->out_length += length;
}

static void
watch(struct bench_clients *clients, struct bench_client *client, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | (client->wants_room ? EPOLLOUT : 0),
                                .data.ptr = client};

    if (epoll_ctl(clients->epoll, operation, client->fd, &event) != 0) {
        die("epoll");
    }
}

static void
begin(struct bench_clients *clients, struct bench_client *client)
{
    char path[2048];
    int length = clients->protocol->write_path(path, sizeof(path), client);

    client->fd = connect_to(client->port, SOCK_NONBLOCK);
    client->state = BENCH_CLIENT_UPGRADING;
    append(client, "GET ", 4);
    append(client, path, (size_t)length);
    static const char rest[] =
        " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    append(client, rest, sizeof(rest) - 1);
    client->wants_room = true;
    watch(clients, client, EPOLL_CTL_ADD);
}

void
bench_client_open(struct bench_clients *clients, struct bench_client *client, uint16_t port)
{
    client->port = port;
    client->resumes = false;
    if (clients->protocol->negotiates) {
        negotiate(client);
    }
    begin(clients, client);
}

void
bench_client_resume(struct bench_clients *clients, struct bench_client *client, uint16_t port)
{
    client->port = port;
    client->resumes = true;
    begin(clients, client);
}

void
bench_client_start(struct bench_clients *clients, struct bench_client *client)
{
    if (clients->protocol->negotiates) {
        ask_with_token(client, "GET", "start");
    }
}

void
bench_client_cut(struct bench_clients *clients, struct bench_client *client)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0}; /* leaves no port waiting */

    if (client->state == BENCH_CLIENT_CLOSED) {
        return;
    }
    clients->open_count -= client->state == BENCH_CLIENT_OPEN;
    client->state = BENCH_CLIENT_CLOSED;
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close(client->fd);
    client->fd = -1;
    client->out_length = 0;
    free(client->held);
    client->held = NULL;
    client->held_length = 0;
}

void
bench_client_abort(struct bench_clients *clients, struct bench_client *client)
{
    if (clients->protocol->negotiates && client->token != NULL) {
        ask_with_token(client, "POST", "abort");
    }
    bench_client_cut(clients, client);
}

/* ---- what comes in ---- */

static uint64_t
hex_of(const uint8_t *text, size_t length)
{
    uint64_t value = 0;

    for (size_t i = 0; i < length; i++) {
        value = value << 4 | ((text[i] & 15U) + (text[i] >> 6) * 9U);
    }
    return value;
}

static void
become_open(struct bench_clients *clients, struct bench_client *client)
{
    client->state = BENCH_CLIENT_OPEN;
    clients->open_count++;
}

static void
keep_cursor(struct bench_client *client, const uint8_t *text, size_t length)
{
    static const char head[] = "{\"C\":\"";
    size_t from = sizeof(head) - 1, used = 0;

    if (length > from && memcmp(text, head, from) == 0) {
        while (from < length && text[from] != '"' && used + 1 < sizeof(client->cursor)) {
            client->cursor[used++] = (char)text[from++];
        }
        client->cursor[used] = '\0';
    }
}

/* What comes behind ${word}; NULL where it is not in the text, or is NULL itself. */
static const uint8_t *
behind(const char *word, const uint8_t *text, size_t length)
{
    const uint8_t *at = word == NULL ? NULL : memmem(text, length, word, strlen(word));

    return at == NULL ? NULL : at + strlen(word);
}

static void
take_welcome(struct bench_clients *clients, struct bench_client *client, const uint8_t *text,
             size_t length)
{
    const uint8_t *at = behind(clients->protocol->welcome, text, length);

    if (at == NULL) {
        return;
    }
    if (!clients->protocol->negotiates) {
        const uint8_t *end = memchr(at, '"', (size_t)(text + length - at));
        size_t size = end == NULL ? 0 : (size_t)(end - at);
        if (size < sizeof(client->id)) {
            memcpy(client->id, at, size);
            client->id[size] = '\0';
        }
    }
    become_open(clients, client);
}

/* A text that brings no message. */
static void
take_other(struct bench_clients *clients, struct bench_client *client, const uint8_t *text,
           size_t length)
{
    const struct bench_protocol *protocol = clients->protocol;

    if (protocol->ping != NULL && length == strlen(protocol->ping) &&
        memcmp(text, protocol->ping, length) == 0) {
        bench_client_send(client, protocol->pong, strlen(protocol->pong));
        bench_client_flush(clients, client);
    } else if (behind(protocol->answer, text, length) != NULL) {
        clients->results++;
        clients->errors += behind(protocol->error, text, length) != NULL;
    }
}

static void
take_text(struct bench_clients *clients, struct bench_client *client, const uint8_t *text,
          size_t length)
{
    const uint8_t *end = text + length;
    bool has_message = false;

    clients->frames++;
    if (clients->keeps_cursors) {
        keep_cursor(client, text, length);
    }
    for (const uint8_t *at = text; (at = memchr(at, '#', (size_t)(end - at))) != NULL;) {
        if (end - at < BENCH_MARK_BYTES) {
            return;
        }
        clients->on_message(clients->owner, client, hex_of(at + 1, 16),
                            (uint32_t)hex_of(at + 17, 8));
        at += BENCH_MARK_BYTES;
        has_message = true;
    }
    if (client->state == BENCH_CLIENT_OPENING) {
        take_welcome(clients, client, text, length);
    } else if (!has_message) {
        take_other(clients, client, text, length);
    }
}

/* Length of the frame at the front with its header; 0 when not even that is whole. */
static size_t
frame_bytes(const uint8_t *at, size_t length, size_t *header)
{
    if (length < 2) {
        return 0;
    }
    size_t payload = at[1] & 127;
    *header = payload == 126 ? 4 : payload == 127 ? 10 : 2;
    if (length < *header) {
        return 0;
    }
    if (*header > 2) {
        payload = 0;
        for (size_t i = 2; i < *header; i++) {
            payload = payload << 8 | at[i];
        }
    }
    return *header + payload;
}

/* Length of the message at the front, all its frames; 0 when the last has not come. */
static size_t
message_bytes(const uint8_t *bytes, size_t length)
{
    size_t used = 0, header;
    bool is_last = false;

    while (!is_last) {
        size_t frame = frame_bytes(bytes + used, length - used, &header);
        if (frame == 0 || frame > length - used) {
            return 0;
        }
        is_last = (bytes[used] & 0x80) != 0;
        used += frame;
    }
    return used;
}

/* Put the payloads of the frames together, at the front. Returns their length. */
static size_t
join_frames(uint8_t *bytes, size_t length)
{
    size_t joined = 0, header;

    for (size_t used = 0; used < length;) {
        size_t frame = frame_bytes(bytes + used, length - used, &header);
        memmove(bytes + joined, bytes + used + header, frame - header);
        joined += frame - header;
        used += frame;
    }
    return joined;
}

/* Returns how much was whole. */
static size_t
take_frames(struct bench_clients *clients, struct bench_client *client, uint8_t *bytes,
            size_t length)
{
    size_t used = 0, message;

    while ((message = message_bytes(bytes + used, length - used)) > 0) {
        uint8_t opcode = bytes[used] & 15;
        if (opcode == 1) {
            take_text(clients, client, bytes + used, join_frames(bytes + used, message));
        } else if (opcode == 8) {
            clients->closed++;
        }
        used += message;
    }
    return used;
}

static size_t
take_answer(struct bench_clients *clients, struct bench_client *client, const uint8_t *bytes,
            size_t length)
{
    const uint8_t *end = memmem(bytes, length, "\r\n\r\n", 4);

    if (end == NULL) {
        return 0;
    }
    if (memcmp(bytes, "HTTP/1.1 101", 12) != 0) {
        if (clients->refused++ == 0) {
            fprintf(stderr, "bench_generator: %.*s\n", (int)(length < 300 ? length : 300), bytes);
        }
        bench_client_cut(clients, client);
        return length;
    }
    const char *greeting = clients->protocol->greeting;
    if (clients->protocol->welcome == NULL || client->resumes) {
        become_open(clients, client);
    } else {
        client->state = BENCH_CLIENT_OPENING;
    }
    if (greeting != NULL) {
        bench_client_send(client, greeting, strlen(greeting));
        bench_client_flush(clients, client);
    }
    return (size_t)(end - bytes) + 4;
}

static void
receive(struct bench_clients *clients, struct bench_client *client)
{
    uint8_t *bytes = clients->scratch;
    size_t length = client->held_length;

    if (length > 0) {
        memcpy(bytes, client->held, length);
    }
    ssize_t got = recv(client->fd, bytes + length, SCRATCH_BYTES - length, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            clients->closed++;
            bench_client_cut(clients, client);
        }
        return;
    }
    length += (size_t)got;
    size_t used = 0;
    if (client->state == BENCH_CLIENT_UPGRADING) {
        used = take_answer(clients, client, bytes, length);
    }
    if (client->state >= BENCH_CLIENT_OPENING) {
        used += take_frames(clients, client, bytes + used, length - used);
    }
    if (client->state == BENCH_CLIENT_CLOSED) {
        return;
    }
    if (length - used == 0 && client->held == NULL) {
        return;
    }
    free(client->held);
    client->held = NULL;
    client->held_length = length - used;
    if (client->held_length > 0) {
        client->held = malloc(client->held_length);
        if (client->held == NULL) {
            die("receiving");
        }
        memcpy(client->held, bytes + used, client->held_length);
    }
}

/* ---- what goes out ---- */

void
bench_client_send(struct bench_client *client, const char *text, size_t length)
{
    uint8_t head[8] = {0x81, (uint8_t)(0x80 | length)};
    size_t used = 2;

    if (length >= 126) {
        head[1] = 0x80 | 126;
        head[2] = (uint8_t)(length >> 8);
        head[3] = (uint8_t)length;
        used = 4;
    }
    /* The mask is 1, 2, 3, 4: a server has to unmask, whatever it is. */
    memcpy(head + used, "\1\2\3\4", 4);
    append(client, head, used + 4);
    append(client, text, length);
    char *masked = client->out + client->out_length - length;
    for (size_t i = 0; i < length; i++) {
        masked[i] ^= (char)(1 + (i & 3));
    }
}

void
bench_client_flush(struct bench_clients *clients, struct bench_client *client)
{
    if (client->out_length == 0 || client->fd < 0) {
        return;
    }
    ssize_t sent = send(client->fd, client->out, client->out_length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != ENOTCONN) {
        clients->closed++;
        bench_client_cut(clients, client);
        return;
    }
    if (sent > 0) {
        client->out_length -= (size_t)sent;
        memmove(client->out, client->out + sent, client->out_length);
    }
    if ((client->out_length > 0) != client->wants_room) {
        client->wants_room = client->out_length > 0;
        watch(clients, client, EPOLL_CTL_MOD);
    }
    if (client->out_length == 0 && client->out_capacity > 4096) {
        return;
    }
    if (client->out_length == 0 && clients->count > 2000) {
        free(client->out);
        client->out = NULL;
        client->out_capacity = 0;
    }
}

void
bench_clients_poll(struct bench_clients *clients, uint64_t wait_ns)
{
    struct epoll_event events[EVENTS];
    struct timespec wait = {(time_t)(wait_ns / 1000000000U), (long)(wait_ns % 1000000000U)};
    int count = epoll_pwait2(clients->epoll, events, EVENTS, &wait, NULL);

    for (int i = 0; i < count; i++) {
        struct bench_client *client = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) {
            bench_client_flush(clients, client);
        }
        if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP) && client->fd >= 0) {
            receive(clients, client);
        }
    }
}
