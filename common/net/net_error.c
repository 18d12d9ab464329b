/* SPDX-License-Identifier: MIT */
#include "common/net/net_error.h"

#include <uv.h>

#include <stddef.h>

static const struct {
    int code;
    enum status status;
    const char *sentence;
} rows[] = {
    {UV_EOF, STATUS_CLOSED, "the peer has closed"},
    {UV_ECONNRESET, STATUS_CLOSED, "the peer reset the connection"},
    {UV_EPIPE, STATUS_CLOSED, "the peer closed while it was written to"},
    {UV_ECONNABORTED, STATUS_CLOSED, "the connection was aborted"},
    {UV_ENOTCONN, STATUS_CLOSED, "the peer is not connected any more"},
    {UV_ETIMEDOUT, STATUS_TIMED_OUT, "the peer does not answer"},
    {UV_ECONNREFUSED, STATUS_UNREACHABLE, "nobody listens there: connection refused"},
    {UV_EHOSTUNREACH, STATUS_UNREACHABLE, "no route to the host"},
    {UV_ENETUNREACH, STATUS_UNREACHABLE, "no route to the network"},
    {UV_ENETDOWN, STATUS_UNREACHABLE, "the network is down"},
    {UV_EHOSTDOWN, STATUS_UNREACHABLE, "the host is down"},
    {UV_ENOENT, STATUS_UNREACHABLE, "the socket file does not exist"},
    {UV_EAGAIN, STATUS_UNREACHABLE, "the listener accepts no more for the moment"},
    {UV_EADDRNOTAVAIL, STATUS_UNREACHABLE, "the address does not belong to this machine"},
    {UV_EAI_NONAME, STATUS_UNREACHABLE, "the host name is not known"},
    {UV_EAI_NODATA, STATUS_UNREACHABLE, "the host name has no address"},
    {UV_EAI_AGAIN, STATUS_UNREACHABLE, "the name server does not answer"},
    {UV_EAI_FAIL, STATUS_UNREACHABLE, "the name server failed"},
    {UV_EADDRINUSE, STATUS_ADDRESS_IN_USE, "the address is already in use"},
    {UV_EACCES, STATUS_DENIED, "permission denied"},
    {UV_EPERM, STATUS_DENIED, "not permitted; is a firewall in the way?"},
    {UV_EMFILE, STATUS_LIMIT, "the process has no file descriptor left"},
    {UV_ENFILE, STATUS_LIMIT, "the system has no file descriptor left"},
    {UV_ENOMEM, STATUS_NO_MEMORY, "out of memory"},
    {UV_ENOBUFS, STATUS_NO_MEMORY, "the system has no socket buffers left"},
    {UV_EINVAL, STATUS_INVALID, "the system refused the address"},
    {UV_EAFNOSUPPORT, STATUS_UNREACHABLE, "the address family is not supported here"},
    {UV_ECANCELED, STATUS_CANCELED, "canceled"},
};

enum status
net_error_status(int code)
{
    if (code >= 0) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            return rows[i].status;
        }
    }
    return STATUS_IO;
}

const char *
net_error_sentence(int code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            return rows[i].sentence;
        }
    }
    /* For a code it knows, libuv returns static text; every code it makes is known to it. */
    return code == UV_UNKNOWN ? "unknown error" : uv_strerror(code);
}
