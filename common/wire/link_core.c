/* SPDX-License-Identifier: MIT */
#include "common/wire/link_core.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "common/base/crypto.h"

enum {
    LINK_CORE_CHUNK_BYTES = 16 * 1024,
    /* up to here copying a frame is cheaper than another slice */
    LINK_CORE_COPY_BYTES = 512,
    LINK_CORE_SCRATCH_KEEP_BYTES = 64 * 1024,
    LINK_CORE_PAYLOAD_MIN_BYTES = 64 * 1024, /* the smallest payload limit a peer may announce */
    LINK_CORE_DEAD_MAX_MS = 60000,
};

static void on_tick(struct timer *timer);

void
link_core_init(struct link_core *core, const struct link_core_role *role, struct sink *sink,
               struct timers *timers, struct log *log, const struct link_identity *self)
{
    uint64_t now_ms = timers->clock->now_ms;
    *core = (struct link_core){
        .role = role,
        .sink = sink,
        .timers = timers,
        .log = log,
        .self = self,
        .state = LINK_CORE_HANDSHAKE,
        .last_sent_ms = now_ms,
        .last_ping_ms = now_ms,
        .last_received_ms = now_ms,
        .dead_ms = LINK_DEAD_MS,
        .peer_payload_max_bytes = ENVELOPE_PAYLOAD_MAX_BYTES,
        .receive_credit = LINK_CREDIT_BYTES,
    };
    envelope_decoder_init(&core->decoder, ENVELOPE_PAYLOAD_MAX_BYTES);
    buffer_init(&core->scratch, ENVELOPE_PAYLOAD_MAX_BYTES);
    timer_start(timers, &core->tick, LINK_DEAD_MS, on_tick);
}

void
link_core_deinit(struct link_core *core)
{
    timer_stop(core->timers, &core->tick);
    envelope_decoder_deinit(&core->decoder);
    buffer_deinit(&core->scratch);
    payload_unref(core->chunk);
}

bool
link_core_is_alive(const struct link_core *core)
{
    return core->state < LINK_CORE_FAILED;
}

void
link_core_enter_open(struct link_core *core)
{
    assert(core->state == LINK_CORE_HANDSHAKE);
    core->state = LINK_CORE_OPEN;
    core->last_ping_ms = core->timers->clock->now_ms;
}

/* ---- failing ---- */

uint8_t
link_core_code(enum status status)
{
    return (status < 0) ? (uint8_t)-status : 0;
}

enum status
link_core_status(uint8_t code)
{
    switch (-(int)code) {
#define STATUS(name, value, sentence) \
    case value:                       \
        return ((value) < 0) ? STATUS_##name : STATUS_UNSUPPORTED;
#include "common/base/status.def"
#undef STATUS
    default:
        return STATUS_UNSUPPORTED;
    }
}

/* The reason may come from the peer and goes to a log: one line of printable UTF-8. */
static void
keep_reason(struct link_core *core, struct bytes text)
{
    size_t length = (text.length < sizeof(core->reason)) ? text.length : sizeof(core->reason) - 1;
    while (length > 0 && length < text.length && (text.data[length] & 0xc0) == 0x80) {
        length--;
    }
    bool is_utf8 = bytes_is_utf8(bytes_slice(text, 0, length));
    for (size_t i = 0; i < length; i++) {
        uint8_t byte = text.data[i];
        if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !is_utf8)) {
            byte = '?';
        }
        core->reason[i] = (char)byte;
    }
    core->reason[length] = '\0';
}

/* The sink is done for; the owner is told by settle(), at the latest in the next turn. */
static void
enter_failed(struct link_core *core, enum status status)
{
    assert(link_core_is_alive(core));
    core->failure = status;
    core->state = LINK_CORE_FAILED;
    timer_start(core->timers, &core->tick, 0, on_tick);
}

/* The end of whatever came from outside: nothing of the owner's is on the stack below us. */
static void
settle(struct link_core *core)
{
    if (core->state == LINK_CORE_FAILED) {
        core->state = LINK_CORE_TOLD;
        timer_stop(core->timers, &core->tick);
        core->role->on_failed(core, core->failure, core->reason);
    }
}

