/* SPDX-License-Identifier: MIT */
/*
 * farm_authority: the farm's authority in a state directory: made once, then it issues credential
 * files and keeps a list of them.
 *
 *   authority.crt    its certificate                     (public)
 *   authority.key    its key                             (private)
 *   issued           a line for each certificate issued  (private)
 */
#ifndef HUBPLANE_BRIDGE_FARM_AUTHORITY_H
#define HUBPLANE_BRIDGE_FARM_AUTHORITY_H

#include "bridge/authority/farm_certificate.h"

enum { FARM_NAME_MAX_BYTES = 64 };

/* Every function appends one sentence to ${problem} when it fails. */

/** OK; EXISTS - there is one, which is left alone, or this bridge has credentials of a farm whose
 * authority is elsewhere; DENIED, IO, NO_MEMORY. */
MUST_CHECK enum status farm_authority_create(const char *directory, int64_t now_s,
                                             struct buffer *problem);
bool farm_authority_exists(const char *directory);
/** Whether the authority in ${directory} made the credential file at ${path}; false also if one of
 * them cannot be read. */
bool farm_authority_made(const char *directory, const char *path);
/** Append a credential file to ${out} and a line to the list. OK; NOT_FOUND - no authority here;
 * INVALID - the name, or the authority's files; DENIED, IO, NO_MEMORY. */
MUST_CHECK enum status farm_authority_issue(const char *directory,
                                            const struct farm_certificate_wanted *wanted,
                                            struct buffer *out, struct farm_certificate *made,
                                            struct buffer *problem);
/** Whether ${name} can be that of a node or bridge: 1 to 64 of A-Z a-z 0-9 . _ - */
bool farm_authority_name_is_valid(struct bytes name);

#endif
