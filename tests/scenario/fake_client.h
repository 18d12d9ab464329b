/* SPDX-License-Identifier: MIT */
/* fake_client: one TCP connection to a host of a scenario: writes HTTP and WebSocket bytes, reads
 * the answers. */
#ifndef HUBPLANE_TESTS_FAKE_CLIENT_H
#define HUBPLANE_TESTS_FAKE_CLIENT_H

#include "tests/scenario/scenario.h"
#include "tests/support/fake_sink.h"

struct fake_client {
    struct list_node node; /* in scenario->clients */
    struct scenario *scenario;
    struct scenario_host *host;
    struct fake_sink sink;
    struct http_connection *connection; /* NULL = closed */
    size_t frames_from;                 /* WebSocket: where the next frame starts */
};

/* What has arrived of an answer so far. */
struct fake_response {
    int status; /* 0 = nothing yet */
    struct bytes reason;
    struct bytes head;  /* all header lines */
    struct buffer body; /* decoded */
    bool is_complete;
};

/** Connect to host ${host}; ${address} NULL = "203.0.113.5:4000". */
struct fake_client *fake_client_open(struct scenario *scenario, size_t host, const char *address);
void fake_client_free(struct fake_client *client);
/** The client drops the connection. */
void fake_client_close(struct fake_client *client);
/** If the server is done with the connection, close it. True when it was. */
bool fake_client_finish(struct fake_client *client);
bool fake_client_is_open(const struct fake_client *client);

/** Send bytes, without running the scenario. */
void fake_client_write(struct fake_client *client, struct bytes bytes);
/** Send a request: "GET", target, more header lines (each with CRLF) and a body, each may be NULL.
 * A body is sent as a form. */
void fake_client_request(struct fake_client *client, const char *method, const char *target,
                         const char *headers, const char *body);
/** Parse what has arrived; deinit the body. */
void fake_client_response(const struct fake_client *client, struct fake_response *response);
void fake_response_deinit(struct fake_response *response);
/** Value of a header, or BYTES_NONE. */
struct bytes fake_response_header(const struct fake_response *response, const char *name);

/** After a 101: send one text frame (any opcode), masked. */
void fake_client_frame(struct fake_client *client, uint8_t opcode, struct bytes payload);
/** The next whole frame the server sent; false when there is none. */
bool fake_client_next_frame(struct fake_client *client, uint8_t *opcode, struct bytes *payload);

/** One request on a connection of its own, answered completely now; the body is appended to ${body}
 * if not NULL. Returns the status, 0 when it is not complete. */
int fake_client_fetch(struct scenario *scenario, size_t host, const char *method,
                      const char *target, const char *form, struct buffer *body);

#endif
