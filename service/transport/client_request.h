/* SPDX-License-Identifier: MIT */
/* client_request: what a SignalR client says in one request, read and checked as far as every
 * endpoint needs it. */
#ifndef HUBPLANE_SERVICE_CLIENT_REQUEST_H
#define HUBPLANE_SERVICE_CLIENT_REQUEST_H

#include "service/http/http_exchange.h"
#include "service/http/http_parameters.h"
#include "service/signalr/connection_data.h"
#include "service/signalr/connection_token.h"
#include "service/signalr/protocol_version.h"
#include "service/signalr/worker_app.h"
#include "service/transport/transport.h"

struct client_request {
    struct worker_app *app;
    const struct app_path *path;
    struct http_exchange *exchange;
    const struct http_request *http; /* as long as the exchange */
    struct buffer decoded_path;
    struct http_parameters query;
    struct http_parameters form; /* of any body, whatever its Content-Type */
    struct bytes callback;       /* of JSONP; empty = none */
    struct bytes user;           /* empty = anonymous */
    struct buffer token_user;    /* where it is when a token says so */
    struct buffer token_claims;  /* what else it says: as in struct hub_call_info */
    const char *refusal; /* why the caller may not enter: a sentence, empty when it has not said who
                            it is; NULL = it may */
    uint64_t hubs;       /* registered by this request: bit i = app->hubs[i] */
    struct protocol_version version;
    const struct transport_operations *transport; /* NULL until client_request_identify() */
    struct connection_token token;
    bool has_token;
};

/** Read the parameters. OK, INVALID, LIMIT, NO_MEMORY; deinit is needed in every case. */
MUST_CHECK enum status client_request_init(struct client_request *request, struct worker_app *app,
                                           const struct app_path *path,
                                           struct http_exchange *exchange);
void client_request_deinit(struct client_request *request);

/** Whether the decoded path ends so, in any case. */
bool client_request_ends_in(const struct client_request *request, struct bytes suffix);
/** The decoded parameter of the query; of the form if the query has none (then ${is_form_allowed}).
 * BYTES_NONE when absent. */
struct bytes client_request_parameter(const struct client_request *request, struct bytes name,
                                      bool is_form_allowed);
/** Resolve connectionData into `hubs`. On failure ${problem} is the sentence for the client. */
MUST_CHECK enum status client_request_read_hubs(struct client_request *request,
                                                struct buffer *problem);
/** The part of the query that is the application's own, still encoded. */
MUST_CHECK enum status client_request_own_query(const struct client_request *request,
                                                struct buffer *out);
/** The headers on the app's list, as "Name: value" lines that end in CR LF. */
MUST_CHECK enum status client_request_headers(const struct client_request *request,
                                              struct buffer *out);
/** Count and log what is wrong with the request, and whose it is; ${detail} says more, or is empty.
 */
void client_request_report(const struct client_request *request, enum client_fault fault,
                           struct bytes detail);

#endif
