/* SPDX-License-Identifier: MIT */
#include "common/net/net_address.h"

#include <uv.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAPPED_PREFIX_BYTES = 12 }; /* of an IPv4 address written as IPv6 */

static bool
copy_text(char *out, size_t size, struct bytes text)
{
    if (text.length == 0 || text.length >= size || memchr(text.data, 0, text.length) != NULL) {
        return false;
    }
    memcpy(out, text.data, text.length);
    out[text.length] = '\0';
    return true;
}

/* Take "HOST" or "[IPv6]" off ${text}, up to and including the colon before the port. */
static bool
split_host(struct bytes *text, struct bytes *host)
{
    size_t colon;
    if (bytes_starts_with(*text, BYTES("["))) {
        size_t bracket = bytes_find(*text, ']');
        if (bracket == SIZE_MAX) {
            return false;
        }
        *host = bytes_slice(*text, 1, bracket - 1);
        colon = bracket + 1;
    } else {
        colon = bytes_find(*text, ':');
        *host = bytes_slice(*text, 0, colon);
    }
    if (colon >= text->length || text->data[colon] != ':') {
        return false;
    }
    *text = bytes_after(*text, colon + 1);
    return true;
}

enum status
net_address_parse(const char *text, struct net_address *out)
{
    struct net_address address = {0};
    struct bytes rest = bytes_trim(bytes_from_string(text));
    struct bytes host;
    if (bytes_starts_with(rest, BYTES("unix:"))) {
        address.is_unix = true;
        if (!copy_text(address.host, sizeof address.host, bytes_after(rest, 5))) {
            return STATUS_INVALID;
        }
        *out = address;
        return STATUS_OK;
    }
    uint64_t port;
    if (!split_host(&rest, &host) || !copy_text(address.host, sizeof address.host, host) ||
        bytes_parse_uint64(rest, &port) != STATUS_OK || port > UINT16_MAX) {
        return STATUS_INVALID;
    }
    (void)snprintf(address.port, sizeof address.port, "%" PRIu16, (uint16_t)port);
    *out = address;
    return STATUS_OK;
}

bool
net_address_collides(const char *left, const char *right)
{
    struct net_address first, second;
    return left != NULL && right != NULL && net_address_parse(left, &first) == STATUS_OK &&
           net_address_parse(right, &second) == STATUS_OK && strcmp(first.port, "0") != 0 &&
           strcmp(first.port, second.port) == 0 &&
           bytes_equal_ignore_case(bytes_from_string(first.host), bytes_from_string(second.host));
}

static bool
is_mapped(const uint8_t *ipv6)
{
    static const uint8_t mapped[MAPPED_PREFIX_BYTES] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(ipv6, mapped, sizeof mapped) == 0;
}

static void
print_ipv6(const struct sockaddr_in6 *address, char out[NET_ADDRESS_TEXT_BYTES])
{
    const uint8_t *raw = (const uint8_t *)&address->sin6_addr;
    unsigned int port = ntohs(address->sin6_port);
    char host[INET6_ADDRSTRLEN] = "?";
    if (is_mapped(raw)) {
        (void)uv_inet_ntop(AF_INET, raw + MAPPED_PREFIX_BYTES, host, sizeof host);
        (void)snprintf(out, NET_ADDRESS_TEXT_BYTES, "%s:%u", host, port);
        return;
    }
    (void)uv_ip6_name(address, host, sizeof host);
    (void)snprintf(out, NET_ADDRESS_TEXT_BYTES, "[%s]:%u", host, port);
}

void
net_address_print(const struct sockaddr *address, char out[NET_ADDRESS_TEXT_BYTES])
{
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, address, sizeof ipv6);
        print_ipv6(&ipv6, out);
    } else if (address->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        char host[INET_ADDRSTRLEN] = "?";
        memcpy(&ipv4, address, sizeof ipv4);
        (void)uv_ip4_name(&ipv4, host, sizeof host);
        (void)snprintf(out, NET_ADDRESS_TEXT_BYTES, "%s:%u", host, ntohs(ipv4.sin_port));
    } else {
        (void)snprintf(out, NET_ADDRESS_TEXT_BYTES, "unix");
    }
}

enum status
net_address_canonical(const char *text, char out[NET_ADDRESS_TEXT_BYTES])
{
    uint8_t raw[16];
    int error;
    if (uv_inet_pton(AF_INET, text, raw) == 0) {
        error = uv_inet_ntop(AF_INET, raw, out, NET_ADDRESS_TEXT_BYTES);
    } else if (uv_inet_pton(AF_INET6, text, raw) != 0) {
        return STATUS_INVALID;
    } else if (is_mapped(raw)) {
        error = uv_inet_ntop(AF_INET, raw + MAPPED_PREFIX_BYTES, out, NET_ADDRESS_TEXT_BYTES);
    } else {
        error = uv_inet_ntop(AF_INET6, raw, out, NET_ADDRESS_TEXT_BYTES);
    }
    return error == 0 ? STATUS_OK : STATUS_INVALID;
}
