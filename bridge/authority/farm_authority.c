/* SPDX-License-Identifier: MIT */
#include "bridge/authority/farm_authority.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/authority/state_file.h"
#include "common/base/crypto.h"
#include "common/base/file.h"

static enum status
explain(struct buffer *problem, const char *path, const char *what, enum status status)
{
    (void)buffer_append_format(problem, "%s %s: %s", what, path == NULL ? "" : path,
                               status_sentence(status));
    if (status == STATUS_DENIED) {
        (void)buffer_append_string(problem, "; run it as the owner of the state directory");
    }
    return status;
}

bool
farm_authority_name_is_valid(struct bytes name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

    if (name.length == 0 || name.length > FARM_NAME_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        if (memchr(allowed, name.data[i], sizeof(allowed) - 1) == NULL) {
            return false;
        }
    }
    return true;
}

bool
farm_authority_exists(const char *directory)
{
    char *path = state_path(directory, "authority.key");
    bool exists = path != NULL && state_file_exists(path);

    free(path);
    return exists;
}

bool
farm_authority_made(const char *directory, const char *path)
{
    char *certificate_path = state_path(directory, "authority.crt");
    struct buffer certificate, credentials;

    buffer_init(&certificate, STATE_FILE_MAX_BYTES);
    buffer_init(&credentials, STATE_FILE_MAX_BYTES);
    /* A credential file ends with the authority's certificate as it is. */
    bool is_ours =
        certificate_path != NULL &&
        file_read(certificate_path, STATE_FILE_MAX_BYTES, &certificate) == STATUS_OK &&
        file_read(path, STATE_FILE_MAX_BYTES, &credentials) == STATUS_OK &&
        memmem(credentials.data, credentials.length, certificate.data, certificate.length) != NULL;
    crypto_wipe(credentials.data, credentials.capacity);
    buffer_deinit(&credentials);
    buffer_deinit(&certificate);
    free(certificate_path);
    return is_ours;
}

/* A bridge whose credentials somebody else issued: a second authority would make a second farm. */
static bool
belongs_elsewhere(const char *directory)
{
    char *path = state_path(directory, "bridge.pem");
    bool has_credentials = path != NULL && state_file_exists(path);

    free(path);
    return has_credentials && !farm_authority_exists(directory);
}

/* The key first: it is the one that two commands at a time must not both make. */
static enum status
store(const char *directory, struct bytes certificate, struct bytes key, struct buffer *problem)
{
    char *certificate_path = state_path(directory, "authority.crt");
    char *key_path = state_path(directory, "authority.key");
    enum status status = STATUS_NO_MEMORY;

    if (certificate_path == NULL || key_path == NULL) {
        goto out;
    }
    status = state_file_create(key_path, key, STATE_FILE_PRIVATE);
    if (status == STATUS_EXISTS) {
        (void)buffer_append_format(problem, "this farm has an authority already: %s", key_path);
        goto out;
    }
    if (status != STATUS_OK) {
        (void)explain(problem, key_path, "cannot write", status);
        goto out;
    }
    status = state_file_write(certificate_path, certificate, STATE_FILE_PUBLIC);
    if (status != STATUS_OK) {
        (void)explain(problem, certificate_path, "cannot write", status);
    }
out:
    free(certificate_path);
    free(key_path);
    return status;
}

enum status
farm_authority_create(const char *directory, int64_t now_s, struct buffer *problem)
{
    struct buffer certificate, key, name;
    uint8_t random[4];
    enum status status = state_directory_make(directory);

    if (status != STATUS_OK) {
        return explain(problem, directory, "cannot make the directory", status);
    }
    if (belongs_elsewhere(directory)) {
        (void)
            buffer_append_format(problem,
                                 "this bridge belongs to a farm already, whose authority is where "
                                 "%s/bridge.pem was issued; delete that file to make another farm",
                                 directory);
        return STATUS_EXISTS;
    }
    buffer_init(&certificate, STATE_FILE_MAX_BYTES);
    buffer_init(&key, STATE_FILE_MAX_BYTES);
    buffer_init(&name, FARM_NAME_MAX_BYTES);
    /* Two farms of one company can be told apart by the name of their authority. */
    crypto_random(random, sizeof(random));
    (void)buffer_append_format(&name, "Hubplane farm %02x%02x%02x%02x", random[0], random[1],
                               random[2], random[3]);
    status = farm_certificate_new_authority(buffer_bytes(&name), now_s, &certificate, &key);
    if (status == STATUS_OK) {
        status = store(directory, buffer_bytes(&certificate), buffer_bytes(&key), problem);
    } else {
        (void)explain(problem, NULL, "cannot make a certificate", status);
    }
    crypto_wipe(key.data, key.capacity);
    buffer_deinit(&key);
    buffer_deinit(&certificate);
    buffer_deinit(&name);
    return status;
}

