/* SPDX-License-Identifier: MIT */
/* http_status: the standard reason phrases. */
#ifndef HUBPLANE_SERVICE_HTTP_STATUS_H
#define HUBPLANE_SERVICE_HTTP_STATUS_H

#include <stdint.h>

/** "Not Found" for 404; "Unknown" for codes that http_status.def does not list. Static text. */
const char *http_status_phrase(uint16_t code);

#endif
