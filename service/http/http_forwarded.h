/* SPDX-License-Identifier: MIT */
/* http_forwarded: where a request came from and how its client addressed it, before it passed
 * reverse proxies; only proxies of ours are believed. */
#ifndef HUBPLANE_SERVICE_HTTP_FORWARDED_H
#define HUBPLANE_SERVICE_HTTP_FORWARDED_H

#include "service/http/http_request.h"

/* Proxies of ours: numeric addresses without port, as net_address_canonical() writes them. */
struct http_proxies {
    const char *const *addresses;
    size_t count;
};

struct http_forwarded {
    struct bytes address; /* of the client, without port */
    struct bytes scheme;  /* "http" or "https"; empty when the proxy does not say */
    struct bytes host;    /* as the client's Host header was; empty when there was none */
};

/** Whether ${socket_address} ("192.0.2.1:5000", "[::1]:5000") is that of one of ${proxies};
 * ${*address} becomes its address without port, a view of it. */
bool http_forwarded_is_proxy(struct bytes socket_address, const struct http_proxies *proxies,
                             struct bytes *address);
/** Whether the socket of ${request} is that of one of ${proxies}. */
bool http_forwarded_is_trusted(const struct http_request *request,
                               const struct http_proxies *proxies);
/**
 * http_forwarded_read(request, proxies, out):
 * Without a trusted proxy what the socket and the request say. With one
 *   address:  the last entry of X-Forwarded-For that is no trusted proxy's, since what stands
 *             before it is hearsay;
 *   scheme:   the last entry of X-Forwarded-Proto;
 *   host:     the last entry of X-Forwarded-Host, else the Host header.
 *   Owns:     views into ${request}.
 */
void http_forwarded_read(const struct http_request *request, const struct http_proxies *proxies,
                         struct http_forwarded *out);

#endif
