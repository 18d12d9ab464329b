/* SPDX-License-Identifier: MIT */
#include "service/signalr/protocol_version.h"

#include <stdio.h>

static const struct protocol_version lowest = {{1, 2, -1, -1}, "1.2"};
static const struct protocol_version highest = {{2, 0, -1, -1}, "2.0"};

/* Two to four decimal numbers of 31 bits. Their text is written anew, so that nothing hostile is
 * echoed. */
static bool
parse(struct bytes text, struct protocol_version *version)
{
    struct bytes part;
    size_t count = 0;
    size_t length = 0;

    *version = (struct protocol_version){{-1, -1, -1, -1}, ""};
    while (bytes_split(&text, '.', &part)) {
        uint64_t value;
        if (count == PROTOCOL_VERSION_PARTS || bytes_parse_uint64(part, &value) != STATUS_OK ||
            value > INT32_MAX) {
            return false;
        }
        version->parts[count] = (int32_t)value;
        int written = snprintf(version->text + length, sizeof(version->text) - length, "%s%d",
                               (count > 0) ? "." : "", (int)value);
        length += (size_t)written;
        count++;
    }
    return count >= 2;
}

struct protocol_version
protocol_version_resolve(struct bytes client_protocol)
{
    struct protocol_version version;

    if (!parse(client_protocol, &version) || protocol_version_compare(&version, &lowest) < 0) {
        return lowest;
    }
    if (protocol_version_compare(&version, &highest) > 0) {
        return highest;
    }
    return version;
}

int
protocol_version_compare(const struct protocol_version *left, const struct protocol_version *right)
{
    for (size_t i = 0; i < PROTOCOL_VERSION_PARTS; i++) {
        if (left->parts[i] != right->parts[i]) {
            return (left->parts[i] < right->parts[i]) ? -1 : 1;
        }
    }
    return 0;
}

static bool
is_at_least(const struct protocol_version *version, int32_t major, int32_t minor)
{
    struct protocol_version wanted = {{major, minor, -1, -1}, ""};

    return protocol_version_compare(version, &wanted) >= 0;
}

bool
protocol_version_has_start(const struct protocol_version *version)
{
    return is_at_least(version, 1, 4);
}

bool
protocol_version_has_redirect(const struct protocol_version *version)
{
    return is_at_least(version, 2, 0);
}
