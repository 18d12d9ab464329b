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
    size_t heading_length = out.length;
    code = verbs_report(farm_list_read(directory, append_entry, &out, &problem), &problem);
    if (code == EXIT_CODE_OK) {
        code = verbs_print(buffer_bytes(&out));
    }
    if (code == EXIT_CODE_OK && out.length == heading_length) {
        fprintf(stderr, "hubplane-bridge: no certificate has been issued from %s\n", directory);
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

/* What becomes of the apps' token secrets. */
enum secrets_fate {
    SECRETS_GRACE, /* new ones; those of before end after FARM_SECRETS_GRACE_S */
    SECRETS_NOW,   /* new ones; those of before are of no more use */
    SECRETS_KEEP,
};

static void
print_result(const char *name, size_t revoked_count, size_t rotated_count)
{
    if (revoked_count == 0) {
        printf("Every certificate of %s had been revoked before.\n", name);
        return;
    }
    printf("Revoked %zu certificate%s of %s; %zu app%s new token secrets.\n", revoked_count,
           revoked_count == 1 ? "" : "s", name, rotated_count,
           rotated_count == 1 ? " has" : "s have");
}

static enum exit_code
revoke(const char *directory, const char *name, enum secrets_fate fate)
{
    int64_t grace_s = fate == SECRETS_GRACE ? FARM_SECRETS_GRACE_S : 0;
    int64_t now_s = (int64_t)time(NULL);
    size_t revoked_count, rotated_count = 0;
    struct buffer apps, problem;
    enum exit_code code;
    enum status status;

    buffer_init(&apps, STATE_FILE_MAX_BYTES);
    buffer_init(&problem, PROBLEM_MAX_BYTES);
    status = farm_list_revoke(directory, bytes_from_string(name), now_s, &revoked_count, &apps,
                              &problem);
    if (status == STATUS_OK && revoked_count > 0 && fate != SECRETS_KEEP) {
        status = farm_secrets_rotate(directory, buffer_bytes(&apps), now_s, grace_s, &rotated_count,
                                     &problem);
    }
    code = verbs_report(status, &problem);
    if (code == EXIT_CODE_OK) {
        print_result(name, revoked_count, rotated_count);
    }
    buffer_deinit(&apps);
    buffer_deinit(&problem);
    return code;
}

static enum exit_code
take_fate(const struct verb *verb, struct verb_arguments *arguments, enum secrets_fate *fate)
{
    bool is_now = verbs_take_flag(arguments, "--now");
    bool keeps = verbs_take_flag(arguments, "--keep-secrets");

    if (is_now && keeps) {
        return verbs_usage_error(verb, "--now and --keep-secrets contradict each other");
    }
    *fate = is_now ? SECRETS_NOW : keeps ? SECRETS_KEEP : SECRETS_GRACE;
    return EXIT_CODE_OK;
}

enum exit_code
verb_revoke(const struct verb *verb, struct verb_arguments arguments)
{
    struct bridge_options options = {.name = NULL};
    enum secrets_fate fate = SECRETS_GRACE;
    const char *directory, *name;
    enum exit_code code = take_fate(verb, &arguments, &fate);

    if (code == EXIT_CODE_OK) {
        code = verbs_take_state(verb, &arguments, &options, &directory);
    }
    if (code == EXIT_CODE_OK) {
        code = verbs_take_node(verb, &arguments, &name);
    }
    if (code == EXIT_CODE_OK) {
        code = revoke(directory, name, fate);
    }
    verbs_free_config(&options);
    return code;
}
