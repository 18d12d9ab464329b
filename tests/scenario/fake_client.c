/* SPDX-License-Identifier: MIT */
#include "tests/scenario/fake_client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_BYTES_MAX = 8 * 1024 * 1024 };

struct fake_client *
fake_client_open(struct scenario *scenario, size_t host, const char *address)
{
    struct fake_client *client = calloc(1, sizeof(*client));

    assert_non_null(client);
    client->scenario = scenario;
    client->host = &scenario->hosts[host];
    fake_sink_init(&client->sink);
    list_append(&scenario->clients, &client->node);
    assert_status(http_connection_new(&client->host->server, &client->sink.sink,
                                      address == NULL ? "203.0.113.5:4000" : address, false,
                                      &client->connection),
                  STATUS_OK);
    return client;
}

void
fake_client_close(struct fake_client *client)
{
    struct http_connection *connection = client->connection;

    if (connection != NULL) {
        client->connection = NULL;
        http_connection_closed(connection, "peer");
    }
}

void
fake_client_free(struct fake_client *client)
{
    if (client == NULL) {
        return;
    }
    fake_client_close(client);
    list_remove(&client->node);
    fake_sink_deinit(&client->sink);
    free(client);
}

bool
fake_client_finish(struct fake_client *client)
{
    if (client->connection == NULL || fake_sink_is_open(&client->sink)) {
        return false;
    }
    fake_client_close(client);
    return true;
}

bool
fake_client_is_open(const struct fake_client *client)
{
    return client->connection != NULL;
}

void
fake_client_write(struct fake_client *client, struct bytes bytes)
{
    /* The server unmasks in place: give it memory of its own. */
    char *copy = bytes_duplicate(bytes);

    assert_non_null(copy);
    if (client->connection != NULL && fake_sink_is_open(&client->sink)) {
        http_connection_receive(client->connection, bytes_from(copy, bytes.length));
    }
    free(copy);
}

void
fake_client_request(struct fake_client *client, const char *method, const char *target,
                    const char *headers, const char *body)
{
    struct buffer request;

    buffer_init(&request, REQUEST_BYTES_MAX);
    buffer_append_format(&request, "%s %s HTTP/1.1\r\nHost: web01\r\n%s", method, target,
                         headers == NULL ? "" : headers);
    if (body != NULL) {
        buffer_append_format(&request,
                             "Content-Type: application/x-www-form-urlencoded\r\n"
                             "Content-Length: %zu\r\n\r\n%s",
                             strlen(body), body);
    } else if (strcmp(method, "POST") == 0) {
        buffer_append_string(&request, "Content-Length: 0\r\n\r\n");
    } else {
        buffer_append_string(&request, "\r\n");
    }
    assert_status(request.status, STATUS_OK);
    fake_client_write(client, buffer_bytes(&request));
    buffer_deinit(&request);
}

