/* SPDX-License-Identifier: MIT */
/* rest_request: what a request to the REST interface says, kept for as long as it is carried out:
 * whom it is about, and what its query adds. */
#ifndef HUBPLANE_SERVICE_REST_REQUEST_H
#define HUBPLANE_SERVICE_REST_REQUEST_H

#include "service/api/rest_answer.h"
#include "service/api/rest_route.h"
#include "service/http/http_parameters.h"

enum { REST_REQUEST_TEXTS_BYTES_MAX = 256 * 1024, REST_REQUEST_REASON_BYTES_MAX = 1024 };

struct rest_request {
    struct bytes hub;        /* canonical */
    struct rest_route route; /* views into `texts` */
    struct buffer texts;
    struct buffer topic; /* whom it is about */
    struct buffer group; /* topic of the group that is changed or asked about; may be empty */
    struct bytes excluded[HTTP_PARAMETERS_PAIRS_MAX]; /* connections; views into `texts` */
    size_t excluded_count;
    struct bytes reason;  /* why clients are closed; a view into `texts` */
    uint32_t ttl_seconds; /* how long a user is in the group; 0 = for good */
};

/**
 * rest_request_read(hub, route, parameters, out, error):
 * Keep it.
 *   Owns:     ${hub} outlives ${out}, which is released with rest_request_deinit() in every case; the
 *             rest is copied.
 *   Returns:  OK;  INVALID - ${error} is the answer;  NO_MEMORY.
 *   Source:   fuzzed by tests/fuzz/fuzz_rest_request.c.
 */
MUST_CHECK enum status rest_request_read(struct bytes hub, const struct rest_route *route,
                                         const struct http_parameters *parameters,
                                         struct rest_request *out,
                                         const struct rest_answer_error **error);
void rest_request_deinit(struct rest_request *request);

#endif
