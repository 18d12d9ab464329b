/* SPDX-License-Identifier: MIT */
/* jwt_signer: tokens as an issuer makes them, signed by OpenSSL itself. */
#ifndef HUBPLANE_TESTS_JWT_SIGNER_H
#define HUBPLANE_TESTS_JWT_SIGNER_H

#include "common/base/bytes.h"

struct jwt_signer;

/** A new key for "RS256" or "ES256"; "HS256" and "HS512": ${secret} signs. Fails the test when that
 * cannot be done. */
struct jwt_signer *jwt_signer_new(const char *algorithm, struct bytes secret);
void jwt_signer_free(struct jwt_signer *signer);
/** Replace ${pem} by the public key. */
void jwt_signer_public_key(const struct jwt_signer *signer, struct buffer *pem);
/** Replace ${token} by one with this header and these claims, both JSON. */
void jwt_signer_sign(const struct jwt_signer *signer, struct bytes header, struct bytes claims,
                     struct buffer *token);

#endif
