/* SPDX-License-Identifier: MIT */
/* Any token, and any header and claims under a valid signature: checking ends, what is believed can
 * be read, and a token that nobody signed is not believed. */
#include "service/identity/jwt.h"
#include "tests/unit/identity/jwt_vectors.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_audience(const void *context, struct bytes audience)
{
    (void)context;
    return audience.length > 0;
}

static enum jwt_verdict
check(struct bytes token, const struct jwt_rules *rules)
{
    struct jwt jwt = {0};
    enum jwt_verdict verdict = jwt_verify(token, rules, &jwt);

    assert((verdict == JWT_VALID) == (jwt.document.parsed != NULL));
    if (verdict == JWT_VALID) {
        struct bytes user = jwt_user_id(&jwt, NULL);
        assert(user.length <= JWT_TOKEN_BYTES_MAX);
    }
    jwt_deinit(&jwt);
    return verdict;
}

/* What becomes of header and claims when they are signed. */
static enum jwt_verdict
check_signed(const struct buffer *input, void (*hmac)(struct bytes, struct bytes, uint8_t *),
             size_t mac_bytes, const struct jwt_rules *rules)
{
    struct buffer token;
    uint8_t mac[64];

    buffer_init(&token, 2 * 1024 * 1024);
    buffer_append(&token, buffer_bytes(input));
    buffer_append_byte(&token, '.');
    hmac(BYTES("secret"), buffer_bytes(input), mac);
    crypto_base64url_encode(bytes_from(mac, mac_bytes), &token);
    enum jwt_verdict verdict = check(buffer_bytes(&token), rules);
    buffer_deinit(&token);
    return verdict;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct crypto_public_key *rsa, *p256;
    struct bytes rest = bytes_from(data, size);
    struct bytes header;
    struct buffer token;

    if (rsa == NULL && crypto_public_key_read(BYTES(JWT_VECTORS_RS256_KEY), &rsa) != STATUS_OK) {
        return 0;
    }
    if (p256 == NULL && crypto_public_key_read(BYTES(JWT_VECTORS_ES256_KEY), &p256) != STATUS_OK) {
        return 0;
    }
    const struct jwt_key keys[] = {{.secret = BYTES("secret")},
                                   {.public_key = rsa},
                                   {.public_key = p256}};
    struct jwt_rules rules = {.keys = keys, .key_count = 3, .now_seconds = 1000};
    (void)check(rest, &rules); /* the vectors themselves are among the seeds */
    rules.key_count = 1;
    assert(check(rest, &rules) != JWT_VALID);

    /* "HEADER\nCLAIMS", properly signed. */
    rules.is_audience = is_audience;
    if (rest.data != NULL && bytes_split(&rest, '\n', &header)) {
        buffer_init(&token, 1024 * 1024);
        crypto_base64url_encode(header, &token);
        buffer_append_byte(&token, '.');
        crypto_base64url_encode(rest, &token);
        assert(check_signed(&token, crypto_hmac_sha256, 32, &rules) != JWT_SIGNATURE ||
               check_signed(&token, crypto_hmac_sha512, 64, &rules) != JWT_SIGNATURE);
        buffer_deinit(&token);
    }
    return 0;
}
