/* SPDX-License-Identifier: MIT */
/* admin_fetch: asks the daemon of this machine for a page (admin_server.h). */
#ifndef HUBPLANE_BRIDGE_ADMIN_FETCH_H
#define HUBPLANE_BRIDGE_ADMIN_FETCH_H

#include "common/base/bytes.h"

/** admin_fetch(address, path, out, problem):
 *  Append the page ${path} of the daemon that answers at ${address} to ${out}. Blocks.
 *    Returns:  OK;  INVALID - the address;  UNREACHABLE - nobody answers there;  PROTOCOL - somebody else
 *              does;  IO, NO_MEMORY. Unless OK, ${problem} receives a sentence. */
MUST_CHECK enum status admin_fetch(const char *address, const char *path, struct buffer *out,
                                   struct buffer *problem);

#endif
