/* SPDX-License-Identifier: MIT */
#include "service/node/acceptor.h"

#include <stdlib.h>

enum { ACCEPTOR_ADDRESSES_MAX = 16 };

struct acceptor {
    struct acceptor_options options;
    struct listener *listeners[ACCEPTOR_ADDRESSES_MAX];
    size_t open_count;
    size_t count;
    size_t next_worker;
    void (*on_closed)(void *owner);
    void *owner;
};

static void
on_socket(void *owner, stream_socket socket)
{
    struct acceptor *acceptor = owner;
    size_t worker = acceptor->next_worker;

    acceptor->next_worker = (worker + 1) % acceptor->options.worker_count;
    acceptor->options.hand_over(acceptor->options.owner, worker, socket);
}

static void
on_listener_closed(void *owner)
{
    struct acceptor *acceptor = owner;

    if (--acceptor->open_count == 0 && acceptor->on_closed != NULL) {
        acceptor->on_closed(acceptor->owner);
    }
}

static const struct listener_handler handler = {.on_socket = on_socket,
                                                .on_closed = on_listener_closed};

static enum status
listen_on(struct acceptor *acceptor, struct bytes address, struct buffer *problem)
{
    char *text = bytes_duplicate(address);
    enum status status = STATUS_LIMIT;

    if (text == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (acceptor->count < ACCEPTOR_ADDRESSES_MAX) {
        status = listener_open(acceptor->options.loop, text, &handler, acceptor,
                               &acceptor->listeners[acceptor->count]);
    }
    if (status == STATUS_OK) {
        acceptor->count++;
        acceptor->open_count++;
    } else {
        listener_explain(status, text, acceptor->options.option, problem);
    }
    free(text);
    return status;
}

enum status
acceptor_new(const struct acceptor_options *options, struct buffer *problem, struct acceptor **out)
{
    struct acceptor *acceptor = calloc(1, sizeof(*acceptor));
    struct bytes rest = bytes_from_string(options->addresses), part;
    enum status status = STATUS_OK;

    *out = acceptor;
    if (acceptor == NULL) {
        return STATUS_NO_MEMORY;
    }
    acceptor->options = *options;
    while (status == STATUS_OK && rest.data != NULL && bytes_split(&rest, ',', &part)) {
        part = bytes_trim(part);
        if (part.length > 0) {
            status = listen_on(acceptor, part, problem);
        }
    }
    /* After a failure the caller closes what did open: listeners need their loop for that. */
    return status;
}

static void
tell_closed(void *context)
{
    struct acceptor *acceptor = context;
    acceptor->on_closed(acceptor->owner);
}

void
acceptor_close(struct acceptor *acceptor, void (*on_closed)(void *owner), void *owner)
{
    acceptor->on_closed = on_closed;
    acceptor->owner = owner;
    for (size_t i = 0; i < acceptor->count; i++) {
        listener_close(acceptor->listeners[i]);
    }
    if (acceptor->count == 0 &&
        loop_post(acceptor->options.loop, tell_closed, acceptor) != STATUS_OK) {
        abort();
    }
}

void
acceptor_free(struct acceptor *acceptor)
{
    free(acceptor);
}

uint16_t
acceptor_port(const struct acceptor *acceptor)
{
    return acceptor->count > 0 ? listener_port(acceptor->listeners[0]) : 0;
}
