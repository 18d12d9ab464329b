/* SPDX-License-Identifier: MIT */
#include "bridge/authority/farm_secrets.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/authority/state_file.h"
#include "common/base/crypto.h"
#include "common/base/file.h"

#define FILE_PREFIX "key-"

enum {
    FILE_NAME_MAX = 240,
    FILE_MAX_BYTES = 4096,
    SECRET_HEX_DIGITS = 2 * FARM_SECRET_BYTES,
};

/* "DIRECTORY/secrets" is made on the way. NULL: ${status} says why. */
static char *
secrets_path(const char *directory, struct bytes key, enum status *status)
{
    char *folder = state_path(directory, "secrets");
    char *path = NULL;
    struct buffer name;

    buffer_init(&name, FILE_NAME_MAX);
    /* A dot is not encoded, but must not begin a file name. */
    (void)buffer_append_string(&name, FILE_PREFIX);
    (void)buffer_append_url_encoded(&name, key);
    (void)buffer_append_byte(&name, '\0');
    *status = name.status;
    if (*status == STATUS_OK) {
        *status = folder == NULL ? STATUS_NO_MEMORY : state_directory_make(folder);
    }
    if (*status == STATUS_OK) {
        path = state_path(folder, (const char *)name.data);
        *status = path == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    buffer_deinit(&name);
    free(folder);
    return path;
}

static int
hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool
parse_hex(struct bytes hex, uint8_t *out)
{
    if (hex.length != SECRET_HEX_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < FARM_SECRET_BYTES; i++) {
        int high = hex_value(hex.data[2 * i]);
        int low = hex_value(hex.data[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* Leaves ${out} alone at the end of the line. */
static bool
parse_number(struct bytes *line, int64_t *out)
{
    struct bytes word;
    uint64_t value;

    if (!bytes_split(line, ' ', &word)) {
        return true;
    }
    if (bytes_parse_uint64(word, &value) != STATUS_OK || value > INT64_MAX) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

/* "HEX", "HEX NUMBER" or "HEX NUMBER NUMBER" */
static bool
parse_line(struct bytes line, uint8_t *secret, int64_t *first, int64_t *second)
{
    struct bytes hex;

    return bytes_split(&line, ' ', &hex) && parse_hex(hex, secret) && parse_number(&line, first) &&
           parse_number(&line, second) && line.data == NULL;
}

static enum status
parse(struct bytes text, int64_t now_s, struct farm_secrets *out)
{
    struct bytes line;

    *out = (struct farm_secrets){.previous_until_s = INT64_MAX};
    while (bytes_split(&text, '\n', &line)) {
        int64_t until_s = INT64_MAX, none = 0;
        bool is_current = out->count == 0;

        if (line.length == 0) {
            continue;
        }
        if (out->count == FARM_SECRETS_MAX ||
            !parse_line(line, out->secrets[out->count], is_current ? &out->rotations : &until_s,
                        is_current ? &out->made_s : &none)) {
            return STATUS_INVALID;
        }
        if (is_current || until_s > now_s) {
            out->previous_until_s = until_s;
            out->count++;
        }
    }
    return out->count > 0 ? STATUS_OK : STATUS_INVALID;
}

static void
append_secret(const uint8_t *secret, struct buffer *out)
{
    for (size_t i = 0; i < FARM_SECRET_BYTES; i++) {
        (void)buffer_append_format(out, "%02x", secret[i]);
    }
}

static void
append_secrets(const struct farm_secrets *secrets, struct buffer *out)
{
    append_secret(secrets->secrets[0], out);
    (void)buffer_append_format(out, " %" PRId64 " %" PRId64 "\n", secrets->rotations,
                               secrets->made_s);
    if (secrets->count > 1) {
        append_secret(secrets->secrets[1], out);
        (void)buffer_append_format(out, " %" PRId64 "\n", secrets->previous_until_s);
    }
}

static enum status
write_secrets(const char *path, const struct farm_secrets *secrets,
              enum status (*write)(const char *path, struct bytes content,
                                   enum state_file_privacy privacy))
{
    struct buffer text;
    enum status status;

    buffer_init(&text, FILE_MAX_BYTES);
    append_secrets(secrets, &text);
    status = text.status;
    if (status == STATUS_OK) {
        status = write(path, buffer_bytes(&text), STATE_FILE_PRIVATE);
    }
    crypto_wipe(text.data, text.capacity);
    buffer_deinit(&text);
    return status;
}

static enum status
write_first(const char *path, int64_t now_s)
{
    struct farm_secrets first = {.count = 1, .made_s = now_s};
    enum status status;

    crypto_random(first.secrets[0], FARM_SECRET_BYTES);
    status = write_secrets(path, &first, state_file_create);
    crypto_wipe(&first, sizeof(first));
    /* Somebody else was faster: theirs is as good. */
    return status == STATUS_EXISTS ? STATUS_OK : status;
}

static enum status
explain(struct buffer *problem, const char *path, enum status status)
{
    if (status == STATUS_LIMIT) {
        (void)buffer_append_string(problem, "the app's key is too long");
    } else if (status != STATUS_OK) {
        (void)buffer_append_format(problem, "cannot use the token secrets in %s: %s", path,
                                   status_sentence(status));
    }
    if (status == STATUS_DENIED) {
        (void)buffer_append_string(problem, "; it must belong to the user that the bridge runs as");
    }
    return status;
}

static enum status
read_secrets(const char *path, int64_t now_s, struct farm_secrets *out)
{
    struct buffer text;
    enum status status;

    buffer_init(&text, FILE_MAX_BYTES);
    status = file_read(path, FILE_MAX_BYTES, &text);
    if (status == STATUS_OK) {
        status = parse(buffer_bytes(&text), now_s, out);
    }
    crypto_wipe(text.data, text.capacity);
    buffer_deinit(&text);
    return status;
}

enum status
farm_secrets_load(const char *directory, struct bytes key, int64_t now_s, struct farm_secrets *out,
                  struct buffer *problem)
{
    enum status status;
    char *path = secrets_path(directory, key, &status);

    if (status == STATUS_OK) {
        status = read_secrets(path, now_s, out);
        if (status == STATUS_NOT_FOUND) {
            status = write_first(path, now_s);
            if (status == STATUS_OK) {
                status = read_secrets(path, now_s, out);
            }
        }
    }
    status = explain(problem, path == NULL ? directory : path, status);
    free(path);
    return status;
}

/* ---- Rotation ---- */

static enum status
rotate_file(const char *path, int64_t now_s, int64_t grace_s)
{
    struct farm_secrets present, next = {.count = 1, .made_s = now_s};
    enum status status = read_secrets(path, now_s, &present);

    if (status != STATUS_OK) {
        return status;
    }
    crypto_random(next.secrets[0], FARM_SECRET_BYTES);
    next.rotations = present.rotations + 1;
    if (grace_s > 0) {
        next.count = 2;
        next.previous_until_s = now_s + grace_s;
        memcpy(next.secrets[1], present.secrets[0], FARM_SECRET_BYTES);
    }
    status = write_secrets(path, &next, state_file_write);
    crypto_wipe(&present, sizeof(present));
    crypto_wipe(&next, sizeof(next));
    return status;
}

static bool
names_app(struct bytes apps, struct bytes file_name)
{
    struct bytes key = bytes_after(file_name, sizeof(FILE_PREFIX) - 1), app;

    /* A + is in the name of a file that is being written, and in no encoded key. */
    if (!bytes_starts_with(file_name, BYTES(FILE_PREFIX)) || bytes_find(key, '+') != SIZE_MAX) {
        return false;
    }
    while (bytes_split(&apps, ',', &app)) {
        if (bytes_equal(app, BYTES("*")) || bytes_equal(app, key)) {
            return true;
        }
    }
    return false;
}

enum status
farm_secrets_rotate(const char *directory, struct bytes apps, int64_t now_s, int64_t grace_s,
                    size_t *count, struct buffer *problem)
{
    char *folder = state_path(directory, "secrets");
    DIR *listing = folder == NULL ? NULL : opendir(folder);
    enum status status = folder == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    struct dirent *entry;

    *count = 0;
    if (listing == NULL && folder != NULL && errno != ENOENT) {
        status = explain(problem, folder, errno == EACCES ? STATUS_DENIED : STATUS_IO);
    }
    while (status == STATUS_OK && listing != NULL && (entry = readdir(listing)) != NULL) {
        if (names_app(apps, bytes_from_string(entry->d_name))) {
            char *path = state_path(folder, entry->d_name);

            status = path == NULL ? STATUS_NO_MEMORY : rotate_file(path, now_s, grace_s);
            status = explain(problem, path == NULL ? folder : path, status);
            *count += status == STATUS_OK;
            free(path);
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
    free(folder);
    return status;
}

/* ---- What other bridges have ---- */

/* Which of two bridges' secrets the farm uses: every bridge decides alike. */
static bool
beats(const struct farm_secrets *one, const struct farm_secrets *other)
{
    if (one->rotations != other->rotations) {
        return one->rotations > other->rotations;
    }
    if (one->made_s != other->made_s) {
        return one->made_s < other->made_s;
    }
    return memcmp(one->secrets[0], other->secrets[0], FARM_SECRET_BYTES) < 0;
}

/* Tokens of the loser are about; but none that a rotation has made useless. */
static void
keep_loser(struct farm_secrets *winner, const struct farm_secrets *loser, int64_t now_s)
{
    winner->count = 2;
    winner->previous_until_s = now_s + FARM_SECRETS_GRACE_S;
    memcpy(winner->secrets[1], loser->secrets[0], FARM_SECRET_BYTES);
}

/* A previous one is only kept by whoever rotated with a grace or lost a race: it is good for all.
 */
static bool
take_previous(struct farm_secrets *ours, const struct farm_secrets *theirs)
{
    if (ours->count > 1 || theirs->count < 2) {
        return false;
    }
    *ours = *theirs;
    return true;
}

bool
farm_secrets_resolve(struct farm_secrets *ours, const struct farm_secrets *theirs, int64_t now_s)
{
    bool is_race = ours->rotations == theirs->rotations;
    struct farm_secrets winner;

    if (memcmp(ours->secrets[0], theirs->secrets[0], FARM_SECRET_BYTES) == 0) {
        return take_previous(ours, theirs);
    }
    if (!beats(theirs, ours)) {
        if (!is_race || ours->count > 1) {
            return false;
        }
        keep_loser(ours, theirs, now_s);
        return true;
    }
    winner = *theirs;
    if (is_race) {
        keep_loser(&winner, ours, now_s);
    }
    *ours = winner;
    crypto_wipe(&winner, sizeof(winner));
    return true;
}

static bool
is_file_name(struct bytes name)
{
    if (!bytes_starts_with(name, BYTES(FILE_PREFIX)) || name.length == sizeof(FILE_PREFIX) - 1 ||
        name.length > FILE_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        uint8_t c = name.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (c == '\0' || (!is_letter && !(c >= '0' && c <= '9') && strchr("-._~%", c) == NULL)) {
            return false;
        }
    }
    return true;
}

static enum status
merge_file(const char *path, const struct farm_secrets *theirs, int64_t now_s, bool *has_changed)
{
    struct farm_secrets ours;
    enum status status = read_secrets(path, now_s, &ours);

    if (status == STATUS_NOT_FOUND) {
        *has_changed = true;
        return write_secrets(path, theirs, state_file_write);
    }
    if (status == STATUS_OK && farm_secrets_resolve(&ours, theirs, now_s)) {
        *has_changed = true;
        status = write_secrets(path, &ours, state_file_write);
    }
    crypto_wipe(&ours, sizeof(ours));
    return status;
}

enum status
farm_secrets_merge(const char *directory, struct bytes file_name, struct bytes content,
                   int64_t now_s, bool *has_changed, struct buffer *problem)
{
    char *folder = state_path(directory, "secrets");
    char *name = bytes_duplicate(file_name);
    char *path = folder != NULL && name != NULL ? state_path(folder, name) : NULL;
    struct farm_secrets theirs;
    enum status status = STATUS_INVALID;

    *has_changed = false;
    if (is_file_name(file_name)) {
        status = parse(content, now_s, &theirs);
    }
    if (status == STATUS_OK) {
        status = path == NULL ? STATUS_NO_MEMORY : state_directory_make(folder);
    }
    if (status == STATUS_OK) {
        status = merge_file(path, &theirs, now_s, has_changed);
    }
    status = explain(problem, path == NULL ? directory : path, status);
    crypto_wipe(&theirs, sizeof(theirs));
    free(path);
    free(name);
    free(folder);
    return status;
}

static enum status
show_file(const char *folder, const char *file_name,
          void (*on_file)(void *owner, struct bytes file_name, struct bytes content), void *owner)
{
    char *path = state_path(folder, file_name);
    struct buffer text;
    enum status status = STATUS_NO_MEMORY;

    buffer_init(&text, FILE_MAX_BYTES);
    if (path != NULL) {
        status = file_read(path, FILE_MAX_BYTES, &text);
    }
    if (status == STATUS_OK) {
        on_file(owner, bytes_from_string(file_name), buffer_bytes(&text));
    }
    crypto_wipe(text.data, text.capacity);
    buffer_deinit(&text);
    free(path);
    return status;
}

enum status
farm_secrets_each(const char *directory,
                  void (*on_file)(void *owner, struct bytes file_name, struct bytes content),
                  void *owner, struct buffer *problem)
{
    char *folder = state_path(directory, "secrets");
    DIR *listing = folder == NULL ? NULL : opendir(folder);
    enum status status = folder == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    struct dirent *entry;

    if (listing == NULL && folder != NULL && errno != ENOENT) {
        status = errno == EACCES ? STATUS_DENIED : STATUS_IO;
    }
    while (status == STATUS_OK && listing != NULL && (entry = readdir(listing)) != NULL) {
        if (is_file_name(bytes_from_string(entry->d_name))) {
            status = show_file(folder, entry->d_name, on_file, owner);
        }
    }
    if (listing != NULL) {
        closedir(listing);
    }
    status = explain(problem, folder == NULL ? directory : folder, status);
    free(folder);
    return status;
}
