/* SPDX-License-Identifier: MIT */
/*
 * signalr_message: the bytes that .NET SignalR 2 servers exchange over Redis, and our trailer
 * behind them.
 *
 *   channel message = decimal id, one space, frame [, trailer]
 *   frame           = i32 body length, body          (what a publisher hands to Redis;
 * little-endian) body            = i32 count, message*, i64 .NET ticks
 */
#ifndef HUBPLANE_WIRE_SIGNALR_MESSAGE_H
#define HUBPLANE_WIRE_SIGNALR_MESSAGE_H

#include "common/base/bytes.h"
#include "common/wire/signalr_command.h"
#include "common/wire/signalr_trailer.h"

/* One bus message. Every view is borrowed: from the decoded input, or from whoever encodes. */
struct signalr_message {
    struct bytes source;     /* connection id of the sender */
    struct bytes topic;      /* "h-ChatHub", "c-<id>": .NET calls it the key or signal */
    struct bytes value;      /* UTF-8 JSON, spliced unparsed into client frames */
    struct bytes command_id; /* not empty: a command or an acknowledgement */
    bool waits_for_ack;
    bool is_ack;
    struct bytes filter; /* topics and connection ids to leave out, joined with '|' */
};

/** Whether it is a command or an acknowledgement rather than data for clients. */
bool signalr_message_is_command(const struct signalr_message *message);
/** Whether the filter names any entry that ${matches} accepts. Helper for receivers: walks the '|'
 * parts. */
bool signalr_message_filter_any(const struct signalr_message *message,
                                bool (*matches)(void *context, struct bytes entry), void *context);

/** signalr_message_encode(messages, count, ticks, out): Append one frame (length, count, messages,
 * ticks) to ${out}; byte-identical to .NET's. OK, LIMIT, NO_MEMORY, INVALID (source, topic, command
 * id or filter is not UTF-8, or ${ticks} is out of .NET's range); ${out} is as before then. The
 * value is not looked at. */
MUST_CHECK enum status signalr_message_encode(const struct signalr_message *messages, size_t count,
                                              int64_t ticks, struct buffer *out);

/* Walks the messages of one frame in order without allocating. */
struct signalr_message_reader {
    struct bytes rest;
    uint32_t remaining;   /* messages not yet read */
    int64_t ticks;        /* creation time */
    struct bytes trailer; /* bytes behind the declared body; empty when none */
};

/** Bytes of a frame that has been opened, without what is behind its declared body. */
size_t signalr_message_length(struct bytes frame);

/**
 * signalr_message_open(frame, reader):
 * Start reading ${frame}, which begins at the i32 body length. The whole frame is checked at once
 * (every length, the ticks), so that the reads after it cannot fail.
 *   Shape:    lenient exactly as redis-scaleout-format 4.5: bytes behind the body and behind the ticks are allowed, a negative
 *             count is 0, non-minimal varints pass.
 *   Owns:     nothing is copied; reader and messages point into ${frame}.
 *   Returns:  OK;  PROTOCOL - reject and count the payload.
 *   Source:   redis-scaleout-format 4; fuzzed by tests/fuzz/fuzz_signalr_message.c.
 */
MUST_CHECK enum status signalr_message_open(struct bytes frame,
                                            struct signalr_message_reader *reader);
/** The next message; false after the last. Views point into the frame; texts are as sent (may be
 * invalid UTF-8). */
bool signalr_message_next(struct signalr_message_reader *reader, struct signalr_message *message);

/** signalr_message_split_channel(input, id, frame): Split a channel message at its id: digits
 * (leading zeros, '+' and "-0" allowed as .NET does), one space. OK or PROTOCOL. */
MUST_CHECK enum status signalr_message_split_channel(struct bytes input, uint64_t *id,
                                                     struct bytes *frame);

#define SIGNALR_SERVER_TOPIC "__SIGNALR__SERVER__"

#endif
