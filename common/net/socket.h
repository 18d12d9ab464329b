/* SPDX-License-Identifier: MIT */
/* socket: raw listening sockets and their accepted children, before any loop has met them. Twins:
 * socket_posix.c, socket_windows.c. */
#ifndef HUBPLANE_NET_SOCKET_H
#define HUBPLANE_NET_SOCKET_H

#include "common/base/status.h"
#include "common/net/stream.h"

struct sockaddr;

#define SOCKET_NONE UINTPTR_MAX

/** Once per loop, harmless when repeated: a write to a closed socket is an error, never a signal.
 */
void socket_startup(void);
/** socket_listen(address, out): Bind and listen: non-blocking, not inherited by children, nobody
 * else may take over the port; an IPv6 wildcard also takes IPv4. OK, ADDRESS_IN_USE, DENIED,
 * INVALID, LIMIT, NO_MEMORY, IO. */
MUST_CHECK enum status socket_listen(const struct sockaddr *address, stream_socket *out);
/** A stale socket file is replaced; UNSUPPORTED on Windows. */
MUST_CHECK enum status socket_listen_unix(const char *path, stream_socket *out);
/** Remove the file of a Unix socket. */
void socket_remove_unix(const char *path);
/** The bound port, 0 when it has none. */
uint16_t socket_port(stream_socket socket);
/** socket_accept(listening, out): OK; NEED_MORE - nobody waits; CLOSED - that one has gone again,
 * ask for the next; LIMIT - out of descriptors or memory; IO - the listening socket is broken. */
MUST_CHECK enum status socket_accept(stream_socket listening, stream_socket *out);
/** Connect at once to a Unix socket. OK, or UNREACHABLE, DENIED, INVALID, LIMIT, IO; UNSUPPORTED on
 * Windows. */
MUST_CHECK enum status socket_connect_unix(const char *path, stream_socket *out);
/** Send what the system takes at once: the number of bytes, or minus a system error (errno, WSA…).
 * Of all ways to write it costs the system least. */
MUST_CHECK int socket_send(stream_socket socket, const void *bytes, size_t length);
/** Give up on a peer that has left data unacknowledged for so long; best effort. */
void socket_set_user_timeout(stream_socket socket, uint32_t timeout_ms);
void socket_close(stream_socket socket);

#endif
