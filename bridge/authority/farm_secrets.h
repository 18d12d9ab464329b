/* SPDX-License-Identifier: MIT */
/* farm_secrets: the token secrets of each app, in the state directory: secrets/<key, url-encoded>,
 * one line of hex each, current first. */
#ifndef HUBPLANE_BRIDGE_FARM_SECRETS_H
#define HUBPLANE_BRIDGE_FARM_SECRETS_H

#include "common/base/bytes.h"

enum { FARM_SECRET_BYTES = 32, FARM_SECRETS_MAX = 2 };

struct farm_secrets {
    size_t count; /* 1 or 2: current, previous */
    uint8_t secrets[FARM_SECRETS_MAX][FARM_SECRET_BYTES];
};

/** Read the secrets of the app ${key}; make a first one if there is none. OK; INVALID - the file is
 * damaged; LIMIT - the key is too long for a file name; DENIED, IO, NO_MEMORY. ${problem} receives
 * a sentence. */
MUST_CHECK enum status farm_secrets_load(const char *directory, struct bytes key,
                                         struct farm_secrets *out, struct buffer *problem);

#endif
