/* SPDX-License-Identifier: MIT */
#include "common/base/option.h"

#include <string.h>

#include "common/base/option_value.h"

enum { VALUE_MAX_BYTES = OPTION_LINE_MAX_BYTES };

/* As they would be written in a file, which makes values of every type comparable. */
static bool
values_equal(const struct option *option, const struct option_group *before,
             const struct option_group *after)
{
    struct buffer left, right;
    bool are_equal;

    buffer_init(&left, VALUE_MAX_BYTES);
    buffer_init(&right, VALUE_MAX_BYTES);
    option_value_write(option, before->values, &left);
    option_value_write(option, after->values, &right);
    are_equal =
        left.status == right.status && bytes_equal(buffer_bytes(&left), buffer_bytes(&right));
    buffer_deinit(&left);
    buffer_deinit(&right);
    return are_equal;
}

static void
write_section(const struct option_group *group, struct buffer *out)
{
    buffer_append_format(out, "%s[%s%s%s]", out->length > 0 ? ", " : "", group->section->name,
                         group->name == NULL ? "" : " ", group->name == NULL ? "" : group->name);
}

static void
write_differences(const struct option_schema *schema, const struct option_group *before,
                  const struct option_group *after, enum option_reload reload, struct buffer *out)
{
    for (size_t i = 0; i < schema->option_count; i++) {
        const struct option *option = &schema->options[i];

        if (option->reload == reload && strcmp(option->section, after->section->name) == 0 &&
            !values_equal(option, before, after)) {
            write_section(after, out);
            buffer_append_format(out, " %s", option->name);
        }
    }
}

/* An open section's own names, such as the rules of a hub. */
static bool
extras_equal(const struct option_group *before, const struct option_group *after)
{
    if (before->extra_count != after->extra_count) {
        return false;
    }
    for (size_t i = 0; i < after->extra_count; i++) {
        if (strcmp(before->extras[i].name, after->extras[i].name) != 0 ||
            strcmp(before->extras[i].value, after->extras[i].value) != 0) {
            return false;
        }
    }
    return true;
}

enum status
option_write_changes(const struct option_set *before, const struct option_set *after,
                     enum option_reload reload, struct buffer *out)
{
    bool wants_sections = reload == OPTION_RESTART;

    for (size_t i = 0; i < after->group_count; i++) {
        const struct option_group *group = &after->groups[i];
        const struct option_group *old = option_find(before, group->section->name, group->name);

        if (old != NULL) {
            write_differences(after->schema, old, group, reload, out);
        }
        if (wants_sections && (old == NULL || !extras_equal(old, group))) {
            write_section(group, out);
        }
    }
    for (size_t i = 0; i < before->group_count && wants_sections; i++) {
        const struct option_group *group = &before->groups[i];

        if (option_find(after, group->section->name, group->name) == NULL) {
            write_section(group, out);
        }
    }
    return out->status;
}
