/* SPDX-License-Identifier: MIT */
#include "service/identity/client_network.h"

#include <stdio.h>
#include <string.h>

enum { GROUPS = 8, GROUP_DIGITS_MAX = 4, MAPPED_PREFIX_GROUPS = 6 };

/* The groups before "::", or behind it. */
struct groups {
    uint16_t values[GROUPS];
    size_t count;
};

static bool
parse_octet(struct bytes text, uint16_t *octet)
{
    uint64_t value;

    /* With a zero in front some read it as octal. */
    if (bytes_parse_uint64(text, &value) != STATUS_OK || value > 255 ||
        (text.length > 1 && text.data[0] == '0')) {
        return false;
    }
    *octet = (uint16_t)value;
    return true;
}

/* "192.0.2.1" as the last two groups. */
static bool
append_ipv4(struct groups *groups, struct bytes text)
{
    uint16_t octets[4];
    struct bytes part;
    size_t count = 0;

    while (count < 4 && bytes_split(&text, '.', &part) && parse_octet(part, &octets[count])) {
        count++;
    }
    if (count != 4 || text.data != NULL || groups->count + 2 > GROUPS) {
        return false;
    }
    groups->values[groups->count++] = (uint16_t)(octets[0] << 8 | octets[1]);
    groups->values[groups->count++] = (uint16_t)(octets[2] << 8 | octets[3]);
    return true;
}

/* Only the end of an address may be written as IPv4. */
static bool
parse_groups(struct bytes text, bool is_end, struct groups *groups)
{
    struct bytes part;

    groups->count = 0;
    if (text.length == 0) {
        return true;
    }
    while (bytes_split(&text, ':', &part)) {
        uint64_t value;
        if (is_end && text.data == NULL && bytes_find(part, '.') != SIZE_MAX) {
            return append_ipv4(groups, part);
        }
        if (groups->count == GROUPS || part.length > GROUP_DIGITS_MAX ||
            bytes_parse_hex(part, &value) != STATUS_OK) {
            return false;
        }
        groups->values[groups->count++] = (uint16_t)value;
    }
    return true;
}

/* Index of "::", SIZE_MAX if there is none. */
static size_t
find_gap(struct bytes text)
{
    for (size_t i = 0; i + 1 < text.length; i++) {
        if (text.data[i] == ':' && text.data[i + 1] == ':') {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool
parse_ipv6(struct bytes text, uint16_t address[GROUPS])
{
    size_t gap = find_gap(text);
    struct groups before, behind = {.count = 0};

    if (!parse_groups(bytes_slice(text, 0, gap), gap == SIZE_MAX, &before) ||
        (gap != SIZE_MAX && !parse_groups(bytes_after(text, gap + 2), true, &behind))) {
        return false;
    }
    if (gap == SIZE_MAX ? before.count != GROUPS : before.count + behind.count >= GROUPS) {
        return false;
    }
    memset(address, 0, GROUPS * sizeof(address[0]));
    memcpy(address, before.values, before.count * sizeof(address[0]));
    memcpy(address + GROUPS - behind.count, behind.values, behind.count * sizeof(address[0]));
    return true;
}

static bool
is_mapped_ipv4(const uint16_t address[GROUPS])
{
    static const uint16_t prefix[MAPPED_PREFIX_GROUPS] = {0, 0, 0, 0, 0, 0xFFFF};
    return memcmp(address, prefix, sizeof(prefix)) == 0;
}

struct bytes
client_network_of(struct bytes address, char out[CLIENT_NETWORK_BYTES_MAX])
{
    uint16_t groups[GROUPS];
    int length;

    if (bytes_find(address, ':') == SIZE_MAX || !parse_ipv6(address, groups)) {
        address = bytes_slice(address, 0, CLIENT_NETWORK_BYTES_MAX);
        memcpy(out, address.data, address.length);
        return bytes_from(out, address.length);
    }
    if (is_mapped_ipv4(groups)) {
        length = snprintf(out, CLIENT_NETWORK_BYTES_MAX, "%u.%u.%u.%u", groups[6] >> 8u,
                          groups[6] & 255u, groups[7] >> 8u, groups[7] & 255u);
    } else {
        length = snprintf(out, CLIENT_NETWORK_BYTES_MAX, "%x:%x:%x:%x::/64", groups[0], groups[1],
                          groups[2], groups[3]);
    }
    return bytes_from(out, (size_t)length);
}
