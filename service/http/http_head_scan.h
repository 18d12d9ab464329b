/* SPDX-License-Identifier: MIT */
/*
 * http_head_scan: finds the end of a request head and enforces its size and line ends while it
 * arrives. The parser behind it sees only heads whose lines end in CR LF and are not folded, so
 * that no proxy in front can read them otherwise than we do.
 */
#ifndef HUBPLANE_SERVICE_HTTP_HEAD_SCAN_H
#define HUBPLANE_SERVICE_HTTP_HEAD_SCAN_H

#include "common/base/bytes.h"

/* Zero-initialised: before the request line. */
struct http_head_scan {
    size_t line_bytes;    /* of the present line so far, without its line end */
    size_t headers_bytes; /* of all lines after the first so far, with their line ends */
    uint32_t space_count; /* of the request line: exactly two */
    bool is_after_cr;
    bool has_request_line;
};

enum http_head_result {
    HTTP_HEAD_MORE,      /* all of the input belongs to the head */
    HTTP_HEAD_END,       /* the blank line is in the input */
    HTTP_HEAD_MALFORMED, /* CR or LF alone, a folded line, a request line that is not of three parts
                          */
    HTTP_HEAD_LINE_TOO_LONG, /* the request line */
    HTTP_HEAD_TOO_LARGE,     /* the headers together */
};

/** http_head_scan(scan, input, line_max_bytes, headers_max_bytes, length): ${length} is how much of
 * ${input} belongs to the head (MORE, END). */
enum http_head_result http_head_scan(struct http_head_scan *scan, struct bytes input,
                                     size_t line_max_bytes, size_t headers_max_bytes,
                                     size_t *length);

#endif
