/* SPDX-License-Identifier: MIT */
/* Any script: the digest it is given is the one it is called by, and with other white space it is
 * the same one, or none where only the text as shipped is known. */
#include "service/redis_endpoint/signalr_script.h"

#include "tests/fuzz/fuzz_require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require_digest(const uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES], enum signalr_script kind)
{
    uint8_t upper[SIGNALR_SCRIPT_DIGEST_BYTES];

    for (size_t i = 0; i < SIGNALR_SCRIPT_DIGEST_BYTES; i++) {
        bool is_letter = digest[i] >= 'a' && digest[i] <= 'f';
        require(is_letter || (digest[i] >= '0' && digest[i] <= '9'));
        upper[i] = is_letter ? (uint8_t)(digest[i] - 'a' + 'A') : digest[i];
    }
    enum signalr_script called = signalr_script_of_digest(bytes_from(digest, sizeof(upper)));
    require(called == kind || called == SIGNALR_SCRIPT_UNKNOWN);
    require(signalr_script_of_digest(bytes_from(upper, sizeof(upper))) == called);
}

/* Windows' line ends, and blanks around it. */
static void
lay_out(struct bytes text, struct buffer *out)
{
    buffer_append_string(out, "\t");
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == '\n') {
            buffer_append_byte(out, '\r');
        }
        buffer_append_byte(out, text.data[i]);
    }
    buffer_append_string(out, "\r\n ");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_from(data, size);
    uint8_t digest[SIGNALR_SCRIPT_DIGEST_BYTES];
    enum signalr_script kind = signalr_script_of_text(text, digest);
    bool is_as_shipped =
        signalr_script_of_digest(bytes_from(digest, sizeof(digest))) != SIGNALR_SCRIPT_UNKNOWN;
    struct buffer other;

    require_digest(digest, kind);
    (void)signalr_script_of_digest(text);
    buffer_init(&other, SIZE_MAX);
    lay_out(text, &other);
    if (other.length <= SIGNALR_SCRIPT_TEXT_MAX_BYTES) {
        enum signalr_script laid_out = signalr_script_of_text(buffer_bytes(&other), digest);
        require(laid_out == kind || (is_as_shipped && laid_out == SIGNALR_SCRIPT_UNKNOWN));
        require_digest(digest, laid_out);
    }
    buffer_deinit(&other);
    return 0;
}