static const char *
close_word(enum status status)
{
    switch (status) {
    case STATUS_PROTOCOL:
        return "protocol";
    case STATUS_LIMIT:
        return "limit";
    case STATUS_UNSUPPORTED:
        return "version";
    case STATUS_DENIED:
        return "denied";
    default:
        return "error";
    }
}

void
link_core_fail(struct link_core *core, enum status status, const char *format, ...)
{
    if (!link_core_is_alive(core)) {
        return;
    }
    char text[LINK_CORE_REASON_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    keep_reason(core, bytes_from_string(text));

    uint8_t payload[3 + LINK_CORE_REASON_BYTES];
    size_t length = strlen(core->reason);
    payload[0] = link_core_code(status);
    payload[1] = (uint8_t)(length >> 8);
    payload[2] = (uint8_t)length;
    memcpy(payload + 3, core->reason, length);
    link_core_send(core, &(struct envelope){.kind = ENVELOPE_ERROR,
                                            .payload = bytes_from(payload, 3 + length)});
    if (link_core_is_alive(core)) { /* unless memory ran out just now */
        sink_finish(core->sink, close_word(status));
        enter_failed(core, status);
    }
}

void
link_core_breach(struct link_core *core, const struct envelope *envelope, const char *why)
{
    link_core_fail(core, STATUS_PROTOCOL, "%s: %s", envelope_kind_name(envelope->kind), why);
}

/* Without ERROR: there is nobody to read it, or no memory to write it. */
static void
abandon(struct link_core *core, enum status status, const char *word, struct bytes reason)
{
    if (link_core_is_alive(core)) {
        keep_reason(core, reason);
        sink_close(core->sink, word);
        enter_failed(core, status);
    }
}

void
link_core_closed(struct link_core *core, enum status status, const char *reason)
{
    if (link_core_is_alive(core)) {
        keep_reason(core, bytes_from_string(reason));
        enter_failed(core, status);
    }
    settle(core);
}

/* ---- writing ---- */

/* Room for ${size} bytes at the end of the chunk; NULL when the link has just failed. */
static uint8_t *
reserve(struct link_core *core, size_t size)
{
    assert(size <= LINK_CORE_CHUNK_BYTES);
    if (core->chunk != NULL && core->chunk_used + size > LINK_CORE_CHUNK_BYTES) {
        /* All slices of it have left: its memory serves again. */
        if (atomic_load(&core->chunk->references) > 1) {
            payload_unref(core->chunk);
            core->chunk = NULL;
        }
        core->chunk_used = 0;
    }
    if (core->chunk == NULL) {
        core->chunk = payload_new(LINK_CORE_CHUNK_BYTES);
        core->chunk_used = 0;
    }
    if (core->chunk == NULL) {
        abandon(core, STATUS_NO_MEMORY, "memory", BYTES("out of memory"));
        return NULL;
    }
    return core->chunk->data + core->chunk_used;
}

static void
commit(struct link_core *core, size_t size)
{
    struct payload_slice slice = {core->chunk, core->chunk_used, size};
    core->chunk_used += size;
    core->last_sent_ms = core->timers->clock->now_ms;
    sink_write(core->sink, slice);
}

void
link_core_send(struct link_core *core, const struct envelope *envelope)
{
    if (!link_core_is_alive(core)) {
        return;
    }
    size_t length = envelope->payload.length;
    if (length > core->peer_payload_max_bytes) {
        link_core_fail(core, STATUS_LIMIT, "%s of %zu bytes is longer than the peer takes",
                       envelope_kind_name(envelope->kind), length);
        return;
    }
    if (ENVELOPE_HEADER_BYTES + length <= LINK_CORE_CHUNK_BYTES) {
        uint8_t *place = reserve(core, ENVELOPE_HEADER_BYTES + length);
        if (place == NULL) {
            return;
        }
        envelope_write_header(envelope, length, place);
        if (length > 0) {
            memcpy(place + ENVELOPE_HEADER_BYTES, envelope->payload.data, length);
        }
        commit(core, ENVELOPE_HEADER_BYTES + length);
        return;
    }
    struct payload *own = payload_new(ENVELOPE_HEADER_BYTES + length);
    if (own == NULL) {
        abandon(core, STATUS_NO_MEMORY, "memory", BYTES("out of memory"));
        return;
    }
    envelope_write_header(envelope, length, own->data);
    memcpy(own->data + ENVELOPE_HEADER_BYTES, envelope->payload.data, length);
    core->last_sent_ms = core->timers->clock->now_ms;
    sink_write(core->sink, payload_whole(own));
    payload_unref(own);
}

void
link_core_send_frame(struct link_core *core, const struct envelope *envelope,
                     struct payload_slice body)
{
    if (!link_core_is_alive(core)) {
        return;
    }
    assert(body.length <= core->peer_payload_max_bytes);
    core->send_credit -= (int64_t)body.length;
    bool is_copied = body.length <= LINK_CORE_COPY_BYTES;
    size_t size = ENVELOPE_HEADER_BYTES + (is_copied ? body.length : 0);
    uint8_t *place = reserve(core, size);
    if (place == NULL) {
        return;
    }
    envelope_write_header(envelope, body.length, place);
    if (is_copied && body.length > 0) {
        memcpy(place + ENVELOPE_HEADER_BYTES, payload_slice_bytes(body).data, body.length);
    }
    commit(core, size);
    if (!is_copied) {
        sink_write(core->sink, body);
    }
}

struct buffer *
link_core_scratch(struct link_core *core)
{
    if (core->scratch.capacity > LINK_CORE_SCRATCH_KEEP_BYTES) {
        buffer_deinit(&core->scratch);
    }
    buffer_clear(&core->scratch);
    return &core->scratch;
}

void
link_core_send_scratch(struct link_core *core, struct envelope envelope)
{
    enum status status = core->scratch.status;
    if (status == STATUS_NO_MEMORY) {
        abandon(core, STATUS_NO_MEMORY, "memory", BYTES("out of memory"));
    } else if (status != STATUS_OK) {
        link_core_fail(core, status, "%s has too long a payload",
                       envelope_kind_name(envelope.kind));
    } else {
        envelope.payload = buffer_bytes(&core->scratch);
        link_core_send(core, &envelope);
    }
}

void
link_core_append_text(struct buffer *out, struct bytes text)
{
    buffer_append_text16(out, bytes_slice(text, 0, LINK_TEXT_MAX_BYTES));
}

void
link_core_send_ping(struct link_core *core, uint16_t app, uint64_t position)
{
    link_core_send(core, &(struct envelope){.kind = ENVELOPE_PING, .app = app, .number = position});
}

void
link_core_send_credit(struct link_core *core, uint64_t bytes)
{
    if (bytes == 0 || !link_core_is_alive(core)) {
        return;
    }
    assert(bytes <= INT64_MAX / 2);
    core->receive_credit += (int64_t)bytes;
    link_core_send(core, &(struct envelope){.kind = ENVELOPE_CREDIT, .number = bytes});
}

/* ---- handshake ---- */

void
link_core_send_share(struct link_core *core, struct bytes name, struct bytes content)
{
    struct buffer *out = link_core_scratch(core);
    link_core_append_text(out, name);
    buffer_append(out, content);
    link_core_send_scratch(core, (struct envelope){.kind = ENVELOPE_SHARE,
                                                   .flags = ENVELOPE_FLAG_OPTIONAL});
    crypto_wipe(out->data, out->length);
}

bool
link_core_take_share(const struct envelope *envelope,
                     void (*on_share)(void *owner, struct bytes name, struct bytes content),
                     void *owner)
{
    struct bytes_reader reader = bytes_reader_from(envelope->payload);
    struct bytes name = bytes_read_text16(&reader);
    if (!reader.is_short && on_share != NULL) {
        on_share(owner, name, reader.rest);
    }
    return !reader.is_short;
}

void
link_core_send_first(struct link_core *core, enum envelope_kind kind, uint16_t version_min,
                     uint16_t version_max)
{
    struct buffer *out = link_core_scratch(core);
    buffer_append_u16(out, version_min);
    buffer_append_u16(out, version_max);
    buffer_append_u32(out, LINK_KEEPALIVE_MS);
    buffer_append_u32(out, ENVELOPE_PAYLOAD_MAX_BYTES);
    buffer_append_u64(out, LINK_CREDIT_BYTES);
    buffer_append(out, bytes_from(core->self->instance, ENVELOPE_INSTANCE_BYTES));
    link_core_append_text(out, core->self->name);
    link_core_append_text(out, core->self->software);
    link_core_send_scratch(core, (struct envelope){.kind = kind});
}

static bool
is_printable(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            return false;
        }
    }
    return bytes_is_utf8(text);
}

