/* SPDX-License-Identifier: MIT */
#include "service/platform/service_credentials.h"

#include <string.h>

#include "common/base/crypto.h"
#include "common/base/file.h"
#include "service/platform/service_secret.h"

enum { CREDENTIALS_MAX_BYTES = 1024 * 1024, LINE_CHARACTERS = 64 };

#define PROTECTED_LABEL "HUBPLANE PROTECTED KEY"

/* Where a PEM block stands in a text. */
struct pem_block {
    size_t start;
    size_t end; /* behind its last line */
    struct bytes label;
    struct bytes body;
};

/* Index of ${needle} in ${text} from ${from} on, or SIZE_MAX. */
static size_t
find_text(struct bytes text, size_t from, struct bytes needle)
{
    while (from + needle.length <= text.length) {
        size_t next = bytes_find(bytes_after(text, from), needle.data[0]);
        if (next == SIZE_MAX || from + next + needle.length > text.length) {
            return SIZE_MAX;
        }
        from += next;
        if (memcmp(text.data + from, needle.data, needle.length) == 0) {
            return from;
        }
        from++;
    }
    return SIZE_MAX;
}

/* The next block at or after ${from}. */
static bool
find_block(struct bytes text, size_t from, struct pem_block *block)
{
    static const char dashes[] = "-----";
    size_t start = find_text(text, from, BYTES("-----BEGIN "));
    size_t label = start + strlen("-----BEGIN ");
    size_t label_end =
        start == SIZE_MAX ? SIZE_MAX : find_text(text, label, bytes_from_string(dashes));
    size_t body = label_end + strlen(dashes);
    size_t body_end = label_end == SIZE_MAX ? SIZE_MAX : find_text(text, body, BYTES("-----END "));

    if (body_end == SIZE_MAX) {
        return false;
    }
    size_t end = bytes_find(bytes_after(text, body_end), '\n');
    block->start = start;
    block->label = bytes_slice(text, label, label_end - label);
    block->body = bytes_slice(text, body, body_end - body);
    block->end = end == SIZE_MAX ? text.length : body_end + end + 1;
    return true;
}

static enum status
decode_body(struct bytes body, struct buffer *out)
{
    struct buffer packed;

    buffer_init(&packed, CREDENTIALS_MAX_BYTES);
    for (size_t i = 0; i < body.length; i++) {
        if (body.data[i] > ' ') {
            buffer_append_byte(&packed, body.data[i]);
        }
    }
    enum status status = packed.status == STATUS_OK
                             ? crypto_base64_decode(buffer_bytes(&packed), out)
                             : packed.status;
    buffer_deinit(&packed);
    return status;
}

static enum status
unprotect_block(const struct pem_block *block, struct buffer *out)
{
    struct buffer secret;

    buffer_init(&secret, CREDENTIALS_MAX_BYTES);
    enum status status = decode_body(block->body, &secret);
    if (status == STATUS_OK) {
        status = service_secret_unprotect(buffer_bytes(&secret), out);
    }
    buffer_deinit(&secret);
    return status;
}

/* Copy ${text}, with protected keys in clear. */
static enum status
unprotect(struct bytes text, struct buffer *out)
{
    struct pem_block block;
    size_t at = 0;

    while (find_block(text, at, &block)) {
        bool is_protected = bytes_equal(block.label, BYTES(PROTECTED_LABEL));
        buffer_append(out, bytes_slice(text, at, (is_protected ? block.start : block.end) - at));
        enum status status = is_protected ? unprotect_block(&block, out) : STATUS_OK;
        if (status != STATUS_OK) {
            return status;
        }
        at = block.end;
    }
    buffer_append(out, bytes_after(text, at));
    return out->status;
}

enum status
service_credentials_read(const char *path, struct buffer *out, struct buffer *problem)
{
    struct buffer text;

    buffer_init(&text, CREDENTIALS_MAX_BYTES);
    enum status status = file_read(path, CREDENTIALS_MAX_BYTES, &text);
    if (status == STATUS_NOT_FOUND) {
        buffer_append_string(problem, "does not exist: bring the file here, or correct the path");
    } else if (status == STATUS_DENIED) {
        buffer_append_string(
            problem, "cannot be read by the account this runs as: give it the right to read");
    } else if (status != STATUS_OK) {
        buffer_append_format(problem, "cannot be read: %s", status_sentence(status));
    } else if ((status = unprotect(buffer_bytes(&text), out)) != STATUS_OK) {
        buffer_append_string(
            problem, "holds a key that was protected on another machine, or is damaged: run "
                     "\"hubplane-service import-credentials FILE\" here with the original file");
    }
    crypto_wipe(text.data, text.length);
    buffer_deinit(&text);
    return status;
}

