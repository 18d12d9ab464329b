/* SPDX-License-Identifier: MIT */
/* hub_relay_scan: reads the text of a relay rule word by word, and remembers what it asks of its
 * call. */
#ifndef HUBPLANE_SERVICE_HUB_RELAY_SCAN_H
#define HUBPLANE_SERVICE_HUB_RELAY_SCAN_H

#include "service/hubs/hub_relay_rule.h"

struct hub_relay_scan {
    struct bytes text;
    size_t position;
    enum hub_relay_rule_place place;
    int argument_count;   /* as the name says, or HUB_RELAY_RULE_ANY_COUNT */
    int highest_argument; /* the highest $n met so far; 0 = none */
    bool passes_all;      /* "$*" was met, or a target without parentheses */
    struct hub_relay_rule_problem *problem;
};

/** hub_relay_scan_fail(scan, position, format, ...): Describe the problem at that byte; returns
 * INVALID. */
PRINTF_LIKE(3, 4)
enum status hub_relay_scan_fail(struct hub_relay_scan *scan, size_t position, const char *format,
                                ...);

/** The byte at the position after blanks, which are skipped; 0 at the end. */
uint8_t hub_relay_scan_peek(struct hub_relay_scan *scan);
/** Skip blanks, and ${byte} if it comes next. */
bool hub_relay_scan_take(struct hub_relay_scan *scan, uint8_t byte);
/** As take, but anything else is a problem: "expected ')'". */
MUST_CHECK enum status hub_relay_scan_expect(struct hub_relay_scan *scan, uint8_t byte);
/** A word of letters, digits, '_' and non-ASCII that does not start with a digit; empty when there
 * is none. */
struct bytes hub_relay_scan_word(struct hub_relay_scan *scan);
/** From the opening quote to behind the closing one; INVALID when it is missing or the escapes are
 * wrong. */
MUST_CHECK enum status hub_relay_scan_string(struct hub_relay_scan *scan, struct bytes *string);
/** A number, true, false or null. */
MUST_CHECK enum status hub_relay_scan_literal(struct hub_relay_scan *scan, struct bytes *literal);

#endif
