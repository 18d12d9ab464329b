/* SPDX-License-Identifier: MIT */
#include "bridge/authority/farm_list.h"

#include <inttypes.h>
#include <stdlib.h>

#include "common/base/file.h"
#include "common/base/map.h"

enum { ISSUED_FIELDS = 5, REVOKED_FIELDS = 3, FIELDS_MAX = 5 };

/* ---- Lines ---- */

static const char *
remedy(enum status status)
{
    return status == STATUS_DENIED ? "; it takes the owner of the state directory" : "";
}

static enum status
read_list(const char *directory, const char *name, struct buffer *out, struct buffer *problem)
{
    char *path = state_path(directory, name);
    enum status status =
        path == NULL ? STATUS_NO_MEMORY : file_read(path, STATE_FILE_MAX_BYTES, out);

    if (status == STATUS_NOT_FOUND) {
        status = STATUS_OK;
    } else if (status != STATUS_OK) {
        (void)buffer_append_format(problem, "cannot read %s/%s: %s%s", directory, name,
                                   status_sentence(status), remedy(status));
    }
    free(path);
    return status;
}

/* The next whole line of ${rest} that has ${count} fields. */
static bool
next_line(struct bytes *rest, struct bytes *fields, size_t count)
{
    while (bytes_find(*rest, '\n') != SIZE_MAX) {
        struct bytes line;
        size_t found = 0;

        (void)bytes_split(rest, '\n', &line);
        while (found < count && bytes_split(&line, '\t', &fields[found])) {
            found++;
        }
        if (found == count && line.data == NULL) {
            return true;
        }
    }
    return false;
}

static int64_t
parse_time(struct bytes text)
{
    uint64_t value;

    return bytes_parse_uint64(text, &value) == STATUS_OK && value <= INT64_MAX ? (int64_t)value : 0;
}

/* ---- Revoked ---- */

void
farm_revoked_init(struct farm_revoked *revoked)
{
    buffer_init(&revoked->text, STATE_FILE_MAX_BYTES);
}

void
farm_revoked_deinit(struct farm_revoked *revoked)
{
    buffer_deinit(&revoked->text);
}

enum status
farm_revoked_load(struct farm_revoked *revoked, const char *directory, struct buffer *problem)
{
    struct farm_revoked loaded;
    enum status status;

    farm_revoked_init(&loaded);
    status = read_list(directory, "revoked", &loaded.text, problem);
    if (status != STATUS_OK) {
        farm_revoked_deinit(&loaded);
        return status;
    }
    farm_revoked_deinit(revoked);
    *revoked = loaded;
    return STATUS_OK;
}

int64_t
farm_revoked_since(const struct farm_revoked *revoked, struct bytes serial)
{
    struct bytes rest = buffer_bytes(&revoked->text), fields[REVOKED_FIELDS];

    while (next_line(&rest, fields, REVOKED_FIELDS)) {
        if (bytes_equal_ignore_case(fields[0], serial)) {
            int64_t since_s = parse_time(fields[2]);

            return since_s > 0 ? since_s : 1;
        }
    }
    return 0;
}

size_t
farm_revoked_count(const struct farm_revoked *revoked)
{
    struct bytes rest = buffer_bytes(&revoked->text), fields[REVOKED_FIELDS];
    size_t count = 0;

    while (next_line(&rest, fields, REVOKED_FIELDS)) {
        count++;
    }
    return count;
}

/* ---- Issued ---- */

enum status
farm_list_read(const char *directory,
               void (*on_entry)(void *owner, const struct farm_list_entry *entry), void *owner,
               struct buffer *problem)
{
    struct farm_revoked revoked;
    struct buffer issued;
    enum status status;

    farm_revoked_init(&revoked);
    buffer_init(&issued, STATE_FILE_MAX_BYTES);
    status = farm_revoked_load(&revoked, directory, problem);
    if (status == STATUS_OK) {
        status = read_list(directory, "issued", &issued, problem);
    }
    if (status == STATUS_OK) {
        struct bytes rest = buffer_bytes(&issued), fields[ISSUED_FIELDS];

        while (next_line(&rest, fields, ISSUED_FIELDS)) {
            on_entry(owner, &(struct farm_list_entry){
                                .serial = fields[0],
                                .role = fields[1],
                                .name = fields[2],
                                .apps = fields[3],
                                .expires_s = parse_time(fields[4]),
                                .revoked_s = farm_revoked_since(&revoked, fields[0]),
                            });
        }
    }
    buffer_deinit(&issued);
    farm_revoked_deinit(&revoked);
    return status;
}

struct revocation {
    struct bytes name;
    int64_t now_s;
    struct buffer lines;
    struct buffer *apps;
    size_t found_count;
    size_t revoked_count;
};

