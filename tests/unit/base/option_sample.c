/* SPDX-License-Identifier: MIT */
#include "tests/unit/base/option_sample.h"

/* clang-format off */
#define ROW(section, field, name, type, unset, minimum, maximum, reload, choices, help) \
    {#section, name, OPTION_##type, unset, minimum, maximum, OPTION_##reload, choices, \
     offsetof(struct sample_##section, field), help}
/* clang-format on */

static const struct option rows[] = {
    ROW(service, listen, "listen", ADDRESS, "127.0.0.1:8080", 0, 0, RESTART, NULL,
        "Where clients connect"),
    ROW(service, admin, "admin", ADDRESS, NULL, 0, 0, RESTART, NULL, "Where the operator connects"),
    ROW(service, workers, "workers", COUNT, "auto", 1, 64, RESTART, "auto", "Event loops"),
    ROW(service, keepalive_ms, "keepalive", MS, "10s", 2000, 120000, RELOAD, NULL,
        "Idle time before a keep-alive is sent"),
    ROW(service, queue_bytes, "queue", BYTES, "64KB", 1024, 0, RELOAD, NULL,
        "Bytes queued for one connection"),
    ROW(service, is_verbose, "verbose", BOOL, "no", 0, 0, RELOAD, NULL, "Whether to log more"),
    ROW(service, mode, "mode", CHOICE, "fast", 0, 0, RESTART, "fast|safe", "How to go"),
    ROW(bridge, address, "address", ADDRESSES, NULL, 0, 0, RESTART, NULL, "The bridges"),
    ROW(bridge, port, "port", COUNT, "0", 0, 0, RESTART, NULL, "A number without bounds"),
    ROW(app, path, "path", TEXT, "/signalr", 0, 0, RESTART, NULL, "The base path"),
    ROW(app, user, "user", TEXT, NULL, 0, 0, RELOAD, NULL, "Who is it"),
    ROW(app, keys, "keys", PATH, NULL, 0, 0, RESTART, NULL, "A file of keys"),
};

static const struct option_section sections[] = {
    {"service", false, false, sizeof(struct sample_service), "The service"},
    {"bridge", false, false, sizeof(struct sample_bridge), "The link"},
    {"app", true, false, sizeof(struct sample_app), "An application"},
    {"hub", true, true, 0, "A hub of an application: its methods"},
};

const struct option_schema option_sample_schema = {
    .sections = sections,
    .section_count = sizeof(sections) / sizeof(sections[0]),
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
};