static enum status
load(const char *directory, const char *name, struct buffer *out, struct buffer *problem)
{
    char *path = state_path(directory, name);
    enum status status =
        path == NULL ? STATUS_NO_MEMORY : file_read(path, STATE_FILE_MAX_BYTES, out);

    if (status == STATUS_NOT_FOUND && belongs_elsewhere(directory)) {
        (void)buffer_append_format(problem,
                                   "the farm's authority is not in %s; do this on the bridge where "
                                   "the credentials of this one were issued",
                                   directory);
    } else if (status == STATUS_NOT_FOUND) {
        (void)buffer_append_format(
            problem, "there is no farm authority in %s; make one with: hubplane-bridge ca",
            directory);
    } else if (status != STATUS_OK) {
        (void)explain(problem, path, "cannot read", status);
    }
    free(path);
    return status;
}

/* serial, role, name, apps (url-encoded, comma separated, or *), expiry: separated by tabs. */
static enum status
record(const char *directory, const struct farm_certificate_wanted *wanted,
       const struct farm_certificate *made, struct buffer *problem)
{
    char *path = state_path(directory, "issued");
    struct buffer line;
    enum status status;

    buffer_init(&line, STATE_FILE_MAX_BYTES);
    (void)buffer_append_format(&line, "%s\t%s\t%.*s\t", made->serial,
                               wanted->is_bridge ? "bridge" : "node", BYTES_PRINTF(wanted->name));
    for (size_t i = 0; i < wanted->app_count; i++) {
        (void)buffer_append_string(&line, i > 0 ? "," : "");
        (void)buffer_append_url_encoded(&line, wanted->apps[i]);
    }
    (void)buffer_append_format(&line, "%s\t%" PRId64 "\n", wanted->app_count == 0 ? "*" : "",
                               made->expires_s);
    status = line.status;
    if (status == STATUS_OK) {
        status = path == NULL ? STATUS_NO_MEMORY : state_file_append(path, buffer_bytes(&line));
    }
    if (status != STATUS_OK) {
        (void)explain(problem, path, "cannot add to", status);
    }
    buffer_deinit(&line);
    free(path);
    return status;
}

enum status
farm_authority_issue(const char *directory, const struct farm_certificate_wanted *wanted,
                     struct buffer *out, struct farm_certificate *made, struct buffer *problem)
{
    struct buffer certificate, key;
    enum status status;

    if (!farm_authority_name_is_valid(wanted->name)) {
        (void)buffer_append_format(
            problem,
            "\"%.*s\" cannot be a name: 1 to 64 letters, digits, dots, dashes, underscores",
            BYTES_PRINTF(wanted->name));
        return STATUS_INVALID;
    }
    buffer_init(&certificate, STATE_FILE_MAX_BYTES);
    buffer_init(&key, STATE_FILE_MAX_BYTES);
    status = load(directory, "authority.key", &key, problem);
    if (status == STATUS_OK) {
        status = load(directory, "authority.crt", &certificate, problem);
    }
    if (status == STATUS_OK) {
        status = farm_certificate_issue(buffer_bytes(&certificate), buffer_bytes(&key), wanted, out,
                                        made);
        if (status != STATUS_OK) {
            (void)explain(problem, directory, "cannot use the authority in", status);
        }
    }
    if (status == STATUS_OK) {
        status = record(directory, wanted, made, problem);
    }
    crypto_wipe(key.data, key.capacity);
    buffer_deinit(&key);
    buffer_deinit(&certificate);
    return status;
}
