/* SPDX-License-Identifier: MIT */
/* http_url: an absolute http or https URL, taken apart. */
#ifndef HUBPLANE_SERVICE_HTTP_URL_H
#define HUBPLANE_SERVICE_HTTP_URL_H

#include "common/base/bytes.h"

/* Views into the text it was read from. */
struct http_url {
    bool is_tls;
    struct bytes authority; /* "web01:8080" or "[::1]": what a Host header says */
    struct bytes host;      /* without brackets */
    uint16_t port;          /* 80 or 443 when the URL names none */
    struct bytes target;    /* path and query, as on a request line; empty when the URL has none */
};

/**
 * http_url_parse(text, out):
 *   Shape:    http://HOST[:PORT][/PATH][?QUERY], printable ASCII; neither user info nor fragment.
 *             Braces are let through, for templates.
 *   Owns:     ${text} is borrowed for the life of ${out}.
 *   Returns:  OK;  INVALID.
 */
MUST_CHECK enum status http_url_parse(struct bytes text, struct http_url *out);

#endif
