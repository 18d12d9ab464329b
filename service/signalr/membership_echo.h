/* SPDX-License-Identifier: MIT */
/*
 * membership_echo: commands about groups that this worker has published for a connection it holds,
 * and that have not come round yet. A change made at once is never undone by an older command that
 * arrives later.
 */
#ifndef HUBPLANE_SERVICE_MEMBERSHIP_ECHO_H
#define HUBPLANE_SERVICE_MEMBERSHIP_ECHO_H

#include "service/signalr/connection.h"

/** Expect the command, which takes effect in its turn, of that id (of CRYPTO_GUID_TEXT_BYTES) about
 * ${group}. OK or NO_MEMORY. */
enum status membership_echo_add(struct connection *connection, const struct topic *group,
                                struct bytes command_id);
/** Publish that the connection is in, or out, from ${since} on: done here already, and nobody waits
 * for it. OK or NO_MEMORY. */
MUST_CHECK enum status membership_echo_publish(struct connection *connection,
                                               const struct topic *group, bool is_join,
                                               uint64_t since);
/** As above, as a farm command of ${id} wants it, from there on. */
MUST_CHECK enum status membership_echo_obey(struct connection *connection,
                                            const struct topic *group, bool is_join, uint64_t id);
/** A command came round and counts; nothing happens when it is not one of these. */
void membership_echo_take(struct connection *connection, struct bytes command_id);
/** It came round while no transport was attached: it will count with the next replay, and is under
 * way until then. */
void membership_echo_hold(struct connection *connection, struct bytes command_id);
/** That replay is complete. */
void membership_echo_forget_held(struct connection *connection);
/** Whether a command about this group is still to come round. */
bool membership_echo_is_due(const struct connection *connection, struct bytes group);
/** Whether one is that was carried out at once: then a command that arrives is out of date. */
bool membership_echo_overrules(const struct connection *connection, struct bytes group);
/** A command of message ${id} has arrived. If the last word on its way from here about the group
 * obeys an older farm command, it will come later and say the opposite: then the command is said
 * again after it. OK or NO_MEMORY. */
MUST_CHECK enum status membership_echo_keep_order(struct connection *connection,
                                                  const struct signalr_command *command,
                                                  uint64_t id);
/** How many are still to come round. */
size_t membership_echo_count(const struct connection *connection);
/** Whether another one about the same group follows that one. */
bool membership_echo_is_followed(const struct connection *connection, size_t index);
/** The group of one, in the order published. */
struct bytes membership_echo_group(const struct connection *connection, size_t index);
void membership_echo_forget_all(struct connection *connection);

#endif
