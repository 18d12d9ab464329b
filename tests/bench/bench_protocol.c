/* SPDX-License-Identifier: MIT */
#include "tests/bench/bench_protocol.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench_client.h"

enum { ENVELOPE_BYTES = 60 }; /* about what the envelope of SignalR adds to a text */

/* ---- SignalR 2: the farm ---- */

static int
signalr_path(char *out, size_t size, const struct bench_client *client)
{
    return snprintf(out, size,
                    "/signalr/%s?transport=webSockets&clientProtocol=2.1&%s&connectionToken=%s%s%s",
                    client->resumes ? "reconnect" : "connect", BENCH_HUBS, client->token,
                    client->resumes ? "&messageId=" : "", client->resumes ? client->cursor : "");
}

static int
signalr_message(char *out, size_t size, const struct bench_message *message)
{
    char method[80] = "Send\",\"A\":[\"";

    if (message->address == BENCH_TO_CLIENT) {
        snprintf(method, sizeof(method), "SendTo\",\"A\":[\"%s\",\"", message->client->id);
    } else if (message->address == BENCH_TO_GROUP) {
        snprintf(method, sizeof(method), "SendToGroup\",\"A\":[\"g%" PRIu32 "\",\"",
                 message->group);
    }
    return snprintf(out, size, "{\"H\":\"bench\",\"M\":\"%s%s\"],\"I\":%" PRIu32 "}", method,
                    message->text, message->invocation);
}

/* ---- bare WebSocket: the floor, and ws ---- */

static int
bare_path(char *out, size_t size, const struct bench_client *client)
{
    return snprintf(out, size, "/%" PRIu32, client->number);
}

static int
bare_message(char *out, size_t size, const struct bench_message *message)
{
    return message->address == BENCH_TO_ALL
               ? snprintf(out, size, "@* %s", message->text)
               : snprintf(out, size, "@%" PRIu32 " %s", message->client->number, message->text);
}

/* ---- Socket.IO ---- */

static int
socket_io_path(char *out, size_t size, const struct bench_client *client)
{
    (void)client;
    return snprintf(out, size, "/socket.io/?EIO=4&transport=websocket");
}

static int
socket_io_message(char *out, size_t size, const struct bench_message *message)
{
    return message->address == BENCH_TO_ALL
               ? snprintf(out, size, "42[\"send\",\"%s\"]", message->text)
               : snprintf(out, size, "42[\"sendTo\",\"%s\",\"%s\"]", message->client->id,
                          message->text);
}

/* ---- nchan: one address to listen at, one to publish to; who and to whom is in the path ---- */

static int
nchan_path(char *out, size_t size, const struct bench_client *client)
{
    return snprintf(out, size, "/%s/%" PRIu32, client->publishes ? "pub" : "sub", client->channel);
}

static int
nchan_message(char *out, size_t size, const struct bench_message *message)
{
    return snprintf(out, size, "%s", message->text);
}

/* ---- ASP.NET Core SignalR, without negotiation, in JSON; each text ends with a separator ---- */

#define SEPARATOR "\x1e"

static int
aspnetcore_path(char *out, size_t size, const struct bench_client *client)
{
    (void)client;
    return snprintf(out, size, "/bench");
}

static int
aspnetcore_message(char *out, size_t size, const struct bench_message *message)
{
    char method[80] = "Send\",\"arguments\":[\"";

    if (message->address == BENCH_TO_CLIENT) {
        snprintf(method, sizeof(method), "SendTo\",\"arguments\":[\"%s\",\"", message->client->id);
    }
    return snprintf(out, size,
                    "{\"type\":1,\"invocationId\":\"%" PRIu32 "\",\"target\":\"%s%s\"]}" SEPARATOR,
                    message->invocation, method, message->text);
}

/* ---- the table ---- */

static const struct bench_protocol protocols[] = {
    {
        .name = "signalr",
        .negotiates = true,
        .welcome = "\"S\":1",
        .answer = "\"I\":",
        .error = "\"E\":",
        .write_path = signalr_path,
        .write_message = signalr_message,
    },
    {
        .name = "bare",
        .extra_bytes = ENVELOPE_BYTES,
        .write_path = bare_path,
        .write_message = bare_message,
    },
    {
        .name = "socket.io",
        .greeting = "40",
        .welcome = "40{\"sid\":\"",
        .ping = "2",
        .pong = "3",
        .write_path = socket_io_path,
        .write_message = socket_io_message,
    },
    {
        .name = "nchan",
        .extra_bytes = ENVELOPE_BYTES,
        .settle_ms = 500, /* it says nothing when Redis has accepted a subscription */
        .write_path = nchan_path,
        .write_message = nchan_message,
    },
    {
        .name = "aspnetcore",
        .greeting = "{\"protocol\":\"json\",\"version\":1}" SEPARATOR,
        .welcome = "\"welcome\",\"arguments\":[\"",
        .ping = "{\"type\":6}" SEPARATOR,
        .pong = "{\"type\":6}" SEPARATOR,
        .answer = "\"invocationId\":",
        .error = "\"error\":",
        .write_path = aspnetcore_path,
        .write_message = aspnetcore_message,
    },
};

const struct bench_protocol *
bench_protocol_find(const char *name)
{
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (strcmp(protocols[i].name, name) == 0) {
            return &protocols[i];
        }
    }
    return NULL;
}
