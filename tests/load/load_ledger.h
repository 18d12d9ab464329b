/* SPDX-License-Identifier: MIT */
/*
 * load_ledger: who was sent what, and who got it. Every message has a number; an accepted one must
 * reach each of its clients exactly once, and in the order its sender sent. No sockets, no clock.
 */
#ifndef HUBPLANE_TESTS_LOAD_LEDGER_H
#define HUBPLANE_TESTS_LOAD_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum load_target { LOAD_TO_ALL, LOAD_TO_GROUP, LOAD_TO_USER, LOAD_TO_CONNECTION };

enum load_outcome {
    LOAD_PENDING,
    LOAD_ACCEPTED, /* the hub result came without error: it must arrive */
    LOAD_REFUSED,  /* an error that says nothing was published: it must not arrive */
    LOAD_UNKNOWN,  /* it may arrive, once */
};

struct load_totals {
    uint64_t sent, accepted, refused, unknown, pending;
    uint64_t delivered;
    uint64_t missing; /* (accepted message, client) without delivery; lost once the run is over */
    uint64_t oldest_missing; /* the first message of those; ${sent} when none is missing */
    uint64_t slowest_client; /* the first client that misses it */
    uint64_t duplicated;
    uint64_t disordered;
    uint64_t stray; /* reached a client it was not for, or was refused and came all the same */
};

struct load_ledger;

/** Client i is in group i % ${group_count} and is user i % ${user_count}. Complaints go to
 * ${complaints}, a few of each kind. Aborts without memory. */
struct load_ledger *load_ledger_new(size_t client_count, size_t group_count, size_t user_count,
                                    FILE *complaints);
void load_ledger_free(struct load_ledger *ledger);
/**
 * load_ledger_send(ledger, sender, session, target, index):
 * A message is about to be sent to group, user or client ${index}. Messages of one sender with the
 * same ${session} (0 = none) must keep their order; others only if one was accepted before the
 * other was sent. Returns its number.
 */
uint32_t load_ledger_send(struct load_ledger *ledger, size_t sender, uint32_t session,
                          enum load_target target, size_t index);
void load_ledger_settle(struct load_ledger *ledger, uint32_t number, enum load_outcome outcome);
void load_ledger_receive(struct load_ledger *ledger, size_t client, uint32_t number);
struct load_totals load_ledger_totals(const struct load_ledger *ledger);
/** Name some of what is missing in the complaints. */
void load_ledger_complain(const struct load_ledger *ledger);

#endif
