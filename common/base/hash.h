/* SPDX-License-Identifier: MIT */
/*
 * hash: a keyed hash (SipHash-1-3) for tables whose keys strangers choose. Without the key nobody
 * can choose collisions; it is no substitute for HMAC.
 */
#ifndef HUBPLANE_BASE_HASH_H
#define HUBPLANE_BASE_HASH_H

#include "common/base/bytes.h"

struct hash_key {
    uint64_t words[2];
};

/** A random key, never all zero, so that zero can mean "not drawn yet". Any thread. */
void hash_key_init(struct hash_key *key);
/** The 64-bit hash of ${text}. Any thread. */
uint64_t hash_bytes(const struct hash_key *key, struct bytes text);

#endif
