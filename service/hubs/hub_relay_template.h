/* SPDX-License-Identifier: MIT */
/* hub_relay_template: a value of a relay rule: JSON text with holes that each call fills. */
#ifndef HUBPLANE_SERVICE_HUB_RELAY_TEMPLATE_H
#define HUBPLANE_SERVICE_HUB_RELAY_TEMPLATE_H

#include "service/hubs/hub_relay_scan.h"

enum hub_relay_piece_kind {
    HUB_RELAY_PIECE_TEXT,     /* goes out as it stands */
    HUB_RELAY_PIECE_ARGUMENT, /* $1 to $9 */
    HUB_RELAY_PIECE_ALL,  /* $*: the arguments, separated by commas, behind whatever stands in the
                             list */
    HUB_RELAY_PIECE_USER, /* $user */
    HUB_RELAY_PIECE_CONNECTION, /* $connection */
    HUB_RELAY_PIECE_STATE,      /* $state.name */
    HUB_RELAY_PIECE_DATA,       /* $data */
    HUB_RELAY_PIECE_JSON,       /* $json */
};

struct hub_relay_piece {
    enum hub_relay_piece_kind kind;
    size_t number; /* of ARGUMENT, from 1 */
    size_t from;   /* of TEXT and STATE: where in `texts` */
    size_t length;
};

/* Zero-initialised means empty. */
struct hub_relay_template {
    struct hub_relay_piece *pieces;
    size_t count;
    struct buffer texts; /* what the pieces quote */
};

void hub_relay_template_init(struct hub_relay_template *template);
void hub_relay_template_deinit(struct hub_relay_template *template);

/** Read one value of the rule onto the end of ${template}. INVALID with the problem in ${scan}, or
 * NO_MEMORY. */
MUST_CHECK enum status hub_relay_template_read(struct hub_relay_template *template,
                                               struct hub_relay_scan *scan);
/** Read "value, value" up to ${close}, which is taken as well, and put it in brackets: an array of
 * arguments. */
MUST_CHECK enum status hub_relay_template_read_list(struct hub_relay_template *template,
                                                    struct hub_relay_scan *scan, uint8_t close);
/** The whole of what came: every argument, or the raw data as text. */
MUST_CHECK enum status hub_relay_template_use_all(struct hub_relay_template *template,
                                                  enum hub_relay_rule_place place);

#endif
