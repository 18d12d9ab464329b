/* SPDX-License-Identifier: MIT */
/* The verbs about certificates that have been issued: list, revoke. */
#include "bridge/authority/farm_list.h"
#include "bridge/authority/farm_secrets.h"
#include "bridge/verbs/verbs.h"

#include <stdio.h>
#include <time.h>

#include "common/base/clock.h"

enum { PROBLEM_MAX_BYTES = 8 * 1024, DATE_CHARACTERS = 10 };

/* ---- list ---- */

static void
append_date(int64_t time_s, struct buffer *out)
{
    char text[CLOCK_UTC_TEXT_BYTES + 1];

    clock_format_utc((uint64_t)time_s * 1000, text);
    (void)buffer_append_format(out, "%.*s", DATE_CHARACTERS, text);
}

static void
append_entry(void *owner, const struct farm_list_entry *entry)
{
    struct buffer *out = owner;

    (void)buffer_append_format(out, "%-20.*s %-6.*s %-32.*s ", BYTES_PRINTF(entry->name),
                               BYTES_PRINTF(entry->role), BYTES_PRINTF(entry->serial));
    append_date(entry->expires_s, out);
    if (entry->revoked_s != 0) {
        (void)buffer_append_string(out, " revoked ");
        append_date(entry->revoked_s, out);
    } else {
        (void)buffer_append_format(out, " %-18s",
                                   entry->expires_s < (int64_t)time(NULL) ? "expired" : "valid");
    }
    (void)buffer_append_format(out, " %.*s\n", BYTES_PRINTF(entry->apps));
}

static enum exit_code
list(const char *directory)
{
    struct buffer out, problem;
    enum exit_code code;

    buffer_init(&out, SIZE_MAX);
    buffer_init(&problem, PROBLEM_MAX_BYTES);
    (void)buffer_append_format(&out, "%-20s %-6s %-32s %-10s %-18s %s\n", "NAME", "ROLE", "SERIAL",
                               "EXPIRES", "STATE", "APPS");
    code = verbs_report(farm_list_read(directory, append_entry, &out, &problem), &problem);
    if (code == EXIT_CODE_OK) {
        code = verbs_print(buffer_bytes(&out));
    }
    buffer_deinit(&out);
    buffer_deinit(&problem);
    return code;
}

enum exit_code
verb_list(const struct verb *verb, struct verb_arguments arguments)
{
    struct bridge_options options = {.name = NULL};
    const char *directory;
    enum exit_code code = verbs_take_state(verb, &arguments, &options, &directory);

    if (code == EXIT_CODE_OK && arguments.count > 0) {
        code = verbs_usage_error(verb, "\"%s\" is not understood", arguments.values[0]);
    }
    if (code == EXIT_CODE_OK) {
        code = list(directory);
    }
    verbs_free_config(&options);
    return code;
}

/* ---- revoke ---- */

static enum exit_code
revoke(const char *directory, const char *name, int64_t grace_s)
{
    int64_t now_s = (int64_t)time(NULL);
    struct buffer apps, problem;
    size_t revoked_count, rotated_count;
    enum exit_code code;
    enum status status;

    buffer_init(&apps, STATE_FILE_MAX_BYTES);
    buffer_init(&problem, PROBLEM_MAX_BYTES);
    status = farm_list_revoke(directory, bytes_from_string(name), now_s, &revoked_count, &apps,
                              &problem);
    if (status == STATUS_OK && revoked_count > 0) {
        status = farm_secrets_rotate(directory, buffer_bytes(&apps), now_s, grace_s, &rotated_count,
                                     &problem);
    }
    code = verbs_report(status, &problem);
    if (code == EXIT_CODE_OK && revoked_count == 0) {
        printf("Every certificate of %s had been revoked before.\n", name);
    } else if (code == EXIT_CODE_OK) {
        printf("Revoked %zu certificate%s of %s; %zu app%s new token secrets.\n", revoked_count,
               revoked_count == 1 ? "" : "s", name, rotated_count,
               rotated_count == 1 ? " has" : "s have");
    }
    buffer_deinit(&apps);
    buffer_deinit(&problem);
    return code;
}

enum exit_code
verb_revoke(const struct verb *verb, struct verb_arguments arguments)
{
    struct bridge_options options = {.name = NULL};
    bool is_now = verbs_take_flag(&arguments, "--now");
    const char *directory;
    enum exit_code code = verbs_take_state(verb, &arguments, &options, &directory);

    if (code == EXIT_CODE_OK && arguments.count != 1) {
        code = verbs_usage_error(verb, arguments.count == 0 ? "the name of the node is missing"
                                                            : "one name at a time");
    }
    if (code == EXIT_CODE_OK) {
        code = revoke(directory, arguments.values[0], is_now ? 0 : FARM_SECRETS_GRACE_S);
    }
    verbs_free_config(&options);
    return code;
}
