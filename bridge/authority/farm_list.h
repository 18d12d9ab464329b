/* SPDX-License-Identifier: MIT */
/*
 * farm_list: the certificates that the farm's authority has issued, and which of them are revoked:
 *
 *   issued     serial, role, name, apps (url-encoded, comma separated, or *), expiry
 *   revoked    serial, name, time of the revocation
 *
 * One line each, separated by tabs; serials in hex of any case, times in Unix seconds. Lines are
 * only ever added, so the lists of several bridges are merged by adding what is missing.
 */
#ifndef HUBPLANE_BRIDGE_FARM_LIST_H
#define HUBPLANE_BRIDGE_FARM_LIST_H

#include "bridge/authority/state_file.h"

struct farm_list_entry {
    struct bytes serial;
    struct bytes role; /* "node" or "bridge" */
    struct bytes name;
    struct bytes apps;
    int64_t expires_s;
    int64_t revoked_s; /* 0 = it is not */
};

/* Every function appends one sentence to ${problem} when it fails: DENIED, IO, LIMIT, NO_MEMORY. A
 * file that is not there is an empty one, a line that is not whole is not there yet. */

/* The revoked certificates, as read. */
struct farm_revoked {
    struct buffer text;
};

void farm_revoked_init(struct farm_revoked *revoked);
void farm_revoked_deinit(struct farm_revoked *revoked);
/** Read them anew; on failure those of before stay. */
MUST_CHECK enum status farm_revoked_load(struct farm_revoked *revoked, const char *directory,
                                         struct buffer *problem);
/** When the certificate was revoked; 0 = it is not. */
int64_t farm_revoked_since(const struct farm_revoked *revoked, struct bytes serial);
size_t farm_revoked_count(const struct farm_revoked *revoked);

/** Call ${on_entry} for each issued certificate, oldest first; views live during the call. */
MUST_CHECK enum status farm_list_read(const char *directory,
                                      void (*on_entry)(void *owner,
                                                       const struct farm_list_entry *entry),
                                      void *owner, struct buffer *problem);
/** farm_list_revoke(directory, name, now_s, count, apps, problem):
 *  Revoke every certificate with the name or the serial ${name} that is not revoked yet.
 *    Owns:     ${apps} receives the apps they name, as the list has them; the caller's.
 *    Returns:  OK - ${count} of them;  NOT_FOUND - none has been issued;  as above. */
MUST_CHECK enum status farm_list_revoke(const char *directory, struct bytes name, int64_t now_s,
                                        size_t *count, struct buffer *apps, struct buffer *problem);

/* The lists as other bridges have them. */
enum farm_list { FARM_LIST_ISSUED, FARM_LIST_REVOKED };

/** Its file's name in the state directory. */
const char *farm_list_name(enum farm_list list);
/** Append the list, as it is, to ${out}. */
MUST_CHECK enum status farm_list_text(const char *directory, enum farm_list list,
                                      struct buffer *out, struct buffer *problem);
/** Add the lines of another bridge's list whose serials are not in ours. ${has_changed}: there were
 * some. */
MUST_CHECK enum status farm_list_merge(const char *directory, enum farm_list list,
                                       struct bytes text, bool *has_changed,
                                       struct buffer *problem);

#endif
