/* SPDX-License-Identifier: MIT */
/*
 * upstream_reply: what the web application answered, carried out on the hub call it answers. The
 * body becomes the result; as application/hubplane+json it also carries actions
 * (service/upstream/UPSTREAM.md).
 */
#ifndef HUBPLANE_SERVICE_UPSTREAM_REPLY_H
#define HUBPLANE_SERVICE_UPSTREAM_REPLY_H

#include "service/http/http_response_parser.h"
#include "service/hubs/hub_backend.h"

#define UPSTREAM_REPLY_TYPE "application/hubplane+json"

/**
 * upstream_reply_carry_out(answer, call):
 * Order the actions of ${answer} on ${call} and end it: with the result, or with an error the
 * client sees. The reply is checked whole before the first action is ordered.
 */
void upstream_reply_carry_out(const struct http_answer *answer, struct hub_call *call);

#endif
