/* SPDX-License-Identifier: MIT */
/*
 * bench_protocol: what the clients of one kind of server say over their WebSocket. All that sets
 * one kind apart from another is in the table of bench_protocol.c.
 */
#ifndef HUBPLANE_BENCH_PROTOCOL_H
#define HUBPLANE_BENCH_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_client;

#define BENCH_HUBS "connectionData=%5B%7B%22name%22%3A%22bench%22%7D%5D"

enum bench_address { BENCH_TO_ALL, BENCH_TO_CLIENT, BENCH_TO_GROUP };

struct bench_message {
    enum bench_address address;
    const struct bench_client *client; /* BENCH_TO_CLIENT */
    uint32_t group;                    /* BENCH_TO_GROUP */
    uint32_t invocation;
    const char *text;
};

/* A word that is NULL is never said. */
struct bench_protocol {
    const char *name;
    bool negotiates;      /* by HTTP, before, between and after; then the id is from there */
    const char *greeting; /* the client's first words */
    const char *welcome;  /* what the server says to one that may begin; its id follows */
    const char *ping;
    const char *pong;
    const char *answer;   /* is in what the server says to the caller of a hub method */
    const char *error;    /* is in the answer to a call that failed */
    uint32_t extra_bytes; /* on top of a text that no envelope surrounds */
    uint32_t settle_ms;   /* from when all clients are open until messages reach all of them */
    /* Both return the length. */
    int (*write_path)(char *out, size_t size, const struct bench_client *client);
    int (*write_message)(char *out, size_t size, const struct bench_message *message);
};

/** The protocol called ${name}; NULL when there is none. */
const struct bench_protocol *bench_protocol_find(const char *name);

#endif
