/* SPDX-License-Identifier: MIT */
/* Goal of this test: a log file rolls by size and keeps as many old ones as it was told; errors
 * reach the Event Log once. */
#include "common/base/file.h"
#include "service/platform/service_file.h"
#include "service/platform/service_log.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

static const char path[] = "test_service_log-\xC3\xBC.tmp";

/* The name of the file, or of its ${number}-th predecessor. */
static const char *
numbered(unsigned number)
{
    static char name[64];

    (void)snprintf(name, sizeof(name), number == 0 ? "%s" : "%s.%u", path, number);
    return name;
}

static int
remove_files(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        (void)service_file_delete(numbered(i));
    }
    return 0;
}

static bool
exists(unsigned number)
{
    FILE *file = file_open(numbered(number), "rb");

    if (file != NULL) {
        fclose(file);
    }
    return file != NULL;
}

/* The line that was written last to a file, behind its time: "info test: N". */
static void
assert_last_line(unsigned number, const char *expected)
{
    struct buffer text;

    buffer_init(&text, 1024 * 1024);
    assert_status(file_read(numbered(number), 1024 * 1024, &text), STATUS_OK);
    assert_true(bytes_ends_with_ignore_case(buffer_bytes(&text), bytes_from_string(expected)));
    buffer_deinit(&text);
}

static void
write_lines(uint64_t max_bytes, unsigned kept, int count)
{
    const struct service_log_options options = {.path = path, .max_bytes = max_bytes, .kept = kept};
    struct service_log log;

    assert_status(service_log_open(&log, LOG_INFO, &options), STATUS_OK);
    for (int i = 1; i <= count; i++) {
        log_info(&log.log, "test", "line %d", i);
    }
    service_log_close(&log);
}

static void
the_youngest_old_files_are_kept(void **state)
{
    (void)state;
    write_lines(1, 3, 9); /* every line is too much for a file that has one */
    assert_last_line(0, " info test: line 9\n");
    assert_last_line(1, " info test: line 8\n");
    assert_last_line(3, " info test: line 6\n");
    assert_false(exists(4));
}

static void
none_is_kept_when_told_so(void **state)
{
    (void)state;
    write_lines(1, 0, 3);
    assert_last_line(0, " info test: line 3\n");
    assert_false(exists(1));
}

static void
without_a_limit_it_grows(void **state)
{
    (void)state;
    write_lines(0, 3, 500);
    assert_last_line(0, " info test: line 500\n");
    assert_false(exists(1));
}

static void
what_is_there_counts(void **state)
{
    (void)state;
    write_lines(100, 1, 1); /* a line has some 40 bytes */
    write_lines(100, 1, 1);
    assert_false(exists(1));
    write_lines(100, 1, 1);
    assert_true(exists(1));
}

static void
it_cannot_be_a_folder(void **state)
{
    const struct service_log_options options = {.path = "."};
    struct service_log log;
    (void)state;

    assert_status(service_log_open(&log, LOG_INFO, &options), STATUS_DENIED);
}

static void
count_line(void *owner, const char *line)
{
    int *count = owner;

    (*count)++;
    assert_string_equal(line, "test: broken");
}

static void
errors_are_passed_on_unless_they_are_events(void **state)
{
    int count = 0;
    const struct service_log_options options = {.path = path,
                                                .on_error = count_line,
                                                .owner = &count};
    struct service_log log;
    (void)state;

    assert_status(service_log_open(&log, LOG_INFO, &options), STATUS_OK);
    log_info(&log.log, "test", "well");
    log_warn(&log.log, "test", "worse");
    assert_int_equal(count, 0);
    log_error(&log.log, "test", "broken");
    assert_int_equal(count, 1);
    log_error(&log.log, "service", "could not start: of which there is an event");
    assert_int_equal(count, 1);
    assert_string_equal(log.last_error, "service: could not start: of which there is an event");
    service_log_close(&log);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_youngest_old_files_are_kept, remove_files,
                                        remove_files),
        cmocka_unit_test_setup_teardown(none_is_kept_when_told_so, remove_files, remove_files),
        cmocka_unit_test_setup_teardown(without_a_limit_it_grows, remove_files, remove_files),
        cmocka_unit_test_setup_teardown(what_is_there_counts, remove_files, remove_files),
        cmocka_unit_test(it_cannot_be_a_folder),
        cmocka_unit_test_setup_teardown(errors_are_passed_on_unless_they_are_events, remove_files,
                                        remove_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
