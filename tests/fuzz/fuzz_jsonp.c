/* SPDX-License-Identifier: MIT */
/* Any callback and, behind a line end, any JSON: what passes as a callback can neither end the call
 * nor begin another, and the JSON cannot end a script element. */
#include "service/signalr/jsonp.h"

#include "tests/fuzz/fuzz_require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require_harmless(struct bytes callback)
{
    require(callback.length > 0 && callback.length <= JSONP_CALLBACK_BYTES_MAX);
    require(bytes_is_utf8(callback));
    for (size_t i = 0; i < callback.length; i++) {
        uint8_t byte = callback.data[i];
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        bool is_digit = byte >= '0' && byte <= '9';
        require(is_letter || is_digit || byte == '$' || byte == '_' || byte == '.' || byte >= 0x80);
        require(!is_digit || (i > 0 && callback.data[i - 1] != '.'));
    }
    require(callback.data[0] != '.' && callback.data[callback.length - 1] != '.');
    require(!bytes_equal(callback, BYTES("eval")));
}

/* No angle brackets, and neither U+2028 nor U+2029 (E2 80 A8, E2 80 A9). */
static void
require_escaped(struct bytes json)
{
    for (size_t i = 0; i < json.length; i++) {
        require(json.data[i] != '<' && json.data[i] != '>');
        require(i + 2 >= json.length || json.data[i] != 0xE2 || json.data[i + 1] != 0x80 ||
                (json.data[i + 2] & 0xFE) != 0xA8);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes json = bytes_from(data, size), callback;
    struct buffer call;

    (void)bytes_split(&json, '\n', &callback);
    if (!jsonp_is_valid_callback(callback)) {
        return 0;
    }
    require_harmless(callback);
    buffer_init(&call, SIZE_MAX);
    require(jsonp_append(&call, callback, json) == STATUS_OK);
    struct bytes text = buffer_bytes(&call);
    require(bytes_starts_with(text, callback) &&
            bytes_equal(bytes_after(text, text.length - 2), BYTES(");")));
    require(text.data[callback.length] == '(');
    require_escaped(bytes_slice(text, callback.length + 1, text.length - callback.length - 3));
    buffer_deinit(&call);
    return 0;
}
