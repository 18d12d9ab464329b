/* SPDX-License-Identifier: MIT */
/* Any header lines that a proxy passes on ("NAME:VALUE" each): the client's address is short and
 * printable, and counts as the network it is in, as the system's own parser sees it. */
#include "common/net/net_address.h"
#include "service/http/http_forwarded.h"
#include "service/identity/client_network.h"
#include "tests/fuzz/fuzz_require.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
parses(struct bytes address, char canonical[NET_ADDRESS_TEXT_BYTES])
{
    char text[100];

    if (address.length >= sizeof(text) || bytes_find(address, '\0') != SIZE_MAX ||
        bytes_find(address, '%') != SIZE_MAX) {
        return false;
    }
    snprintf(text, sizeof(text), "%.*s", BYTES_PRINTF(address));
    return net_address_canonical(text, canonical) == STATUS_OK;
}

static void
check_network(struct bytes address)
{
    char text[CLIENT_NETWORK_BYTES_MAX], again[CLIENT_NETWORK_BYTES_MAX];
    char canonical[NET_ADDRESS_TEXT_BYTES];
    struct bytes network = client_network_of(address, text);

    require(network.length <= CLIENT_NETWORK_BYTES_MAX);
    if (bytes_find(address, ':') == SIZE_MAX) {
        require(bytes_equal(network, bytes_slice(address, 0, CLIENT_NETWORK_BYTES_MAX)));
    } else if (parses(address, canonical)) {
        require(bytes_find(network, '/') != SIZE_MAX || bytes_find(network, ':') == SIZE_MAX);
        require(bytes_equal(client_network_of(bytes_from_string(canonical), again), network));
    } else {
        require(bytes_equal(network, bytes_slice(address, 0, CLIENT_NETWORK_BYTES_MAX)));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const proxies[] = {"127.0.0.1", "2001:db8::1"};
    const struct http_proxies trusted = {proxies, 2};
    struct http_request request = {.peer_address = "127.0.0.1:5000"};
    struct bytes rest = bytes_from(data, size), line;
    struct http_forwarded forwarded;

    check_network(rest);
    while (size > 0 && request.header_count < HTTP_HEADERS_MAX && bytes_split(&rest, '\n', &line)) {
        struct http_header *header = &request.headers[request.header_count++];
        (void)bytes_split(&line, ':', &header->name);
        header->value = line.data == NULL ? BYTES("") : line;
    }
    http_forwarded_read(&request, &trusted, &forwarded);
    require(forwarded.address.length > 0 && forwarded.address.length <= 45);
    for (size_t i = 0; i < forwarded.address.length; i++) {
        require(forwarded.address.data[i] > ' ' && forwarded.address.data[i] < 127);
    }
    require(forwarded.host.length == 0 || forwarded.host.data != NULL);
    check_network(forwarded.address);
    return 0;
}
