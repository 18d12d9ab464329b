/* SPDX-License-Identifier: MIT */
/* Goal of this test: whichever allocation fails while options are read, it is reported and nothing
 * leaks. */
#include "tests/support/fail_alloc.h"
#include "tests/support/test.h"
#include "tests/unit/base/option_sample.h"

static enum status
read_all(struct option_set *set)
{
    enum status status = option_set_init(set, &option_sample_schema);

    if (status != STATUS_OK) {
        return status;
    }
    status = option_read_text(set,
                              BYTES("[service]\nlisten = a:1\nlisten = b:2\nqueue = 2MB\n"
                                    "[app chat]\npath = /x\n[hub chat/ChatHub]\nSend = all.x\n"
                                    "Send = all.y\nJoin = join($1)\n"),
                              "f");
    if (status != STATUS_OK) {
        option_set_deinit(set);
    }
    return status;
}

static void
every_failure_is_reported(void **state)
{
    struct option_set set;
    struct option_group *hub;
    enum status status;
    size_t n;

    (void)state;
    for (n = 0;; n++) {
        fail_alloc_at(n);
        status = read_all(&set);
        if (!fail_alloc_off()) {
            break;
        }
        assert_status(status, STATUS_NO_MEMORY);
    }
    assert_true(n > 20);
    assert_status(status, STATUS_OK);
    hub = option_find(&set, "hub", "chat/ChatHub");
    assert_int_equal(hub->extra_count, 2);
    assert_string_equal(hub->extras[0].value, "all.y");
    option_set_deinit(&set);
}

/* A problem that cannot be noted still makes the result INVALID and is counted. */
static void
problems_need_no_memory(void **state)
{
    struct option_set set;

    (void)state;
    assert_status(option_set_init(&set, &option_sample_schema), STATUS_OK);
    fail_alloc_at(0);
    assert_status(option_set_value(&set, "nowhere", NULL, "a", "b", "f"), STATUS_INVALID);
    assert_true(fail_alloc_off());
    assert_int_equal(set.problem_count, 1);
    option_set_deinit(&set);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_failure_is_reported),
        cmocka_unit_test(problems_need_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
