/* SPDX-License-Identifier: MIT */
/* connection_token: the opaque text that proves a connection id and the user it was issued to. */
#ifndef HUBPLANE_SERVICE_CONNECTION_TOKEN_H
#define HUBPLANE_SERVICE_CONNECTION_TOKEN_H

#include "service/signalr/token_keys.h"

enum {
    CONNECTION_TOKEN_ID_BYTES_MAX = 128,
    CONNECTION_TOKEN_USER_BYTES_MAX = 1024,
    CONNECTION_TOKEN_PLAIN_BYTES_MAX =
        CONNECTION_TOKEN_ID_BYTES_MAX + 1 + CONNECTION_TOKEN_USER_BYTES_MAX,
};

/* An opened token. The views point into `plain`. */
struct connection_token {
    struct bytes id;
    struct bytes user; /* empty = anonymous; may contain colons */
    struct buffer plain;
};

/**
 * connection_token_seal(keys, app_key, id, user, out):
 * Append the token for "<id>:<user>".
 *   Returns:  OK;  INVALID - no keys yet, or ${id} is empty or contains ':' or '|';  LIMIT - ${id} or
 *             ${user} is longer than above, or ${out} is full;  NO_MEMORY.
 *   Source:   signalr2-protocol.md 8.1.
 */
MUST_CHECK enum status connection_token_seal(const struct token_keys *keys, struct bytes app_key,
                                             struct bytes id, struct bytes user,
                                             struct buffer *out);
/**
 * connection_token_open(keys, app_key, token, out):
 * Open the percent-decoded connectionToken parameter, splitting at the first colon.
 *   Owns:     ${out} need not be initialised; on OK it is released with connection_token_deinit(), on
 *             failure there is nothing to release.
 *   Returns:  OK;  INVALID - forged, truncated, of another app, a groups token (answer 400,
 *             CONNECTION_TOKEN_INVALID_TEXT);  NO_MEMORY.
 *   Source:   signalr2-protocol.md 8.1, T17; fuzzed by tests/fuzz/fuzz_connection_token.c.
 */
MUST_CHECK enum status connection_token_open(const struct token_keys *keys, struct bytes app_key,
                                             struct bytes token, struct connection_token *out);
void connection_token_deinit(struct connection_token *token);

/**
 * connection_token_user_matches(token_user, request_user):
 * Whether the token may be used by this request's user; otherwise answer 403. ASCII letters compare
 * without case. Other characters must be the same bytes: "MÜLLER" is not "Müller" here, while .NET
 * would accept it. That refuses a request .NET would serve, and never the other way round.
 */
bool connection_token_user_matches(struct bytes token_user, struct bytes request_user);

/* The bodies of the two refusals, as the reference words them (two spaces in the second). */
#define CONNECTION_TOKEN_INVALID_TEXT "The ConnectionId is in the incorrect format."
#define CONNECTION_TOKEN_USER_TEXT                                                           \
    "Unrecognized user identity.  The user identity cannot change during an active SignalR " \
    "connection."

#endif
