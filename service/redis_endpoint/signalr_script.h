/* SPDX-License-Identifier: MIT */
/* signalr_script: the Lua scripts that the Redis packages of SignalR 2 have a server run. They are
 * a closed set, so they are recognised rather than run. */
#ifndef HUBPLANE_SERVICE_SIGNALR_SCRIPT_H
#define HUBPLANE_SERVICE_SIGNALR_SCRIPT_H

#include "common/base/bytes.h"

enum signalr_script {
    SIGNALR_SCRIPT_UNKNOWN,
    /* id = INCR key; PUBLISH key "id frame"; {id, frame, "id frame"} */
    SIGNALR_SCRIPT_PUBLISH,
    SIGNALR_SCRIPT_PUBLISH_COUNT, /* the same up to 2.1; returns how many heard it */
    SIGNALR_SCRIPT_RESTORE,       /* raise the counter to at least an id; OK, or null as it was */
};

enum { SIGNALR_SCRIPT_DIGEST_BYTES = 40, SIGNALR_SCRIPT_TEXT_MAX_BYTES = 4096 };

/** signalr_script_of_text(text, digest): Which one ${text} is, whatever its white space. ${digest}
 * becomes its SHA-1 in lower-case hex, by which a client may call it later. */
enum signalr_script signalr_script_of_text(struct bytes text,
                                           uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES]);
/** By the digest of a text as the packages ship it, in any case. */
enum signalr_script signalr_script_of_digest(struct bytes digest);

#endif
