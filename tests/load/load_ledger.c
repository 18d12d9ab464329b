/* SPDX-License-Identifier: MIT */
#include "tests/load/load_ledger.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NOT_A_NUMBER UINT32_MAX

enum { COMPLAINTS_MAX = 12 };

struct ledger_message {
    uint32_t sender;
    uint32_t session;
    uint32_t index;
    uint8_t target;
    uint8_t outcome;
    uint64_t sent_step;
    uint64_t settled_step;
};

struct load_ledger {
    size_t client_count, group_count, user_count;
    FILE *complaints;
    struct ledger_message *messages;
    size_t message_count, message_capacity;
    uint8_t *received; /* message-major bits: who has it */
    size_t row_bytes;
    uint32_t *latest; /* [client][sender]: highest number received */
    uint64_t step;
    struct load_totals totals;
};

static void *
must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

struct load_ledger *
load_ledger_new(size_t client_count, size_t group_count, size_t user_count, FILE *complaints)
{
    struct load_ledger *ledger = must(calloc(1, sizeof(*ledger)));

    ledger->client_count = client_count;
    ledger->group_count = group_count;
    ledger->user_count = user_count;
    ledger->complaints = complaints;
    ledger->row_bytes = (client_count + 7) / 8;
    ledger->latest = must(malloc(client_count * client_count * sizeof(*ledger->latest)));
    memset(ledger->latest, 0xff, client_count * client_count * sizeof(*ledger->latest));
    return ledger;
}

void
load_ledger_free(struct load_ledger *ledger)
{
    if (ledger != NULL) {
        free(ledger->messages);
        free(ledger->received);
        free(ledger->latest);
        free(ledger);
    }
}

static void
make_room(struct load_ledger *ledger)
{
    size_t capacity = ledger->message_capacity == 0 ? 4096 : ledger->message_capacity * 2;

    if (ledger->message_count < ledger->message_capacity) {
        return;
    }
    ledger->messages = must(realloc(ledger->messages, capacity * sizeof(*ledger->messages)));
    ledger->received = must(realloc(ledger->received, capacity * ledger->row_bytes));
    memset(ledger->received + ledger->message_capacity * ledger->row_bytes, 0,
           (capacity - ledger->message_capacity) * ledger->row_bytes);
    ledger->message_capacity = capacity;
}

uint32_t
load_ledger_send(struct load_ledger *ledger, size_t sender, uint32_t session,
                 enum load_target target, size_t index)
{
    make_room(ledger);
    ledger->messages[ledger->message_count] = (struct ledger_message){
        .sender = (uint32_t)sender,
        .session = session,
        .index = (uint32_t)index,
        .target = (uint8_t)target,
        .outcome = LOAD_PENDING,
        .sent_step = ++ledger->step,
    };
    ledger->totals.sent++;
    ledger->totals.pending++;
    return (uint32_t)ledger->message_count++;
}

static bool
is_for(const struct load_ledger *ledger, const struct ledger_message *message, size_t client)
{
    switch ((enum load_target)message->target) {
    case LOAD_TO_ALL:
        return true;
    case LOAD_TO_GROUP:
        return client % ledger->group_count == message->index;
    case LOAD_TO_USER:
        return client % ledger->user_count == message->index;
    case LOAD_TO_CONNECTION:
        return client == message->index;
    }
    return false;
}

static bool
has(const struct load_ledger *ledger, size_t number, size_t client)
{
    return (ledger->received[number * ledger->row_bytes + client / 8] >> (client % 8) & 1) != 0;
}

static void
complain(const struct load_ledger *ledger, uint64_t count, const char *what, size_t number,
         size_t client)
{
    static const char *const targets[] = {"all", "group", "user", "connection"};
    static const char *const outcomes[] = {"pending", "accepted", "refused", "unknown"};
    const struct ledger_message *message = &ledger->messages[number];

    if (ledger->complaints != NULL && count <= COMPLAINTS_MAX) {
        fprintf(ledger->complaints,
                "%s: message=%zu client=%zu sender=%u session=%u to=%s %u outcome=%s\n", what,
                number, client, message->sender, message->session, targets[message->target],
                message->index, outcomes[message->outcome]);
    }
}

void
load_ledger_settle(struct load_ledger *ledger, uint32_t number, enum load_outcome outcome)
{
    struct ledger_message *message = &ledger->messages[number];

    if (message->outcome != LOAD_PENDING) {
        return;
    }
    message->outcome = (uint8_t)outcome;
    message->settled_step = ++ledger->step;
    ledger->totals.pending--;
    switch (outcome) {
    case LOAD_ACCEPTED:
        ledger->totals.accepted++;
        break;
    case LOAD_REFUSED:
        ledger->totals.refused++;
        for (size_t client = 0; client < ledger->client_count; client++) {
            if (has(ledger, number, client)) {
                complain(ledger, ++ledger->totals.stray, "refused but delivered", number, client);
            }
        }
        break;
    case LOAD_UNKNOWN:
    case LOAD_PENDING:
        ledger->totals.unknown++;
        break;
    }
}

/* Whether ${earlier}, which has come only now, had to come before ${later}. */
static bool
must_precede(const struct ledger_message *earlier, const struct ledger_message *later)
{
    return (earlier->session != 0 && earlier->session == later->session) ||
           (earlier->outcome == LOAD_ACCEPTED && earlier->settled_step < later->sent_step);
}

void
load_ledger_receive(struct load_ledger *ledger, size_t client, uint32_t number)
{
    if (number >= ledger->message_count) {
        ledger->totals.stray++;
        return;
    }
    const struct ledger_message *message = &ledger->messages[number];
    uint32_t *latest = &ledger->latest[client * ledger->client_count + message->sender];

    ledger->totals.delivered++;
    if (has(ledger, number, client)) {
        complain(ledger, ++ledger->totals.duplicated, "duplicated", number, client);
        return;
    }
    ledger->received[number * ledger->row_bytes + client / 8] |= (uint8_t)(1U << (client % 8));
    if (!is_for(ledger, message, client) || message->outcome == LOAD_REFUSED) {
        complain(ledger, ++ledger->totals.stray, "stray", number, client);
    }
    if (*latest == NOT_A_NUMBER || *latest < number) {
        *latest = number;
    } else if (must_precede(message, &ledger->messages[*latest])) {
        complain(ledger, ++ledger->totals.disordered, "disordered", number, client);
    }
}

static bool
is_missing(const struct load_ledger *ledger, size_t number, size_t client)
{
    const struct ledger_message *message = &ledger->messages[number];

    return message->outcome == LOAD_ACCEPTED && is_for(ledger, message, client) &&
           !has(ledger, number, client);
}

struct load_totals
load_ledger_totals(const struct load_ledger *ledger)
{
    struct load_totals totals = ledger->totals;

    totals.oldest_missing = totals.sent;
    for (size_t number = 0; number < ledger->message_count; number++) {
        for (size_t client = 0; client < ledger->client_count; client++) {
            if (is_missing(ledger, number, client) && totals.missing++ == 0) {
                totals.oldest_missing = number;
                totals.slowest_client = client;
            }
        }
    }
    return totals;
}

void
load_ledger_complain(const struct load_ledger *ledger)
{
    uint64_t count = 0;

    for (size_t number = 0; number < ledger->message_count; number++) {
        for (size_t client = 0; client < ledger->client_count; client++) {
            if (is_missing(ledger, number, client)) {
                complain(ledger, ++count, "lost", number, client);
            }
        }
    }
}
