/* SPDX-License-Identifier: MIT */
/* admin_client: asks a running node for a page of its admin listener. */
#ifndef HUBPLANE_SERVICE_ADMIN_CLIENT_H
#define HUBPLANE_SERVICE_ADMIN_CLIENT_H

#include "common/base/bytes.h"

/** admin_client_get(address, path, body): Append the body of http://${address}${path}. Blocks for
 * at most a few seconds. OK;  UNREACHABLE, TIMED_OUT, INVALID (a malformed address), PROTOCOL -
 * what answers there is not a node;  NO_MEMORY. */
MUST_CHECK enum status admin_client_get(const char *address, const char *path, struct buffer *body);

#endif
