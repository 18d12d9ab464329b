/* SPDX-License-Identifier: MIT */
#include "service/http/http_forwarded.h"

#include <string.h>

enum { ADDRESS_CHARACTERS_MAX = 45 }; /* of the longest IPv6 address */

/* "192.0.2.1:5000", "[::1]:5000", "192.0.2.1", "::1" without port and brackets. */
static struct bytes
without_port(struct bytes text)
{
    size_t colon = bytes_find(text, ':');

    if (text.length > 0 && text.data[0] == '[') {
        return bytes_slice(text, 1, bytes_find(text, ']') - 1);
    }
    if (colon != SIZE_MAX && bytes_find(bytes_after(text, colon + 1), ':') != SIZE_MAX) {
        return text; /* IPv6 without brackets has no port */
    }
    return bytes_slice(text, 0, colon);
}

static bool
is_proxy(const struct http_proxies *proxies, struct bytes address)
{
    for (size_t i = 0; i < proxies->count; i++) {
        if (bytes_equal_ignore_case(bytes_from_string(proxies->addresses[i]), address)) {
            return true;
        }
    }
    return false;
}

/* Neither "unknown" nor what somebody made up for our log. */
static bool
looks_like_address(struct bytes text)
{
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] == 0 || strchr("0123456789abcdefABCDEF.:", text.data[i]) == NULL) {
            return false;
        }
    }
    return text.length > 0 && text.length <= ADDRESS_CHARACTERS_MAX;
}

/* Walks the entries of a header that may be repeated, from the last to the first. */
struct entries {
    const struct http_request *request;
    struct bytes name;
    size_t header;     /* how many headers are left */
    struct bytes rest; /* of the present one; data NULL = take the next */
};

static bool
take_last(struct entries *entries, struct bytes *out)
{
    while (entries->rest.data == NULL) {
        if (entries->header == 0) {
            return false;
        }
        const struct http_header *header = &entries->request->headers[--entries->header];
        if (bytes_equal_ignore_case(header->name, entries->name)) {
            entries->rest = header->value;
        }
    }
    size_t start = entries->rest.length;
    while (start > 0 && entries->rest.data[start - 1] != ',') {
        start--;
    }
    *out = bytes_trim(bytes_after(entries->rest, start));
    entries->rest = start == 0 ? BYTES_NONE : bytes_slice(entries->rest, 0, start - 1);
    return true;
}

static struct entries
entries_of(const struct http_request *request, struct bytes name)
{
    return (struct entries){.request = request, .name = name, .header = request->header_count};
}

static struct bytes
last_entry(const struct http_request *request, struct bytes name)
{
    struct entries entries = entries_of(request, name);
    struct bytes value;

    return take_last(&entries, &value) ? value : BYTES("");
}

static struct bytes
find_client(const struct http_request *request, const struct http_proxies *proxies)
{
    struct entries entries = entries_of(request, BYTES("X-Forwarded-For"));
    struct bytes address = without_port(bytes_from_string(request->peer_address));
    struct bytes entry;

    while (is_proxy(proxies, address) && take_last(&entries, &entry)) {
        entry = without_port(entry);
        if (!looks_like_address(entry)) {
            break;
        }
        address = entry;
    }
    return address;
}

static struct bytes
known_scheme(struct bytes text)
{
    return bytes_equal_ignore_case(text, BYTES("https"))  ? BYTES("https")
           : bytes_equal_ignore_case(text, BYTES("http")) ? BYTES("http")
                                                          : BYTES("");
}

bool
http_forwarded_is_proxy(struct bytes socket_address, const struct http_proxies *proxies,
                        struct bytes *address)
{
    *address = without_port(socket_address);
    return is_proxy(proxies, *address);
}

bool
http_forwarded_is_trusted(const struct http_request *request, const struct http_proxies *proxies)
{
    return is_proxy(proxies, without_port(bytes_from_string(request->peer_address)));
}

void
http_forwarded_read(const struct http_request *request, const struct http_proxies *proxies,
                    struct http_forwarded *out)
{
    struct bytes host = http_request_header(request, BYTES("Host"));

    *out = (struct http_forwarded){
        .address = find_client(request, proxies),
        .scheme = request->is_tls ? BYTES("https") : BYTES("http"),
        .host = host.data == NULL ? BYTES("") : host,
    };
    if (!http_forwarded_is_trusted(request, proxies)) {
        return;
    }
    out->scheme = known_scheme(last_entry(request, BYTES("X-Forwarded-Proto")));
    host = last_entry(request, BYTES("X-Forwarded-Host"));
    if (host.length > 0) {
        out->host = host;
    }
}
