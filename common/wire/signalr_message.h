/* SPDX-License-Identifier: MIT */
/*
 * signalr_message: the bytes that .NET SignalR 2 servers exchange over Redis, and our trailer behind them.
 *
 *   channel message = decimal id, one space, frame [, trailer]
 *   frame           = i32 body length, body          (what a publisher hands to Redis; little-endian)
 *   body            = i32 count, message*, i64 .NET ticks
 */
#ifndef HUBPLANE_WIRE_SIGNALR_MESSAGE_H
#define HUBPLANE_WIRE_SIGNALR_MESSAGE_H

#include "common/base/bytes.h"

/* One bus message. Every view is borrowed: from the decoded input, or from whoever encodes. */
struct signalr_message {
    struct bytes source;     /* connection id of the sender */
    struct bytes topic;      /* "h-ChatHub", "c-<id>": .NET calls it the key or signal */
    struct bytes value;      /* UTF-8 JSON, spliced unparsed into client frames */
    struct bytes command_id; /* not empty: a command or an acknowledgement */
    bool waits_for_ack;
    bool is_ack;
    struct bytes filter;     /* topics and connection ids to leave out, joined with '|' */
};

/** Whether it is a command or an acknowledgement rather than data for clients. */
bool signalr_message_is_command(const struct signalr_message *message);
/** Whether the filter names any entry that ${matches} accepts. Helper for receivers: walks the '|' parts. */
bool signalr_message_filter_any(const struct signalr_message *message,
                                bool (*matches)(void *context, struct bytes entry), void *context);

/** signalr_message_encode(messages, count, ticks, out): Append one frame (length, count, messages, ticks) to ${out}; byte-identical
 *  to .NET's. OK, LIMIT, NO_MEMORY, INVALID (a text field is not UTF-8). */
MUST_CHECK enum status signalr_message_encode(const struct signalr_message *messages, size_t count, int64_t ticks,
                                              struct buffer *out);

/* Walks the messages of one frame in order without allocating. */
struct signalr_message_reader {
    struct bytes rest;
    uint32_t remaining;   /* messages not yet read */
    int64_t ticks;        /* creation time; known after the last message */
    struct bytes trailer; /* bytes behind the declared body; empty when none */
};

/** signalr_message_open(frame, reader): ${frame} starts at the i32 body length. Checks the whole frame at once (every length, the
 *  ticks), so that the reads after it cannot fail. OK, or PROTOCOL: reject and count the payload. Lenient exactly as
 *  redis-scaleout-format 4.5: bytes behind the body and behind the ticks are allowed, a negative count is 0, non-minimal varints pass. */
MUST_CHECK enum status signalr_message_open(struct bytes frame, struct signalr_message_reader *reader);
/** The next message; false after the last. Views point into the frame; text fields are as sent (may be invalid UTF-8). */
bool signalr_message_next(struct signalr_message_reader *reader, struct signalr_message *message);

/** signalr_message_split_channel(input, id, frame): Split a channel message at its id: digits (leading zeros, '+' and "-0" allowed as
 *  .NET does), one space. OK or PROTOCOL. */
MUST_CHECK enum status signalr_message_split_channel(struct bytes input, uint64_t *id, struct bytes *frame);

enum { SIGNALR_TRAILER_BYTES = 36, SIGNALR_INSTANCE_BYTES = 16 };

/* Our trailer: makes a retried publish harmless and names void ranges. Layout in PROTOCOL.md. */
struct signalr_trailer {
    uint8_t instance[SIGNALR_INSTANCE_BYTES]; /* of the publishing node; all zero = a bridge's void mark */
    uint64_t sequence;                        /* per (instance, app), from 1, without holes */
    uint64_t void_from;                       /* void mark: first and last id that will never be used */
    uint64_t void_to;
};

enum status signalr_trailer_encode(const struct signalr_trailer *trailer, struct buffer *out);
/** Find it at the start of ${bytes} (the reader's `trailer`); false when it is absent or somebody else's. */
bool signalr_trailer_decode(struct bytes bytes, struct signalr_trailer *out);

/* Commands on "c-<connection id>" (redis-scaleout-format 6). */
enum signalr_command_type {
    SIGNALR_COMMAND_INITIALIZING = 0,
    SIGNALR_COMMAND_ADD_TO_GROUP = 1,
    SIGNALR_COMMAND_REMOVE_FROM_GROUP = 2,
    SIGNALR_COMMAND_ABORT = 3,
};

struct signalr_command {
    enum signalr_command_type type;
    bool waits_for_ack;
    struct bytes id;      /* GUID text */
    struct bytes value;   /* full group topic; empty = null. Borrowed when encoding */
    uint64_t since;       /* ours, 0 = none: the group is complete for this connection from this message id on */
};

/** Append {"WaitForAck":…,"Id":…,"CommandType":…,"Value":…} exactly as .NET writes it (plus ,"Since":… when set). */
enum status signalr_command_encode(const struct signalr_command *command, struct buffer *out);
/** Lenient as .NET (names and enum words in any case, members missing or unknown). ${storage} takes the unescaped value
 *  text and must outlive ${out}. OK, PROTOCOL (not an object, unknown type), NO_MEMORY. */
MUST_CHECK enum status signalr_command_decode(struct bytes json, struct buffer *storage, struct signalr_command *out);

#define SIGNALR_SERVER_TOPIC "__SIGNALR__SERVER__"

#endif
