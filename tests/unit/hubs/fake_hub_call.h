/* SPDX-License-Identifier: MIT */
/*
 * fake_hub_call: a hub call that writes down what a backend orders, one line an action:
 *
 *     send group "r1" announce ["r1"]
 *     return "ok"
 */
#ifndef HUBPLANE_TESTS_UNIT_HUBS_FAKE_HUB_CALL_H
#define HUBPLANE_TESTS_UNIT_HUBS_FAKE_HUB_CALL_H

#include "service/hubs/hub_backend.h"

struct hub_call {
    struct hub_call_info info;
    struct buffer record;
    unsigned end_count; /* how often the call was ended: once, if all is well */
    void *memory;
};

/** Caller c1, anonymous; an invocation of that method, with those arguments. */
void fake_hub_call_init(struct hub_call *call, const char *method, const char *arguments);
void fake_hub_call_deinit(struct hub_call *call);

#endif
