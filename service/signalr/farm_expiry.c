/* SPDX-License-Identifier: MIT */
#include "service/signalr/farm_expiry.h"

#include <stdlib.h>
#include <string.h>

struct farm_expiry {
    struct timer timer;
    struct worker_app *app;
    farm_expiry_fn fn;
    size_t of_length, group_length;
    uint8_t texts[]; /* of, NUL, group: its key */
};

static struct bytes
of_of(const struct farm_expiry *expiry)
{
    return bytes_from(expiry->texts, expiry->of_length);
}

static struct bytes
group_of(const struct farm_expiry *expiry)
{
    return bytes_from(expiry->texts + expiry->of_length + 1, expiry->group_length);
}

static struct bytes
key_of(const struct farm_expiry *expiry)
{
    return bytes_from(expiry->texts, expiry->of_length + 1 + expiry->group_length);
}

static struct farm_expiry *
make(struct worker_app *app, struct bytes of, struct bytes group)
{
    struct farm_expiry *expiry = calloc(1, sizeof(*expiry) + of.length + 1 + group.length);

    if (expiry == NULL) {
        return NULL;
    }
    expiry->app = app;
    expiry->of_length = of.length;
    expiry->group_length = group.length;
    memcpy(expiry->texts, of.data, of.length);
    memcpy(expiry->texts + of.length + 1, group.data, group.length);
    return expiry;
}

static void
end(struct farm_expiry *expiry)
{
    timer_stop(expiry->app->context->timers, &expiry->timer);
    (void)map_remove(&expiry->app->expiries, key_of(expiry));
    free(expiry);
}

static void
on_due(struct timer *timer)
{
    struct farm_expiry *expiry = CONTAINER_OF(timer, struct farm_expiry, timer);

    expiry->fn(expiry->app, of_of(expiry), group_of(expiry));
    end(expiry);
}

void
farm_expiry_stop(struct worker_app *app, struct bytes of, struct bytes group)
{
    struct farm_expiry *wanted = map_count(&app->expiries) > 0 ? make(app, of, group) : NULL;

    if (wanted != NULL) {
        struct farm_expiry *expiry = map_get(&app->expiries, key_of(wanted));
        if (expiry != NULL) {
            end(expiry);
        }
        free(wanted);
    }
}

enum status
farm_expiry_start(struct worker_app *app, struct bytes of, struct bytes group, uint32_t seconds,
                  farm_expiry_fn fn)
{
    farm_expiry_stop(app, of, group);
    struct farm_expiry *expiry = make(app, of, group);

    if (expiry == NULL || map_put(&app->expiries, key_of(expiry), expiry) != STATUS_OK) {
        free(expiry);
        return STATUS_NO_MEMORY;
    }
    expiry->fn = fn;
    timer_start(app->context->timers, &expiry->timer, seconds * UINT64_C(1000), on_due);
    return STATUS_OK;
}

void
farm_expiry_stop_all(struct worker_app *app)
{
    struct map_entry *entry;

    while ((entry = map_first(&app->expiries)) != NULL) {
        end(map_entry_value(entry));
    }
}