static size_t
find_text(struct bytes text, const char *wanted)
{
    size_t length = strlen(wanted);

    for (size_t i = 0; i + length <= text.length; i++) {
        if (memcmp(text.data + i, wanted, length) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

struct bytes
fake_response_header(const struct fake_response *response, const char *name)
{
    struct bytes rest = response->head;
    struct bytes line, field;

    while (bytes_split(&rest, '\n', &line)) {
        if (bytes_split(&line, ':', &field) &&
            bytes_equal_ignore_case(field, bytes_from_string(name)) && line.data != NULL) {
            if (line.length > 0 && line.data[line.length - 1] == '\r') {
                line.length--;
            }
            return bytes_trim(line);
        }
    }
    return BYTES_NONE;
}

static void
decode_chunks(struct fake_response *response, struct bytes rest)
{
    size_t end;
    uint64_t size;

    while ((end = find_text(rest, "\r\n")) != SIZE_MAX) {
        assert_status(bytes_parse_hex(bytes_slice(rest, 0, end), &size), STATUS_OK);
        if (rest.length < end + 2 + size + 2) {
            return;
        }
        buffer_append(&response->body, bytes_slice(rest, end + 2, (size_t)size));
        rest = bytes_after(rest, end + 2 + (size_t)size + 2);
        if (size == 0) {
            response->is_complete = true;
            return;
        }
    }
}

void
fake_client_response(const struct fake_client *client, struct fake_response *response)
{
    struct bytes all = fake_sink_written(&client->sink);
    size_t head_end = find_text(all, "\r\n\r\n");
    uint64_t status;
    uint64_t length;

    *response = (struct fake_response){0};
    buffer_init(&response->body, REQUEST_BYTES_MAX);
    if (head_end == SIZE_MAX) {
        return;
    }
    size_t line_end = find_text(all, "\r\n");
    assert_status(bytes_parse_uint64(bytes_slice(all, strlen("HTTP/1.1 "), 3), &status), STATUS_OK);
    response->status = (int)status;
    response->reason =
        bytes_slice(all, strlen("HTTP/1.1 200 "), line_end - strlen("HTTP/1.1 200 "));
    response->head = bytes_slice(all, line_end + 2, head_end + 2 - line_end - 2);
    struct bytes rest = bytes_after(all, head_end + 4);
    if (fake_response_header(response, "Transfer-Encoding").data != NULL) {
        decode_chunks(response, rest);
        return;
    }
    if (bytes_parse_uint64(fake_response_header(response, "Content-Length"), &length) !=
        STATUS_OK) {
        length = 0;
    }
    buffer_append(&response->body, bytes_slice(rest, 0, (size_t)length));
    response->is_complete = rest.length >= length;
}

void
fake_response_deinit(struct fake_response *response)
{
    buffer_deinit(&response->body);
}

void
fake_client_frame(struct fake_client *client, uint8_t opcode, struct bytes payload)
{
    static const uint8_t mask[4] = {0x12, 0x34, 0x56, 0x78};
    struct buffer frame;

    buffer_init(&frame, REQUEST_BYTES_MAX);
    buffer_append_byte(&frame, (uint8_t)(0x80 | opcode));
    if (payload.length < 126) {
        buffer_append_byte(&frame, (uint8_t)(0x80 | payload.length));
    } else if (payload.length < 65536) {
        buffer_append_byte(&frame, 0x80 | 126);
        buffer_append_u16(&frame, (uint16_t)payload.length);
    } else {
        buffer_append_byte(&frame, 0x80 | 127);
        buffer_append_u64(&frame, payload.length);
    }
    buffer_append(&frame, bytes_from(mask, sizeof(mask)));
    for (size_t i = 0; i < payload.length; i++) {
        buffer_append_byte(&frame, payload.data[i] ^ mask[i % 4]);
    }
    fake_client_write(client, buffer_bytes(&frame));
    buffer_deinit(&frame);
}

bool
fake_client_next_frame(struct fake_client *client, uint8_t *opcode, struct bytes *payload)
{
    struct bytes all = fake_sink_written(&client->sink);

    if (client->frames_from == 0) {
        size_t head_end = find_text(all, "\r\n\r\n");
        if (head_end == SIZE_MAX) {
            return false;
        }
        client->frames_from = head_end + 4;
    }
    struct bytes_reader reader = bytes_reader_from(bytes_after(all, client->frames_from));
    uint8_t first = bytes_read_u8(&reader);
    uint64_t length = bytes_read_u8(&reader);
    if (length == 126) {
        length = bytes_read_u16(&reader);
    } else if (length == 127) {
        length = bytes_read_u64(&reader);
    }
    struct bytes content = bytes_read(&reader, (size_t)length);
    if (reader.is_short) {
        return false;
    }
    *opcode = first & 0x0F;
    *payload = content;
    client->frames_from = all.length - reader.rest.length;
    return true;
}

int
fake_client_fetch(struct scenario *scenario, size_t host, const char *method, const char *target,
                  const char *form, struct buffer *body)
{
    struct fake_client *client = fake_client_open(scenario, host, NULL);
    struct fake_response response;

    fake_client_request(client, method, target, NULL, form);
    scenario_run(scenario);
    fake_client_response(client, &response);
    int status = response.is_complete ? response.status : 0;
    if (body != NULL) {
        buffer_append(body, buffer_bytes(&response.body));
    }
    fake_response_deinit(&response);
    fake_client_free(client);
    return status;
}
