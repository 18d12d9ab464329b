/* SPDX-License-Identifier: MIT */
#include "service/http/http_head_scan.h"

/* Refused at the third space, so that the verdict does not depend on how the bytes came in. */
static bool
count_spaces(struct http_head_scan *scan, struct bytes part)
{
    for (size_t i = 0; i < part.length; i++) {
        scan->space_count += (part.data[i] == ' ');
    }
    return scan->space_count <= 2;
}

/* Account for ${part}, a piece of a line without its LF; false when a CR stands alone or the line
 * is folded. */
static bool
scan_part(struct http_head_scan *scan, struct bytes part)
{
    if (part.length == 0) {
        return true;
    }
    if (scan->is_after_cr) {
        return false;
    }
    if (scan->line_bytes == 0 && (part.data[0] == ' ' || part.data[0] == '\t')) {
        return false;
    }
    if (!scan->has_request_line && !count_spaces(scan, part)) {
        return false;
    }
    size_t cr = bytes_find(part, '\r');
    scan->is_after_cr = (cr == part.length - 1);
    scan->line_bytes += part.length - (scan->is_after_cr ? 1 : 0);
    return cr == SIZE_MAX || scan->is_after_cr;
}

/* A LF has come. */
static enum http_head_result
end_line(struct http_head_scan *scan)
{
    bool is_blank = (scan->line_bytes == 0);
    if (!scan->is_after_cr || (!scan->has_request_line && scan->space_count != 2)) {
        return HTTP_HEAD_MALFORMED;
    }
    scan->is_after_cr = false;
    scan->has_request_line = true;
    scan->line_bytes = 0;
    return is_blank ? HTTP_HEAD_END : HTTP_HEAD_MORE;
}

enum http_head_result
http_head_scan(struct http_head_scan *scan, struct bytes input, size_t line_max_bytes,
               size_t headers_max_bytes, size_t *length)
{
    enum http_head_result result = HTTP_HEAD_MORE;
    size_t at = 0;
    while (at < input.length && result == HTTP_HEAD_MORE) {
        struct bytes rest = bytes_after(input, at);
        size_t newline = bytes_find(rest, '\n');
        bool is_whole = (newline != SIZE_MAX);
        struct bytes part = bytes_slice(rest, 0, newline);
        size_t consumed = part.length + (is_whole ? 1 : 0);
        bool is_header = scan->has_request_line;

        if (!scan_part(scan, part)) {
            return HTTP_HEAD_MALFORMED;
        }
        if (!is_header && scan->line_bytes > line_max_bytes) {
            return HTTP_HEAD_LINE_TOO_LONG;
        }
        scan->headers_bytes += is_header ? consumed : 0;
        if (scan->headers_bytes > headers_max_bytes) {
            return HTTP_HEAD_TOO_LARGE;
        }
        at += consumed;
        if (is_whole) {
            result = end_line(scan);
        }
    }
    *length = at;
    return result;
}
