/* SPDX-License-Identifier: MIT */
#include "bridge/authority/farm_secrets.h"

#include <stdlib.h>
#include <string.h>

#include "bridge/authority/state_file.h"
#include "common/base/crypto.h"
#include "common/base/file.h"

enum { FILE_NAME_MAX = 240, FILE_MAX_BYTES = 4096 };

/* "DIRECTORY/secrets" is made on the way. NULL: ${status} says why. */
static char *
secrets_path(const char *directory, struct bytes key, enum status *status)
{
    char *folder = state_path(directory, "secrets");
    char *path = NULL;
    struct buffer name;

    buffer_init(&name, FILE_NAME_MAX);
    /* A dot is not encoded, but must not begin a file name. */
    (void)buffer_append_string(&name, "key-");
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
parse_secret(struct bytes line, uint8_t *out)
{
    if (line.length != 2 * FARM_SECRET_BYTES) {
        return false;
    }
    for (size_t i = 0; i < FARM_SECRET_BYTES; i++) {
        int high = hex_value(line.data[2 * i]);
        int low = hex_value(line.data[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

static enum status
parse(struct bytes text, struct farm_secrets *out)
{
    struct bytes line;

    out->count = 0;
    while (bytes_split(&text, '\n', &line)) {
        if (line.length == 0) {
            continue;
        }
        if (out->count == FARM_SECRETS_MAX || !parse_secret(line, out->secrets[out->count])) {
            return STATUS_INVALID;
        }
        out->count++;
    }
    return out->count > 0 ? STATUS_OK : STATUS_INVALID;
}

static enum status
write_first(const char *path)
{
    uint8_t secret[FARM_SECRET_BYTES];
    struct buffer text;
    enum status status;

    crypto_random(secret, sizeof(secret));
    buffer_init(&text, FILE_MAX_BYTES);
    for (size_t i = 0; i < sizeof(secret); i++) {
        (void)buffer_append_format(&text, "%02x", secret[i]);
    }
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

enum status
farm_secrets_load(const char *directory, struct bytes key, struct farm_secrets *out,
                  struct buffer *problem)
{
    enum status status;
    char *path = secrets_path(directory, key, &status);
    struct buffer text;

    buffer_init(&text, FILE_MAX_BYTES);
    if (status == STATUS_OK) {
        status = file_read(path, FILE_MAX_BYTES, &text);
        if (status == STATUS_NOT_FOUND) {
            status = write_first(path);
            if (status == STATUS_OK) {
                status = file_read(path, FILE_MAX_BYTES, &text);
            }
        }
    }
    if (status == STATUS_OK) {
        status = parse(buffer_bytes(&text), out);
    }
    if (status == STATUS_LIMIT) {
        (void)buffer_append_string(problem, "the app's key is too long");
    } else if (status != STATUS_OK) {
        (void)buffer_append_format(problem, "cannot use the token secrets in %s: %s",
                                   path == NULL ? directory : path, status_sentence(status));
    }
    crypto_wipe(text.data, text.capacity);
    buffer_deinit(&text);
    free(path);
    return status;
}
