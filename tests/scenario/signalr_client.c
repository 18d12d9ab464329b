/* SPDX-License-Identifier: MIT */
#include "tests/scenario/signalr_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yyjson.h>

enum { TEXT_BYTES_MAX = 64 * 1024 * 1024, TARGET_BYTES_MAX = 64 * 1024 };

static const char *const transport_names[SIGNALR_TRANSPORTS] = {"webSockets", "serverSentEvents",
                                                                "foreverFrame", "longPolling"};

void
signalr_client_init(struct signalr_client *client, struct scenario *scenario, size_t host,
                    enum signalr_transport transport)
{
    *client = (struct signalr_client){.scenario = scenario,
                                      .host = host,
                                      .transport = transport,
                                      .protocol = "2.1",
                                      .path = "/signalr",
                                      .hubs = "[{\"name\":\"chathub\"}]"};
    buffer_init(&client->messages, TEXT_BYTES_MAX);
    buffer_init(&client->results, TEXT_BYTES_MAX);
    buffer_init(&client->texts, TEXT_BYTES_MAX);
}

void
signalr_client_deinit(struct signalr_client *client)
{
    fake_client_free(client->stream);
    free(client->token);
    free(client->id);
    free(client->cursor);
    free(client->groups_token);
    buffer_deinit(&client->messages);
    buffer_deinit(&client->results);
    buffer_deinit(&client->texts);
}

static void
append_parameter(struct buffer *out, const char *name, const char *value)
{
    if (value != NULL) {
        buffer_append_format(out, "&%s=", name);
        buffer_append_url_encoded(out, bytes_from_string(value));
    }
}

const char *
signalr_client_target(struct signalr_client *client, const char *suffix, bool has_cursor)
{
    static char target[TARGET_BYTES_MAX];
    struct buffer text;

    buffer_init(&text, sizeof(target) - 1);
    buffer_append_format(&text, "%s/%s?transport=%s", client->path, suffix,
                         transport_names[client->transport]);
    append_parameter(&text, "clientProtocol", client->protocol);
    append_parameter(&text, "connectionToken", client->token);
    append_parameter(&text, "connectionData", client->hubs);
    if (has_cursor) {
        append_parameter(&text, "messageId", client->cursor);
        append_parameter(&text, "groupsToken", client->groups_token);
    }
    if (client->transport == FOREVER_FRAME) {
        buffer_append_string(&text, "&frameId=3");
    }
    if (client->more != NULL) {
        buffer_append_string(&text, client->more);
    }
    assert_status(text.status, STATUS_OK);
    memcpy(target, text.data, text.length);
    target[text.length] = '\0';
    buffer_deinit(&text);
    return target;
}

static void
set_text(char **text, const char *value)
{
    free(*text);
    *text = bytes_duplicate(bytes_from_string(value));
    assert_non_null(*text);
}

void
signalr_client_negotiate(struct signalr_client *client)
{
    struct buffer body;

    buffer_init(&body, TEXT_BYTES_MAX);
    assert_int_equal(fake_client_fetch(client->scenario, client->host, "GET",
                                       signalr_client_target(client, "negotiate", false), NULL,
                                       &body),
                     200);
    yyjson_doc *document = yyjson_read((const char *)body.data, body.length, 0);
    assert_non_null(document);
    yyjson_val *root = yyjson_doc_get_root(document);
    set_text(&client->token, yyjson_get_str(yyjson_obj_get(root, "ConnectionToken")));
    set_text(&client->id, yyjson_get_str(yyjson_obj_get(root, "ConnectionId")));
    yyjson_doc_free(document);
    buffer_deinit(&body);
}

void
signalr_client_drop(struct signalr_client *client)
{
    if (client->stream != NULL) {
        signalr_client_read(client);
        fake_client_free(client->stream);
        client->stream = NULL;
        scenario_run(client->scenario);
    }
}

void
signalr_client_open(struct signalr_client *client, const char *suffix)
{
    static const char upgrade[] = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                  "Sec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    bool is_poll = client->transport == LONG_POLLING;

    fake_client_free(client->stream);
    client->stream = fake_client_open(client->scenario, client->host, NULL);
    client->read_from = 0;
    fake_client_request(client->stream, is_poll ? "POST" : "GET",
                        signalr_client_target(client, suffix, true),
                        client->transport == WEB_SOCKETS ? upgrade : NULL, NULL);
}

/*
 * What came in.
 */

static uint64_t
cursor_number(const char *cursor)
{
    return cursor == NULL ? 0 : strtoull(cursor + strlen("s-0,"), NULL, 16);
}

static void
append_line(struct buffer *out, yyjson_val *value)
{
    size_t length;
    char *text = yyjson_val_write(value, 0, &length);

    assert_non_null(text);
    buffer_append(out, bytes_from(text, length));
    buffer_append_byte(out, '\n');
    free(text);
}

