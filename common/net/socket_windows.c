/* SPDX-License-Identifier: MIT */
#include "common/net/socket.h"

/* In this order. */
#include <winsock2.h>

#include <ws2tcpip.h>

#include <windows.h>

/* Since Windows 10; seconds until a connection that gets no answer is given up. */
#ifndef TCP_MAXRT
#define TCP_MAXRT 5
#endif

void
socket_startup(void)
{
    /* libuv has called WSAStartup, and Windows has no SIGPIPE. */
}

static enum status
status_of(int error)
{
    switch (error) {
    case WSAEADDRINUSE:
    case WSAEACCES: /* no port needs a privilege: IIS has it, or another who shares it with nobody
                     */
        return STATUS_ADDRESS_IN_USE;
    case WSAEADDRNOTAVAIL:
    case WSAEAFNOSUPPORT:
        return STATUS_UNREACHABLE;
    case WSAEINVAL:
        return STATUS_INVALID;
    case WSAEMFILE:
        return STATUS_LIMIT;
    case WSAENOBUFS:
        return STATUS_NO_MEMORY;
    default:
        return STATUS_IO;
    }
}

static void
set_option(SOCKET socket, int level, int name, DWORD value)
{
    (void)setsockopt(socket, level, name, (const char *)&value, sizeof value);
}

enum status
socket_listen(const struct sockaddr *address, stream_socket *out)
{
    int length = address->sa_family == AF_INET6 ? (int)sizeof(struct sockaddr_in6)
                                                : (int)sizeof(struct sockaddr_in);
    u_long is_non_blocking = 1;
    SOCKET listening = WSASocketW(address->sa_family, SOCK_STREAM, IPPROTO_TCP, NULL, 0,
                                  WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    if (listening == INVALID_SOCKET) {
        return status_of(WSAGetLastError());
    }
    /* SO_REUSEADDR would let another process steal the port. */
    set_option(listening, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, 1);
    if (address->sa_family == AF_INET6) {
        set_option(listening, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }
    if (ioctlsocket(listening, FIONBIO, &is_non_blocking) != 0 ||
        bind(listening, address, length) != 0 || listen(listening, SOMAXCONN) != 0) {
        enum status status = status_of(WSAGetLastError());
        (void)closesocket(listening);
        return status;
    }
    *out = (stream_socket)listening;
    return STATUS_OK;
}

enum status
socket_listen_unix(const char *path, stream_socket *out)
{
    (void)path;
    (void)out;
    return STATUS_UNSUPPORTED;
}

void
socket_remove_unix(const char *path)
{
    (void)path;
}

enum status
socket_connect_unix(const char *path, stream_socket *out)
{
    (void)path;
    (void)out;
    return STATUS_UNSUPPORTED;
}

uint16_t
socket_port(stream_socket socket)
{
    struct sockaddr_storage address;
    int length = sizeof address;
    if (getsockname((SOCKET)socket, (struct sockaddr *)&address, &length) != 0) {
        return 0;
    }
    /* The port stands at the same place in both families. */
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

enum status
socket_accept(stream_socket listening, stream_socket *out)
{
    SOCKET accepted = accept((SOCKET)listening, NULL, NULL);
    if (accepted != INVALID_SOCKET) {
        (void)SetHandleInformation((HANDLE)accepted, HANDLE_FLAG_INHERIT, 0);
        *out = (stream_socket)accepted;
        return STATUS_OK;
    }
    switch (WSAGetLastError()) {
    case WSAEWOULDBLOCK:
        return STATUS_NEED_MORE;
    case WSAEMFILE:
    case WSAENOBUFS:
        return STATUS_LIMIT;
    case WSAENOTSOCK:
    case WSAEINVAL:
    case WSAEOPNOTSUPP:
        return STATUS_IO;
    default:
        return STATUS_CLOSED;
    }
}

int
socket_send(stream_socket socket, const void *bytes, size_t length)
{
    int sent = send((SOCKET)socket, bytes, (int)length, 0);
    return sent == SOCKET_ERROR ? -WSAGetLastError() : sent;
}

void
socket_set_user_timeout(stream_socket socket, uint32_t timeout_ms)
{
    set_option((SOCKET)socket, IPPROTO_TCP, TCP_MAXRT, timeout_ms / 1000 + 1);
}

void
socket_close(stream_socket socket)
{
    (void)closesocket((SOCKET)socket);
}
