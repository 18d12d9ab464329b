/* SPDX-License-Identifier: MIT */
/*
 * net_fixture: a loop with a listener on a port the system chose, a stream that dialed it and the
 * stream that was accepted, each with a record of what it was told. Every wait has a generous
 * limit.
 */
#ifndef HUBPLANE_TESTS_NET_FIXTURE_H
#define HUBPLANE_TESTS_NET_FIXTURE_H

#include "common/net/dialer.h"
#include "common/net/listener.h"
#include "tests/support/test.h"
#include "tests/support/test_certificates.h"

enum { NET_WAIT_LIMIT_MS = 30000, NET_PEM_LIMIT_BYTES = 64 * 1024 };

/* One stream and what it was told. */
struct net_end {
    struct stream *stream; /* NULL before it exists and after on_closed */
    struct buffer received;
    uint64_t received_bytes; /* also of what was not kept */
    int open_count;
    int data_count;
    int drained_count;
    int closed_count;
    enum status status; /* of on_closed */
    char reason[256];
    bool forgets;   /* received bytes are counted, not kept */
    bool is_inside; /* a callback is running */
    /* Instead of keeping the bytes, if set. */
    void (*on_data)(struct net_end *end, struct bytes input);
    void (*on_open)(struct net_end *end);
    void (*on_drained)(struct net_end *end);
    void *context;
};

struct net_fixture {
    struct log log;
    struct loop *loop;
    struct listener *listener;
    bool is_listener_closed;
    int accepted_count;
    char address[128];
    struct net_end client;
    struct net_end server;
    struct stream_options client_options;
    struct stream_options server_options;
    struct buffer logged;
};

/** Any stream may be given a struct net_end as its owner with this. */
extern const struct stream_handler net_end_handler;

/** A loop and a listener on 127.0.0.1. The first socket accepted becomes ${fixture}->server. */
void net_fixture_open(struct net_fixture *fixture);
/** Without listener. */
void net_fixture_open_loop(struct net_fixture *fixture);
/** Dial the listener, and wait until both ends are open. */
void net_fixture_connect(struct net_fixture *fixture);
/** Only dial. */
void net_fixture_dial(struct net_fixture *fixture);
/** Close what is open, wait for on_closed, free the loop. */
void net_fixture_close(struct net_fixture *fixture);
void net_end_deinit(struct net_end *end);

/** Run the loop for about a millisecond. */
void net_step(struct net_fixture *fixture);
void net_run_ms(struct net_fixture *fixture, uint64_t duration_ms);
uint64_t net_now_ms(void);

/** net_wait(fixture, condition): Run the loop until ${condition} holds; fails the test at the
 * limit. */
#define net_wait(fixture, condition)                              \
    do {                                                          \
        uint64_t net_limit_ms = net_now_ms() + NET_WAIT_LIMIT_MS; \
        while (!(condition)) {                                    \
            net_step(fixture);                                    \
            if (net_now_ms() > net_limit_ms) {                    \
                fail_msg("waited too long for: %s", #condition);  \
            }                                                     \
        }                                                         \
    } while (0)

void net_write_text(struct stream *stream, const char *text);
/** Write ${length} bytes of a pattern that net_is_pattern() knows, in pieces of ${piece}. */
void net_write_pattern(struct stream *stream, size_t length, size_t piece);
bool net_is_pattern(struct bytes bytes);

/** A context out of a credential as test_authority_issue() writes it; fails the test with the
 * problem. */
struct tls_context *net_tls_link(enum tls_role role, struct bytes credential);

#endif
