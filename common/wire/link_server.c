/* SPDX-License-Identifier: MIT */
#include "common/wire/link_server.h"

#include <assert.h>
#include <stdlib.h>

#include "common/base/crypto.h"
#include "common/wire/link_core.h"

/* An app is in the table from OPEN on; refusing takes it out. */
struct link_server_app {
    uint16_t handle;
    bool is_open; /* OPENED has been sent */
};

struct link_server {
    struct link_core core;
    const struct link_server_handler *handler;
    void *owner;
    struct link_server_app apps[LINK_APPS_MAX];
    size_t app_count;
};

static struct link_server *
server_of(struct link_core *core)
{
    return CONTAINER_OF(core, struct link_server, core);
}

static struct link_server_app *
find_app(struct link_server *link, uint16_t handle)
{
    for (size_t i = 0; i < link->app_count; i++) {
        if (link->apps[i].handle == handle) {
            return &link->apps[i];
        }
    }
    return NULL;
}

static bool
is_open(struct link_server *link, uint16_t handle)
{
    const struct link_server_app *app = find_app(link, handle);
    return app != NULL && app->is_open;
}

/* ---- what the node sends ---- */

static void
take_open(struct link_server *link, const struct envelope *envelope)
{
    struct bytes_reader reader = bytes_reader_from(envelope->payload);
    uint64_t acknowledged_sequence = bytes_read_u64(&reader);
    struct bytes key = bytes_read_text16(&reader);
    if (reader.is_short || envelope->app == 0) {
        link_core_breach(&link->core, envelope, "cut short or without a handle");
    } else if (find_app(link, envelope->app) != NULL) {
        link_core_breach(&link->core, envelope, "the handle is in use");
    } else if (link->app_count == LINK_APPS_MAX) {
        link_core_fail(&link->core, STATUS_LIMIT, "more than %d apps on one link", LINK_APPS_MAX);
    } else {
        link->apps[link->app_count++] = (struct link_server_app){envelope->app, false};
        link->handler->on_open(link->owner, envelope->app, key, envelope->number,
                               acknowledged_sequence);
    }
}

static void
take_publish(struct link_server *link, const struct envelope *envelope)
{
    if (envelope->number == 0) {
        link_core_breach(&link->core, envelope, "sequences start at 1");
    } else if (link_core_charge(&link->core, envelope)) {
        link->handler->on_publish(link->owner, envelope->app, envelope->number, envelope->payload);
    }
}

/* One row of an INTEREST; false at the end of the list or where it breaks. */
static bool
next_interest(struct bytes_reader *reader, bool *is_added, struct bytes *topic)
{
    if (reader->rest.length == 0) {
        return false;
    }
    uint8_t operation = bytes_read_u8(reader);
    *topic = bytes_read_text16(reader);
    *is_added = operation == 1;
    reader->is_short = reader->is_short || operation > 1;
    return !reader->is_short;
}

static void
take_interest(struct link_server *link, const struct envelope *envelope)
{
    bool is_added;
    struct bytes topic;
    struct bytes_reader reader = bytes_reader_from(envelope->payload);
    while (next_interest(&reader, &is_added, &topic)) {}
    if (reader.is_short) {
        link_core_breach(&link->core, envelope, "the list is malformed");
        return;
    }
    reader = bytes_reader_from(envelope->payload);
    while (link_core_is_alive(&link->core) && next_interest(&reader, &is_added, &topic)) {
        link->handler->on_interest(link->owner, envelope->app, is_added, topic);
    }
    if (link_core_is_alive(&link->core)) {
        link->handler->on_interest_end(link->owner, envelope->app, envelope->request);
    }
}

static bool
next_replay(struct bytes_reader *reader, struct link_topic *topic)
{
    if (reader->rest.length == 0) {
        return false;
    }
    topic->since = bytes_read_u64(reader);
    topic->topic = bytes_read_text16(reader);
    return !reader->is_short;
}

