/* SPDX-License-Identifier: MIT */
/* resp_decoder: the commands of a Redis client, out of bytes in any chunking: arrays of bulk
 * strings, binary safe. */
#ifndef HUBPLANE_SERVICE_RESP_DECODER_H
#define HUBPLANE_SERVICE_RESP_DECODER_H

#include "common/base/bytes.h"

enum { RESP_ARGUMENTS_MAX = 256 };

/* One command; its name is the first argument. */
struct resp_command {
    size_t count; /* at least 1 */
    struct bytes arguments[RESP_ARGUMENTS_MAX];
};

struct resp_decoder {
    size_t arguments_max; /* of one command, at most RESP_ARGUMENTS_MAX */
    size_t command_max_bytes;
    struct buffer content; /* the arguments one behind the other; without memory while idle */
    size_t ends[RESP_ARGUMENTS_MAX]; /* where each ends in it */
    size_t count;                    /* arguments that are whole */
    uint64_t expected;               /* how many the array declares */
    uint64_t number;                 /* the count or length being read; then bytes still to come */
    uint8_t digits;                  /* of it */
    uint8_t state;                   /* enum decoder_state in resp_decoder.c */
    const char *problem;             /* why it died: what an error reply says */
};

void resp_decoder_init(struct resp_decoder *decoder, size_t arguments_max,
                       size_t command_max_bytes);
void resp_decoder_deinit(struct resp_decoder *decoder);
/**
 * resp_decode(decoder, input, out):
 * Consume ${input} until one command is whole or the input runs out.
 *   Shape:    "*2\r\n$4\r\nPING\r\n$1\r\nx\r\n". An empty array is skipped. Inline commands ("PING\r\n")
 *             are refused, as are null bulk strings and anything nested.
 *   Units:    command_max_bytes counts the bytes of all arguments of a command. Memory grows with
 *             what has arrived, never with what is declared.
 *   Owns:     ${input} is advanced; ${out}->arguments point into ${decoder} and live until the
 *             next call on it.
 *   Returns:  OK - ${out} is filled;  NEED_MORE - all input consumed;
 *             PROTOCOL, LIMIT, NO_MEMORY - dead; ${decoder}->problem says why.
 *   Source:   the Redis serialization protocol; fuzzed by tests/fuzz/fuzz_resp_decode.c.
 */
MUST_CHECK enum status resp_decode(struct resp_decoder *decoder, struct bytes *input,
                                   struct resp_command *out);

#endif
