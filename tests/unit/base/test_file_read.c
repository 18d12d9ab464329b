/* SPDX-License-Identifier: MIT */
/* Goal of this test: a file is read whole or not at all, also under a name that is not ASCII. */
#include "common/base/file.h"
#include "tests/support/test.h"

#include <string.h>

static const char path[] = "test_file_read-\xC3\xBC.tmp";

static void
write_file(size_t length)
{
    FILE *file = file_open(path, "wb");

    assert_non_null(file);
    for (size_t i = 0; i < length; i++) {
        fputc((int)(i % 251), file);
    }
    assert_int_equal(fclose(file), 0);
}

static int
tear_down(void **state)
{
    (void)state;
    /* remove() takes no UTF-8 on Windows; there an emptied file is left in the build folder. */
    write_file(0);
    remove(path);
    return 0;
}

static void
whole_files(void **state)
{
    static const size_t lengths[] = {0, 1, 4095, 4096, 4097, 50000};
    struct buffer out;

    (void)state;
    buffer_init(&out, 60000);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        write_file(lengths[i]);
        buffer_clear(&out);
        buffer_append_string(&out, "before");
        assert_status(file_read(path, 50000, &out), STATUS_OK);
        assert_int_equal(out.length, lengths[i] + 6);
        for (size_t j = 0; j < lengths[i]; j++) {
            assert_int_equal(out.data[6 + j], j % 251);
        }
    }
    buffer_deinit(&out);
}

static void
large_files(void **state)
{
    struct buffer out;

    (void)state;
    write_file(1000);
    buffer_init(&out, 5000);
    buffer_append_string(&out, "before");
    assert_status(file_read(path, 999, &out), STATUS_LIMIT);
    assert_text(buffer_bytes(&out), "before");
    out.limit_bytes = 1000;
    assert_status(file_read(path, 1000, &out), STATUS_LIMIT);
    assert_text(buffer_bytes(&out), "before");
    buffer_deinit(&out);
}

static void
files_that_are_none(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 5000);
    assert_status(file_read("no such file", 1000, &out), STATUS_NOT_FOUND);
    assert_status(file_read("", 1000, &out), STATUS_NOT_FOUND);
    assert_true(file_read(".", 1000, &out) < 0); /* a folder: IO or DENIED */
    assert_int_equal(out.length, 0);
    buffer_deinit(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(whole_files, tear_down),
        cmocka_unit_test_teardown(large_files, tear_down),
        cmocka_unit_test(files_that_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
