/* SPDX-License-Identifier: MIT */
#include "service/redis_endpoint/signalr_script.h"

#include "common/base/crypto.h"

struct known_script {
    enum signalr_script kind;
    const char *digest;
};

#define SIGNALR_SCRIPT_WORDS(kind, digest)
#define SIGNALR_SCRIPT_TEXT(kind, digest) {SIGNALR_SCRIPT_##kind, digest},
static const struct known_script known_texts[] = {
#include "service/redis_endpoint/signalr_script.def"
};
#undef SIGNALR_SCRIPT_TEXT
#undef SIGNALR_SCRIPT_WORDS

#define SIGNALR_SCRIPT_TEXT(kind, digest)
#define SIGNALR_SCRIPT_WORDS(kind, digest) {SIGNALR_SCRIPT_##kind, digest},
static const struct known_script known_words[] = {
#include "service/redis_endpoint/signalr_script.def"
};
#undef SIGNALR_SCRIPT_TEXT
#undef SIGNALR_SCRIPT_WORDS

static void
digest_of(struct bytes text, uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES])
{
    static const char hex[] = "0123456789abcdef";
    uint8_t raw[20];

    crypto_sha1(text, raw);
    for (size_t i = 0; i < sizeof(raw); i++) {
        digest[2 * i] = (uint8_t)hex[raw[i] >> 4];
        digest[2 * i + 1] = (uint8_t)hex[raw[i] & 15];
    }
}

static enum signalr_script
find(const struct known_script *known, size_t count, struct bytes digest)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal_ignore_case(bytes_from_string(known[i].digest), digest)) {
            return known[i].kind;
        }
    }
    return SIGNALR_SCRIPT_UNKNOWN;
}

static bool
is_blank(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Every run of white space as one blank, none at the ends. ${out} has room for all of ${text}. */
static struct bytes
collapse(struct bytes text, uint8_t *out)
{
    size_t length = 0;
    bool is_pending = false;

    for (size_t i = 0; i < text.length; i++) {
        if (is_blank(text.data[i])) {
            is_pending = length > 0;
            continue;
        }
        if (is_pending) {
            out[length++] = ' ';
            is_pending = false;
        }
        out[length++] = text.data[i];
    }
    return bytes_from(out, length);
}

enum signalr_script
signalr_script_of_digest(struct bytes digest)
{
    return find(known_texts, sizeof(known_texts) / sizeof(known_texts[0]), digest);
}

enum signalr_script
signalr_script_of_text(struct bytes text, uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES])
{
    uint8_t words[SIGNALR_SCRIPT_TEXT_MAX_BYTES], own[SIGNALR_SCRIPT_DIGEST_BYTES];

    digest_of(text, digest);
    enum signalr_script kind =
        signalr_script_of_digest(bytes_from(digest, SIGNALR_SCRIPT_DIGEST_BYTES));
    if (kind == SIGNALR_SCRIPT_UNKNOWN && text.length <= sizeof(words)) {
        digest_of(collapse(text, words), own);
        kind = find(known_words, sizeof(known_words) / sizeof(known_words[0]),
                    bytes_from(own, sizeof(own)));
    }
    return kind;
}
