/* SPDX-License-Identifier: MIT */
#include "common/base/option.h"
#include "common/base/option_value.h"

#include <string.h>

static const char *
type_words(const struct option *option)
{
    switch (option->type) {
    case OPTION_TEXT:
        return "text";
    case OPTION_PATH:
        return "path";
    case OPTION_LIST:
        return "list, separated by commas";
    case OPTION_BOOL:
        return "yes or no";
    case OPTION_COUNT:
        return "number";
    case OPTION_BYTES:
        return "size";
    case OPTION_MS:
        return "time";
    case OPTION_ADDRESS:
        return "HOST:PORT";
    case OPTION_ADDRESSES:
        return "HOST:PORT, separated by commas";
    case OPTION_CHOICE:
        return "one of ";
    }
    return "";
}

/* "time, 2s to 2m, reloadable" */
static void
write_facts(const struct option *option, struct buffer *out)
{
    buffer_append_string(out, type_words(option));
    if (option->type == OPTION_CHOICE) {
        buffer_append_string(out, option->choices);
    } else if (option->choices != NULL) {
        buffer_append_format(out, " or %s", option->choices);
    }
    if (option->minimum != 0 || option->maximum != 0) {
        buffer_append_string(out, option->maximum == 0 ? ", at least " : ", ");
        option_value_write_number(option, option->minimum, out);
    }
    if (option->maximum != 0) {
        buffer_append_string(out, " to ");
        option_value_write_number(option, option->maximum, out);
    }
    if (option->reload == OPTION_RELOAD) {
        buffer_append_string(out, ", reloadable");
    }
}

static void
write_sample_option(const struct option *option, struct buffer *out)
{
    buffer_append_format(out, "\n; %s\n; (", option->help);
    write_facts(option, out);
    buffer_append_format(out, ")\n;%s =%s%s\n", option->name, option->unset == NULL ? "" : " ",
                         option->unset == NULL ? "" : option->unset);
}

enum status
option_write_sample(const struct option_schema *schema, struct buffer *out)
{
    buffer_append_string(
        out, "; Every option with its default. Take away the ; before a line to change it.\n"
             "; A ; after a blank starts a comment. Sizes: KB, MB, GB. Times: ms, s, m, h.\n"
             "; A path that is not absolute starts in the folder of this file.\n");
    for (size_t i = 0; i < schema->section_count; i++) {
        const struct option_section *section = &schema->sections[i];

        buffer_append_format(out, section->is_named ? "\n; %s\n;[%s NAME]\n" : "\n; %s\n[%s]\n",
                             section->help, section->name);
        for (size_t j = 0; j < schema->option_count; j++) {
            if (strcmp(schema->options[j].section, section->name) == 0) {
                write_sample_option(&schema->options[j], out);
            }
        }
    }
    return out->status;
}

enum status
option_write_help(const struct option_schema *schema, struct buffer *out)
{
    for (size_t i = 0; i < schema->option_count; i++) {
        const struct option *option = &schema->options[i];

        buffer_append_format(out, "  [%s] %s =%s%s\n      %s (", option->section, option->name,
                             option->unset == NULL ? "" : " ",
                             option->unset == NULL ? "" : option->unset, option->help);
        write_facts(option, out);
        buffer_append_string(out, ")\n");
    }
    return out->status;
}

/* "[app chat] path =" */
static void
write_name(const struct option_group *group, const char *name, struct buffer *out)
{
    buffer_append_format(out, "[%s%s%s] %s =", group->section->name, group->name == NULL ? "" : " ",
                         group->name == NULL ? "" : group->name, name);
}

static void
write_group(const struct option_schema *schema, const struct option_group *group,
            struct buffer *out)
{
    for (size_t i = 0; i < schema->option_count; i++) {
        const struct option *option = &schema->options[i];
        size_t value_start;

        if (strcmp(option->section, group->section->name) != 0) {
            continue;
        }
        write_name(group, option->name, out);
        value_start = out->length;
        buffer_append_byte(out, ' ');
        option_value_write(option, group->values, out);
        if (out->length == value_start + 1) {
            buffer_truncate(out, value_start);
        }
        buffer_append_format(out, "  ; %s\n",
                             group->origins[i] == NULL ? "default" : group->origins[i]);
    }
    for (size_t i = 0; i < group->extra_count; i++) {
        write_name(group, group->extras[i].name, out);
        buffer_append_format(out, " %s  ; %s\n", group->extras[i].value, group->extras[i].origin);
    }
}

enum status
option_write_effective(const struct option_set *set, struct buffer *out)
{
    for (size_t i = 0; i < set->group_count; i++) {
        write_group(set->schema, &set->groups[i], out);
    }
    return out->status;
}
