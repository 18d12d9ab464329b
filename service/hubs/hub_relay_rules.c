/* SPDX-License-Identifier: MIT */
#include "service/hubs/hub_relay_rules.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARGUMENTS_MAX = 99 }; /* that the name of a rule can ask for */

/* What a rule answers. */
enum rule_event { RULE_METHOD, RULE_CONNECTED, RULE_RECONNECTED, RULE_DISCONNECTED, RULE_RECEIVE };

struct entry {
    enum rule_event event;
    char *name; /* of a METHOD, as written */
    struct hub_relay_rule *rule;
};

struct hub_relay_rules {
    bool is_raw;
    struct entry *entries;
    size_t count;
};

struct hub_relay_rules *
hub_relay_rules_new(bool is_raw)
{
    struct hub_relay_rules *rules = calloc(1, sizeof(*rules));

    if (rules != NULL) {
        rules->is_raw = is_raw;
    }
    return rules;
}

void
hub_relay_rules_free(struct hub_relay_rules *rules)
{
    if (rules == NULL) {
        return;
    }
    for (size_t i = 0; i < rules->count; i++) {
        hub_relay_rule_free(rules->entries[i].rule);
        free(rules->entries[i].name);
    }
    free(rules->entries);
    free(rules);
}

/* ---- names ------------------------------------------------------------------------------------
 */

static enum status
refuse_name(struct hub_relay_rule_problem *problem, enum status status, const char *text)
{
    problem->column = 0;
    (void)snprintf(problem->text, sizeof(problem->text), "%s", text);
    return status;
}

static bool
is_method_name(struct bytes name)
{
    for (size_t i = 0; i < name.length; i++) {
        uint8_t byte = name.data[i];
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                         byte == '_' || byte >= 0x80;
        bool is_other = (byte >= '0' && byte <= '9') || byte == '.' || byte == '-';
        if (!is_letter && (i == 0 || !is_other)) {
            return false;
        }
    }
    return name.length > 0 && bytes_is_utf8(name);
}

/* Splits "Send/2". */
static enum status
split_count(struct bytes *name, int *argument_count, struct hub_relay_rule_problem *problem)
{
    size_t slash = bytes_find(*name, '/');
    uint64_t value;

    *argument_count = HUB_RELAY_RULE_ANY_COUNT;
    if (slash == SIZE_MAX) {
        return STATUS_OK;
    }
    if (bytes_parse_uint64(bytes_after(*name, slash + 1), &value) != STATUS_OK ||
        value > ARGUMENTS_MAX) {
        return refuse_name(problem, STATUS_INVALID,
                           "the number of arguments behind '/' is 0 to 99");
    }
    *argument_count = (int)value;
    *name = bytes_slice(*name, 0, slash);
    return STATUS_OK;
}

static enum status
read_name(const struct hub_relay_rules *rules, struct bytes *name, enum rule_event *event,
          int *argument_count, struct hub_relay_rule_problem *problem)
{
    static const struct {
        const char *name;
        enum rule_event event;
    } events[] = {
        {"@connected", RULE_CONNECTED},
        {"@reconnected", RULE_RECONNECTED},
        {"@disconnected", RULE_DISCONNECTED},
    };

    *argument_count = HUB_RELAY_RULE_ANY_COUNT;
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (bytes_equal_ignore_case(*name, bytes_from_string(events[i].name))) {
            *event = events[i].event;
            return STATUS_OK;
        }
    }
    if (bytes_starts_with(*name, BYTES("@"))) {
        return refuse_name(problem, STATUS_INVALID,
                           "events are @connected, @reconnected and @disconnected");
    }
    if (rules->is_raw) {
        *event = RULE_RECEIVE;
        return bytes_equal_ignore_case(*name, BYTES("receive"))
                   ? STATUS_OK
                   : refuse_name(problem, STATUS_INVALID,
                                 "a raw connection has receive, @connected, @reconnected and "
                                 "@disconnected, no methods");
    }
    *event = RULE_METHOD;
    if (split_count(name, argument_count, problem) != STATUS_OK) {
        return STATUS_INVALID;
    }
    return is_method_name(*name)
               ? STATUS_OK
               : refuse_name(problem, STATUS_INVALID,
                             "a method's name is letters, digits, '_', '-' and '.'");
}

/* ---- rules ------------------------------------------------------------------------------------
 */

static const struct entry *
find_entry(const struct hub_relay_rules *rules, enum rule_event event, struct bytes name,
           int argument_count)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct entry *entry = &rules->entries[i];
        if (entry->event == event &&
            (event != RULE_METHOD ||
             (bytes_equal_ignore_case(bytes_from_string(entry->name), name) &&
              hub_relay_rule_argument_count(entry->rule) == argument_count))) {
            return entry;
        }
    }
    return NULL;
}

