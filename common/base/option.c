/* SPDX-License-Identifier: MIT */
#include "common/base/option.h"

#include "common/base/file.h"
#include "common/base/option_problem.h"
#include "common/base/option_value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PROBLEMS_MAX_BYTES = 64 * 1024 };

static bool
is_same(const char *left, const char *right)
{
    return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

static char *
duplicate(const char *text)
{
    return bytes_duplicate(bytes_from_string(text));
}

/* Puts a copy of ${text} in place of what was there. */
static enum status
replace(char **place, const char *text)
{
    char *copy = duplicate(text);

    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    free(*place);
    *place = copy;
    return STATUS_OK;
}

static bool
is_row_of(const struct option *option, const struct option_section *section)
{
    return strcmp(option->section, section->name) == 0;
}

/* ---- groups -------------------------------------------------------------------------------- */

static void
deinit_group(const struct option_schema *schema, struct option_group *group)
{
    for (size_t i = 0; i < schema->option_count; i++) {
        if (group->values != NULL && is_row_of(&schema->options[i], group->section)) {
            option_value_free(&schema->options[i], group->values);
        }
        if (group->origins != NULL) {
            free(group->origins[i]);
        }
    }
    for (size_t i = 0; i < group->extra_count; i++) {
        free(group->extras[i].name);
        free(group->extras[i].value);
        free(group->extras[i].origin);
    }
    free(group->extras);
    free(group->origins);
    free(group->values);
    free(group->origin);
    free(group->name);
}

static enum status
set_defaults(const struct option_schema *schema, struct option_group *group)
{
    char reason[OPTION_VALUE_REASON_BYTES];

    for (size_t i = 0; i < schema->option_count; i++) {
        const struct option *option = &schema->options[i];
        enum status status = STATUS_OK;

        if (is_row_of(option, group->section) && option->unset != NULL) {
            status =
                option_value_set(option, group->values, bytes_from_string(option->unset), reason);
        }
        assert(status != STATUS_INVALID); /* the table contradicts itself */
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status
init_group(const struct option_schema *schema, const struct option_section *section,
           const char *name, const char *origin, struct option_group *group)
{
    *group = (struct option_group){.section = section};
    group->values = calloc(1, section->size == 0 ? 1 : section->size);
    group->origins = calloc(schema->option_count + 1, sizeof(*group->origins));
    if (group->values == NULL || group->origins == NULL ||
        (name != NULL && replace(&group->name, name) != STATUS_OK) ||
        (origin != NULL && replace(&group->origin, origin) != STATUS_OK) ||
        set_defaults(schema, group) != STATUS_OK) {
        deinit_group(schema, group);
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static enum status
add_group(struct option_set *set, const struct option_section *section, const char *name,
          const char *origin)
{
    struct option_group *groups =
        realloc(set->groups, (set->group_count + 1) * sizeof(*set->groups));
    enum status status;

    if (groups == NULL) {
        return STATUS_NO_MEMORY;
    }
    set->groups = groups;
    status = init_group(set->schema, section, name, origin, &groups[set->group_count]);
    if (status == STATUS_OK) {
        set->group_count++;
    }
    return status;
}

enum status
option_set_init(struct option_set *set, const struct option_schema *schema)
{
    *set = (struct option_set){.schema = schema};
    buffer_init(&set->problems, PROBLEMS_MAX_BYTES);
    for (size_t i = 0; i < schema->section_count; i++) {
        if (!schema->sections[i].is_named &&
            add_group(set, &schema->sections[i], NULL, NULL) != STATUS_OK) {
            option_set_deinit(set);
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

void
option_set_deinit(struct option_set *set)
{
    for (size_t i = 0; i < set->group_count; i++) {
        deinit_group(set->schema, &set->groups[i]);
    }
    free(set->groups);
    buffer_deinit(&set->problems);
    *set = (struct option_set){.schema = set->schema};
}

struct option_group *
option_find(const struct option_set *set, const char *section, const char *name)
{
    for (size_t i = 0; i < set->group_count; i++) {
        struct option_group *group = &set->groups[i];

        if (strcmp(group->section->name, section) == 0 && is_same(group->name, name)) {
            return group;
        }
    }
    return NULL;
}

enum status
option_open_section(struct option_set *set, const char *section, const char *section_name,
                    const char *origin)
{
    for (size_t i = 0; i < set->schema->section_count; i++) {
        const struct option_section *kind = &set->schema->sections[i];

        if (strcmp(kind->name, section) != 0) {
            continue;
        }
        if (kind->is_named != (section_name != NULL)) {
            option_add_problem(set, origin,
                               kind->is_named ? "[%s]: needs a name, as in [%s NAME]"
                                              : "[%s]: takes no name; write [%s]",
                               section, section);
            return STATUS_INVALID;
        }
        if (option_find(set, section, section_name) != NULL) {
            return STATUS_OK;
        }
        return add_group(set, kind, section_name, origin);
    }
    option_problem_unknown_section(set, origin, section);
    return STATUS_INVALID;
}

/* ---- values -------------------------------------------------------------------------------- */

static enum status
append_extra(struct option_group *group, const char *name, const char *value, const char *origin)
{
    struct option_extra *extras =
        realloc(group->extras, (group->extra_count + 1) * sizeof(*group->extras));
    struct option_extra extra = {NULL, NULL, NULL};

    if (extras == NULL) {
        return STATUS_NO_MEMORY;
    }
    group->extras = extras;
    if (replace(&extra.name, name) != STATUS_OK || replace(&extra.value, value) != STATUS_OK ||
        replace(&extra.origin, origin) != STATUS_OK) {
        free(extra.name);
        free(extra.value);
        return STATUS_NO_MEMORY;
    }
    extras[group->extra_count++] = extra;
    return STATUS_OK;
}

static enum status
set_extra(struct option_group *group, const char *name, const char *value, const char *origin)
{
    for (size_t i = 0; i < group->extra_count; i++) {
        struct option_extra *extra = &group->extras[i];

        if (strcmp(extra->name, name) == 0) {
            enum status status = replace(&extra->value, value);

            return status == STATUS_OK ? replace(&extra->origin, origin) : status;
        }
    }
    return append_extra(group, name, value, origin);
}

/* The index of the row, or SIZE_MAX. */
static size_t
row_of(const struct option_schema *schema, const struct option_section *section, const char *name)
{
    for (size_t i = 0; i < schema->option_count; i++) {
        if (is_row_of(&schema->options[i], section) && strcmp(schema->options[i].name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

const char *
option_origin(const struct option_set *set, const struct option_group *group, const char *name)
{
    size_t row = row_of(set->schema, group->section, name);

    return row != SIZE_MAX && group->origins[row] != NULL ? group->origins[row] : group->origin;
}

bool
option_is_written(const struct option_set *set, const struct option_group *group, const char *name)
{
    size_t row = row_of(set->schema, group->section, name);

    return row != SIZE_MAX && group->origins[row] != NULL;
}

bool
option_is_extra(const struct option_schema *schema, const char *section, const char *name)
{
    for (size_t i = 0; i < schema->section_count; i++) {
        if (strcmp(schema->sections[i].name, section) == 0) {
            return schema->sections[i].is_open &&
                   row_of(schema, &schema->sections[i], name) == SIZE_MAX;
        }
    }
    return false;
}

/* A path as it is seen from here. */
static enum status
set_path(const struct option_set *set, const struct option *option, void *values, struct bytes text,
         char reason[OPTION_VALUE_REASON_BYTES])
{
    struct buffer path;

    buffer_init(&path, OPTION_LINE_MAX_BYTES);
    enum status status = file_beside(set->file, text, &path);
    if (status == STATUS_OK) {
        status = option_value_set(option, values, buffer_bytes(&path), reason);
    }
    buffer_deinit(&path);
    return status;
}

static enum status
set_row(struct option_set *set, struct option_group *group, size_t row, const char *value,
        const char *origin)
{
    const struct option *option = &set->schema->options[row];
    struct bytes text = bytes_trim(bytes_from_string(value));
    char reason[OPTION_VALUE_REASON_BYTES];
    enum status status = option->type == OPTION_PATH && set->file != NULL && text.length > 0
                             ? set_path(set, option, group->values, text, reason)
                             : option_value_set(option, group->values, text, reason);

    if (status == STATUS_INVALID) {
        option_add_problem(set, origin, "[%s%s%.100s] %s = %.100s%s: %s", option->section,
                           group->name == NULL ? "" : " ", group->name == NULL ? "" : group->name,
                           option->name, value, strlen(value) > 100 ? "..." : "", reason);
    }
    if (status == STATUS_NO_MEMORY || replace(&group->origins[row], origin) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    return status;
}

enum status
option_set_value(struct option_set *set, const char *section, const char *section_name,
                 const char *name, const char *value, const char *origin)
{
    enum status status = option_open_section(set, section, section_name, origin);
    struct option_group *group;
    size_t row;

    if (status != STATUS_OK) {
        return status;
    }
    group = option_find(set, section, section_name);
    assert(group != NULL);
    row = row_of(set->schema, group->section, name);
    if (row != SIZE_MAX) {
        return set_row(set, group, row, value, origin);
    }
    if (group->section->is_open) {
        return set_extra(group, name, value, origin);
    }
    option_problem_unknown(set, origin, section, section_name, name);
    return STATUS_INVALID;
}
