/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_relay_rule.h"

#include "service/hubs/hub_relay_action.h"

#include <stdlib.h>

/* Where a word may stand: bits by place. */
enum {
    IN_METHOD = 1 << HUB_RELAY_RULE_METHOD,
    IN_EVENT = 1 << HUB_RELAY_RULE_EVENT,
    IN_RAW = 1 << HUB_RELAY_RULE_RAW,
    IN_RAW_EVENT = 1 << HUB_RELAY_RULE_RAW_EVENT,
    IN_HUB = IN_METHOD | IN_EVENT,
    EVERYWHERE = IN_HUB | IN_RAW | IN_RAW_EVENT,
};

/* The vocabulary. A target with a name takes it in parentheses; other actions take values. */
static const struct hub_relay_word words[] = {
    {"all", HUB_RELAY_SEND, HUB_TARGET_ALL, EVERYWHERE, 0, 0, false},
    {"others", HUB_RELAY_SEND, HUB_TARGET_OTHERS, EVERYWHERE, 0, 0, false},
    {"caller", HUB_RELAY_SEND, HUB_TARGET_CALLER, EVERYWHERE, 0, 0, false},
    {"client", HUB_RELAY_SEND, HUB_TARGET_CLIENT, EVERYWHERE, 1, 1, false},
    {"group", HUB_RELAY_SEND, HUB_TARGET_GROUP, EVERYWHERE, 1, 1, false},
    {"others_in_group", HUB_RELAY_SEND, HUB_TARGET_OTHERS_IN_GROUP, EVERYWHERE, 1, 1, false},
    {"user", HUB_RELAY_SEND, HUB_TARGET_USER, IN_HUB, 1, 1, false},
    {"join", HUB_RELAY_JOIN, HUB_TARGET_CALLER, EVERYWHERE, 1, 2, false},
    {"leave", HUB_RELAY_LEAVE, HUB_TARGET_CALLER, EVERYWHERE, 1, 2, false},
    {"return", HUB_RELAY_RETURN, HUB_TARGET_CALLER, IN_METHOD, 0, 1, true},
    {"progress", HUB_RELAY_PROGRESS, HUB_TARGET_CALLER, IN_METHOD, 1, 1, false},
    {"set_state", HUB_RELAY_SET_STATE, HUB_TARGET_CALLER, IN_METHOD, 2, 2, false},
    {"throw", HUB_RELAY_THROW, HUB_TARGET_CALLER, IN_HUB, 1, 2, true},
    {"fail", HUB_RELAY_FAIL, HUB_TARGET_CALLER, EVERYWHERE, 1, 1, true},
};

/* ---- parsing ----------------------------------------------------------------------------------
 */

static enum status
find_word(struct hub_relay_scan *scan, const struct hub_relay_word **found)
{
    uint8_t next = hub_relay_scan_peek(scan);
    size_t from = scan->position;
    struct bytes name = hub_relay_scan_word(scan);

    if (name.length == 0) {
        return hub_relay_scan_fail(scan, from,
                                   (next == 0) ? "expected an action here, such as all.METHOD"
                                               : "expected a word here: all, group, join, ...");
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!bytes_equal(name, bytes_from_string(words[i].name))) {
            continue;
        }
        if ((words[i].places & (1 << scan->place)) == 0) {
            return hub_relay_scan_fail(scan, from, "'%s' is not possible here", words[i].name);
        }
        *found = &words[i];
        return STATUS_OK;
    }
    return hub_relay_scan_fail(
        scan, from,
        "unknown word '%.*s': known are all, others, caller, client, group, "
        "others_in_group, user, join, leave, return, progress, set_state, throw, fail",
        (int)((name.length < 40) ? name.length : 40), (const char *)name.data);
}

static enum status
read_values(struct hub_relay_scan *scan, struct hub_relay_action *action)
{
    const struct hub_relay_word *word = action->word;
    enum status status = hub_relay_scan_expect(scan, '(');

    if (status == STATUS_OK && word->values_min == 0 && hub_relay_scan_take(scan, ')')) {
        return STATUS_OK;
    }
    while (status == STATUS_OK && action->value_count < word->values_max &&
           (action->value_count == 0 || hub_relay_scan_take(scan, ','))) {
        status = hub_relay_template_read(&action->values[action->value_count++], scan);
    }
    if (status == STATUS_OK && action->value_count < word->values_min) {
        return hub_relay_scan_fail(scan, scan->position, "%s needs %d values", word->name,
                                   word->values_min);
    }
    return (status == STATUS_OK) ? hub_relay_scan_expect(scan, ')') : status;
}

/* What a hub's target is told: ".method" and its arguments. */
static enum status
read_call(struct hub_relay_scan *scan, struct hub_relay_action *action)
{
    if (!hub_relay_scan_take(scan, '.')) {
        return hub_relay_scan_fail(scan, scan->position,
                                   "'%s' needs the client's method, as in .broadcastMessage",
                                   action->word->name);
    }
    action->method = hub_relay_scan_word(scan);
    if (action->method.length == 0) {
        return hub_relay_scan_fail(scan, scan->position,
                                   "expected the name of the client's method here");
    }
    if (hub_relay_scan_take(scan, '(')) {
        return hub_relay_template_read_list(&action->payload, scan, ')');
    }
    scan->passes_all = true;
    return hub_relay_template_use_all(&action->payload, scan->place);
}

