/* SPDX-License-Identifier: MIT */
/* groups_token: the opaque text in which a client carries its own group memberships. */
#ifndef HUBPLANE_SERVICE_GROUPS_TOKEN_H
#define HUBPLANE_SERVICE_GROUPS_TOKEN_H

#include "service/signalr/token_keys.h"

enum {
    GROUPS_TOKEN_COUNT_MAX = 2000,
    /* Sealed it is a third longer; it must fit into a request line together with the rest. */
    GROUPS_TOKEN_PLAIN_BYTES_MAX = 11 * 1024,
};

/* An opened token: names with their owner and without topic prefix, "ChatHub.room1". */
struct groups_token {
    struct bytes *groups; /* views into `text`, UTF-8, in the order sealed */
    size_t count;
    struct buffer text;
};

/**
 * groups_token_seal(keys, app_key, connection_id, groups, count, out):
 * Append the token for `<id>:["ChatHub.room1",...]`. No groups gives a token for `[]`.
 *   Returns:  OK;  INVALID - no keys yet, bad ${connection_id}, a name is not UTF-8;  LIMIT - more or longer groups than
 *             a token holds: refuse the join that led here;  NO_MEMORY.
 *   Source:   signalr2-protocol.md 8.3.
 */
MUST_CHECK enum status groups_token_seal(const struct token_keys *keys, struct bytes app_key,
                                         struct bytes connection_id, const struct bytes *groups,
                                         size_t count, struct buffer *out);
/** Whether a token can hold these; ask before a join is promised. */
bool groups_token_fits(struct bytes connection_id, const struct bytes *groups, size_t count);
/**
 * groups_token_open(keys, app_key, connection_id, token, out):
 * Open the percent-decoded groupsToken parameter for this connection (ids compare without case).
 *   Owns:     ${out} need not be initialised; on OK it is released with groups_token_deinit(), on
 *             failure it is an empty list and there is nothing to release.
 *   Returns:  OK;  INVALID - empty, forged, foreign, of another connection: the request goes on
 *             without groups (T22);  NO_MEMORY.
 */
MUST_CHECK enum status groups_token_open(const struct token_keys *keys, struct bytes app_key,
                                         struct bytes connection_id, struct bytes token,
                                         struct groups_token *out);
void groups_token_deinit(struct groups_token *token);

#endif
