/* SPDX-License-Identifier: MIT */
/* client_fault: what clients do that is refused or fails. The client is told in the protocol's
 * words, which say little; the operator here: counted, and each kind logged once a minute. */
#ifndef HUBPLANE_SERVICE_CLIENT_FAULT_H
#define HUBPLANE_SERVICE_CLIENT_FAULT_H

#include "common/base/annotate.h"

struct worker_app;

enum client_fault {
#define CLIENT_FAULT(identifier, sentence) CLIENT_FAULT_##identifier,
#include "service/signalr/client_fault.def"
#undef CLIENT_FAULT
    CLIENT_FAULT_COUNT
};

/** ${format} makes the "key=value" pairs of the line: who, and what of it is wrong; no tokens,
 * payloads or query strings. */
PRINTF_LIKE(3, 4)
void client_fault_report(struct worker_app *app, enum client_fault fault, const char *format, ...);

#endif