/* What a raw target is sent: what came, or ".send(value)". */
static enum status
read_send(struct hub_relay_scan *scan, struct hub_relay_action *action)
{
    size_t from = scan->position;
    enum status status;

    if (!hub_relay_scan_take(scan, '.')) {
        if (scan->place == HUB_RELAY_RULE_RAW_EVENT) {
            return hub_relay_scan_fail(scan, from,
                                       "'%s' needs something to send, as in .send(\"text\")",
                                       action->word->name);
        }
        return hub_relay_template_use_all(&action->payload, scan->place);
    }
    from = scan->position;
    if (!bytes_equal(hub_relay_scan_word(scan), BYTES("send"))) {
        return hub_relay_scan_fail(scan, from,
                                   "raw connections have no methods, only .send(VALUE)");
    }
    status = hub_relay_scan_expect(scan, '(');
    if (status == STATUS_OK) {
        status = hub_relay_template_read(&action->payload, scan);
    }
    return (status == STATUS_OK) ? hub_relay_scan_expect(scan, ')') : status;
}

static enum status
read_action(struct hub_relay_scan *scan, struct hub_relay_action *action)
{
    bool is_hub = scan->place == HUB_RELAY_RULE_METHOD || scan->place == HUB_RELAY_RULE_EVENT;
    enum status status = find_word(scan, &action->word);

    if (status == STATUS_OK &&
        (action->word->kind != HUB_RELAY_SEND || action->word->values_max > 0)) {
        status = read_values(scan, action);
    }
    if (status == STATUS_OK && action->word->kind == HUB_RELAY_SEND) {
        status = is_hub ? read_call(scan, action) : read_send(scan, action);
    }
    return status;
}

/* One more action at the end of the rule. */
static enum status
add_action(struct hub_relay_rule *rule, struct hub_relay_action **out)
{
    struct hub_relay_action *larger =
        realloc(rule->actions, (rule->count + 1) * sizeof(rule->actions[0]));

    if (larger == NULL) {
        return STATUS_NO_MEMORY;
    }
    rule->actions = larger;
    *out = &larger[rule->count++];
    **out = (struct hub_relay_action){0};
    hub_relay_template_init(&(*out)->values[0]);
    hub_relay_template_init(&(*out)->values[1]);
    hub_relay_template_init(&(*out)->payload);
    return STATUS_OK;
}

static enum status
read_next_action(struct hub_relay_scan *scan, struct hub_relay_rule *rule)
{
    struct hub_relay_action *action;
    enum status status;

    if (rule->count == HUB_RELAY_RULE_ACTIONS_MAX) {
        return hub_relay_scan_fail(scan, scan->position, "more than %d actions",
                                   HUB_RELAY_RULE_ACTIONS_MAX);
    }
    if (rule->count > 0 && rule->actions[rule->count - 1].word->is_last) {
        return hub_relay_scan_fail(scan, scan->position, "nothing can follow '%s'",
                                   rule->actions[rule->count - 1].word->name);
    }
    status = add_action(rule, &action);
    return (status == STATUS_OK) ? read_action(scan, action) : status;
}

static enum status
read_actions(struct hub_relay_scan *scan, struct hub_relay_rule *rule)
{
    do {
        enum status status = read_next_action(scan, rule);
        if (status != STATUS_OK) {
            return status;
        }
    } while (hub_relay_scan_take(scan, ';'));
    if (hub_relay_scan_peek(scan) != 0 || scan->position < scan->text.length) {
        return hub_relay_scan_fail(scan, scan->position,
                                   "expected ';' or the end of the rule here");
    }
    return STATUS_OK;
}

static int
count_arguments(const struct hub_relay_scan *scan)
{
    if (scan->argument_count != HUB_RELAY_RULE_ANY_COUNT) {
        return scan->argument_count;
    }
    return scan->passes_all ? HUB_RELAY_RULE_ANY_COUNT : scan->highest_argument;
}

enum status
hub_relay_rule_parse(struct bytes text, enum hub_relay_rule_place place, int argument_count,
                     struct hub_relay_rule **out, struct hub_relay_rule_problem *problem)
{
    struct hub_relay_scan scan = {.place = place,
                                  .argument_count = argument_count,
                                  .problem = problem};
    struct hub_relay_rule *rule;
    enum status status;

    if (text.length > HUB_RELAY_RULE_BYTES_MAX || !bytes_is_utf8(text)) {
        return hub_relay_scan_fail(&scan, 0, "the rule is longer than %d bytes or not UTF-8",
                                   HUB_RELAY_RULE_BYTES_MAX);
    }
    rule = calloc(1, sizeof(*rule));
    if (rule == NULL) {
        return STATUS_NO_MEMORY;
    }
    rule->text = bytes_duplicate(text);
    if (rule->text == NULL) {
        free(rule);
        return STATUS_NO_MEMORY;
    }
    scan.text = bytes_from(rule->text, text.length);
    status = read_actions(&scan, rule);
    if (status != STATUS_OK) {
        hub_relay_rule_free(rule);
        return status;
    }
    rule->argument_count = count_arguments(&scan);
    *out = rule;
    return STATUS_OK;
}

void
hub_relay_rule_free(struct hub_relay_rule *rule)
{
    if (rule == NULL) {
        return;
    }
    for (size_t i = 0; i < rule->count; i++) {
        hub_relay_template_deinit(&rule->actions[i].values[0]);
        hub_relay_template_deinit(&rule->actions[i].values[1]);
        hub_relay_template_deinit(&rule->actions[i].payload);
    }
    free(rule->actions);
    free(rule->text);
    free(rule);
}

int
hub_relay_rule_argument_count(const struct hub_relay_rule *rule)
{
    return rule->argument_count;
}