static void
take_replay(struct link_server *link, const struct envelope *envelope)
{
    struct link_topic topic;
    size_t count = 0;
    struct bytes_reader reader = bytes_reader_from(envelope->payload);
    while (next_replay(&reader, &topic)) {
        count++;
    }
    if (reader.is_short) {
        link_core_breach(&link->core, envelope, "the list is malformed");
        return;
    }
    struct link_topic *topics = calloc(count + 1, sizeof(*topics));
    if (topics == NULL) {
        link_core_fail(&link->core, STATUS_NO_MEMORY, "no memory for %zu topics", count);
        return;
    }
    reader = bytes_reader_from(envelope->payload);
    for (size_t i = 0; i < count; i++) {
        next_replay(&reader, &topics[i]);
    }
    link->handler->on_replay(link->owner, envelope->app, envelope->request, envelope->number,
                             topics, count);
    free(topics);
}

static void
take_query(struct link_server *link, const struct envelope *envelope)
{
    struct bytes_reader reader = bytes_reader_from(envelope->payload);
    struct bytes topic = bytes_read_text16(&reader);
    if (reader.is_short) {
        link_core_breach(&link->core, envelope, "cut short");
    } else {
        link->handler->on_query(link->owner, envelope->app, envelope->request, topic);
    }
}

static void
take_goaway(struct link_server *link, const struct envelope *envelope)
{
    struct bytes_reader reader = bytes_reader_from(envelope->payload);
    struct bytes reason = bytes_read_text16(&reader);
    if (reader.is_short) {
        link_core_breach(&link->core, envelope, "cut short");
    } else {
        link->handler->on_goaway(link->owner, reason);
    }
}

static void
take_share(struct link_server *link, const struct envelope *envelope)
{
    if (!link_core_take_share(envelope, link->handler->on_share, link->owner)) {
        link_core_breach(&link->core, envelope, "cut short");
    }
}

static void
on_envelope(struct link_core *core, const struct envelope *envelope)
{
    struct link_server *link = server_of(core);
    if (envelope->kind == ENVELOPE_OPEN) {
        take_open(link, envelope);
        return;
    }
    if (envelope->kind == ENVELOPE_GOAWAY) {
        take_goaway(link, envelope);
        return;
    }
    if (envelope->kind == ENVELOPE_SHARE) {
        take_share(link, envelope);
        return;
    }
    if (!is_open(link, envelope->app)) {
        link_core_breach(core, envelope, "the app is not open");
        return;
    }
    switch (envelope->kind) {
    case ENVELOPE_PUBLISH:
        take_publish(link, envelope);
        break;
    case ENVELOPE_INTEREST:
        take_interest(link, envelope);
        break;
    case ENVELOPE_REPLAY:
        take_replay(link, envelope);
        break;
    case ENVELOPE_QUERY:
        take_query(link, envelope);
        break;
    case ENVELOPE_PING:
        break;
    default:
        link_core_breach(core, envelope, "not for a bridge");
        break;
    }
}

static void
on_first(struct link_core *core, uint16_t version_min, uint16_t version_max,
         const struct link_identity *peer)
{
    struct link_server *link = server_of(core);
    if (version_max < LINK_VERSION_MIN || version_min > LINK_VERSION_MAX) {
        link_core_fail(core, STATUS_UNSUPPORTED,
                       "this bridge speaks versions %d to %d, the node versions %u to %u",
                       LINK_VERSION_MIN, LINK_VERSION_MAX, version_min, version_max);
        return;
    }
    uint16_t version = (version_max < LINK_VERSION_MAX) ? version_max : LINK_VERSION_MAX;
    link_core_send_first(core, ENVELOPE_WELCOME, version, version);
    if (link_core_is_alive(core)) {
        link_core_enter_open(core);
        link->handler->on_hello(link->owner, peer);
    }
}

/* The owner may refuse or fail in the middle, so each step looks again. */
static void
on_keepalive(struct link_core *core)
{
    struct link_server *link = server_of(core);
    bool has_pinged = false;
    for (size_t i = 0; i < link->app_count && link_core_is_alive(core); i++) {
        if (link->apps[i].is_open) {
            uint16_t app = link->apps[i].handle;
            link_core_send_ping(core, app, link->handler->position(link->owner, app));
            has_pinged = true;
        }
    }
    if (!has_pinged) {
        link_core_send_ping(core, 0, 0);
    }
}

