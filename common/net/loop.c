/* SPDX-License-Identifier: MIT */
#include "common/net/loop.h"

#include "common/net/loop_uv.h"
#include "common/net/net_error.h"
#include "common/net/socket.h"

#include <uv.h>

#include <assert.h>
#include <stdlib.h>

enum {
    POSTS_KEPT = 4096,        /* larger queues are given back after a burst */
    TURN_ROUNDS_MAX = 16,     /* then the loop looks at its sockets once before it goes on */
    FREE_PATIENCE_MS = 60000, /* how long loop_free() waits for what somebody left open */
    SCRATCH_KEPT_BYTES = 128 * 1024,
    SCRATCH_LIMIT_BYTES = 4 * 1024 * 1024,
};

struct post {
    loop_fn fn;
    void *context;
};

struct posts {
    struct post *entries;
    size_t count;
    size_t capacity;
};

struct loop {
    uv_loop_t uv;
    uv_async_t wakeup;
    uv_prepare_t turn_end;
    uv_timer_t timer;
    struct log *log;
    struct clock clock;
    struct timers timers;
    struct timer free_guard;
    uint64_t armed_due_ms; /* what the libuv timer is set to; UINT64_MAX = stopped */
    bool has_waited;       /* the clock is stale until the next loop_entered() */
    bool is_stopping;
    struct loop_turn_task turn_tasks; /* head of a ring */
    struct loop_counters counters;
    uint8_t *read_buffer;
    bool is_read_buffer_lent;
    struct buffer plain_scratch;
    struct buffer cipher_scratch;
    struct posts running; /* the batch taken out of shared.posts */
    struct {
        uv_mutex_t lock;
        struct posts posts;
        bool is_closed;
    } shared;
};

void
loop_entered(struct loop *loop)
{
    if (loop->has_waited) {
        loop->has_waited = false;
        loop->counters.turns++;
        clock_update(&loop->clock);
    }
}

/* ---- posted work ------------------------------------------------------------------------------
 */

static bool
posts_append(struct posts *posts, loop_fn fn, void *context)
{
    if (posts->count == posts->capacity) {
        size_t capacity = posts->capacity == 0 ? 64 : posts->capacity * 2;
        struct post *entries = realloc(posts->entries, capacity * sizeof *entries);
        if (entries == NULL) {
            return false;
        }
        posts->entries = entries;
        posts->capacity = capacity;
    }
    posts->entries[posts->count++] = (struct post){fn, context};
    return true;
}

static void
posts_empty(struct posts *posts)
{
    posts->count = 0;
    if (posts->capacity > POSTS_KEPT) {
        free(posts->entries);
        *posts = (struct posts){0};
    }
}

enum status
loop_post(struct loop *loop, loop_fn fn, void *context)
{
    enum status status = STATUS_OK;
    uv_mutex_lock(&loop->shared.lock);
    if (loop->shared.is_closed) {
        status = STATUS_CLOSED;
    } else if (!posts_append(&loop->shared.posts, fn, context)) {
        status = STATUS_NO_MEMORY;
    } else if (loop->shared.posts.count == 1) {
        /* Under the lock, so that the handle cannot be closed in between. */
        (void)uv_async_send(&loop->wakeup);
    }
    uv_mutex_unlock(&loop->shared.lock);
    return status;
}

/* Run one batch: what is posted meanwhile waits for the next. */
static bool
run_posts(struct loop *loop)
{
    /* A post that runs the loop would find the batch in use. */
    assert(loop->running.count == 0);
    uv_mutex_lock(&loop->shared.lock);
    struct posts batch = loop->shared.posts;
    loop->shared.posts = loop->running;
    uv_mutex_unlock(&loop->shared.lock);
    loop->running = batch;
    for (size_t i = 0; i < batch.count; i++) {
        batch.entries[i].fn(batch.entries[i].context);
    }
    loop->counters.posts += batch.count;
    posts_empty(&loop->running);
    return batch.count > 0;
}

static void
on_wakeup(uv_async_t *handle)
{
    struct loop *loop = handle->data;
    loop_entered(loop);
    (void)run_posts(loop);
}

/* ---- the end of a turn ------------------------------------------------------------------------
 */

