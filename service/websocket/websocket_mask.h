/* SPDX-License-Identifier: MIT */
/* websocket_mask: the XOR of RFC 6455 section 5.3, eight bytes at a time. */
#ifndef HUBPLANE_SERVICE_WEBSOCKET_MASK_H
#define HUBPLANE_SERVICE_WEBSOCKET_MASK_H

#include <stddef.h>
#include <stdint.h>

/** websocket_mask(data, length, mask, offset): Mask or unmask ${data} in place; its first byte is
 * number ${offset} of the frame. */
void websocket_mask(uint8_t *data, size_t length, const uint8_t mask[4], size_t offset);

#endif