static void
on_credit(struct link_core *core, uint64_t bytes)
{
    struct link_server *link = server_of(core);
    link->handler->on_credit(link->owner, bytes);
}

static void
on_failed(struct link_core *core, enum status status, const char *reason)
{
    struct link_server *link = server_of(core);
    link->handler->on_failed(link->owner, status, reason);
}

static const struct link_core_role link_server_role = {
    .first_kind = ENVELOPE_HELLO,
    .always_pings = true,
    .on_first = on_first,
    .on_envelope = on_envelope,
    .on_keepalive = on_keepalive,
    .on_credit = on_credit,
    .on_failed = on_failed,
};

/* ---- life ---- */

enum status
link_server_new(struct sink *sink, struct timers *timers, struct log *log,
                const struct link_identity *self, const struct link_server_handler *handler,
                void *owner, struct link_server **out)
{
    struct link_server *link = calloc(1, sizeof(*link));
    if (link == NULL) {
        return STATUS_NO_MEMORY;
    }
    link->handler = handler;
    link->owner = owner;
    link_core_init(&link->core, &link_server_role, sink, timers, log, self);
    *out = link;
    return STATUS_OK;
}

void
link_server_free(struct link_server *link)
{
    if (link != NULL) {
        link_core_deinit(&link->core);
        free(link);
    }
}

void
link_server_receive(struct link_server *link, struct bytes input)
{
    link_core_receive(&link->core, input);
}

void
link_server_closed(struct link_server *link, enum status status, const char *reason)
{
    link_core_closed(&link->core, status, reason);
}

void
link_server_error(struct link_server *link, enum status status, const char *reason)
{
    link_core_fail(&link->core, status, "%s", reason);
}

/* ---- answers ---- */

static void
append_secrets(struct buffer *out, size_t count, const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES])
{
    assert(count <= 2);
    buffer_append_byte(out, (uint8_t)count);
    for (size_t i = 0; i < count; i++) {
        buffer_append(out, bytes_from(secrets[i], ENVELOPE_SECRET_BYTES));
    }
}

/* The scratch buffer stays; the secrets in it do not. */
static void
send_secrets(struct link_server *link, struct envelope envelope)
{
    link_core_send_scratch(&link->core, envelope);
    crypto_wipe(link->core.scratch.data, link->core.scratch.length);
}

void
link_server_opened(struct link_server *link, uint16_t app, const struct link_opened *opened)
{
    struct link_server_app *entry = find_app(link, app);
    if (entry == NULL || !link_core_is_alive(&link->core)) {
        return;
    }
    entry->is_open = true;
    struct buffer *out = link_core_scratch(&link->core);
    buffer_append_u64(out, opened->oldest_id);
    buffer_append_u64(out, opened->last_sequence);
    buffer_append_byte(out, (uint8_t)opened->state);
    append_secrets(out, opened->secret_count, opened->secrets);
    send_secrets(link, (struct envelope){.kind = ENVELOPE_OPENED,
                                         .app = app,
                                         .number = opened->current_id});
}

static void
send_refused(struct link_server *link, uint16_t app, uint64_t sequence, enum status status,
             struct bytes text)
{
    struct buffer *out = link_core_scratch(&link->core);
    buffer_append_byte(out, link_core_code(status));
    link_core_append_text(out, text);
    link_core_send_scratch(&link->core, (struct envelope){.kind = ENVELOPE_REFUSED,
                                                          .app = app,
                                                          .number = sequence});
}

void
link_server_refuse_open(struct link_server *link, uint16_t app, enum status status,
                        struct bytes text)
{
    struct link_server_app *entry = find_app(link, app);
    if (entry != NULL) {
        *entry = link->apps[--link->app_count];
        send_refused(link, app, 0, status, text);
    }
}

void
link_server_refused(struct link_server *link, uint16_t app, uint64_t sequence, enum status status,
                    struct bytes text)
{
    assert(sequence != 0);
    send_refused(link, app, sequence, status, text);
}

