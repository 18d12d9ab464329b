/* SPDX-License-Identifier: MIT */
#include "common/base/hash.h"

#include "common/base/crypto.h"

/* SipHash by Aumasson and Bernstein (2012), with one round per word and three at the end. */
struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t
rotate(uint64_t value, unsigned count)
{
    return value << count | value >> (64 - count);
}

static void
mix(struct state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static void
absorb(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    mix(s);
    s->v0 ^= word;
}

/* Up to eight bytes, little-endian; compilers make one load of it. */
static uint64_t
load(const uint8_t *data, size_t length)
{
    uint64_t word = 0;

    for (size_t i = 0; i < length; i++) {
        word |= (uint64_t)data[i] << (8 * i);
    }
    return word;
}

void
hash_key_init(struct hash_key *key)
{
    do {
        crypto_random(key->words, sizeof(key->words));
    } while (key->words[0] == 0 && key->words[1] == 0);
}

uint64_t
hash_bytes(const struct hash_key *key, struct bytes text)
{
    struct state s = {
        key->words[0] ^ UINT64_C(0x736f6d6570736575),
        key->words[1] ^ UINT64_C(0x646f72616e646f6d),
        key->words[0] ^ UINT64_C(0x6c7967656e657261),
        key->words[1] ^ UINT64_C(0x7465646279746573),
    };
    uint64_t length_byte = (uint64_t)(text.length & 0xFF) << 56;

    for (; text.length >= 8; text = bytes_after(text, 8)) {
        absorb(&s, load(text.data, 8));
    }
    absorb(&s, length_byte | load(text.data, text.length));
    s.v2 ^= 0xFF;
    mix(&s);
    mix(&s);
    mix(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
