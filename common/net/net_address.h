/* SPDX-License-Identifier: MIT */
/* net_address: "HOST:PORT", "[IPv6]:PORT", "*:PORT" or "unix:PATH", taken apart; and socket
 * addresses as text. */
#ifndef HUBPLANE_NET_NET_ADDRESS_H
#define HUBPLANE_NET_NET_ADDRESS_H

#include "common/base/bytes.h"

struct sockaddr;

enum { NET_ADDRESS_HOST_MAX = 255, NET_ADDRESS_TEXT_BYTES = 64 };

struct net_address {
    char host[NET_ADDRESS_HOST_MAX + 1]; /* without brackets; the path of a Unix socket */
    char port[6];                        /* digits; empty for a Unix socket */
    bool is_unix;
};

/** net_address_parse(text, out): OK, or INVALID for anything but the forms above (port 0 to 65535).
 */
MUST_CHECK enum status net_address_parse(const char *text, struct net_address *out);
/** Whether both are written as the same address, at which only one socket can listen; port 0 is
 * another port each time. NULL collides with nothing. */
bool net_address_collides(const char *left, const char *right);
/** net_address_print(address, out): "192.0.2.1:5000", "[2001:db8::1]:5000", "unix"; an IPv4 address
 * mapped into IPv6 is written as the IPv4 address it is. */
void net_address_print(const struct sockaddr *address, char out[NET_ADDRESS_TEXT_BYTES]);
/** net_address_canonical(text, out): A numeric address without port as net_address_print() writes
 * it (without brackets): OK, or INVALID. */
MUST_CHECK enum status net_address_canonical(const char *text, char out[NET_ADDRESS_TEXT_BYTES]);

#endif
