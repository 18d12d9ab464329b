/* SPDX-License-Identifier: MIT */
/* net_error: libuv's error codes as our status, and as a sentence. */
#ifndef HUBPLANE_NET_NET_ERROR_H
#define HUBPLANE_NET_NET_ERROR_H

#include "common/base/status.h"

/** net_error_status(code): The status for a negative libuv code; OK for 0 and above. */
enum status net_error_status(int code);
/** net_error_sentence(code): What it means to an operator. Static text. */
const char *net_error_sentence(int code);

#endif
