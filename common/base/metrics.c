/* SPDX-License-Identifier: MIT */
#include "common/base/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

static const uint32_t bounds_ms[METRIC_BUCKETS] = {1,   5,    10,   25,   50,    100,  250,
                                                   500, 1000, 2500, 5000, 10000, 30000};

static void
free_values(struct metric *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(values[i].histogram);
    }
    free(values);
}

enum status
metrics_init(struct metrics *metrics, const struct metric_row *rows, size_t count)
{
    struct metric *values = calloc(count == 0 ? 1 : count, sizeof(*values));

    if (values == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        atomic_init(&values[i].value, 0);
        if (rows[i].kind == METRIC_HISTOGRAM) {
            values[i].histogram = calloc(1, sizeof(*values[i].histogram));
            if (values[i].histogram == NULL) {
                free_values(values, count);
                return STATUS_NO_MEMORY;
            }
        }
    }
    *metrics = (struct metrics){rows, values, count};
    return STATUS_OK;
}

void
metrics_deinit(struct metrics *metrics)
{
    free_values(metrics->values, metrics->count);
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

void
metrics_observe_ms(struct metrics *metrics, size_t index, uint64_t duration_ms)
{
    size_t bucket = 0;

    assert(index < metrics->count && metrics->values[index].histogram != NULL);
    while (bucket < METRIC_BUCKETS && duration_ms > bounds_ms[bucket]) {
        bucket++;
    }
    atomic_fetch_add_explicit(&metrics->values[index].histogram->counts[bucket], 1,
                              memory_order_relaxed);
    metrics_add(metrics, index, (int64_t)duration_ms);
}

static int64_t
bucket_count(const struct metrics *metrics, size_t index, size_t bucket)
{
    return atomic_load_explicit(&metrics->values[index].histogram->counts[bucket],
                                memory_order_relaxed);
}

int64_t
metrics_observed(const struct metrics *metrics, size_t index)
{
    int64_t count = 0;

    assert(index < metrics->count && metrics->values[index].histogram != NULL);
    for (size_t i = 0; i <= METRIC_BUCKETS; i++) {
        count += bucket_count(metrics, index, i);
    }
    return count;
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

static const char *
kind_name(enum metric_kind kind)
{
    switch (kind) {
    case METRIC_COUNTER:
        return "counter";
    case METRIC_GAUGE:
        return "gauge";
    case METRIC_HISTOGRAM:
        break;
    }
    return "histogram";
}

/* Milliseconds as "0.025". */
static void
append_seconds(struct buffer *out, int64_t duration_ms)
{
    buffer_append_format(out, "%" PRId64 ".%03" PRId64, duration_ms / 1000, duration_ms % 1000);
}

static void
render_histogram(const struct metrics *metrics, size_t index, struct buffer *out)
{
    const char *name = metrics->rows[index].name;
    int64_t count = 0;

    for (size_t i = 0; i < METRIC_BUCKETS; i++) {
        count += bucket_count(metrics, index, i);
        buffer_append_format(out, "hubplane_%s_bucket{le=\"", name);
        append_seconds(out, bounds_ms[i]);
        buffer_append_format(out, "\"} %" PRId64 "\n", count);
    }
    count += bucket_count(metrics, index, METRIC_BUCKETS);
    buffer_append_format(out, "hubplane_%s_bucket{le=\"+Inf\"} %" PRId64 "\nhubplane_%s_sum ", name,
                         count, name);
    append_seconds(out, metrics_get(metrics, index));
    buffer_append_format(out, "\nhubplane_%s_count %" PRId64 "\n", name, count);
}

static void
render_heading(struct buffer *out, struct bytes name, enum metric_kind kind, const char *help)
{
    buffer_append_format(out, "# HELP hubplane_%.*s %s\n", BYTES_PRINTF(name), help);
    buffer_append_format(out, "# TYPE hubplane_%.*s %s\n", BYTES_PRINTF(name), kind_name(kind));
}

static void
render_family(const struct metrics *metrics, size_t first, struct buffer *out)
{
    const struct metric_row *row = &metrics->rows[first];
    struct bytes family = family_of(row);

    render_heading(out, family, row->kind, row->help);
    if (row->kind == METRIC_HISTOGRAM) {
        render_histogram(metrics, first, out);
        return;
    }
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

void
metrics_render_heading(struct buffer *out, const char *name, enum metric_kind kind,
                       const char *help)
{
    render_heading(out, bytes_from_string(name), kind, help);
}

void
metrics_render_value(struct buffer *out, const char *name, const char *label,
                     struct bytes label_value, int64_t value)
{
    buffer_append_format(out, "hubplane_%s{%s=\"", name, label);
    for (size_t i = 0; i < label_value.length; i++) {
        uint8_t byte = label_value.data[i];

        if (byte == '\\' || byte == '"') {
            buffer_append_byte(out, '\\');
        }
        /* An app's key may be anything; a line must stay one. */
        buffer_append_byte(out, byte < ' ' || byte == 127 ? '?' : byte);
    }
    buffer_append_format(out, "\"} %" PRId64 "\n", value);
}
