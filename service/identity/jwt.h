/* SPDX-License-Identifier: MIT */
/*
 * jwt: whether a JSON Web Token (RFC 7519) in compact form is one of ours to believe, and what it
 * claims. HS256, HS512, RS256 and ES256, nothing else: "none" is no algorithm, and what a token
 * says of its algorithm only chooses among keys of that kind, so that a public key never serves as
 * a secret.
 */
#ifndef HUBPLANE_SERVICE_JWT_H
#define HUBPLANE_SERVICE_JWT_H

#include "common/base/bytes.h"
#include "common/base/crypto.h"
#include "service/signalr/json_document.h"

enum { JWT_TOKEN_BYTES_MAX = 16 * 1024, JWT_LEEWAY_SECONDS = 60 };

enum jwt_verdict {
    JWT_VALID,
    JWT_MALFORMED,   /* no token at all, or a time in it that is no number */
    JWT_ALGORITHM,   /* another algorithm, an extension we must know, or no key of that kind */
    JWT_SIGNATURE,   /* none of our keys has signed it */
    JWT_NO_EXPIRY,   /* valid forever: refused */
    JWT_EXPIRED,     /* exp is past */
    JWT_NOT_YET,     /* nbf is in the future */
    JWT_AUDIENCE,    /* meant for others */
    JWT_ISSUER,      /* from others */
    JWT_UNAVAILABLE, /* out of memory: nothing is known of it */
};

/* One key: a shared secret, or when that is absent a public key. Both are borrowed. */
struct jwt_key {
    struct bytes secret; /* not empty: HS256 and HS512 */
    const struct crypto_public_key *public_key;
};

/* What is asked of a token. */
struct jwt_rules {
    const struct jwt_key *keys; /* any of them */
    size_t key_count;
    /* Whether one value of "aud" means us; a token without such a value is refused. NULL = the
     * audience does not matter. */
    bool (*is_audience)(const void *context, struct bytes audience);
    const void *context;
    struct bytes issuer;     /* empty = does not matter */
    uint64_t now_seconds;    /* since 1970 */
    uint32_t leeway_seconds; /* how far clocks may differ: JWT_LEEWAY_SECONDS */
};

/* The claims of a valid token. */
struct jwt {
    struct json_document document;
};

/**
 * jwt_verify(token, rules, out):
 * Check the signature first, then times, audience and issuer.
 *   Owns:     ${token} is borrowed. ${out} is filled when valid: jwt_deinit().
 *   Returns:  JWT_VALID, or the first rule the token breaks.  Any thread.
 *   Source:   RFC 7515, 7518, 7519, 8725; fuzzed by tests/fuzz/fuzz_jwt.c.
 */
MUST_CHECK enum jwt_verdict jwt_verify(struct bytes token, const struct jwt_rules *rules,
                                       struct jwt *out);
/** Harmless on one that is zeroed. */
void jwt_deinit(struct jwt *jwt);

/** The claim, or NULL. Lives as long as ${jwt}; numbers are text (json_document.h). */
yyjson_val *jwt_claim(const struct jwt *jwt, const char *name);
/** The text of a claim that is a string or a number; BYTES_NONE otherwise. */
struct bytes jwt_claim_text(const struct jwt *jwt, const char *name);
/** jwt_user_id(jwt, claim): Who the token is about: the claim of that name, or when NULL the first
 * there is of asrs.s.uid, nameid, its long name in .NET, and sub. BYTES_NONE when absent. */
struct bytes jwt_user_id(const struct jwt *jwt, const char *claim);
/** Append what else it says, for an application: "type: value, type: value"; in both ',' and '%'
 * are percent-encoded. Left out are what the token says about itself, the system's own (asrs.s.*),
 * and values that are no text, number or truth, or a list of these, which is repeated. */
enum status jwt_append_claims(const struct jwt *jwt, struct buffer *out);
/** "the token has expired": for whoever is refused. */
const char *jwt_verdict_sentence(enum jwt_verdict verdict);

#endif