static void
revoke_entry(void *owner, const struct farm_list_entry *entry)
{
    struct revocation *revocation = owner;

    if (!bytes_equal(entry->name, revocation->name) &&
        !bytes_equal_ignore_case(entry->serial, revocation->name)) {
        return;
    }
    revocation->found_count++;
    if (entry->revoked_s != 0) {
        return;
    }
    revocation->revoked_count++;
    (void)buffer_append_format(&revocation->lines, "%.*s\t%.*s\t%" PRId64 "\n",
                               BYTES_PRINTF(entry->serial), BYTES_PRINTF(entry->name),
                               revocation->now_s);
    (void)buffer_append_string(revocation->apps, revocation->apps->length > 0 ? "," : "");
    (void)buffer_append(revocation->apps, entry->apps);
}

static enum status
append_lines(const char *directory, const char *name, struct bytes lines, struct buffer *problem)
{
    char *path = state_path(directory, name);
    enum status status = path == NULL ? STATUS_NO_MEMORY : state_file_append(path, lines);

    if (status != STATUS_OK) {
        (void)buffer_append_format(problem, "cannot add to %s/%s: %s%s", directory, name,
                                   status_sentence(status), remedy(status));
    }
    free(path);
    return status;
}

enum status
farm_list_revoke(const char *directory, struct bytes name, int64_t now_s, size_t *count,
                 struct buffer *apps, struct buffer *problem)
{
    struct revocation revocation = {.name = name, .now_s = now_s, .apps = apps};
    enum status status;

    buffer_init(&revocation.lines, STATE_FILE_MAX_BYTES);
    status = farm_list_read(directory, revoke_entry, &revocation, problem);
    if (status == STATUS_OK && revocation.found_count == 0) {
        (void)buffer_append_format(problem,
                                   "no certificate named \"%.*s\" has been issued from %s; see: "
                                   "hubplane-bridge list",
                                   BYTES_PRINTF(name), directory);
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK && revocation.lines.status != STATUS_OK) {
        status = revocation.lines.status;
        (void)buffer_append_string(problem, status_sentence(status));
    }
    if (status == STATUS_OK && revocation.revoked_count > 0) {
        status = append_lines(directory, "revoked", buffer_bytes(&revocation.lines), problem);
    }
    *count = revocation.revoked_count;
    buffer_deinit(&revocation.lines);
    return status;
}

/* ---- What other bridges have ---- */

static const struct {
    const char *name;
    size_t field_count;
} lists[] = {
    [FARM_LIST_ISSUED] = {"issued", ISSUED_FIELDS},
    [FARM_LIST_REVOKED] = {"revoked", REVOKED_FIELDS},
};

const char *
farm_list_name(enum farm_list list)
{
    return lists[list].name;
}

enum status
farm_list_text(const char *directory, enum farm_list list, struct buffer *out,
               struct buffer *problem)
{
    return read_list(directory, lists[list].name, out, problem);
}

/* Append to ${added} the lines of ${text} whose serial is not in ${serials}, and put it there. */
static enum status
collect_new(enum farm_list list, struct bytes text, struct map *serials, struct buffer *added)
{
    struct bytes fields[FIELDS_MAX] = {{NULL, 0}};
    size_t count = lists[list].field_count;

    while (next_line(&text, fields, count)) {
        const struct bytes *last = &fields[count - 1];
        size_t length = (size_t)(last->data + last->length - fields[0].data);

        if (fields[0].length == 0 || map_get(serials, fields[0]) != NULL) {
            continue;
        }
        (void)buffer_append(added, bytes_from(fields[0].data, length));
        if (buffer_append_byte(added, '\n') != STATUS_OK) {
            return added->status;
        }
        if (map_put(serials, fields[0], serials) != STATUS_OK) {
            return STATUS_NO_MEMORY;
        }
    }
    return STATUS_OK;
}

enum status
farm_list_merge(const char *directory, enum farm_list list, struct bytes text, bool *has_changed,
                struct buffer *problem)
{
    struct buffer ours, added;
    struct map serials;
    enum status status;

    *has_changed = false;
    buffer_init(&ours, STATE_FILE_MAX_BYTES);
    buffer_init(&added, STATE_FILE_MAX_BYTES);
    map_init(&serials);
    status = read_list(directory, lists[list].name, &ours, problem);
    if (status == STATUS_OK && !bytes_equal(buffer_bytes(&ours), text)) {
        status = collect_new(list, buffer_bytes(&ours), &serials, &added);
        buffer_clear(&added);
        if (status == STATUS_OK) {
            status = collect_new(list, text, &serials, &added);
        }
        if (status == STATUS_OK && ours.length + added.length > STATE_FILE_MAX_BYTES) {
            status = STATUS_LIMIT;
        }
        if (status != STATUS_OK) {
            (void)buffer_append_format(problem, "cannot add to %s/%s: %s", directory,
                                       lists[list].name, status_sentence(status));
        }
    }
    if (status == STATUS_OK && added.length > 0) {
        status = append_lines(directory, lists[list].name, buffer_bytes(&added), problem);
        *has_changed = status == STATUS_OK;
    }
    map_deinit(&serials);
    buffer_deinit(&added);
    buffer_deinit(&ours);
    return status;
}
