/* SPDX-License-Identifier: MIT */
#include "common/base/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

enum status
metrics_init(struct metrics *metrics, const struct metric_row *rows, size_t count)
{
    struct metric *values = calloc(count == 0 ? 1 : count, sizeof(*values));

    if (values == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        atomic_init(&values[i].value, 0);
    }
    *metrics = (struct metrics){rows, values, count};
    return STATUS_OK;
}

void
metrics_deinit(struct metrics *metrics)
{
    free(metrics->values);
    *metrics = (struct metrics){NULL, NULL, 0};
}

void
metrics_add(struct metrics *metrics, size_t index, int64_t delta)
{
    assert(index < metrics->count);
    atomic_fetch_add_explicit(&metrics->values[index].value, delta, memory_order_relaxed);
}

void
metrics_set(struct metrics *metrics, size_t index, int64_t value)
{
    assert(index < metrics->count);
    atomic_store_explicit(&metrics->values[index].value, value, memory_order_relaxed);
}

int64_t
metrics_get(const struct metrics *metrics, size_t index)
{
    assert(index < metrics->count);
    return atomic_load_explicit(&metrics->values[index].value, memory_order_relaxed);
}

/* "closed_total" of "closed_total{reason="done"}". */
static struct bytes
family_of(const struct metric_row *row)
{
    struct bytes name = bytes_from_string(row->name);

    return bytes_slice(name, 0, bytes_find(name, '{'));
}

static bool
is_first_of_family(const struct metrics *metrics, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (bytes_equal(family_of(&metrics->rows[i]), family_of(&metrics->rows[index]))) {
            return false;
        }
    }
    return true;
}

static void
render_family(const struct metrics *metrics, size_t first, struct buffer *out)
{
    const struct metric_row *row = &metrics->rows[first];
    struct bytes family = family_of(row);

    buffer_append_format(out, "# HELP hubplane_%.*s %s\n", BYTES_PRINTF(family), row->help);
    buffer_append_format(out, "# TYPE hubplane_%.*s %s\n", BYTES_PRINTF(family),
                         row->kind == METRIC_COUNTER ? "counter" : "gauge");
    for (size_t i = first; i < metrics->count; i++) {
        if (bytes_equal(family_of(&metrics->rows[i]), family)) {
            buffer_append_format(out, "hubplane_%s %" PRId64 "\n", metrics->rows[i].name,
                                 metrics_get(metrics, i));
        }
    }
}

enum status
metrics_render(const struct metrics *metrics, struct buffer *out)
{
    for (size_t i = 0; i < metrics->count; i++) {
        if (is_first_of_family(metrics, i)) {
            render_family(metrics, i, out);
        }
    }
    return out->status;
}