/* A payload of one number, as many kinds have it. */
static void
send_number(struct link_server *link, struct envelope envelope, uint64_t payload)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(payload >> (56 - 8 * i));
    }
    envelope.payload = bytes_from(bytes, sizeof(bytes));
    link_core_send(&link->core, &envelope);
}

void
link_server_published(struct link_server *link, uint16_t app, uint64_t sequence, uint64_t id)
{
    send_number(link, (struct envelope){.kind = ENVELOPE_PUBLISHED, .app = app, .number = sequence},
                id);
}

void
link_server_interest_ack(struct link_server *link, uint16_t app, uint32_t request,
                         uint64_t position)
{
    if (request != 0) {
        link_core_send(&link->core, &(struct envelope){.kind = ENVELOPE_INTEREST,
                                                       .flags = ENVELOPE_FLAG_ACK,
                                                       .app = app,
                                                       .request = request,
                                                       .number = position});
    }
}

void
link_server_deliver(struct link_server *link, uint16_t app, uint32_t request, uint64_t id,
                    struct payload_slice frame, bool is_foreign)
{
    if (frame.length > link->core.peer_payload_max_bytes) {
        log_warn(link->core.log, "link",
                 "a message is too long for the node and reported as lost id=%llu bytes=%zu",
                 (unsigned long long)id, frame.length);
        link_server_gap(link, app, id, id);
        return;
    }
    uint8_t flags = (uint8_t)((request != 0 ? ENVELOPE_FLAG_REPLAY : 0) |
                              (is_foreign ? ENVELOPE_FLAG_FOREIGN : 0));
    link_core_send_frame(&link->core,
                         &(struct envelope){.kind = ENVELOPE_DELIVER,
                                            .flags = flags,
                                            .app = app,
                                            .request = request,
                                            .number = id},
                         frame);
}

int64_t
link_server_send_credit(const struct link_server *link)
{
    return link->core.send_credit;
}

void
link_server_replayed(struct link_server *link, uint16_t app, uint32_t request, uint64_t position,
                     uint64_t missing_to)
{
    send_number(link,
                (struct envelope){
                    .kind = ENVELOPE_REPLAYED, .app = app, .request = request, .number = position},
                missing_to);
}

void
link_server_gap(struct link_server *link, uint16_t app, uint64_t from, uint64_t to)
{
    assert(from <= to);
    send_number(link, (struct envelope){.kind = ENVELOPE_GAP, .app = app, .number = from}, to);
}

void
link_server_query_ack(struct link_server *link, uint16_t app, uint32_t request, bool exists)
{
    link_core_send(&link->core, &(struct envelope){.kind = ENVELOPE_QUERY,
                                                   .flags = ENVELOPE_FLAG_ACK,
                                                   .app = app,
                                                   .request = request,
                                                   .number = exists ? 1 : 0});
}

void
link_server_state(struct link_server *link, uint16_t app, enum link_backplane_state state,
                  struct bytes text)
{
    struct buffer *out = link_core_scratch(&link->core);
    link_core_append_text(out, text);
    link_core_send_scratch(&link->core,
                           (struct envelope){.kind = ENVELOPE_STATE, .app = app, .number = state});
}

void
link_server_secrets(struct link_server *link, uint16_t app, size_t count,
                    const uint8_t (*secrets)[ENVELOPE_SECRET_BYTES])
{
    append_secrets(link_core_scratch(&link->core), count, secrets);
    send_secrets(link, (struct envelope){.kind = ENVELOPE_SECRETS, .app = app});
}

void
link_server_credit(struct link_server *link, uint64_t bytes)
{
    link_core_send_credit(&link->core, bytes);
}

void
link_server_goaway(struct link_server *link, struct bytes reason, struct bytes others)
{
    struct buffer *out = link_core_scratch(&link->core);
    link_core_append_text(out, reason);
    link_core_append_text(out, others);
    link_core_send_scratch(&link->core, (struct envelope){.kind = ENVELOPE_GOAWAY});
}

void
link_server_share(struct link_server *link, struct bytes name, struct bytes content)
{
    link_core_send_share(&link->core, name, content);
}