/* Add what the peer grants, without overflow. */
static void
add_credit(struct link_core *core, uint64_t bytes)
{
    const uint64_t most = INT64_MAX / 2;
    uint64_t granted = (bytes < most) ? bytes : most;
    core->send_credit += (int64_t)granted;
    if (core->send_credit > (int64_t)most) {
        core->send_credit = (int64_t)most;
    }
}

static void
take_first(struct link_core *core, const struct envelope *envelope)
{
    struct bytes_reader reader = bytes_reader_from(envelope->payload);
    uint16_t version_min = bytes_read_u16(&reader);
    uint16_t version_max = bytes_read_u16(&reader);
    uint64_t keepalive_ms = bytes_read_u32(&reader);
    uint32_t payload_max_bytes = bytes_read_u32(&reader);
    if (reader.is_short) {
        link_core_breach(core, envelope, "cut short");
        return;
    }
    /* A version that is too new may go on in another way: what follows is looked at only when both
     * can speak. */
    bool is_common = version_min <= LINK_VERSION_MAX && version_max >= LINK_VERSION_MIN;
    uint64_t credit = bytes_read_u64(&reader);
    struct bytes instance = bytes_read(&reader, ENVELOPE_INSTANCE_BYTES);
    struct link_identity peer = {.name = bytes_read_text16(&reader)};
    peer.software = bytes_read_text16(&reader);
    if (is_common && reader.is_short) {
        link_core_breach(core, envelope, "cut short");
        return;
    }
    if (is_common && (!is_printable(peer.name) || !is_printable(peer.software))) {
        link_core_breach(core, envelope, "the name is not printable UTF-8");
        return;
    }
    if (version_min > version_max || payload_max_bytes < LINK_CORE_PAYLOAD_MIN_BYTES) {
        link_core_breach(core, envelope, "a limit is out of range");
        return;
    }
    if (is_common) {
        assert(instance.data != NULL); /* the analyzer cannot see it */
        memcpy(peer.instance, instance.data, ENVELOPE_INSTANCE_BYTES);
    }
    if (payload_max_bytes < core->peer_payload_max_bytes) {
        core->peer_payload_max_bytes = payload_max_bytes;
    }
    if (3 * keepalive_ms > core->dead_ms) {
        core->dead_ms =
            (3 * keepalive_ms < LINK_CORE_DEAD_MAX_MS) ? 3 * keepalive_ms : LINK_CORE_DEAD_MAX_MS;
    }
    core->role->on_first(core, version_min, version_max, &peer);
    if (link_core_is_alive(core)) {
        add_credit(core, credit);
        core->role->on_credit(core, credit);
    }
}

