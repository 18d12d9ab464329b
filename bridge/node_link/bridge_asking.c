/* SPDX-License-Identifier: MIT */
#include "bridge/node_link/bridge_asking.h"

#include <assert.h>
#include <stdlib.h>

#include "bridge/bridge_metrics.h"
#include "bridge/node_link/bridge_peer.h"

/* A QUERY under way. */
struct bridge_question {
    struct list_node node;
    struct route_bridges_query *query;
    uint32_t request;
};

void
bridge_asking_init(struct bridge_asking *asking)
{
    list_init(&asking->reads);
    list_init(&asking->questions);
    buffer_init(&asking->message, SIZE_MAX);
}

void
bridge_asking_deinit(struct bridge_asking *asking)
{
    assert(list_is_empty(&asking->reads) && list_is_empty(&asking->questions));
    buffer_deinit(&asking->message);
}

static struct timers *
timers_of(const struct bridge_peer *peer)
{
    return loop_timers(peer->options->loop);
}

/* ---- Its history ---- */

static struct route_bridges_read *
first_read(const struct bridge_peer *peer)
{
    struct list_node *node = list_first(&peer->asking.reads);

    return node == NULL ? NULL : CONTAINER_OF(node, struct route_bridges_read, node);
}

/* Whoever is told may ask another bridge, or this one for something else. */
static void
fail_reads(struct bridge_peer *peer)
{
    struct route_bridges_read *read;
    struct list failed;

    timer_stop(timers_of(peer), &peer->asking.patience);
    list_init(&failed);
    while ((read = first_read(peer)) != NULL) {
        list_remove(&read->node);
        list_append(&failed, &read->node);
    }
    LIST_FOR_EACH (node, &failed) {
        read = CONTAINER_OF(node, struct route_bridges_read, node);
        list_remove(node);
        peer->options->on_read(peer->options->owner, peer, read, 0, 0);
    }
}

static void
on_patience(struct timer *timer)
{
    struct bridge_peer *peer = CONTAINER_OF(timer, struct bridge_peer, asking.patience);

    log_warn(loop_log(peer->options->loop), peer->subject,
             "does not answer: until it does, its history is not asked for");
    peer->asking.is_mute = true;
    fail_reads(peer);
}

static void
be_patient(struct bridge_peer *peer)
{
    timer_start(timers_of(peer), &peer->asking.patience, BRIDGE_ASKING_PATIENCE_MS, on_patience);
}

static void
ask_for_first(struct bridge_peer *peer)
{
    const struct route_bridges_read *read = first_read(peer);

    peer->asking.replay_request++;
    link_client_replay_range(peer->link, bridge_peer_handle(peer, read->app),
                             peer->asking.replay_request, read->from_id, read->missing_to);
    be_patient(peer);
}

bool
bridge_asking_read(struct bridge_peer *peer, struct route_bridges_read *read)
{
    bool is_first = list_is_empty(&peer->asking.reads);

    if (bridge_peer_handle(peer, read->app) == 0 || peer->asking.is_mute) {
        return false;
    }
    list_append(&peer->asking.reads, &read->node);
    if (is_first) {
        ask_for_first(peer);
    }
    return true;
}

void
bridge_asking_deliver(void *owner, uint16_t handle, uint32_t request, uint64_t id,
                      struct bytes frame, bool is_foreign)
{
    struct bridge_peer *peer = owner;
    struct buffer *message = &peer->asking.message;
    struct route_bridges_read *read = first_read(peer);

    (void)handle;
    (void)is_foreign;
    link_client_credit(peer->link, frame.length);
    if (read == NULL || request != peer->asking.replay_request || id < read->from_id ||
        id > read->missing_to) {
        return;
    }
    be_patient(peer);
    buffer_clear(message);
    (void)buffer_append_uint64(message, id);
    (void)buffer_append_byte(message, ' ');
    if (buffer_append(message, frame) == STATUS_OK) {
        metrics_add(peer->options->metrics, BRIDGE_METRIC_PEER_MESSAGES, 1);
        read->on_entry(read, buffer_bytes(message));
    }
}

void
bridge_asking_replayed(void *owner, uint16_t handle, uint32_t request, uint64_t read_to,
                       uint64_t missing_to)
{
    struct bridge_peer *peer = owner;
    struct route_bridges_read *read = first_read(peer);

    (void)handle;
    if (request != peer->asking.replay_request) {
        return;
    }
    peer->asking.is_mute = false;
    if (read == NULL) {
        return; /* too late */
    }
    list_remove(&read->node);
    timer_stop(timers_of(peer), &peer->asking.patience);
    if (first_read(peer) != NULL) {
        ask_for_first(peer);
    }
    peer->options->on_read(peer->options->owner, peer, read, read_to, missing_to);
}

/* ---- Its nodes ---- */

static void
forget(const struct bridge_peer *peer, struct bridge_question *question)
{
    list_remove(&question->node);
    assert(peer->asking.questions.head.next != &question->node); /* the analyzer cannot see it */
    free(question);
}

bool
bridge_asking_query(struct bridge_peer *peer, struct route_bridges_query *query, struct bytes topic)
{
    uint16_t handle = bridge_peer_handle(peer, query->app);
    struct bridge_question *question;

    if (handle == 0 || peer->asking.is_mute || (question = malloc(sizeof(*question))) == NULL) {
        return false;
    }
    question->query = query;
    question->request = ++peer->asking.query_request;
    list_append(&peer->asking.questions, &question->node);
    link_client_query(peer->link, handle, question->request, topic);
    return true;
}

void
bridge_asking_forget_query(struct bridge_peer *peer, const struct route_bridges_query *query)
{
    LIST_FOR_EACH (node, &peer->asking.questions) {
        struct bridge_question *question = CONTAINER_OF(node, struct bridge_question, node);

        if (question->query == query) {
            forget(peer, question);
        }
    }
}

/* Whoever is told may have other questions about the same forgotten: begin anew each time. */
static void
answer(struct bridge_peer *peer, struct bridge_question *question, bool exists)
{
    struct route_bridges_query *query = question->query;

    forget(peer, question);
    peer->options->on_query_answer(peer->options->owner, query, exists);
}

void
bridge_asking_query_ack(void *owner, uint16_t handle, uint32_t request, bool exists)
{
    struct bridge_peer *peer = owner;

    (void)handle;
    LIST_FOR_EACH (node, &peer->asking.questions) {
        struct bridge_question *question = CONTAINER_OF(node, struct bridge_question, node);

        if (question->request == request) {
            answer(peer, question, exists);
            return;
        }
    }
}

void
bridge_asking_cut_off(struct bridge_peer *peer)
{
    struct list_node *node;

    fail_reads(peer);
    while ((node = list_first(&peer->asking.questions)) != NULL) {
        answer(peer, CONTAINER_OF(node, struct bridge_question, node), false);
    }
}
