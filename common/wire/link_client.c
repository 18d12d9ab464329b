/* SPDX-License-Identifier: MIT */
#include "common/wire/link_client.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "common/wire/link_core.h"

/* A list of topics goes on in another envelope beyond this, so that neither side works on one for
 * long. */
enum { LINK_CLIENT_INTEREST_BYTES = 256 * 1024 };

struct link_client {
    struct link_core core;
    const struct link_client_handler *handler;
    void *owner;
};

static struct link_client *
client_of(struct link_core *core)
{
    return CONTAINER_OF(core, struct link_client, core);
}

/* ---- what the bridge sends ---- */

/* A count, then that many secrets; the owner of ${secrets} wipes them. */
static size_t
take_secrets(struct bytes_reader *reader, uint8_t secrets[2][ENVELOPE_SECRET_BYTES])
{
    size_t count = bytes_read_u8(reader);
    if (count > 2) {
        reader->is_short = true;
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        struct bytes secret = bytes_read(reader, ENVELOPE_SECRET_BYTES);
        if (secret.length == ENVELOPE_SECRET_BYTES) {
            memcpy(secrets[i], secret.data, ENVELOPE_SECRET_BYTES);
        }
    }
    return count;
}

static bool
is_state(uint64_t number)
{
    return number >= LINK_BACKPLANE_OPEN && number <= LINK_BACKPLANE_CLOSED;
}

/* Each take_ function reads the payload first; true when it was whole and the owner has been told.
 */

static bool
take_opened(struct link_client *link, const struct envelope *envelope, struct bytes_reader *reader)
{
    struct link_opened opened = {.current_id = envelope->number};
    opened.oldest_id = bytes_read_u64(reader);
    opened.last_sequence = bytes_read_u64(reader);
    uint8_t state = bytes_read_u8(reader);
    opened.secret_count = take_secrets(reader, opened.secrets);
    bool is_good = !reader->is_short && is_state(state);
    if (is_good) {
        opened.state = (enum link_backplane_state)state;
        link->handler->on_opened(link->owner, envelope->app, &opened);
    }
    crypto_wipe(&opened, sizeof(opened));
    return is_good;
}

static bool
take_published(struct link_client *link, const struct envelope *envelope,
               struct bytes_reader *reader)
{
    uint64_t id = bytes_read_u64(reader);
    if (!reader->is_short) {
        link->handler->on_published(link->owner, envelope->app, envelope->number, id);
    }
    return !reader->is_short;
}

static bool
take_refused(struct link_client *link, const struct envelope *envelope, struct bytes_reader *reader)
{
    enum status status = link_core_status(bytes_read_u8(reader));
    struct bytes text = bytes_read_text16(reader);
    if (reader->is_short) {
        return false;
    }
    if (envelope->number == 0) {
        link->handler->on_open_refused(link->owner, envelope->app, status, text);
    } else {
        link->handler->on_refused(link->owner, envelope->app, envelope->number, status, text);
    }
    return true;
}

static bool
take_interest_ack(struct link_client *link, const struct envelope *envelope)
{
    if ((envelope->flags & ENVELOPE_FLAG_ACK) == 0) {
        return false;
    }
    link->handler->on_interest_ack(link->owner, envelope->app, envelope->request, envelope->number);
    return true;
}

static bool
take_query_ack(struct link_client *link, const struct envelope *envelope)
{
    if ((envelope->flags & ENVELOPE_FLAG_ACK) == 0 || envelope->number > 1) {
        return false;
    }
    link->handler->on_query_ack(link->owner, envelope->app, envelope->request,
                                envelope->number == 1);
    return true;
}

static void
take_deliver(struct link_client *link, const struct envelope *envelope)
{
    if (!link_core_charge(&link->core, envelope)) {
        return;
    }
    bool is_replay = (envelope->flags & ENVELOPE_FLAG_REPLAY) != 0;
    link->handler->on_deliver(link->owner, envelope->app, is_replay ? envelope->request : 0,
                              envelope->number, envelope->payload,
                              (envelope->flags & ENVELOPE_FLAG_FOREIGN) != 0);
}