static enum status
protect_block(struct bytes pem, struct buffer *out)
{
    struct buffer secret, text;

    buffer_init(&secret, CREDENTIALS_MAX_BYTES);
    buffer_init(&text, CREDENTIALS_MAX_BYTES);
    enum status status = service_secret_protect(pem, &secret);
    if (status == STATUS_OK &&
        (status = crypto_base64_encode(buffer_bytes(&secret), &text)) == STATUS_OK) {
        buffer_append_string(out, "-----BEGIN " PROTECTED_LABEL "-----\n");
        for (struct bytes rest = buffer_bytes(&text); rest.length > 0;
             rest = bytes_after(rest, LINE_CHARACTERS)) {
            buffer_append(out, bytes_slice(rest, 0, LINE_CHARACTERS));
            buffer_append_byte(out, '\n');
        }
        status = buffer_append_string(out, "-----END " PROTECTED_LABEL "-----\n");
    }
    buffer_deinit(&secret);
    buffer_deinit(&text);
    return status;
}

enum status
service_credentials_protect(struct bytes pem, struct buffer *out)
{
    struct pem_block block;
    size_t at = 0, key_count = 0;

    while (find_block(pem, at, &block)) {
        bool is_key = bytes_ends_with_ignore_case(block.label, BYTES("PRIVATE KEY"));
        buffer_append(out, bytes_slice(pem, at, (is_key ? block.start : block.end) - at));
        if (is_key) {
            enum status status =
                protect_block(bytes_slice(pem, block.start, block.end - block.start), out);
            if (status != STATUS_OK) {
                return status;
            }
            key_count++;
        }
        at = block.end;
    }
    /* What follows the last block is dropped: half a key would otherwise stay in clear. */
    return key_count == 0 ? STATUS_INVALID : out->status;
}

/* ${problem} has what is wrong with them, perhaps also what to do. */
static void
explain_unusable(bool is_link, struct buffer *problem)
{
    if (bytes_find(buffer_bytes(problem), ';') == SIZE_MAX) {
        (void)buffer_append_string(
            problem, is_link
                         ? "; issue new ones where the farm's authority is: hubplane-bridge "
                           "issue NAME"
                         : "; put a certificate, the chain it needs and its key into this file");
    }
}

/* A bridge's would open every app. */
static enum status
check_role(const struct tls_context *tls, struct buffer *problem)
{
    const struct tls_peer *identity = tls_context_identity(tls);

    if (!identity->is_bridge) {
        return STATUS_OK;
    }
    (void)buffer_append_format(problem, "these are the credentials of the bridge %s, not of a node",
                               identity->name);
    return STATUS_INVALID;
}

static enum status
make_context(struct bytes pem, bool is_link, struct buffer *problem, struct tls_context **out)
{
    const struct tls_options options = {
        .role = is_link ? TLS_CLIENT : TLS_SERVER,
        .is_link = is_link,
        .certificate_pem = pem,
        .key_pem = pem,
        .authority_pem = is_link ? pem : BYTES_NONE,
    };
    struct tls_context *tls = NULL;
    enum status status = tls_context_new(&options, problem, &tls);

    if (status == STATUS_OK && is_link) {
        status = check_role(tls, problem);
    }
    if (status == STATUS_OK) {
        *out = tls;
    } else {
        explain_unusable(is_link, problem);
        tls_context_free(tls);
    }
    return status;
}

enum status
service_credentials_load(const char *path, enum service_credentials_kind kind, const char *option,
                         struct buffer *problem, struct tls_context **out)
{
    struct buffer pem, why;

    buffer_init(&pem, CREDENTIALS_MAX_BYTES);
    buffer_init(&why, 4096);
    enum status status = service_credentials_read(path, &pem, &why);
    if (status == STATUS_OK) {
        status = make_context(buffer_bytes(&pem), kind == SERVICE_CREDENTIALS_LINK, &why, out);
    }
    if (status != STATUS_OK) {
        buffer_append_format(problem, "%s \"%s\": %.*s", option, path,
                             BYTES_PRINTF(buffer_bytes(&why)));
    }
    crypto_wipe(pem.data, pem.length);
    buffer_deinit(&pem);
    buffer_deinit(&why);
    return status;
}