void
loop_at_turn_end(struct loop *loop, struct loop_turn_task *task)
{
    if (task->next == NULL) {
        task->next = &loop->turn_tasks;
        task->previous = loop->turn_tasks.previous;
        task->previous->next = task;
        task->next->previous = task;
    }
}

void
loop_turn_task_cancel(struct loop_turn_task *task)
{
    if (task->next != NULL) {
        task->previous->next = task->next;
        task->next->previous = task->previous;
        task->next = task->previous = NULL;
    }
}

/* One round: the tasks scheduled before it began. True when it ran any. */
static bool
run_turn_round(struct loop *loop)
{
    struct loop_turn_task *head = &loop->turn_tasks;
    if (head->next == head) {
        return false;
    }
    /* A marker ends the round; tasks scheduled meanwhile queue behind it. */
    struct loop_turn_task marker = {0};
    loop_at_turn_end(loop, &marker);
    while (head->next != &marker) {
        struct loop_turn_task *task = head->next;
        loop_turn_task_cancel(task);
        task->run(task);
    }
    loop_turn_task_cancel(&marker);
    return true;
}

static void
on_timer(uv_timer_t *handle)
{
    struct loop *loop = handle->data;
    loop->armed_due_ms = UINT64_MAX;
    loop_entered(loop);
    timers_run(&loop->timers);
}

static void
arm_timer(struct loop *loop)
{
    uint64_t delay_ms = timers_next_delay_ms(&loop->timers);
    uint64_t due_ms = delay_ms == UINT64_MAX ? UINT64_MAX : loop->clock.now_ms + delay_ms;
    if (due_ms == loop->armed_due_ms) {
        return;
    }
    loop->armed_due_ms = due_ms;
    if (due_ms == UINT64_MAX) {
        (void)uv_timer_stop(&loop->timer);
    } else {
        (void)uv_timer_start(&loop->timer, on_timer, delay_ms, 0);
    }
}

static void
shrink_scratch(struct buffer *buffer)
{
    if (buffer->capacity > SCRATCH_KEPT_BYTES && buffer->length == 0) {
        buffer_deinit(buffer);
    }
}

/* libuv's prepare callback: the last thing before it waits. */
static void
on_turn_end(uv_prepare_t *handle)
{
    struct loop *loop = handle->data;
    loop_entered(loop);
    for (int round = 0; run_turn_round(loop); round++) {
        if (round == TURN_ROUNDS_MAX) {
            (void)uv_async_send(&loop->wakeup);
            break;
        }
    }
    shrink_scratch(&loop->plain_scratch);
    shrink_scratch(&loop->cipher_scratch);
    arm_timer(loop);
    loop->has_waited = true;
}

/* ---- life -------------------------------------------------------------------------------------
 */

enum status
loop_new(struct log *log, struct loop **out)
{
    enum status status = STATUS_NO_MEMORY;
    struct loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL) {
        return status;
    }
    loop->read_buffer = malloc(LOOP_READ_BYTES);
    if (loop->read_buffer == NULL) {
        goto err_loop;
    }
    status = STATUS_IO;
    socket_startup();
    if (uv_mutex_init(&loop->shared.lock) != 0) {
        goto err_read_buffer;
    }
    int code = uv_loop_init(&loop->uv);
    if (code != 0) {
        goto err_lock;
    }
    code = uv_async_init(&loop->uv, &loop->wakeup, on_wakeup);
    if (code != 0) {
        goto err_uv;
    }
    /* These two cannot fail. */
    (void)uv_prepare_init(&loop->uv, &loop->turn_end);
    (void)uv_prepare_start(&loop->turn_end, on_turn_end);
    (void)uv_timer_init(&loop->uv, &loop->timer);
    loop->wakeup.data = loop->turn_end.data = loop->timer.data = loop;
    loop->log = log;
    loop->armed_due_ms = UINT64_MAX;
    loop->has_waited = true;
    loop->turn_tasks.next = loop->turn_tasks.previous = &loop->turn_tasks;
    clock_init_system(&loop->clock);
    timers_init(&loop->timers, &loop->clock);
    buffer_init(&loop->plain_scratch, SCRATCH_LIMIT_BYTES);
    buffer_init(&loop->cipher_scratch, SCRATCH_LIMIT_BYTES);
    *out = loop;
    return STATUS_OK;

err_uv:
    (void)uv_loop_close(&loop->uv);
