/* SPDX-License-Identifier: MIT */
/* farm_secrets: the token secrets of each app, in the state directory: secrets/key-<key,
 * url-encoded>, one line of hex each, current first; after the previous one, a blank and the Unix
 * time until which it is good. */
#ifndef HUBPLANE_BRIDGE_FARM_SECRETS_H
#define HUBPLANE_BRIDGE_FARM_SECRETS_H

#include "common/base/bytes.h"

enum { FARM_SECRET_BYTES = 32, FARM_SECRETS_MAX = 2 };

/* How long tokens of before a rotation are good: enough for every client to be given a new one. */
enum { FARM_SECRETS_GRACE_S = 600 };

struct farm_secrets {
    size_t count; /* 1 or 2: current, previous */
    uint8_t secrets[FARM_SECRETS_MAX][FARM_SECRET_BYTES];
    int64_t previous_until_s; /* INT64_MAX = no end, or there is none */
};

/** Read the secrets of the app ${key} that are good at ${now_s}; make a first one if there is none.
 * OK; INVALID - the file is damaged; LIMIT - the key is too long for a file name; DENIED, IO,
 * NO_MEMORY. ${problem} receives a sentence. */
MUST_CHECK enum status farm_secrets_load(const char *directory, struct bytes key, int64_t now_s,
                                         struct farm_secrets *out, struct buffer *problem);
/** farm_secrets_rotate(directory, apps, now_s, grace_s, count, problem):
 *  Give apps a new secret; the present one becomes the previous for ${grace_s}, or goes at once
 *  when that is 0.
 *    Shape:    ${apps} is a list of url-encoded keys, separated by commas, or "*" for all.
 *    Returns:  OK - ${count} apps have had secrets and got new ones;  as farm_secrets_load(). */
MUST_CHECK enum status farm_secrets_rotate(const char *directory, struct bytes apps, int64_t now_s,
                                           int64_t grace_s, size_t *count, struct buffer *problem);

#endif
