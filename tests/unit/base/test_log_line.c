/* SPDX-License-Identifier: MIT */
/* Goal of this test: one call is one line of one form, whatever a stranger put into it. */
#include "common/base/log.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

struct lines {
    size_t count;
    enum log_level level;
    char last[4096];
};

static void
keep_line(void *context, enum log_level level, const char *line)
{
    struct lines *lines = context;

    lines->count++;
    lines->level = level;
    memcpy(lines->last, line, strlen(line) + 1);
}

static void
a_line_is_subject_and_sentence(void **state)
{
    struct lines lines = {.count = 0};
    struct log log;

    (void)state;
    log_init(&log, LOG_INFO, keep_line, &lines);
    log_info(&log, "link", "closed reason=%s after_ms=%d", "timeout", 5000);
    assert_string_equal(lines.last, "link: closed reason=timeout after_ms=5000");
    assert_int_equal(lines.level, LOG_INFO);
    log_error(&log, "app chat", "is not allowed");
    assert_string_equal(lines.last, "app chat: is not allowed");
    assert_int_equal(lines.level, LOG_ERROR);
}

static void
levels_decide(void **state)
{
    struct lines lines = {.count = 0};
    struct log log;

    (void)state;
    log_init(&log, LOG_WARN, keep_line, &lines);
    log_debug(&log, "x", "no");
    log_info(&log, "x", "no");
    assert_int_equal(lines.count, 0);
    log_warn(&log, "x", "yes");
    log_error(&log, "x", "yes");
    assert_int_equal(lines.count, 2);
    assert_false(log_is_on(&log, LOG_INFO));
    atomic_store(&log.level, LOG_DEBUG);
    assert_true(log_is_on(&log, LOG_DEBUG));
    log_debug(&log, "x", "yes");
    assert_int_equal(lines.count, 3);
}

static void
lines_cannot_be_forged(void **state)
{
    struct lines lines = {.count = 0};
    struct log log;

    (void)state;
    log_init(&log, LOG_INFO, keep_line, &lines);
    log_info(&log, "a\nb", "opened path=%s", "/x\r\n2026-01-02T03:04:05.678Z error \x1B[31m\xFF");
    assert_string_equal(lines.last, "a\\x0Ab: opened path=/x\\x0D\\x0A2026-01-02T03:04:05.678Z "
                                    "error \\x1B[31m\\xFF");
    assert_int_equal(lines.count, 1);
}

static void
long_lines_are_cut(void **state)
{
    static char text[5000];
    struct lines lines = {.count = 0};
    struct log log;

    (void)state;
    log_init(&log, LOG_INFO, keep_line, &lines);
    for (unsigned i = 0; i < 3; i++) {
        memset(text, "x\n\xC3"[i], sizeof(text) - 1);
        log_info(&log, "s", "%s", text);
        assert_in_range(strlen(lines.last), 2000, 2047);
        assert_string_equal(lines.last + strlen(lines.last) - 3, "...");
        log_info(&log, text, "%s", "y");
        assert_in_range(strlen(lines.last), 2000, 2047);
        assert_string_equal(lines.last + strlen(lines.last) - 3, "...");
    }
    for (size_t length = 1900; length < 2100; length++) {
        memset(text, 'x', length);
        text[length] = '\0';
        log_info(&log, "s", "%s", text);
        if (length + 3 <= 2044) {
            assert_int_equal(strlen(lines.last), length + 3);
            assert_int_equal(lines.last[length + 2], 'x');
        } else {
            assert_int_equal(strlen(lines.last), 2047);
            assert_string_equal(lines.last + 2043, "x...");
        }
    }
}

static void
a_stream_takes_time_and_level(void **state)
{
    static const char path[] = "test_log_line.tmp";
    char line[100];
    FILE *stream = fopen(path, "w+");
    struct log log;

    (void)state;
    assert_non_null(stream);
    log_init_stream(&log, LOG_INFO, stream);
    log_info(&log, "link", "is up after_ms=%d", 1);
    log_debug(&log, "link", "and none of this");
    log_warn(&log, "link", "is down");
    rewind(stream);
    assert_non_null(fgets(line, sizeof(line), stream));
    assert_int_equal(line[10], 'T');
    assert_string_equal(line + 23, "Z info link: is up after_ms=1\n");
    assert_non_null(fgets(line, sizeof(line), stream));
    assert_string_equal(line + 23, "Z warn link: is down\n");
    assert_null(fgets(line, sizeof(line), stream));
    fclose(stream);
    remove(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_subject_and_sentence), cmocka_unit_test(levels_decide),
        cmocka_unit_test(lines_cannot_be_forged),         cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(a_stream_takes_time_and_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
