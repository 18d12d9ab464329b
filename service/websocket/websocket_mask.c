/* SPDX-License-Identifier: MIT */
#include "service/websocket/websocket_mask.h"

#include <string.h>

/* memcpy keeps unaligned access defined; compilers turn it into single loads and stores. */
static inline void
mask_word(uint8_t *data, uint64_t key)
{
    uint64_t word;
    memcpy(&word, data, sizeof(word));
    word ^= key;
    memcpy(data, &word, sizeof(word));
}

void
websocket_mask(uint8_t *data, size_t length, const uint8_t mask[4], size_t offset)
{
    uint8_t rotated[8];
    for (size_t i = 0; i < sizeof(rotated); i++) {
        rotated[i] = mask[(offset + i) & 3];
    }
    uint64_t key;
    memcpy(&key, rotated, sizeof(key));

    /* Four independent words a turn: what the compiler needs to use vector registers. */
    for (; length >= 32; data += 32, length -= 32) {
        mask_word(data, key);
        mask_word(data + 8, key);
        mask_word(data + 16, key);
        mask_word(data + 24, key);
    }
    for (; length >= 8; data += 8, length -= 8) {
        mask_word(data, key);
    }
    for (size_t i = 0; i < length; i++) {
        data[i] ^= rotated[i];
    }
}
