/* SPDX-License-Identifier: MIT */
/*
 * farm_secrets: the token secrets of each app, in the state directory: secrets/key-<key,
 * url-encoded>, one line each, current first. After its hex follow, for the current one, how often
 * it has been rotated and the Unix time at which it was made; for the previous one, the Unix time
 * until which it is good.
 */
#ifndef HUBPLANE_BRIDGE_FARM_SECRETS_H
#define HUBPLANE_BRIDGE_FARM_SECRETS_H

#include "common/base/bytes.h"

enum { FARM_SECRET_BYTES = 32, FARM_SECRETS_MAX = 2 };

/* How long tokens of before a rotation are good: enough for every client to be given a new one. */
enum { FARM_SECRETS_GRACE_S = 600 };

struct farm_secrets {
    size_t count; /* 1 or 2: current, previous */
    uint8_t secrets[FARM_SECRETS_MAX][FARM_SECRET_BYTES];
    int64_t rotations;
    int64_t made_s;           /* the current one; 0 = not known, a long time ago */
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

/** farm_secrets_resolve(ours, theirs, now_s):
 *  Let ${ours} become what the farm uses when another bridge has ${theirs}: the one that has been
 *  rotated more often, else the older, else the smaller. The current one of the loser becomes the
 *  previous for FARM_SECRETS_GRACE_S, unless the winner has been rotated since.
 *    Returns:  true - ${ours} has changed. */
bool farm_secrets_resolve(struct farm_secrets *ours, const struct farm_secrets *theirs,
                          int64_t now_s);
/** The same with the file ${file_name} of another bridge, which may be of an app that is new here.
 * ${has_changed}: ours was written. As farm_secrets_load(). */
MUST_CHECK enum status farm_secrets_merge(const char *directory, struct bytes file_name,
                                          struct bytes content, int64_t now_s, bool *has_changed,
                                          struct buffer *problem);
/** Show every app's file; views live during the call. As farm_secrets_load(). */
MUST_CHECK enum status farm_secrets_each(const char *directory,
                                         void (*on_file)(void *owner, struct bytes file_name,
                                                         struct bytes content),
                                         void *owner, struct buffer *problem);

#endif
