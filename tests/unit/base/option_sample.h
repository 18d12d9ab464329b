/* SPDX-License-Identifier: MIT */
/* option_sample: a small program's options, with one of every type. */
#ifndef HUBPLANE_TESTS_UNIT_OPTION_SAMPLE_H
#define HUBPLANE_TESTS_UNIT_OPTION_SAMPLE_H

#include "common/base/option.h"

struct sample_service {
    char *listen;
    char *admin;
    uint64_t workers;
    uint64_t keepalive_ms;
    uint64_t queue_bytes;
    bool is_verbose;
    char *mode;
};

struct sample_bridge {
    char *address;
    uint64_t port;
};

struct sample_app {
    char *path;
    char *user;
    char *keys;
};

extern const struct option_schema option_sample_schema;

#endif
