/* SPDX-License-Identifier: MIT */
/* Any URL: refused, or its parts lie in the text and make the same URL when put together. */
#include "service/http/http_url.h"

#include "tests/fuzz/fuzz_require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require_part(struct bytes text, struct bytes part)
{
    require(part.length == 0 ||
            (part.data >= text.data && part.data + part.length <= text.data + text.length));
    for (size_t i = 0; i < part.length; i++) {
        require(part.data[i] > ' ' && part.data[i] < 0x7F);
    }
}

static void
require_same(struct bytes left, struct bytes right)
{
    require(bytes_equal(left, right));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_from(data, size);
    struct http_url url, again;
    struct buffer whole;

    if (http_url_parse(text, &url) != STATUS_OK) {
        return 0;
    }
    require(url.host.length > 0 && url.port > 0);
    require(url.target.length == 0 || url.target.data[0] == '/' || url.target.data[0] == '?');
    require_part(text, url.authority);
    require_part(url.authority, url.host);
    require_part(text, url.target);
    require(bytes_find(url.authority, '/') == SIZE_MAX);
    require(bytes_find(url.authority, '@') == SIZE_MAX);
    buffer_init(&whole, SIZE_MAX);
    buffer_append_string(&whole, url.is_tls ? "https://" : "http://");
    buffer_append(&whole, url.authority);
    buffer_append(&whole, url.target);
    require(http_url_parse(buffer_bytes(&whole), &again) == STATUS_OK);
    require(again.is_tls == url.is_tls && again.port == url.port);
    require_same(again.host, url.host);
    require_same(again.authority, url.authority);
    require_same(again.target, url.target);
    buffer_deinit(&whole);
    return 0;
}
