/* SPDX-License-Identifier: MIT */
/* token_policy: which tokens an app takes for proof of who its clients are (user = token), where it
 * finds them in a request, and what proves them. Filled in once, then shared by all workers. */
#ifndef HUBPLANE_SERVICE_TOKEN_POLICY_H
#define HUBPLANE_SERVICE_TOKEN_POLICY_H

#include "service/http/http_parameters.h"
#include "service/http/http_request.h"
#include "service/identity/jwt.h"

enum { TOKEN_POLICY_KEYS_MAX = 16, TOKEN_POLICY_SECRET_BYTES_MIN = 32 };

struct token_policy {
    struct jwt_key keys[TOKEN_POLICY_KEYS_MAX]; /* owned */
    size_t key_count;
    const char *const *audiences; /* any of them; none = not checked */
    size_t audience_count;
    const char *issuer;     /* NULL = not checked */
    const char *user_claim; /* NULL = the usual ones: jwt_user_id() */
    bool is_required;       /* who brings no token is turned away */
};

/** Without keys; NULL when out of memory. */
struct token_policy *token_policy_new(void);
void token_policy_free(struct token_policy *policy);
/**
 * token_policy_add_keys(policy, text, problem):
 * Add the keys of a file: public keys and certificates in PEM, or shared keys, one a line.
 *   Units:    a shared key has at least TOKEN_POLICY_SECRET_BYTES_MIN bytes.
 *   Returns:  OK;  INVALID - ${problem} is a sentence without subject;  NO_MEMORY.
 *   Source:   fuzzed by tests/fuzz/fuzz_token_policy.c.
 */
MUST_CHECK enum status token_policy_add_keys(struct token_policy *policy, struct bytes text,
                                             const char **problem);
/** The token a request brings: "Authorization: Bearer", else the parameter access_token, since
 * browsers cannot set headers of a WebSocket. BYTES_NONE when there is none. */
struct bytes token_policy_find(const struct http_request *request,
                               const struct http_parameters *query);
/** token_policy_check(policy, token, wall_ms, user, claims): Whether ${token} is believed; its user
 * id is then appended to ${user}, and what else it says (jwt_append_claims()) to ${claims}. */
MUST_CHECK enum jwt_verdict token_policy_check(const struct token_policy *policy,
                                               struct bytes token, uint64_t wall_ms,
                                               struct buffer *user, struct buffer *claims);

#endif
