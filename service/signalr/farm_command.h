/* SPDX-License-Identifier: MIT */
/*
 * farm_command: what every worker of the farm is to do with those of its connections that hear a
 * topic, wherever they are. A message on our own topic, with the connections to leave out in its
 * filter:
 *
 *     {"command":"join","of":"hu-ChatHub.ann","group":"hg-ChatHub.room"}
 *
 * .NET nodes never hear it.
 */
#ifndef HUBPLANE_SERVICE_FARM_COMMAND_H
#define HUBPLANE_SERVICE_FARM_COMMAND_H

#include "service/signalr/connection.h"

enum farm_command_kind {
    FARM_COMMAND_JOIN,      /* the group, complete from the command on */
    FARM_COMMAND_LEAVE,     /* the group */
    FARM_COMMAND_LEAVE_ALL, /* every group of the hub */
    FARM_COMMAND_CLOSE,     /* clients are told why, and stay away */
    /* whoever has one, that is in the group if one is named, acknowledges */
    FARM_COMMAND_FIND,
};

struct farm_command {
    enum farm_command_kind kind;
    struct bytes of;    /* topic: h-, hg-, hu-, hc- or c- */
    struct bytes group; /* topic of the group; of LEAVE_ALL the hub's name */
    struct bytes why;   /* of CLOSE: a text for clients */
    uint32_t seconds;   /* of JOIN: for how long; 0 = for good */
};

enum { FARM_COMMAND_BYTES_MAX = 64 * 1024 };

/** OK, INVALID (not UTF-8), LIMIT, NO_MEMORY. */
MUST_CHECK enum status farm_command_encode(const struct farm_command *command, struct buffer *out);
/**
 * farm_command_decode(value, storage, out):
 * Read what a node has published.
 *   Owns:     the texts are appended to ${storage}; ${out} points there and lives until it changes.
 *   Returns:  OK;  INVALID - it is something else, or of a later version;  LIMIT, NO_MEMORY.
 *   Source:   fuzzed by tests/fuzz/fuzz_farm_command.c.
 */
MUST_CHECK enum status farm_command_decode(struct bytes value, struct buffer *storage,
                                           struct farm_command *out);
/** Whether a message is one, to all appearances. */
bool farm_command_is(const struct signalr_message *message);
/** A message on our topic: carry it out, if it is one. */
void farm_command_receive(struct worker_app *app, const struct backplane_message *message);

#endif
