/* SPDX-License-Identifier: MIT */
/* fake_sink: a struct sink that keeps what is written to it, and counts what is asked of it. */
#ifndef HUBPLANE_TESTS_SUPPORT_FAKE_SINK_H
#define HUBPLANE_TESTS_SUPPORT_FAKE_SINK_H

#include "common/base/sink.h"

/* All fields may be read by a test; those under "settings" may be written. */
struct fake_sink {
    struct sink sink; /* first: give &fake.sink to the code under test */

    /* Settings. */
    bool is_stuck;    /* the operating system takes nothing: what is written stays queued */
    size_t cap_bytes; /* a queue above it closes the sink with "slow-consumer"; init: no cap */

    struct buffer written; /* everything, in order, including what is still queued */
    size_t queued_bytes;
    size_t write_count;
    size_t late_write_count; /* writes after finish or close: ignored, and often a mistake */
    const struct payload
        *latest; /* of the last write; only its address, to see that it is shared */

    bool is_paused;
    size_t pause_count; /* calls, not changes */
    size_t resume_count;

    const char *finish_reason; /* of the first call; NULL = not called */
    const char *close_reason;  /* the same; also set when the cap was passed */
};

void fake_sink_init(struct fake_sink *fake);
void fake_sink_deinit(struct fake_sink *fake);
/** What was written since init or the last fake_sink_clear(); lives until the next write. */
struct bytes fake_sink_written(const struct fake_sink *fake);
/** Forget what was written, not what is queued. */
void fake_sink_clear(struct fake_sink *fake);
/** The operating system takes up to ${count} queued bytes, although stuck. */
void fake_sink_drain(struct fake_sink *fake, size_t count);
bool fake_sink_is_open(const struct fake_sink *fake);

#endif
