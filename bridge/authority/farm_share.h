/* SPDX-License-Identifier: MIT */
/*
 * farm_share: what the bridges of a farm have in common, as pieces with a name (PROTOCOL.md 3.6):
 * the lists of issued and revoked certificates and the token secrets of each app. Each piece is a
 * file of the state directory; merging is the same in any order and any number of times.
 */
#ifndef HUBPLANE_BRIDGE_FARM_SHARE_H
#define HUBPLANE_BRIDGE_FARM_SHARE_H

#include "common/base/bytes.h"

/** Show every piece, revoked certificates first, so that whoever takes them closes the links of
 * those before it hands on new secrets; views live during the call. OK; DENIED, IO, LIMIT,
 * NO_MEMORY with a sentence in ${problem}. */
MUST_CHECK enum status farm_share_each(const char *directory,
                                       void (*on_piece)(void *owner, struct bytes name,
                                                        struct bytes content),
                                       void *owner, struct buffer *problem);
/** Take from another bridge's piece what is new. ${has_changed}: something was. OK, also for a name
 * that this version does not know; INVALID - it is malformed;  as above. */
MUST_CHECK enum status farm_share_merge(const char *directory, struct bytes name,
                                        struct bytes content, int64_t now_s, bool *has_changed,
                                        struct buffer *problem);

#endif
