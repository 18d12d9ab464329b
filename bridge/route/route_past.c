/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_past.h"

#include "bridge/route/route_app.h"

static struct route_past *
past_of(struct route_bridges_read *read)
{
    return CONTAINER_OF(read, struct route_past, bridges);
}

static void
begin_page(struct route_past *past)
{
    if (past->read_to >= past->from_id) {
        past->has_log_begun |= past->first_id != 0 && past->first_id <= past->read_to;
        past->from_id = past->read_to + 1;
    }
    past->counter = 0;
    past->missing_to = 0;
    past->first_id = 0;
    past->next_id = past->from_id;
    past->hole_from = 0;
    past->hole_to = 0;
    past->head_to = 0;
    past->is_last = true;
}

/* ---- Other bridges ---- */

static void
end_page(struct route_past *past)
{
    past->on_done(past, STATUS_OK, past->is_last);
}

static void
on_bridges_entry(struct route_bridges_read *read, struct bytes channel_message)
{
    struct route_past *past = past_of(read);

    past->on_entry(past, channel_message);
}

static void
on_bridges_done(struct route_bridges_read *read)
{
    struct route_past *past = past_of(read);

    if (read->to_id < past->hole_to) {
        past->read_to = read->to_id;
        past->is_last = false;
    }
    past->lost_to = read->missing_to;
    if (read->missing_to < past->missing_to) {
        past->missing_to = read->missing_to;
    }
    end_page(past);
}

static bool
ask_bridges(struct route_past *past)
{
    struct route_bridges *bridges = past->app->options.bridges;

    past->bridges = (struct route_bridges_read){.on_entry = on_bridges_entry,
                                                .on_done = on_bridges_done,
                                                .app = past->app,
                                                .from_id = past->hole_from,
                                                .to_id = past->hole_to};
    return bridges != NULL && bridges->operations->read(bridges, &past->bridges);
}

static void
note_hole(struct route_past *past, uint64_t to_id)
{
    if (past->hole_from == 0) {
        past->hole_from = past->next_id;
    }
    if (past->next_id == past->from_id) {
        past->head_to = to_id;
    }
    past->hole_to = to_id;
}

/* The log, or what there is of it, has been read up to `read_to`. */
static void
look_for_hole(struct route_past *past)
{
    past->lost_to = past->read_to;
    past->missing_to = past->has_log_begun ? 0 : past->head_to;
}

bool
route_past_read_bridges(struct route_past *past)
{
    begin_page(past);
    note_hole(past, past->to_id);
    past->read_to = past->to_id;
    look_for_hole(past);
    return ask_bridges(past);
}

/* ---- The log ---- */

/* Whether the message says that the ids right before it, from ${from_id} on, were never used. */
static bool
is_void_mark(struct bytes frame, uint64_t id, uint64_t from_id)
{
    struct signalr_message_reader reader;
    struct signalr_trailer trailer;

    return signalr_message_open(frame, &reader) == STATUS_OK &&
           signalr_trailer_decode(reader.trailer, &trailer) && trailer.void_to + 1 == id &&
           trailer.void_from <= from_id;
}

static void
on_log_entry(struct route_log_read *read, struct bytes channel_message)
{
    struct route_past *past = CONTAINER_OF(read, struct route_past, log);
    struct bytes frame;
    uint64_t id;

    if (signalr_message_split_channel(channel_message, &id, &frame) == STATUS_OK &&
        id >= past->next_id && id <= past->to_id) {
        if (id > past->next_id && !is_void_mark(frame, id, past->next_id)) {
            note_hole(past, id - 1);
        }
        past->first_id = past->first_id == 0 ? id : past->first_id;
        past->next_id = id + 1;
    }
    past->on_entry(past, channel_message);
}

static void
on_log_done(struct route_log_read *read, enum status status, bool is_last)
{
    struct route_past *past = CONTAINER_OF(read, struct route_past, log);

    past->counter = read->counter;
    if (status != STATUS_OK) {
        past->on_done(past, status, true);
        return;
    }
    /* A page of nothing usable cannot be followed by another. */
    past->is_last = is_last || past->first_id == 0;
    past->read_to = past->is_last ? past->to_id : past->next_id - 1;
    if (past->is_last && past->next_id <= past->to_id) {
        note_hole(past, past->to_id);
    }
    look_for_hole(past);
    if (past->hole_from == 0 || !ask_bridges(past)) {
        end_page(past);
    }
}

void
route_past_read(struct route_past *past)
{
    struct route_channel *channel = past->app->channel;

    begin_page(past);
    past->log = (struct route_log_read){.on_entry = on_log_entry,
                                        .on_done = on_log_done,
                                        .from_id = past->from_id,
                                        .to_id = past->to_id,
                                        .limit = past->limit};
    channel->operations->read_log(channel, &past->log);
}
