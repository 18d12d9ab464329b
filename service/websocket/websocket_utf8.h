/* SPDX-License-Identifier: MIT */
/* websocket_utf8: checks UTF-8 as it arrives, so that a bad text is refused at its first bad byte.
 */
#ifndef HUBPLANE_SERVICE_WEBSOCKET_UTF8_H
#define HUBPLANE_SERVICE_WEBSOCKET_UTF8_H

#include "common/base/bytes.h"

/* Zero-initialised: between characters. */
struct websocket_utf8 {
    uint8_t missing; /* bytes of the present character still to come */
    uint8_t low;     /* bounds of the next of them (RFC 3629 section 4) */
    uint8_t high;
};

/** False when ${text} cannot continue what came before; then the checker is of no more use. */
bool websocket_utf8_feed(struct websocket_utf8 *checker, struct bytes text);

/** Whether the text may end here: no character is cut off. */
static inline bool
websocket_utf8_is_complete(const struct websocket_utf8 *checker)
{
    return checker->missing == 0;
}

#endif
