/* SPDX-License-Identifier: MIT */
/* client_network: who counts as one client where limits are per address: an IPv4 address, or the 64
 * bits of an IPv6 address that a provider gives to one customer, who has all addresses below. */
#ifndef HUBPLANE_SERVICE_CLIENT_NETWORK_H
#define HUBPLANE_SERVICE_CLIENT_NETWORK_H

#include "common/base/bytes.h"

enum { CLIENT_NETWORK_BYTES_MAX = 64 };

/** client_network_of(address, out):
 * ${address} is numeric, without port and brackets. "2001:db8:0:1::/64" for an IPv6 address,
 * however it is spelled; the IPv4 address of one that is mapped into IPv6; any other text as it is,
 * cut to CLIENT_NETWORK_BYTES_MAX. Returns a view of ${out}. */
struct bytes client_network_of(struct bytes address, char out[CLIENT_NETWORK_BYTES_MAX]);

#endif
