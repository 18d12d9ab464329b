/* SPDX-License-Identifier: MIT */
/* cursor: a client's position in the farm's message order, "s-0,<HEX id>". */
#ifndef HUBPLANE_SERVICE_CURSOR_H
#define HUBPLANE_SERVICE_CURSOR_H

#include "common/base/bytes.h"

enum {
    CURSOR_TEXT_BYTES = 4 + 16 + 1, /* "s-0,", sixteen digits, terminator */
    CURSOR_INPUT_BYTES_MAX = 4096,  /* a longer messageId is malformed */
};

enum cursor_kind {
    CURSOR_ABSENT,     /* none, empty, another bus ("d-..."), several streams: start at now */
    CURSOR_RESUME,     /* everything after `id` */
    CURSOR_EVERYTHING, /* FFFFFFFFFFFFFFFF: a .NET node that had seen nothing yet; our policy is to
                        * start at now, since whoever may read everything is not the client's to
                        * decide */
    CURSOR_MALFORMED,  /* answer 400 with CURSOR_INVALID_TEXT */
};

#define CURSOR_INVALID_TEXT "Invalid cursor."

struct cursor {
    enum cursor_kind kind;
    uint64_t id; /* of CURSOR_RESUME; untrusted: may be higher than any id there is */
};

/**
 * cursor_parse(text):
 * Read a decoded messageId. Key text is accepted and ignored; hex of any case, with leading zeros.
 *   Source:   redis-scaleout-format.md 9, signalr2-protocol.md 11.2, T44, T45, T67; fuzzed by fuzz_cursor.c.
 */
struct cursor cursor_parse(struct bytes text);

/** Write the canonical text, terminated; return its length. Needs no escaping in JSON. */
size_t cursor_format(uint64_t id, char out[CURSOR_TEXT_BYTES]);

#endif