static bool
take_replayed(struct link_client *link, const struct envelope *envelope,
              struct bytes_reader *reader)
{
    uint64_t missing_to = bytes_read_u64(reader);
    if (!reader->is_short) {
        link->handler->on_replayed(link->owner, envelope->app, envelope->request, envelope->number,
                                   missing_to);
    }
    return !reader->is_short;
}

static bool
take_gap(struct link_client *link, const struct envelope *envelope, struct bytes_reader *reader)
{
    uint64_t to = bytes_read_u64(reader);
    if (reader->is_short || to < envelope->number) {
        return false;
    }
    link->handler->on_gap(link->owner, envelope->app, envelope->number, to);
    return true;
}

static bool
take_state(struct link_client *link, const struct envelope *envelope, struct bytes_reader *reader)
{
    struct bytes text = bytes_read_text16(reader);
    if (reader->is_short || !is_state(envelope->number)) {
        return false;
    }
    link->handler->on_state(link->owner, envelope->app, (enum link_backplane_state)envelope->number,
                            text);
    return true;
}

static bool
take_new_secrets(struct link_client *link, const struct envelope *envelope,
                 struct bytes_reader *reader)
{
    uint8_t secrets[2][ENVELOPE_SECRET_BYTES];
    size_t count = take_secrets(reader, secrets);
    if (!reader->is_short) {
        link->handler->on_secrets(link->owner, envelope->app, count,
                                  (const uint8_t(*)[ENVELOPE_SECRET_BYTES])secrets);
    }
    crypto_wipe(secrets, sizeof(secrets));
    return !reader->is_short;
}

static bool
take_goaway(struct link_client *link, struct bytes_reader *reader)
{
    struct bytes reason = bytes_read_text16(reader);
    struct bytes others = bytes_read_text16(reader);
    if (!reader->is_short) {
        link->handler->on_goaway(link->owner, reason, others);
    }
    return !reader->is_short;
}

static bool
take_for_app(struct link_client *link, const struct envelope *envelope, struct bytes_reader *reader)
{
    switch (envelope->kind) {
    case ENVELOPE_OPENED:
        return take_opened(link, envelope, reader);
    case ENVELOPE_PUBLISHED:
        return take_published(link, envelope, reader);
    case ENVELOPE_REFUSED:
        return take_refused(link, envelope, reader);
    case ENVELOPE_INTEREST:
        return take_interest_ack(link, envelope);
    case ENVELOPE_DELIVER:
        take_deliver(link, envelope);
        return true;
    case ENVELOPE_REPLAYED:
        return take_replayed(link, envelope, reader);
    case ENVELOPE_GAP:
        return take_gap(link, envelope, reader);
    case ENVELOPE_QUERY:
        return take_query_ack(link, envelope);
    case ENVELOPE_STATE:
        return take_state(link, envelope, reader);
    case ENVELOPE_SECRETS:
        return take_new_secrets(link, envelope, reader);
    case ENVELOPE_PING:
        link->handler->on_position(link->owner, envelope->app, envelope->number);
        return true;
    default:
        return false;
    }
}

static void
on_envelope(struct link_core *core, const struct envelope *envelope)
{
    struct link_client *link = client_of(core);
    struct bytes_reader reader = bytes_reader_from(envelope->payload);
    bool is_good;
    if (envelope->kind == ENVELOPE_GOAWAY) {
        is_good = take_goaway(link, &reader);
    } else if (envelope->kind == ENVELOPE_SHARE) {
        is_good = link_core_take_share(envelope, link->handler->on_share, link->owner);
    } else {
        is_good = envelope->app != 0 && take_for_app(link, envelope, &reader);
    }
    if (!is_good) {
        link_core_breach(core, envelope, "cut short, out of range or not for a node");
    }
}

