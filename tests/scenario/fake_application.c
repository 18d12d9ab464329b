/* SPDX-License-Identifier: MIT */
#include "tests/scenario/fake_application.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_BYTES_MAX = 1024 * 1024, ANSWER_BYTES_MAX = 64 * 1024 };

struct fake_application_socket {
    struct list_node node;
    struct fake_application *application;
    struct upstream_socket *socket;
    struct fake_sink sink;
    bool is_open;
};

static void
end_socket(struct fake_application_socket *own, enum status status, const char *reason)
{
    list_remove(&own->node);
    own->application->open_count--;
    if (own->application->current == own) {
        own->application->current = NULL;
    }
    upstream_socket_closed(own->socket, status, reason);
    fake_sink_deinit(&own->sink);
    free(own);
}

/* What real sockets do in their own time. */
static bool
work(void *owner)
{
    struct fake_application *application = owner;

    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what is freed has left the list */
    LIST_FOR_EACH (node, &application->sockets) {
        struct fake_application_socket *own =
            CONTAINER_OF(node, struct fake_application_socket, node);
        if (own->sink.close_reason != NULL) {
            end_socket(own, STATUS_OK, own->sink.close_reason);
        } else if (own->is_open || application->is_silent) {
            continue;
        } else if (application->is_away) {
            end_socket(own, STATUS_UNREACHABLE, "nobody listens there");
        } else {
            own->is_open = true;
            upstream_socket_opened(own->socket);
        }
        /* The list may have changed. */
        return true;
    }
    return false;
}

static enum status
dial(struct upstream_dialer *dialer, const struct upstream_settings *settings,
     struct upstream_socket *socket, struct sink **sink)
{
    struct fake_application *application = CONTAINER_OF(dialer, struct fake_application, dialer);
    struct fake_application_socket *own = calloc(1, sizeof(*own));

    assert_non_null(own);
    assert_ptr_equal(settings, &application->settings);
    own->application = application;
    own->socket = socket;
    fake_sink_init(&own->sink);
    list_append(&application->sockets, &own->node);
    application->dial_count++;
    application->open_count++;
    *sink = &own->sink.sink;
    return STATUS_OK;
}

static const struct upstream_dialer_operations operations = {.dial = dial};

void
fake_application_init(struct fake_application *application, struct scenario *scenario)
{
    static const char *const methods[] = {"Send"};

    *application = (struct fake_application){
        .dialer = {&operations},
        .scenario = scenario,
        .settings = {.name = "chat/ChatHub",
                     .url = "http://app/hubs/{hub}/{event}",
                     .methods = methods,
                     .method_count = 1,
                     .timeout_ms = 5000,
                     .connections_max = 4,
                     .queue_max = 10},
    };
    list_init(&application->sockets);
    buffer_init(&application->request, REQUEST_BYTES_MAX);
    const struct upstream_settings *settings = &application->settings;
    struct upstreams_options options = {
        .timers = &scenario->timers,
        .log = &scenario->log,
        .loop = fake_loop_poster(&scenario->loop),
        .dialer = &application->dialer,
        .settings = &settings,
        .count = 1,
    };
    assert_status(upstreams_new(&options, &scenario->upstreams), STATUS_OK);
    scenario->work = work;
    scenario->worker = application;
    scenario->hubs[SCENARIO_CHAT] =
        (struct app_hub){"ChatHub", hub_upstream_make, &application->settings};
}

void
fake_application_deinit(struct fake_application *application)
{
    while (work(application)) {}
    assert_true(list_is_empty(&application->sockets));
    buffer_deinit(&application->request);
}

/* The value of a header of ${request}, terminated in place. */
static const char *
header(struct buffer *request, const char *name)
{
    char *found = strstr((char *)request->data, name);

    assert_non_null(found);
    found += strlen(name);
    *strchr(found, '\r') = '\0';
    return found;
}

const char *
fake_application_take(struct fake_application *application)
{
    scenario_run(application->scenario);
    application->current = NULL;
    buffer_clear(&application->request);
    LIST_FOR_EACH (node, &application->sockets) {
        struct fake_application_socket *own =
            CONTAINER_OF(node, struct fake_application_socket, node);
        if (own->is_open && fake_sink_written(&own->sink).length > 0) {
            application->current = own;
            buffer_append(&application->request, fake_sink_written(&own->sink));
            buffer_append_byte(&application->request, '\0');
            fake_sink_clear(&own->sink);
            return header(&application->request, "X-ASRS-Event: ");
        }
    }
    return "";
}

void
fake_application_await(struct fake_application *application, const char *event)
{
    const char *found = fake_application_take(application);

    for (int seconds = 0; seconds < 60 && found[0] == '\0'; seconds++) {
        scenario_advance(application->scenario, 1000);
        found = fake_application_take(application);
    }
    assert_string_equal(found, event);
}

void
fake_application_write(struct fake_application *application, const char *bytes)
{
    assert_non_null(application->current);
    upstream_socket_receive(application->current->socket, bytes_from_string(bytes));
    scenario_run(application->scenario);
}

void
fake_application_answer(struct fake_application *application, int status, const char *type,
                        const char *body)
{
    char answer[ANSWER_BYTES_MAX];

    snprintf(answer, sizeof(answer),
             "HTTP/1.1 %d Whatever\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", status,
             type == NULL ? "application/json" : type, strlen(body), body);
    fake_application_write(application, answer);
}

void
fake_application_accept(struct fake_application *application, const char *event)
{
    assert_string_equal(fake_application_take(application), event);
    fake_application_answer(application, 200, NULL, "");
}

void
fake_application_hang_up(struct fake_application *application)
{
    assert_non_null(application->current);
    end_socket(application->current, STATUS_CLOSED, "closed by the peer");
    scenario_run(application->scenario);
}
