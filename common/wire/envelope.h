/* SPDX-License-Identifier: MIT */
/*
 * envelope: the framed unit of the link. A 20-byte header, then the payload; integers big-endian.
 * Normative text: common/PROTOCOL.md.
 */
#ifndef HUBPLANE_WIRE_ENVELOPE_H
#define HUBPLANE_WIRE_ENVELOPE_H

#include "common/base/bytes.h"
#include "common/base/payload.h"

enum {
    ENVELOPE_HEADER_BYTES = 20,
    ENVELOPE_PAYLOAD_MAX_BYTES = 16 * 1024 * 1024,
    ENVELOPE_INSTANCE_BYTES = 16,
    ENVELOPE_SECRET_BYTES = 32,
};

/* ENVELOPE_KIND(name, value, "sentence"): envelope_kind.def */
enum envelope_kind {
#define ENVELOPE_KIND(name, value, sentence) ENVELOPE_##name = (value),
#include "common/wire/envelope_kind.def"
#undef ENVELOPE_KIND
};

enum envelope_flag {
    /* the answer to an envelope of the same kind and request number */
    ENVELOPE_FLAG_ACK = 0x01,
    /* DELIVER: out of history, belongs to the REPLAY of this request number */
    ENVELOPE_FLAG_REPLAY = 0x02,
    ENVELOPE_FLAG_FOREIGN = 0x04,  /* DELIVER: published by a .NET node (no trailer) */
    ENVELOPE_FLAG_OPTIONAL = 0x80, /* a receiver that does not know the kind skips it */
};

struct envelope {
    enum envelope_kind kind; /* unknown values come only with ENVELOPE_FLAG_OPTIONAL: skip them */
    uint8_t flags;           /* enum envelope_flag */
    uint16_t app;            /* app handle, chosen by the node in OPEN; 0 = the link itself */
    uint32_t request;        /* request number of the asker; 0 = none */
    uint64_t number;         /* message id, sequence or amount, by kind */
    struct bytes payload;
};

/** Append header and payload to ${out}. OK, LIMIT (the payload is over ENVELOPE_PAYLOAD_MAX_BYTES,
 * or
 *  ${out} is full), NO_MEMORY. */
enum status envelope_encode(const struct envelope *envelope, struct buffer *out);
/** Append a header only, for a payload of ${payload_length} bytes that is written separately. */
enum status envelope_encode_header(const struct envelope *envelope, size_t payload_length,
                                   struct buffer *out);
/** The same into the caller's memory. ${payload_length} is at most ENVELOPE_PAYLOAD_MAX_BYTES. */
void envelope_write_header(const struct envelope *envelope, size_t payload_length,
                           uint8_t out[ENVELOPE_HEADER_BYTES]);

/* Incremental decoder: any chunking. */
struct envelope_decoder {
    struct buffer pending; /* a partial envelope, or the last one returned out of here */
    size_t payload_max_bytes;
    enum status failure; /* OK, or what killed the decoder */
    uint8_t failed_kind; /* of the envelope that killed it, for the log */
};

void envelope_decoder_init(struct envelope_decoder *decoder, size_t payload_max_bytes);
void envelope_decoder_deinit(struct envelope_decoder *decoder);
/**
 * envelope_decode(decoder, input, out):
 * Consume ${input} until one whole envelope is known or the input runs out.
 *   Shape:    20-byte header, then payload (PROTOCOL.md 2). An envelope that lies whole in ${input}
 *             is not copied; a partial one is, and takes memory only as its bytes arrive.
 *   Owns:     ${input} is borrowed and advanced; ${out}->payload points into ${input} or ${decoder}
 *             and lives until the next call on the decoder.
 *   Returns:  OK - ${out} is filled;  NEED_MORE - all input consumed;
 *             PROTOCOL (unknown kind that is not optional), LIMIT (payload too long), NO_MEMORY -
 *             the decoder is dead and says the same for ever, close the stream.
 *   Source:   PROTOCOL.md 2; fuzzed by tests/fuzz/fuzz_envelope_decode.c.
 */
MUST_CHECK enum status envelope_decode(struct envelope_decoder *decoder, struct bytes *input,
                                       struct envelope *out);

/** "DELIVER"; "UNKNOWN" for other values. Static text. */
const char *envelope_kind_name(enum envelope_kind kind);
/** Whether this version knows the kind. */
bool envelope_kind_is_known(enum envelope_kind kind);

#endif
