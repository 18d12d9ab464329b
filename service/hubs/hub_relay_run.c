/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_relay_run.h"

#include "service/hubs/hub_relay_action.h"
#include "service/hubs/hub_relay_render.h"

/* One run. The buffers are used again for each action. */
struct run {
    struct hub_call *call;
    const struct hub_call_info *info;
    struct buffer first;
    struct buffer second;
    bool has_ended;
};

static void
fail(struct run *run, const char *detail)
{
    hub_call_fail(run->call, bytes_from_string(detail));
    run->has_ended = true;
}

/* Render a value as JSON into ${out}; false when the call had to end. */
static bool
render(struct run *run, const struct hub_relay_template *template, struct buffer *out)
{
    enum status status;

    buffer_clear(out);
    status = hub_relay_render(template, run->info, out);
    if (status == STATUS_LIMIT) {
        fail(run, "The message that the rule makes is too large.");
    } else if (status != STATUS_OK) {
        fail(run, status_sentence(status));
    }
    return status == STATUS_OK;
}

/* Render a value as plain text into ${out}; false when the call had to end. */
static bool
render_text(struct run *run, const struct hub_relay_template *template, struct buffer *out)
{
    enum status status = hub_relay_render_text(template, run->info, out);

    if (status == STATUS_INVALID) {
        fail(run, "A name or text was expected, but the argument is neither text nor a number.");
    } else if (status != STATUS_OK) {
        fail(run, status_sentence(status));
    }
    return status == STATUS_OK;
}

/* The same for names, which must not be empty. */
static bool
render_name(struct run *run, const struct hub_relay_template *template, struct buffer *out)
{
    if (!render_text(run, template, out)) {
        return false;
    }
    if (out->length == 0) {
        fail(run, "A name was expected, but the argument is empty.");
        return false;
    }
    return true;
}

static void
run_send(struct run *run, const struct hub_relay_action *action)
{
    enum hub_target target = action->word->target;
    struct bytes name = BYTES("");

    if (target == HUB_TARGET_USER) {
        if (!render_text(run, &action->values[0], &run->first) || run->first.length == 0) {
            return;
        }
        name = buffer_bytes(&run->first);
    } else if (action->value_count > 0) {
        if (!render_name(run, &action->values[0], &run->first)) {
            return;
        }
        name = buffer_bytes(&run->first);
    }
    if (!render(run, &action->payload, &run->second)) {
        return;
    }
    if (action->method.length > 0) {
        hub_call_send(run->call, target, name, action->method, buffer_bytes(&run->second), NULL, 0);
    } else {
        hub_call_send_raw(run->call, target, name, buffer_bytes(&run->second), NULL, 0);
    }
}

static void
run_membership(struct run *run, const struct hub_relay_action *action)
{
    struct bytes connection_id = BYTES("");

    if (!render_name(run, &action->values[0], &run->first)) {
        return;
    }
    if (action->value_count > 1) {
        if (!render_name(run, &action->values[1], &run->second)) {
            return;
        }
        connection_id = buffer_bytes(&run->second);
    }
    if (action->word->kind == HUB_RELAY_JOIN) {
        hub_call_join(run->call, connection_id, buffer_bytes(&run->first));
    } else {
        hub_call_leave(run->call, connection_id, buffer_bytes(&run->first));
    }
}

static void
run_end(struct run *run, const struct hub_relay_action *action)
{
    struct bytes second = BYTES("");

    if (action->word->kind == HUB_RELAY_RETURN) {
        if (render(run, &action->values[0], &run->first)) {
            hub_call_return(run->call, buffer_bytes(&run->first));
            run->has_ended = true;
        }
        return;
    }
    if (!render_text(run, &action->values[0], &run->first)) {
        return;
    }
    if (action->value_count > 1) {
        if (!render(run, &action->values[1], &run->second)) {
            return;
        }
        second = buffer_bytes(&run->second);
    }
    if (action->word->kind == HUB_RELAY_THROW) {
        hub_call_throw(run->call, buffer_bytes(&run->first), second);
    } else {
        hub_call_fail(run->call, buffer_bytes(&run->first));
    }
    run->has_ended = true;
}

static void
run_action(struct run *run, const struct hub_relay_action *action)
{
    switch (action->word->kind) {
    case HUB_RELAY_SEND:
        run_send(run, action);
        break;
    case HUB_RELAY_JOIN:
    case HUB_RELAY_LEAVE:
        run_membership(run, action);
        break;
    case HUB_RELAY_PROGRESS:
        if (render(run, &action->values[0], &run->first)) {
            hub_call_progress(run->call, buffer_bytes(&run->first));
        }
        break;
    case HUB_RELAY_SET_STATE:
        if (render_name(run, &action->values[0], &run->first) &&
            render(run, &action->values[1], &run->second)) {
            hub_call_set_state(run->call, buffer_bytes(&run->first), buffer_bytes(&run->second));
        }
        break;
    case HUB_RELAY_RETURN:
    case HUB_RELAY_THROW:
    case HUB_RELAY_FAIL:
        run_end(run, action);
        break;
    }
}

void
hub_relay_run(const struct hub_relay_rule *rule, struct hub_call *call)
{
    struct run run = {.call = call, .info = hub_call_info(call)};

    buffer_init(&run.first, HUB_RELAY_RUN_BYTES_MAX);
    buffer_init(&run.second, HUB_RELAY_RUN_BYTES_MAX);
    for (size_t i = 0; i < rule->count && !run.has_ended; i++) {
        run_action(&run, &rule->actions[i]);
    }
    if (!run.has_ended) {
        hub_call_return(call, BYTES(""));
    }
    buffer_deinit(&run.first);
    buffer_deinit(&run.second);
}