static void
on_first(struct link_core *core, uint16_t version_min, uint16_t version_max,
         const struct link_identity *peer)
{
    struct link_client *link = client_of(core);
    if (version_min != version_max || version_min < LINK_VERSION_MIN ||
        version_min > LINK_VERSION_MAX) {
        link_core_fail(core, STATUS_UNSUPPORTED,
                       "the bridge chose version %u, this node speaks versions %d to %d",
                       version_max, LINK_VERSION_MIN, LINK_VERSION_MAX);
        return;
    }
    link_core_enter_open(core);
    link->handler->on_welcome(link->owner, peer);
}

static void
on_keepalive(struct link_core *core)
{
    link_core_send_ping(core, 0, 0);
}

static void
on_credit(struct link_core *core, uint64_t bytes)
{
    struct link_client *link = client_of(core);
    link->handler->on_credit(link->owner, bytes);
}

static void
on_failed(struct link_core *core, enum status status, const char *reason)
{
    struct link_client *link = client_of(core);
    link->handler->on_failed(link->owner, status, reason);
}

static const struct link_core_role link_client_role = {
    .first_kind = ENVELOPE_WELCOME,
    .always_pings = false,
    .on_first = on_first,
    .on_envelope = on_envelope,
    .on_keepalive = on_keepalive,
    .on_credit = on_credit,
    .on_failed = on_failed,
};

/* ---- life ---- */

enum status
link_client_new(struct sink *sink, struct timers *timers, struct log *log,
                const struct link_identity *self, const struct link_client_handler *handler,
                void *owner, struct link_client **out)
{
    struct link_client *link = calloc(1, sizeof(*link));
    if (link == NULL) {
        return STATUS_NO_MEMORY;
    }
    link->handler = handler;
    link->owner = owner;
    link_core_init(&link->core, &link_client_role, sink, timers, log, self);
    link_core_send_first(&link->core, ENVELOPE_HELLO, LINK_VERSION_MIN, LINK_VERSION_MAX);
    *out = link;
    return STATUS_OK;
}

void
link_client_free(struct link_client *link)
{
    if (link != NULL) {
        link_core_deinit(&link->core);
        free(link);
    }
}

void
link_client_receive(struct link_client *link, struct bytes input)
{
    link_core_receive(&link->core, input);
}

void
link_client_closed(struct link_client *link, enum status status, const char *reason)
{
    link_core_closed(&link->core, status, reason);
}

/* ---- requests ---- */

void
link_client_open_app(struct link_client *link, uint16_t app, struct bytes key,
                     uint64_t last_seen_id, uint64_t acknowledged_sequence)
{
    assert(app != 0);
    struct buffer *out = link_core_scratch(&link->core);
    buffer_append_u64(out, acknowledged_sequence);
    link_core_append_text(out, key);
    link_core_send_scratch(&link->core, (struct envelope){.kind = ENVELOPE_OPEN,
                                                          .app = app,
                                                          .number = last_seen_id});
}

void
link_client_publish(struct link_client *link, uint16_t app, uint64_t sequence,
                    struct payload *frame)
{
    struct payload_slice body = {NULL, 0, 0};
    if (frame != NULL && frame->length <= link->core.peer_payload_max_bytes) {
        body = payload_whole(frame);
    }
    link_core_send_frame(
        &link->core, &(struct envelope){.kind = ENVELOPE_PUBLISH, .app = app, .number = sequence},
        body);
}

int64_t
link_client_send_credit(const struct link_client *link)
{
    return link->core.send_credit;
}

size_t
link_client_frame_max(const struct link_client *link)
{
    return (link->core.state == LINK_CORE_OPEN) ? link->core.peer_payload_max_bytes : 0;
}

