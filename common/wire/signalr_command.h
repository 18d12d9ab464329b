/* SPDX-License-Identifier: MIT */
/* signalr_command: the JSON value of the messages on "c-<connection id>" that servers send each
 * other. */
#ifndef HUBPLANE_WIRE_SIGNALR_COMMAND_H
#define HUBPLANE_WIRE_SIGNALR_COMMAND_H

#include "common/base/bytes.h"

enum signalr_command_type {
    SIGNALR_COMMAND_INITIALIZING = 0,
    SIGNALR_COMMAND_ADD_TO_GROUP = 1,
    SIGNALR_COMMAND_REMOVE_FROM_GROUP = 2,
    SIGNALR_COMMAND_ABORT = 3,
};

struct signalr_command {
    enum signalr_command_type type;
    bool waits_for_ack;
    struct bytes id;    /* GUID text */
    struct bytes value; /* full group topic; empty = null. Borrowed when encoding */
    /* ours, 0 = none: the group is complete for this connection after this message id */
    uint64_t since;
};

/** signalr_command_encode(command, out): Append {"WaitForAck":…,"Id":…,"CommandType":…,"Value":…}
 * exactly as .NET writes it, plus ,"Since":… when set. OK, LIMIT, NO_MEMORY, INVALID (id or value
 * is not UTF-8); ${out} is as before then. */
enum status signalr_command_encode(const struct signalr_command *command, struct buffer *out);
/**
 * signalr_command_decode(json, storage, out):
 * Read what any .NET server may have written (redis-scaleout-format 6.1): names and enum words in
 * any case, the type also as a number or a string, members missing (0, false, empty) or unknown.
 *   Owns:     the unescaped id and value are appended to ${storage}; ${out} points there and lives until it changes.
 *   Returns:  OK;  PROTOCOL - not a JSON object, unknown type, wrong member type;  LIMIT, NO_MEMORY.
 */
MUST_CHECK enum status signalr_command_decode(struct bytes json, struct buffer *storage,
                                              struct signalr_command *out);
/** After which message a command counts that is message ${id} itself. */
uint64_t signalr_command_since(const struct signalr_command *command, uint64_t id);

#endif
