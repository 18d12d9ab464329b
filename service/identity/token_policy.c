/* SPDX-License-Identifier: MIT */
#include "service/identity/token_policy.h"

#include <stdlib.h>
#include <string.h>

#define PEM_BEGIN "-----BEGIN "
#define PEM_END   "-----END "

struct token_policy *
token_policy_new(void)
{
    return calloc(1, sizeof(struct token_policy));
}

void
token_policy_free(struct token_policy *policy)
{
    if (policy == NULL) {
        return;
    }
    for (size_t i = 0; i < policy->key_count; i++) {
        /* Ours, though whoever verifies with them only reads. */
        void *secret = (void *)(uintptr_t)policy->keys[i].secret.data;
        crypto_public_key_free((void *)(uintptr_t)policy->keys[i].public_key);
        crypto_wipe(secret, policy->keys[i].secret.length);
        free(secret);
    }
    free(policy);
}

static enum status
add_key(struct token_policy *policy, struct jwt_key key, const char **problem)
{
    if (policy->key_count == TOKEN_POLICY_KEYS_MAX) {
        *problem = "more than 16 keys";
        return STATUS_INVALID;
    }
    policy->keys[policy->key_count++] = key;
    return STATUS_OK;
}

static enum status
add_public_key(struct token_policy *policy, struct bytes pem, const char **problem)
{
    struct crypto_public_key *key;
    enum status status = crypto_public_key_read(pem, &key);

    if (status == STATUS_INVALID) {
        *problem = "a PEM block is no public key or certificate of kind RSA (2048 bits or more) "
                   "or P-256";
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = add_key(policy, (struct jwt_key){.public_key = key}, problem);
    if (status != STATUS_OK) {
        crypto_public_key_free(key);
    }
    return status;
}

static enum status
add_secret(struct token_policy *policy, struct bytes secret, const char **problem)
{
    enum status status;
    char *copy;

    if (secret.length < TOKEN_POLICY_SECRET_BYTES_MIN) {
        *problem = "a shared key has fewer than 32 characters and could be guessed";
        return STATUS_INVALID;
    }
    copy = bytes_duplicate(secret);
    if (copy == NULL) {
        return STATUS_NO_MEMORY;
    }
    status = add_key(policy, (struct jwt_key){.secret = bytes_from(copy, secret.length)}, problem);
    if (status != STATUS_OK) {
        crypto_wipe(copy, secret.length);
        free(copy);
    }
    return status;
}

/* The next line, without CR and blanks at its ends. */
static bool
next_line(struct bytes *rest, struct bytes *line)
{
    if (rest->data == NULL || !bytes_split(rest, '\n', line)) {
        return false;
    }
    if (line->length > 0 && line->data[line->length - 1] == '\r') {
        line->length--;
    }
    *line = bytes_trim(*line);
    return true;
}

/* What stands between the blocks of a PEM file is commentary. */
static enum status
add_pem(struct token_policy *policy, struct bytes text, const char **problem)
{
    enum status status = STATUS_OK;
    const uint8_t *start = NULL;
    struct bytes line;

    while (status == STATUS_OK && next_line(&text, &line)) {
        if (bytes_starts_with(line, BYTES(PEM_BEGIN))) {
            start = line.data;
        } else if (start != NULL && bytes_starts_with(line, BYTES(PEM_END))) {
            const uint8_t *end = line.data + line.length;
            status = add_public_key(policy, bytes_from(start, (size_t)(end - start)), problem);
            start = NULL;
        }
    }
    return status;
}

static enum status
add_lines(struct token_policy *policy, struct bytes text, const char **problem)
{
    enum status status = STATUS_OK;
    struct bytes line;

    while (status == STATUS_OK && next_line(&text, &line)) {
        if (line.length > 0) {
            status = add_secret(policy, line, problem);
        }
    }
    return status;
}

static bool
is_pem(struct bytes text)
{
    struct bytes line;

    while (next_line(&text, &line)) {
        if (bytes_starts_with(line, BYTES(PEM_BEGIN))) {
            return true;
        }
    }
    return false;
}

enum status
token_policy_add_keys(struct token_policy *policy, struct bytes text, const char **problem)
{
    size_t before = policy->key_count;
    enum status status =
        is_pem(text) ? add_pem(policy, text, problem) : add_lines(policy, text, problem);

    if (status == STATUS_OK && policy->key_count == before) {
        *problem = "there is no key in it";
        return STATUS_INVALID;
    }
    return status;
}

struct bytes
token_policy_find(const struct http_request *request, const struct http_parameters *query)
{
    struct bytes header = http_request_header(request, BYTES("Authorization"));

    /* Another scheme is for somebody else, such as a proxy. */
    if (bytes_starts_with_ignore_case(header, BYTES("Bearer "))) {
        return bytes_trim(bytes_after(header, sizeof("Bearer ") - 1));
    }
    struct bytes parameter = http_parameters_get(query, BYTES("access_token"));
    return parameter.length > 0 ? parameter : BYTES_NONE;
}

static bool
is_audience(const void *context, struct bytes audience)
{
    const struct token_policy *policy = context;

    for (size_t i = 0; i < policy->audience_count; i++) {
        if (bytes_equal(audience, bytes_from_string(policy->audiences[i]))) {
            return true;
        }
    }
    return false;
}

enum jwt_verdict
token_policy_check(const struct token_policy *policy, struct bytes token, uint64_t wall_ms,
                   struct buffer *user, struct buffer *claims)
{
    const struct jwt_rules rules = {
        .keys = policy->keys,
        .key_count = policy->key_count,
        .is_audience = policy->audience_count > 0 ? is_audience : NULL,
        .context = policy,
        .issuer = bytes_from_string(policy->issuer),
        .now_seconds = wall_ms / 1000,
        .leeway_seconds = JWT_LEEWAY_SECONDS,
    };
    struct jwt jwt = {0};
    enum jwt_verdict verdict = jwt_verify(token, &rules, &jwt);

    if (verdict == JWT_VALID &&
        buffer_append(user, jwt_user_id(&jwt, policy->user_claim)) != STATUS_OK) {
        verdict = user->status == STATUS_NO_MEMORY ? JWT_UNAVAILABLE : JWT_MALFORMED;
    }
    if (verdict == JWT_VALID && jwt_append_claims(&jwt, claims) != STATUS_OK) {
        verdict = claims->status == STATUS_NO_MEMORY ? JWT_UNAVAILABLE : JWT_MALFORMED;
    }
    jwt_deinit(&jwt);
    return verdict;
}
