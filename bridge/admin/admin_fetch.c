/* SPDX-License-Identifier: MIT */
#include "bridge/admin/admin_fetch.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "bridge/admin/admin_server.h"
#include "common/net/net_address.h"

enum { REQUEST_MAX_BYTES = 256, CHUNK_BYTES = 16 * 1024, HEAD_MAX_BYTES = 4096, TIMEOUT_S = 5 };

static int
connect_to(int family, const struct sockaddr *address, socklen_t length)
{
    const struct timeval timeout = {.tv_sec = TIMEOUT_S};
    int file = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (file < 0) {
        return -1;
    }
    if (setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0 ||
        setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) != 0 ||
        connect(file, address, length) != 0) {
        int error = errno;

        close(file);
        errno = error;
        return -1;
    }
    return file;
}

static int
connect_unix(const struct net_address *parsed)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(parsed->host) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, parsed->host, strlen(parsed->host));
    return connect_to(AF_UNIX, (const struct sockaddr *)&address, sizeof(address));
}

/* The daemon may listen at every address; from here, loopback is as good as any. */
static int
connect_tcp(const struct net_address *parsed)
{
    bool is_any = strcmp(parsed->host, "*") == 0 || strcmp(parsed->host, "0.0.0.0") == 0;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int file = -1;

    if (getaddrinfo(is_any ? "127.0.0.1" : parsed->host, parsed->port, &hints, &found) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    for (struct addrinfo *one = found; one != NULL && file < 0; one = one->ai_next) {
        file = connect_to(one->ai_family, one->ai_addr, one->ai_addrlen);
    }
    freeaddrinfo(found);
    return file;
}

static enum status
exchange(int file, const char *path, struct buffer *out)
{
    char request[REQUEST_MAX_BYTES];
    int length = snprintf(request, sizeof(request),
                          "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    ssize_t received;

    if (send(file, request, (size_t)length, MSG_NOSIGNAL) != length) {
        return STATUS_IO;
    }
    do {
        uint8_t *room = buffer_reserve(out, CHUNK_BYTES);

        if (room == NULL) {
            return out->status;
        }
        received = recv(file, room, CHUNK_BYTES, 0);
        if (received > 0) {
            buffer_commit(out, (size_t)received);
        }
    } while (received > 0 || (received < 0 && errno == EINTR));
    return received == 0 ? STATUS_OK : STATUS_IO;
}

/* Head off, body left. */
static enum status
take_body(struct bytes answer, struct buffer *out)
{
    const struct bytes end = BYTES("\r\n\r\n");

    if (!bytes_starts_with(answer, BYTES("HTTP/1.1 200 "))) {
        return STATUS_PROTOCOL;
    }
    for (size_t i = 0; i < HEAD_MAX_BYTES && i < answer.length; i++) {
        if (bytes_starts_with(bytes_after(answer, i), end)) {
            return buffer_append(out, bytes_after(answer, i + end.length));
        }
    }
    return STATUS_PROTOCOL;
}

enum status
admin_fetch(const char *address, const char *path, struct buffer *out, struct buffer *problem)
{
    struct net_address parsed;
    struct buffer answer;
    enum status status;
    int file;

    if (net_address_parse(address, &parsed) != STATUS_OK) {
        (void)buffer_append_format(problem, "admin in [bridge] is not an address: %s", address);
        return STATUS_INVALID;
    }
    file = parsed.is_unix ? connect_unix(&parsed) : connect_tcp(&parsed);
    if (file < 0) {
        (void)buffer_append_format(problem,
                                   "no bridge answers at %s (%s); is it running? Try: systemctl "
                                   "status hubplane-bridge",
                                   address, strerror(errno));
        return STATUS_UNREACHABLE;
    }
    buffer_init(&answer, ADMIN_BODY_MAX_BYTES + HEAD_MAX_BYTES + CHUNK_BYTES);
    status = exchange(file, path, &answer);
    if (status == STATUS_OK) {
        status = take_body(buffer_bytes(&answer), out);
    }
    if (status != STATUS_OK) {
        (void)
            buffer_append_format(problem,
                                 "what answers at %s is not a bridge that works: %s; see admin in "
                                 "[bridge]",
                                 address, status_sentence(status));
    }
    close(file);
    buffer_deinit(&answer);
    return status;
}
