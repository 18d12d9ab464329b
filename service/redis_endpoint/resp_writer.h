/* SPDX-License-Identifier: MIT */
/* resp_writer: replies of a Redis server, in RESP2 or RESP3. */
#ifndef HUBPLANE_SERVICE_RESP_WRITER_H
#define HUBPLANE_SERVICE_RESP_WRITER_H

#include "common/base/bytes.h"

enum resp_version { RESP_VERSION_2 = 2, RESP_VERSION_3 = 3 };

/* Each appends to ${out}, whose status tells at the end whether all of it fitted. */
void resp_write_simple(struct buffer *out, const char *text);
/** "-ERR sentence": ${text} starts with the code; line ends in it become blanks. */
void resp_write_error(struct buffer *out, struct bytes text);
void resp_write_integer(struct buffer *out, uint64_t value);
void resp_write_bulk(struct buffer *out, struct bytes value);
/** What goes before ${length} bytes that are written by other means; CRLF goes behind them. */
void resp_write_bulk_header(struct buffer *out, uint64_t length);
void resp_write_null(struct buffer *out, enum resp_version version);
/* ${count} values, or pairs of values, follow. */
void resp_write_array(struct buffer *out, size_t count);
/** RESP2 has no map: an array of twice as many. */
void resp_write_map(struct buffer *out, enum resp_version version, size_t count);
/** What was not asked for: RESP2 sends it as an array. */
void resp_write_push(struct buffer *out, enum resp_version version, size_t count);

#endif
