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

/* "HEX" or "HEX UNTIL" */
static bool
parse_secret(struct bytes line, uint8_t *out, int64_t *until_s)
{
    struct bytes hex = bytes_slice(line, 0, bytes_find(line, ' '));
    uint64_t until;

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
    *until_s = INT64_MAX;
    if (hex.length == line.length) {
        return true;
    }
    if (bytes_parse_uint64(bytes_after(line, hex.length + 1), &until) != STATUS_OK ||
        until > INT64_MAX) {
        return false;
    }
    *until_s = (int64_t)until;
    return true;
}

static enum status
parse(struct bytes text, int64_t now_s, struct farm_secrets *out)
{
    struct bytes line;

    out->count = 0;
    out->previous_until_s = INT64_MAX;
    while (bytes_split(&text, '\n', &line)) {
        int64_t until_s;

        if (line.length == 0) {
            continue;
        }
        if (out->count == FARM_SECRETS_MAX ||
            !parse_secret(line, out->secrets[out->count], &until_s)) {
            return STATUS_INVALID;
        }
        if (out->count == 0 || until_s > now_s) {
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

static enum status
write_first(const char *path)
{
    uint8_t secret[FARM_SECRET_BYTES];
    struct buffer text;
    enum status status;

    crypto_random(secret, sizeof(secret));
    buffer_init(&text, FILE_MAX_BYTES);
    append_secret(secret, &text);
    (void)buffer_append_byte(&text, '\n');
    status = text.status;
    if (status == STATUS_OK) {
        status = state_file_create(path, buffer_bytes(&text), STATE_FILE_PRIVATE);
    }
    crypto_wipe(secret, sizeof(secret));
    crypto_wipe(text.data, text.capacity);
    buffer_deinit(&text);
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
            status = write_first(path);
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
    uint8_t secret[FARM_SECRET_BYTES];
    struct farm_secrets present;
    struct buffer text;
    enum status status = read_secrets(path, now_s, &present);

    if (status != STATUS_OK) {
        return status;
    }
    crypto_random(secret, sizeof(secret));
    buffer_init(&text, FILE_MAX_BYTES);
    append_secret(secret, &text);
    if (grace_s > 0) {
        (void)buffer_append_byte(&text, '\n');
        append_secret(present.secrets[0], &text);
        (void)buffer_append_format(&text, " %" PRId64, now_s + grace_s);
    }
    (void)buffer_append_byte(&text, '\n');
    status = text.status;
    if (status == STATUS_OK) {
        status = state_file_write(path, buffer_bytes(&text), STATE_FILE_PRIVATE);
    }
    crypto_wipe(secret, sizeof(secret));
    crypto_wipe(&present, sizeof(present));
    crypto_wipe(text.data, text.capacity);
    buffer_deinit(&text);
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
