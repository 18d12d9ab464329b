/* SPDX-License-Identifier: MIT */
/* message_line: a bus message as one line for people: "id=42 from=node 3fa2b1c4 #17 topic=h-ChatHub
 * value={...}". */
#ifndef HUBPLANE_BRIDGE_MESSAGE_LINE_H
#define HUBPLANE_BRIDGE_MESSAGE_LINE_H

#include "common/base/bytes.h"

enum { MESSAGE_LINE_TEXT_BYTES = 200 };

/** message_line_append(id, frame, out): One line, with its end, for each message of ${frame} (a
 * single one when it is empty or malformed). Long texts are shortened, control characters escaped.
 */
enum status message_line_append(uint64_t id, struct bytes frame, struct buffer *out);

#endif