/* ---- receiving ---- */

bool
link_core_charge(struct link_core *core, const struct envelope *envelope)
{
    if (envelope->payload.length > 0 && core->receive_credit <= 0) {
        link_core_fail(core, STATUS_LIMIT, "%s sent without credit",
                       envelope_kind_name(envelope->kind));
        return false;
    }
    core->receive_credit -= (int64_t)envelope->payload.length;
    return true;
}

static void
take_error(struct link_core *core, const struct envelope *envelope)
{
    struct bytes_reader reader = bytes_reader_from(envelope->payload);
    enum status status = link_core_status(bytes_read_u8(&reader));
    struct bytes text = bytes_read_text16(&reader);
    keep_reason(core, reader.is_short ? BYTES("the peer gave no reason") : text);
    sink_finish(core->sink, "peer-error");
    enter_failed(core, status);
}

static void
take_envelope(struct link_core *core, const struct envelope *envelope)
{
    if (!envelope_kind_is_known(envelope->kind)) {
        log_debug(core->log, "link", "an envelope of an unknown kind was skipped kind=%u",
                  (unsigned)envelope->kind);
        return;
    }
    if (envelope->kind == ENVELOPE_ERROR) {
        take_error(core, envelope);
        return;
    }
    bool is_first = envelope->kind == core->role->first_kind;
    if (is_first != (core->state == LINK_CORE_HANDSHAKE)) {
        link_core_breach(core, envelope, is_first ? "sent twice" : "sent before the handshake");
        return;
    }
    switch (envelope->kind) {
    case ENVELOPE_CREDIT:
        add_credit(core, envelope->number);
        core->role->on_credit(core, envelope->number);
        break;
    case ENVELOPE_PING:
        if (envelope->app == 0) {
            link_core_send(core, &(struct envelope){.kind = ENVELOPE_PONG,
                                                    .request = envelope->request,
                                                    .number = envelope->number});
        } else {
            core->role->on_envelope(core, envelope);
        }
        break;
    case ENVELOPE_PONG:
        break;
    default:
        if (is_first) {
            take_first(core, envelope);
        } else {
            core->role->on_envelope(core, envelope);
        }
        break;
    }
}