/* Append one row per topic that fits; sends what has gathered when it is long enough. */
static void
append_topics(struct link_client *link, uint16_t app, uint8_t operation, const struct bytes *topics,
              size_t count)
{
    struct buffer *out = &link->core.scratch;
    for (size_t i = 0; i < count; i++) {
        if (topics[i].length > LINK_TEXT_MAX_BYTES) {
            log_error(link->core.log, "link", "a topic is too long for the link bytes=%zu",
                      topics[i].length);
            continue;
        }
        if (out->length + 3 + topics[i].length > LINK_CLIENT_INTEREST_BYTES && out->length > 0) {
            link_core_send_scratch(&link->core,
                                   (struct envelope){.kind = ENVELOPE_INTEREST, .app = app});
            out = link_core_scratch(&link->core);
        }
        buffer_append_byte(out, operation);
        buffer_append_text16(out, topics[i]);
    }
}

void
link_client_interest(struct link_client *link, uint16_t app, uint32_t request,
                     const struct bytes *added, size_t added_count, const struct bytes *removed,
                     size_t removed_count)
{
    link_core_scratch(&link->core);
    append_topics(link, app, 0, removed, removed_count);
    append_topics(link, app, 1, added, added_count);
    link_core_send_scratch(&link->core, (struct envelope){.kind = ENVELOPE_INTEREST,
                                                          .app = app,
                                                          .request = request});
}

void
link_client_replay(struct link_client *link, uint16_t app, uint32_t request,
                   const struct link_topic *topics, size_t count)
{
    struct buffer *out = link_core_scratch(&link->core);
    for (size_t i = 0; i < count; i++) {
        if (topics[i].topic.length > LINK_TEXT_MAX_BYTES) {
            log_error(link->core.log, "link", "a topic is too long for the link bytes=%zu",
                      topics[i].topic.length);
            continue;
        }
        buffer_append_u64(out, topics[i].since);
        buffer_append_text16(out, topics[i].topic);
    }
    link_core_send_scratch(&link->core, (struct envelope){.kind = ENVELOPE_REPLAY,
                                                          .app = app,
                                                          .request = request});
}

void
link_client_replay_range(struct link_client *link, uint16_t app, uint32_t request, uint64_t from_id,
                         uint64_t to_id)
{
    struct buffer *out = link_core_scratch(&link->core);
    buffer_append_u64(out, from_id - 1);
    buffer_append_text16(out, BYTES("*"));
    link_core_send_scratch(&link->core, (struct envelope){.kind = ENVELOPE_REPLAY,
                                                          .app = app,
                                                          .request = request,
                                                          .number = to_id});
}

bool
link_client_replay_fits(const struct link_client *link, const struct link_topic *topics,
                        size_t count)
{
    const size_t row_bytes = sizeof(uint64_t) + sizeof(uint16_t);
    size_t room = link->core.peer_payload_max_bytes;

    for (size_t i = 0; i < count; i++) {
        if (topics[i].topic.length + row_bytes > room) {
            return false;
        }
        room -= topics[i].topic.length + row_bytes;
    }
    return true;
}

void
link_client_query(struct link_client *link, uint16_t app, uint32_t request, struct bytes topic)
{
    struct buffer *out = link_core_scratch(&link->core);
    link_core_append_text(out, topic);
    link_core_send_scratch(&link->core, (struct envelope){.kind = ENVELOPE_QUERY,
                                                          .app = app,
                                                          .request = request});
}

void
link_client_credit(struct link_client *link, uint64_t bytes)
{
    link_core_send_credit(&link->core, bytes);
}

void
link_client_goaway(struct link_client *link, struct bytes reason)
{
    struct buffer *out = link_core_scratch(&link->core);
    link_core_append_text(out, reason);
    link_core_append_text(out, BYTES(""));
    link_core_send_scratch(&link->core, (struct envelope){.kind = ENVELOPE_GOAWAY});
}

void
link_client_share(struct link_client *link, struct bytes name, struct bytes content)
{
    link_core_send_share(&link->core, name, content);
}
