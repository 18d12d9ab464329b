/* SPDX-License-Identifier: MIT */
#include "service/http/http_url.h"

enum { PORT_HTTP = 80, PORT_HTTPS = 443, PORT_MAX = 65535 };

static bool
is_printable(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 0x7F) {
            return false;
        }
    }
    return true;
}

static bool
take_scheme(struct bytes *rest, bool *is_tls)
{
    *is_tls = bytes_starts_with_ignore_case(*rest, BYTES("https://"));
    if (!*is_tls && !bytes_starts_with_ignore_case(*rest, BYTES("http://"))) {
        return false;
    }
    *rest = bytes_after(*rest, *is_tls ? sizeof("https://") - 1 : sizeof("http://") - 1);
    return true;
}

/* Where the authority ends: at the path, the query, or the end. */
static size_t
authority_length(struct bytes rest)
{
    size_t length = 0;

    while (length < rest.length && rest.data[length] != '/' && rest.data[length] != '?') {
        length++;
    }
    return length;
}

static bool
read_authority(struct http_url *url)
{
    struct bytes rest = url->authority;
    bool has_bracket = rest.length > 0 && rest.data[0] == '[';
    size_t end = bytes_find(rest, has_bracket ? ']' : ':');
    uint64_t port = url->is_tls ? PORT_HTTPS : PORT_HTTP;

    if (has_bracket && end == SIZE_MAX) {
        return false;
    }
    url->host = has_bracket ? bytes_slice(rest, 1, end - 1) : bytes_slice(rest, 0, end);
    rest = bytes_after(rest, has_bracket ? end + 1 : url->host.length);
    if (rest.length > 0 &&
        (rest.data[0] != ':' || bytes_parse_uint64(bytes_after(rest, 1), &port) != STATUS_OK)) {
        return false;
    }
    url->port = (uint16_t)port;
    return url->host.length > 0 && port > 0 && port <= PORT_MAX;
}

enum status
http_url_parse(struct bytes text, struct http_url *out)
{
    struct http_url url = {0};
    struct bytes rest = text;

    if (!is_printable(text) || bytes_find(text, '#') != SIZE_MAX ||
        !take_scheme(&rest, &url.is_tls)) {
        return STATUS_INVALID;
    }
    url.authority = bytes_slice(rest, 0, authority_length(rest));
    url.target = bytes_after(rest, url.authority.length);
    if (bytes_find(url.authority, '@') != SIZE_MAX || !read_authority(&url)) {
        return STATUS_INVALID;
    }
    *out = url;
    return STATUS_OK;
}