static void schedule(struct link_core *core);

void
link_core_receive(struct link_core *core, struct bytes input)
{
    if (!link_core_is_alive(core) || input.length == 0) {
        return;
    }
    core->last_received_ms = core->timers->clock->now_ms;
    core->is_suspect = false;
    bool was_handshake = core->state == LINK_CORE_HANDSHAKE;
    while (link_core_is_alive(core)) {
        struct envelope envelope;
        enum status status = envelope_decode(&core->decoder, &input, &envelope);
        if (status == STATUS_NEED_MORE) {
            break;
        }
        if (status == STATUS_OK) {
            take_envelope(core, &envelope);
        } else if (status == STATUS_PROTOCOL) {
            link_core_fail(core, status, "envelope of the unknown kind %u",
                           core->decoder.failed_kind);
        } else {
            link_core_fail(core, status, "%s is too long",
                           envelope_kind_name((enum envelope_kind)core->decoder.failed_kind));
        }
    }
    if (was_handshake && core->state == LINK_CORE_OPEN) {
        schedule(core);
    }
    settle(core);
}

/* ---- keep-alive ---- */

static uint64_t
next_ping_ms(const struct link_core *core)
{
    uint64_t since_ms = core->role->always_pings ? core->last_ping_ms : core->last_sent_ms;
    return since_ms + LINK_KEEPALIVE_MS;
}

/* Bytes move last_sent_ms and last_received_ms, not the timer: it wakes, looks and sleeps again. */
static void
schedule(struct link_core *core)
{
    uint64_t now_ms = core->timers->clock->now_ms;
    uint64_t due_ms = core->last_received_ms + core->dead_ms;
    if (next_ping_ms(core) < due_ms) {
        due_ms = next_ping_ms(core);
    }
    timer_start(core->timers, &core->tick, (due_ms > now_ms) ? due_ms - now_ms : 0, on_tick);
}

static bool
is_overdue(const struct link_core *core, uint64_t now_ms)
{
    return now_ms - core->last_received_ms >= core->dead_ms;
}

static void
on_tick(struct timer *timer)
{
    struct link_core *core = CONTAINER_OF(timer, struct link_core, tick);
    uint64_t now_ms = core->timers->clock->now_ms;
    if (core->state == LINK_CORE_HANDSHAKE) {
        abandon(core, STATUS_TIMED_OUT, "handshake",
                BYTES("the peer did not introduce itself in time"));
    } else if (core->state == LINK_CORE_OPEN && is_overdue(core, now_ms) && core->is_suspect) {
        abandon(core, STATUS_TIMED_OUT, "dead-peer", BYTES("nothing has arrived for too long"));
    } else if (core->state == LINK_CORE_OPEN && is_overdue(core, now_ms)) {
        /* After a suspended machine wakes, timers run before the sockets are read: look again after
         * that. */
        core->is_suspect = true;
        timer_start(core->timers, timer, 0, on_tick);
    } else if (core->state == LINK_CORE_OPEN) {
        if (now_ms >= next_ping_ms(core)) {
            core->last_ping_ms = now_ms;
            core->role->on_keepalive(core);
        }
        if (core->state == LINK_CORE_OPEN) {
            schedule(core);
        }
    }
    settle(core);
}
