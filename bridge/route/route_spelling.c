/* SPDX-License-Identifier: MIT */
#include "bridge/route/route_spelling.h"

#include <assert.h>
#include <stdlib.h>

/* How many spellings of it somebody listens to. */
struct spelled_name {
    size_t count;
    struct map_entry *entry;
};

struct folded {
    uint8_t data[ROUTE_SPELLING_BYTES_MAX];
    size_t length;
};

/* False: not to be watched. The prefix is our own, so its case matters. */
static bool
fold(struct bytes topic, struct folded *folded)
{
    if (topic.length > sizeof(folded->data) ||
        !(bytes_starts_with(topic, BYTES("h-")) || bytes_starts_with(topic, BYTES("hg-")) ||
          bytes_starts_with(topic, BYTES("pcg-")))) {
        return false;
    }
    folded->length = topic.length;
    for (size_t i = 0; i < topic.length; i++) {
        uint8_t byte = topic.data[i];
        folded->data[i] = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
    }
    return true;
}

static struct spelled_name *
find(const struct route_spelling *spelling, const struct folded *folded)
{
    return map_get(&spelling->names, bytes_from(folded->data, folded->length));
}

void
route_spelling_init(struct route_spelling *spelling)
{
    map_init(&spelling->names);
}

void
route_spelling_deinit(struct route_spelling *spelling)
{
    assert(map_count(&spelling->names) == 0);
    map_deinit(&spelling->names);
}

enum status
route_spelling_add(struct route_spelling *spelling, struct bytes topic)
{
    struct spelled_name *name;
    struct folded folded;

    if (!fold(topic, &folded)) {
        return STATUS_OK;
    }
    if ((name = find(spelling, &folded)) != NULL) {
        name->count++;
        return STATUS_OK;
    }
    if ((name = malloc(sizeof(*name))) == NULL) {
        return STATUS_NO_MEMORY;
    }
    name->count = 1;
    name->entry = map_add(&spelling->names, bytes_from(folded.data, folded.length), name);
    if (name->entry == NULL) {
        free(name);
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

void
route_spelling_remove(struct route_spelling *spelling, struct bytes topic)
{
    struct spelled_name *name;
    struct folded folded;

    if (!fold(topic, &folded)) {
        return;
    }
    name = find(spelling, &folded);
    assert(name != NULL);
    if (--name->count == 0) {
        map_remove_entry(&spelling->names, name->entry);
        free(name);
    }
}

bool
route_spelling_has(const struct route_spelling *spelling, struct bytes topic)
{
    struct folded folded;

    return fold(topic, &folded) && find(spelling, &folded) != NULL;
}
