/* SPDX-License-Identifier: MIT */
#include "common/net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 }; /* the kernel takes the smaller of this and net.core.somaxconn */

/* A socket address of any family, without casting one type into another. */
union any_address {
    struct sockaddr any;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    struct sockaddr_un unix_path;
};

void
socket_startup(void)
{
    struct sigaction present;
    if (sigaction(SIGPIPE, NULL, &present) == 0 && present.sa_handler == SIG_DFL) {
        (void)signal(SIGPIPE, SIG_IGN);
    }
}

static enum status
status_of(int error)
{
    switch (error) {
    case EADDRINUSE:
        return STATUS_ADDRESS_IN_USE;
    case EACCES:
    case EPERM:
        return STATUS_DENIED;
    case EINVAL:
    case ENAMETOOLONG:
        return STATUS_INVALID;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
    case EAGAIN:
        return STATUS_UNREACHABLE;
    case EMFILE:
    case ENFILE:
        return STATUS_LIMIT;
    case ENOMEM:
    case ENOBUFS:
        return STATUS_NO_MEMORY;
    default:
        return STATUS_IO;
    }
}

static enum status
bind_and_listen(int descriptor, const union any_address *address, socklen_t length,
                stream_socket *out)
{
    if (bind(descriptor, &address->any, length) != 0 || listen(descriptor, BACKLOG) != 0) {
        enum status status = status_of(errno);
        (void)close(descriptor);
        return status;
    }
    *out = (stream_socket)descriptor;
    return STATUS_OK;
}

enum status
socket_listen(const struct sockaddr *address, stream_socket *out)
{
    const int on = 1;
    const int off = 0;
    union any_address any;
    socklen_t length = sizeof any.ipv4;
    if (address->sa_family == AF_INET6) {
        length = sizeof any.ipv6;
    }
    memcpy(&any, address, length);
    int descriptor = socket(any.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return status_of(errno);
    }
    /* Only lets us bind while old connections are in TIME_WAIT. */
    (void)setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (any.any.sa_family == AF_INET6) {
        (void)setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    }
    return bind_and_listen(descriptor, &any, length, out);
}

static enum status
unix_address(const char *path, union any_address *out)
{
    *out = (union any_address){.unix_path.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof out->unix_path.sun_path) {
        return STATUS_INVALID;
    }
    memcpy(out->unix_path.sun_path, path, length);
    return STATUS_OK;
}

enum status
socket_connect_unix(const char *path, stream_socket *out)
{
    union any_address address;
    enum status status = unix_address(path, &address);
    if (status != STATUS_OK) {
        return status;
    }
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return status_of(errno);
    }
    /* Connecting to a Unix socket never takes time: it works, or EAGAIN says that the backlog is
     * full. */
    if (connect(descriptor, &address.any, sizeof address.unix_path) != 0) {
        status = status_of(errno);
        (void)close(descriptor);
        return status;
    }
    *out = (stream_socket)descriptor;
    return STATUS_OK;
}

/* A socket file that nobody listens on any more is left over from a crash. */
static void
remove_stale(const char *path)
{
    struct stat about;
    stream_socket probe;
    if (stat(path, &about) != 0 || !S_ISSOCK(about.st_mode)) {
        return;
    }
    enum status status = socket_connect_unix(path, &probe);
    if (status == STATUS_OK) {
        socket_close(probe);
    } else if (errno == ECONNREFUSED) {
        (void)unlink(path);
    }
}

enum status
socket_listen_unix(const char *path, stream_socket *out)
{
    union any_address address;
    enum status status = unix_address(path, &address);
    if (status != STATUS_OK) {
        return status;
    }
    remove_stale(path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return status_of(errno);
    }
    return bind_and_listen(descriptor, &address, sizeof address.unix_path, out);
}

void
socket_remove_unix(const char *path)
{
    (void)unlink(path);
}

uint16_t
socket_port(stream_socket socket)
{
    union any_address address;
    socklen_t length = sizeof address;
    if (getsockname((int)socket, &address.any, &length) != 0) {
        return 0;
    }
    switch (address.any.sa_family) {
    case AF_INET:
        return ntohs(address.ipv4.sin_port);
    case AF_INET6:
        return ntohs(address.ipv6.sin6_port);
    default:
        return 0;
    }
}

enum status
socket_accept(stream_socket listening, stream_socket *out)
{
    int descriptor = accept4((int)listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
        *out = (stream_socket)descriptor;
        return STATUS_OK;
    }
    switch (errno) {
    case EAGAIN:
        return STATUS_NEED_MORE;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
        return STATUS_LIMIT;
    case EBADF:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP:
        return STATUS_IO;
    default:
        /* ECONNABORTED, EINTR and the pending network errors that accept(2) lists: only this one.
         */
        return STATUS_CLOSED;
    }
}

int
socket_send(stream_socket socket, const void *bytes, size_t length)
{
    ssize_t sent;
    do {
        sent = send((int)socket, bytes, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return errno == ENOBUFS ? -EAGAIN : -errno; /* it will pass, too */
    }
    return (int)sent;
}

void
socket_set_user_timeout(stream_socket socket, uint32_t timeout_ms)
{
    (void)setsockopt((int)socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof timeout_ms);
}

void
socket_close(stream_socket socket)
{
    (void)close((int)socket);
}