static void
take_envelope(struct signalr_client *client, yyjson_val *root)
{
    const char *cursor = yyjson_get_str(yyjson_obj_get(root, "C"));
    const char *groups = yyjson_get_str(yyjson_obj_get(root, "G"));
    yyjson_val *messages = yyjson_obj_get(root, "M");
    yyjson_val *message;
    size_t index, max;

    assert_non_null(cursor);
    assert_true(yyjson_is_arr(messages));
    client->backward_count += cursor_number(cursor) < cursor_number(client->cursor);
    set_text(&client->cursor, cursor);
    client->envelope_count++;
    client->init_count += yyjson_get_int(yyjson_obj_get(root, "S")) == 1;
    client->reconnect_count += yyjson_get_int(yyjson_obj_get(root, "T")) == 1;
    if (yyjson_obj_get(root, "L") != NULL) {
        client->delay_ms = yyjson_get_uint(yyjson_obj_get(root, "L"));
    }
    if (groups != NULL) {
        set_text(&client->groups_token, groups);
        client->groups_count++;
    }
    yyjson_arr_foreach(messages, index, max, message)
    {
        append_line(&client->messages, message);
    }
}

static void
take_json(struct signalr_client *client, struct bytes json)
{
    yyjson_doc *document = yyjson_read((const char *)json.data, json.length, 0);

    if (document == NULL) {
        fail_msg("not JSON: %.*s", BYTES_PRINTF(json));
    }
    yyjson_val *root = yyjson_doc_get_root(document);
    buffer_append(&client->texts, json);
    buffer_append_byte(&client->texts, '\n');
    if (yyjson_obj_get(root, "I") != NULL) {
        append_line(&client->results, root);
    } else if (yyjson_obj_get(root, "E") != NULL) {
        client->is_evicted = true;
    } else if (yyjson_obj_size(root) == 0) {
        client->keep_alive_count++;
    } else {
        take_envelope(client, root);
    }
    yyjson_doc_free(document);
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

/* Take what stands between ${begin} and ${end}, as often as it is whole. */
static void
take_wrapped(struct signalr_client *client, struct bytes body, const char *begin, const char *end)
{
    for (;;) {
        struct bytes rest = bytes_after(body, client->read_from);
        size_t from = find_text(rest, begin);
        size_t length =
            from == SIZE_MAX ? SIZE_MAX : find_text(bytes_after(rest, from + strlen(begin)), end);
        if (length == SIZE_MAX) {
            return;
        }
        struct bytes content = bytes_slice(rest, from + strlen(begin), length);
        client->read_from += from + strlen(begin) + length + strlen(end);
        if (bytes_equal(content, BYTES("initialized"))) {
            client->has_opening = true;
        } else {
            take_json(client, content);
        }
    }
}

static void
take_forever_frame(struct signalr_client *client, struct bytes body)
{
    if (!client->has_opening) {
        size_t head = find_text(body, "<body>");
        if (head == SIZE_MAX) {
            return;
        }
        client->has_opening = true;
        client->read_from = head;
    }
    take_wrapped(client, body, "<script>r(c, ", ");</script>");
}

/* Returns whether the poll is complete. */
static bool
take_poll(struct signalr_client *client, const struct fake_response *response)
{
    struct bytes body = buffer_bytes(&response->body);

    while (client->read_from < body.length && body.data[client->read_from] == ' ') {
        client->read_from++;
        client->keep_alive_count++;
    }
    if (!response->is_complete || response->status != 200) {
        return false;
    }
    take_json(client, bytes_after(body, client->read_from));
    return true;
}

static bool
take_stream(struct signalr_client *client)
{
    struct fake_response response;
    bool is_poll_complete = false;

    fake_client_response(client->stream, &response);
    struct bytes body = buffer_bytes(&response.body);
    if (response.status == 200 && client->transport == EVENT_STREAM) {
        take_wrapped(client, body, "data: ", "\n\n");
    } else if (response.status == 200 && client->transport == FOREVER_FRAME) {
        take_forever_frame(client, body);
    } else if (client->transport == LONG_POLLING) {
        is_poll_complete = take_poll(client, &response);
    }
    fake_response_deinit(&response);
    return is_poll_complete;
}

void
signalr_client_read(struct signalr_client *client)
{
    uint8_t opcode;
    struct bytes payload;

    if (client->stream == NULL) {
        return;
    }
    if (client->transport == WEB_SOCKETS) {
        while (fake_client_next_frame(client->stream, &opcode, &payload)) {
            if (opcode == 1) {
                take_json(client, payload);
            }
        }
    } else if (take_stream(client) && !client->is_evicted) {
        signalr_client_open(client, client->reconnect_count > 0 ? "reconnect" : "poll");
    }
}

void
signalr_client_run(struct signalr_client *client)
{
    size_t before;

    do {
        before = client->texts.length;
        scenario_run(client->scenario);
        signalr_client_read(client);
    } while (client->texts.length != before);
    scenario_run(client->scenario);
}

struct fake_client *
signalr_client_begin_start(struct signalr_client *client, size_t host)
{
    struct fake_client *request = fake_client_open(client->scenario, host, NULL);

    fake_client_request(request, "GET", signalr_client_target(client, "start", false), NULL, NULL);
    return request;
}

int
signalr_client_call_start(struct signalr_client *client)
{
    struct fake_client *request = signalr_client_begin_start(client, client->host);
    struct fake_response response;

    for (int i = 0; i < 4; i++) {
        signalr_client_run(client);
    }
    fake_client_response(request, &response);
    int status = response.is_complete ? response.status : 0;
    fake_response_deinit(&response);
    fake_client_free(request);
    return status;
}

void
signalr_client_start(struct signalr_client *client)
{
    signalr_client_negotiate(client);
    signalr_client_open(client, "connect");
    signalr_client_run(client);
    assert_int_equal(client->init_count, 1);
    assert_int_equal(signalr_client_call_start(client), 200);
    signalr_client_run(client);
}

int
signalr_client_abort(struct signalr_client *client)
{
    return fake_client_fetch(client->scenario, client->host, "POST",
                             signalr_client_target(client, "abort", false), NULL, NULL);
}

static int
send_form(struct signalr_client *client, const char *json)
{
    struct fake_client *request = fake_client_open(client->scenario, client->host, NULL);
    struct fake_response response;
    struct buffer form;

    buffer_init(&form, TEXT_BYTES_MAX);
    buffer_append_string(&form, "data=");
    buffer_append_url_encoded(&form, bytes_from_string(json));
    buffer_append_byte(&form, '\0');
    fake_client_request(request, "POST", signalr_client_target(client, "send", false), NULL,
                        (const char *)form.data);
    buffer_deinit(&form);
    for (int i = 0; i < 4; i++) {
        signalr_client_run(client);
    }
    fake_client_response(request, &response);
    int status = response.is_complete ? response.status : 0;
    if (status == 200 && response.body.length > 0) {
        buffer_append(&client->results, buffer_bytes(&response.body));
        buffer_append_byte(&client->results, '\n');
    }
    fake_response_deinit(&response);
    fake_client_free(request);
    return status;
}

int
signalr_client_invoke(struct signalr_client *client, const char *json)
{
    if (client->transport != WEB_SOCKETS) {
        return send_form(client, json);
    }
    fake_client_frame(client->stream, 1, bytes_from_string(json));
    signalr_client_run(client);
    return 200;
}

int
signalr_client_call(struct signalr_client *client, const char *method, const char *arguments)
{
    char json[4096];

    snprintf(json, sizeof(json), "{\"H\":\"chathub\",\"M\":\"%s\",\"A\":%s,\"I\":0}", method,
             arguments);
    return signalr_client_invoke(client, json);
}

void
signalr_client_expect(struct signalr_client *client, const char *expected)
{
    struct bytes rest = buffer_bytes(&client->messages);
    struct buffer actual;
    struct bytes line;

    buffer_init(&actual, TEXT_BYTES_MAX);
    while (bytes_split(&rest, '\n', &line) && line.length > 0) {
        yyjson_doc *document = yyjson_read((const char *)line.data, line.length, 0);
        yyjson_val *root = yyjson_doc_get_root(document);
        yyjson_val *first = yyjson_arr_get_first(yyjson_obj_get(root, "A"));
        const char *method = yyjson_get_str(yyjson_obj_get(root, "M"));
        const char *text = yyjson_get_str(first);
        buffer_append_format(&actual, "%s%s:%s", actual.length > 0 ? " " : "",
                             method == NULL ? "-" : method, text == NULL ? "-" : text);
        yyjson_doc_free(document);
    }
    assert_bytes(buffer_bytes(&actual), bytes_from_string(expected));
    buffer_deinit(&actual);
    buffer_clear(&client->messages);
}

void
signalr_client_expect_results(struct signalr_client *client, const char *expected)
{
    assert_bytes(buffer_bytes(&client->results), bytes_from_string(expected));
    buffer_clear(&client->results);
}

bool
signalr_client_is_receiving(const struct signalr_client *client)
{
    struct fake_response response;

    if (client->stream == NULL || !fake_client_is_open(client->stream)) {
        return false;
    }
    fake_client_response(client->stream, &response);
    bool is_receiving =
        client->transport == WEB_SOCKETS || !(response.status != 0 && response.is_complete);
    fake_response_deinit(&response);
    return is_receiving;
}