err_lock:
    uv_mutex_destroy(&loop->shared.lock);
err_read_buffer:
    free(loop->read_buffer);
err_loop:
    free(loop);
    return status;
}

void
loop_run(struct loop *loop)
{
    loop->has_waited = true;
    while (!loop->is_stopping) {
        (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    }
    loop->is_stopping = false;
    loop_entered(loop);
    (void)run_posts(loop);
    (void)run_turn_round(loop);
}

void
loop_stop(struct loop *loop)
{
    loop->is_stopping = true;
    uv_stop(&loop->uv);
}

static void
name_open_handle(uv_handle_t *handle, void *context)
{
    struct loop *loop = context;
    if (uv_has_ref(handle) && !uv_is_closing(handle)) {
        log_error(loop->log, "loop", "Still open while the loop is freed kind=%s",
                  uv_handle_type_name(handle->type));
    }
}

static void
give_up(struct timer *timer)
{
    struct loop *loop = CONTAINER_OF(timer, struct loop, free_guard);
    uv_walk(&loop->uv, name_open_handle, loop);
    abort();
}

/* Run until nothing but our own, unreferenced handles is left. */
static void
run_until_closed(struct loop *loop)
{
    uv_unref((uv_handle_t *)&loop->wakeup);
    uv_unref((uv_handle_t *)&loop->turn_end);
    uv_unref((uv_handle_t *)&loop->timer);
    timer_start(&loop->timers, &loop->free_guard, FREE_PATIENCE_MS, give_up);
    for (;;) {
        loop_entered(loop);
        bool has_worked = run_posts(loop);
        has_worked = run_turn_round(loop) || has_worked;
        if (uv_loop_alive(&loop->uv)) {
            (void)uv_run(&loop->uv, UV_RUN_ONCE);
            continue;
        }
        if (has_worked) {
            continue;
        }
        /* From here on loop_post() refuses; what came in before it knew still runs. */
        uv_mutex_lock(&loop->shared.lock);
        bool is_idle = loop->shared.posts.count == 0;
        loop->shared.is_closed = is_idle;
        uv_mutex_unlock(&loop->shared.lock);
        if (is_idle) {
            break;
        }
    }
    timer_stop(&loop->timers, &loop->free_guard);
}

void
loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    run_until_closed(loop);
    uv_close((uv_handle_t *)&loop->wakeup, NULL);
    uv_close((uv_handle_t *)&loop->turn_end, NULL);
    uv_close((uv_handle_t *)&loop->timer, NULL);
    /* More than once if a stop was still pending. */
    while (uv_loop_close(&loop->uv) == UV_EBUSY) {
        (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    }
    uv_mutex_destroy(&loop->shared.lock);
    timers_deinit(&loop->timers);
    buffer_deinit(&loop->plain_scratch);
    buffer_deinit(&loop->cipher_scratch);
    free(loop->shared.posts.entries);
    free(loop->running.entries);
    free(loop->read_buffer);
    free(loop);
}

/* ---- what it holds ----------------------------------------------------------------------------
 */

struct timers *
loop_timers(struct loop *loop)
{
    return &loop->timers;
}

struct clock *
loop_clock(struct loop *loop)
{
    return &loop->clock;
}

struct log *
loop_log(struct loop *loop)
{
    return loop->log;
}

const struct loop_counters *
loop_counters(const struct loop *loop)
{
    return &loop->counters;
}

struct uv_loop_s *
loop_uv(struct loop *loop)
{
    return &loop->uv;
}

uint8_t *
loop_lend_read_buffer(struct loop *loop)
{
    assert(!loop->is_read_buffer_lent);
    loop->is_read_buffer_lent = true;
    return loop->read_buffer;
}

void
loop_return_read_buffer(struct loop *loop)
{
    loop->is_read_buffer_lent = false;
}

struct buffer *
loop_plain_scratch(struct loop *loop)
{
    return &loop->plain_scratch;
}

struct buffer *
loop_cipher_scratch(struct loop *loop)
{
    return &loop->cipher_scratch;
}

void
loop_count_read(struct loop *loop, size_t length)
{
    loop->counters.reads++;
    loop->counters.read_bytes += length;
}

void
loop_count_write(struct loop *loop, size_t length)
{
    loop->counters.writes++;
    loop->counters.write_bytes += length;
}
