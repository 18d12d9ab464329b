/* SPDX-License-Identifier: MIT */
/* hub_message: the JSON of hub calls: invocations from clients, their results, progress, and calls
 * to clients. */
#ifndef HUBPLANE_SERVICE_HUB_MESSAGE_H
#define HUBPLANE_SERVICE_HUB_MESSAGE_H

#include "common/base/bytes.h"

enum {
    HUB_MESSAGE_DEPTH_MAX = 20,         /* nesting of each argument and of the state */
    HUB_MESSAGE_STATE_CHARS_MAX = 4096, /* UTF-16 code units, as .NET counts */
};

/* An invocation as parsed. Views live until hub_message_deinit() and as long as the text it came
 * from. */
struct hub_message {
    struct bytes hub;       /* as the client spelled it; decoded */
    struct bytes method;    /* likewise; empty when absent */
    struct bytes id;        /* text; data == NULL: the client sent none (or null) */
    struct bytes arguments; /* raw JSON array text, "[]" when absent */
    size_t argument_count;
    struct bytes state; /* raw JSON object text; empty when absent */
    bool is_too_deep; /* an argument nests deeper than allowed: a method error, not a bad request */
    struct buffer texts; /* holds hub, method and id */
};

/**
 * hub_message_parse(text, out):
 * Read `{"H":"chathub","M":"Send","A":["bob",1.0],"I":0,"S":{}}`: member names in any case, the
 * last of a repeated one wins, unknown ones are ignored. Numbers and strings inside A and S stay as
 * they are.
 *   Owns:     ${text} is borrowed for the life of ${out}. ${out} need not be initialised; on OK it is
 *             released with hub_message_deinit(), on failure there is nothing to release.
 *   Returns:  OK;  INVALID - not JSON, no H, or a member of the wrong type;  LIMIT - state too long or
 *             too deep;  NO_MEMORY. On /send INVALID and LIMIT are an HTTP error, on a WebSocket
 * silence.
 *   Source:   signalr2-protocol.md 15.2, 5, T24, T55, T59; fuzzed by fuzz_hub_message.c.
 */
MUST_CHECK enum status hub_message_parse(struct bytes text, struct hub_message *out);
void hub_message_deinit(struct hub_message *message);

/* How an invocation ended. All views are borrowed; ids, texts and names must be UTF-8. */
struct hub_message_result {
    struct bytes id;         /* data == NULL writes null */
    struct bytes state;      /* JSON object of what the method changed; empty = nothing */
    struct bytes value;      /* JSON; empty or null = void */
    struct bytes error;      /* data == NULL = success; an empty text is still an error */
    bool is_hub_exception;   /* the error is deliberate: H is true, `error_data` is sent */
    struct bytes error_data; /* JSON; empty = none */
};

/* Writers append one JSON object on a single line; the status is also kept in ${out}. */

/** Members in the order S, R, I, H, E, D. */
enum status hub_message_append_result(struct buffer *out, const struct hub_message_result *result);
/** The element of M that carries progress: {"I":"P|3","P":{"I":"3","D":40}}. ${value} is JSON,
 * empty = null. */
enum status hub_message_append_progress(struct buffer *out, struct bytes id, struct bytes value);
/** {"H":hub,"M":method,"A":arguments}, with "S" when ${state} is not empty. ${arguments} empty =
 * []. */
enum status hub_message_append_client_call(struct buffer *out, struct bytes hub,
                                           struct bytes method, struct bytes arguments,
                                           struct bytes state);

/* Error sentences, not yet JSON. ${hub} and ${method} as the client spelled them. */

/** What a client sees of any error when detailed errors are off. */
enum status hub_message_append_generic_error(struct buffer *out, struct bytes hub,
                                             struct bytes method);
/** ${candidates}: one per line, or empty. */
enum status hub_message_append_unknown_method(struct buffer *out, struct bytes method,
                                              struct bytes candidates);

#endif