static enum status
add_entry(struct hub_relay_rules *rules, enum rule_event event, struct bytes name,
          struct hub_relay_rule *rule)
{
    struct entry *larger = realloc(rules->entries, (rules->count + 1) * sizeof(*larger));
    char *copy;

    if (larger == NULL) {
        return STATUS_NO_MEMORY;
    }
    rules->entries = larger;
    copy = bytes_duplicate(name);
    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    larger[rules->count++] = (struct entry){event, copy, rule};
    return STATUS_OK;
}

static enum hub_relay_rule_place
place_of(const struct hub_relay_rules *rules, enum rule_event event)
{
    if (rules->is_raw) {
        return (event == RULE_RECEIVE) ? HUB_RELAY_RULE_RAW : HUB_RELAY_RULE_RAW_EVENT;
    }
    return (event == RULE_METHOD) ? HUB_RELAY_RULE_METHOD : HUB_RELAY_RULE_EVENT;
}

enum status
hub_relay_rules_add(struct hub_relay_rules *rules, struct bytes name, struct bytes text,
                    struct hub_relay_rule_problem *problem)
{
    struct hub_relay_rule *rule;
    enum rule_event event;
    int argument_count;
    enum status status = read_name(rules, &name, &event, &argument_count, problem);

    if (status != STATUS_OK) {
        return status;
    }
    status = hub_relay_rule_parse(text, place_of(rules, event), argument_count, &rule, problem);
    if (status != STATUS_OK) {
        return status;
    }
    if (find_entry(rules, event, name, hub_relay_rule_argument_count(rule)) != NULL) {
        status = refuse_name(problem, STATUS_EXISTS,
                             "there is a rule of that name for as many arguments already");
    } else {
        status = add_entry(rules, event, name, rule);
    }
    if (status != STATUS_OK) {
        hub_relay_rule_free(rule);
    }
    return status;
}

static bool
is_first_of_name(const struct hub_relay_rules *rules, size_t index)
{
    struct bytes name = bytes_from_string(rules->entries[index].name);

    for (size_t i = 0; i < index; i++) {
        if (rules->entries[i].event == RULE_METHOD &&
            bytes_equal_ignore_case(bytes_from_string(rules->entries[i].name), name)) {
            return false;
        }
    }
    return true;
}

bool
hub_relay_rules_method(const struct hub_relay_rules *rules, size_t index, struct bytes *name)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (rules->entries[i].event != RULE_METHOD || !is_first_of_name(rules, i)) {
            continue;
        }
        if (index-- == 0) {
            *name = bytes_from_string(rules->entries[i].name);
            return true;
        }
    }
    return false;
}

/* ---- looking up -------------------------------------------------------------------------------
 */

static enum rule_event
event_of(enum hub_event event)
{
    switch (event) {
    case HUB_CONNECTED:
        return RULE_CONNECTED;
    case HUB_RECONNECTED:
        return RULE_RECONNECTED;
    case HUB_DISCONNECTED:
        return RULE_DISCONNECTED;
    case HUB_RAW_DATA:
        return RULE_RECEIVE;
    case HUB_INVOCATION:
    case HUB_OWN:
        break;
    }
    return RULE_METHOD;
}

const struct hub_relay_rule *
hub_relay_rules_find(const struct hub_relay_rules *rules, const struct hub_call_info *info)
{
    enum rule_event event = event_of(info->event);
    /* A number of arguments above what a name can say is like any other that no rule is for. */
    int count =
        (info->argument_count > ARGUMENTS_MAX) ? ARGUMENTS_MAX + 1 : (int)info->argument_count;
    const struct entry *entry = find_entry(rules, event, info->method, count);

    if (entry == NULL) {
        entry = find_entry(rules, event, info->method, HUB_RELAY_RULE_ANY_COUNT);
    }
    return (entry != NULL) ? entry->rule : NULL;
}

enum status
hub_relay_rules_append_candidates(const struct hub_relay_rules *rules, struct bytes method,
                                  struct buffer *out)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct entry *entry = &rules->entries[i];
        int count;

        if (entry->event != RULE_METHOD ||
            !bytes_equal_ignore_case(bytes_from_string(entry->name), method)) {
            continue;
        }
        if (out->length > 0) {
            buffer_append_byte(out, '\n');
        }
        buffer_append_format(out, "%s(", entry->name);
        count = hub_relay_rule_argument_count(entry->rule);
        for (int number = 1; number <= count; number++) {
            buffer_append_format(out, (number > 1) ? ", $%d" : "$%d", number);
        }
        buffer_append_byte(out, ')');
    }
    return out->status;
}
