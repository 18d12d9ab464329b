/* SPDX-License-Identifier: MIT */
/* hub_relay_render: fills the holes of a value with what a call brought. */
#ifndef HUBPLANE_SERVICE_HUB_RELAY_RENDER_H
#define HUBPLANE_SERVICE_HUB_RELAY_RENDER_H

#include "service/hubs/hub_relay_template.h"

/** Append the JSON text for this call. A missing argument is null. */
enum status hub_relay_render(const struct hub_relay_template *template,
                             const struct hub_call_info *info, struct buffer *out);
/** The same as plain text, for names: of a JSON string its text, of a number its digits, of null
 * nothing; INVALID for anything else. Replaces the content of ${out}. */
MUST_CHECK enum status hub_relay_render_text(const struct hub_relay_template *template,
                                             const struct hub_call_info *info, struct buffer *out);

#endif
