/* SPDX-License-Identifier: MIT */
/* client_frame: the bytes that carry envelopes, keep-alives and openings to a client, per
 * transport. */
#ifndef HUBPLANE_SERVICE_CLIENT_FRAME_H
#define HUBPLANE_SERVICE_CLIENT_FRAME_H

#include "common/base/bytes.h"

/* How the text is wrapped. WebSocket framing itself is websocket_codec's. */
enum client_frame_kind {
    CLIENT_FRAME_WEBSOCKET,     /* bare JSON, the payload of one text message */
    CLIENT_FRAME_EVENT_STREAM,  /* server-sent events: data: ...\n\n */
    CLIENT_FRAME_FOREVER_FRAME, /* <script>r(c, ...);</script>\r\n, with < and > escaped */
    CLIENT_FRAME_LONG_POLL,     /* bare JSON, the rest of one response body */
    CLIENT_FRAME_KINDS,
};

/* An envelope. Members appear in the order C, S, T, G, L, M. */
struct client_frame {
    uint64_t cursor;
    bool is_init;                /* "S":1 */
    bool is_reconnect;           /* "T":1: the server is going away */
    struct bytes groups_token;   /* "G"; empty = unchanged */
    uint32_t long_poll_delay_ms; /* "L"; 0 = not sent */
    const struct bytes *values;  /* elements of "M": valid JSON in UTF-8, spliced unparsed */
    size_t value_count;
};

/* Every append returns the status that ${out} keeps as well. */

/** The envelope in the form of its transport. Raw CR and LF in values (blanks, in valid JSON)
 * become spaces. */
enum status client_frame_append(struct buffer *out, enum client_frame_kind kind,
                                const struct client_frame *frame);
/** Any other finished JSON text in that form: hub results on WebSockets, tests. */
enum status client_frame_append_json(struct buffer *out, enum client_frame_kind kind,
                                     struct bytes json);
/** {"E":"text"}: clients from protocol 2.0 on stop for good. ${text} must be UTF-8. */
enum status client_frame_append_error(struct buffer *out, enum client_frame_kind kind,
                                      struct bytes text);
/** {} in that form; one space for long polling (never with JSONP). */
enum status client_frame_append_keep_alive(struct buffer *out, enum client_frame_kind kind);
/** What comes first on the stream, also on reconnect: "data: initialized", the forever frame's
 * document up to the open body; nothing for the others. ${frame_id} is of the forever frame only.
 */
enum status client_frame_append_opening(struct buffer *out, enum client_frame_kind kind,
                                        uint32_t frame_id);
/** JSON for HTML: < and > as \u003c and \u003e, raw U+2028 and U+2029 escaped, one line. Bodies of
 * /send on forever frame. Every other byte stays. */
enum status client_frame_append_escaped(struct buffer *out, struct bytes json);

/** The frameId parameter: decimal digits of a uint32 and nothing else. OK, or INVALID: answer
 *  CLIENT_FRAME_ID_TEXT. */
MUST_CHECK enum status client_frame_parse_id(struct bytes text, uint32_t *frame_id);
#define CLIENT_FRAME_ID_TEXT "The supplied frameId is in the incorrect format."

#endif
