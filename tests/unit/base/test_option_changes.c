/* SPDX-License-Identifier: MIT */
/* Goal of this test: a reload can say what changed, and what of it needs a restart. */
#include "tests/support/test.h"
#include "tests/unit/base/option_sample.h"

static void
check_changes(const char *before_text, const char *after_text, enum option_reload reload,
              const char *expected)
{
    struct option_set before, after;
    struct buffer out;

    buffer_init(&out, 4096);
    assert_status(option_set_init(&before, &option_sample_schema), STATUS_OK);
    assert_status(option_set_init(&after, &option_sample_schema), STATUS_OK);
    assert_status(option_read_text(&before, bytes_from_string(before_text), "before"), STATUS_OK);
    assert_status(option_read_text(&after, bytes_from_string(after_text), "after"), STATUS_OK);
    assert_status(option_write_changes(&before, &after, reload, &out), STATUS_OK);
    assert_bytes(buffer_bytes(&out), bytes_from_string(expected));
    buffer_deinit(&out);
    option_set_deinit(&before);
    option_set_deinit(&after);
}

static void
nothing_changed(void **state)
{
    (void)state;
    check_changes("", "", OPTION_RESTART, "");
    check_changes("[service]\nqueue = 64KB\n", "", OPTION_RELOAD, "");
    check_changes("[service]\nqueue = 65536\n", "[service]\nqueue = 64KB\n", OPTION_RELOAD, "");
}

static void
each_kind_is_told_apart(void **state)
{
    static const char after[] = "[service]\nmode = safe\nverbose = yes\nadmin = 127.0.0.1:1\n"
                                "[bridge]\nport = 7\n";

    (void)state;
    check_changes("", after, OPTION_RELOAD, "[service] verbose");
    check_changes("", after, OPTION_RESTART, "[service] admin, [service] mode, [bridge] port");
    check_changes(after, "", OPTION_RESTART, "[service] admin, [service] mode, [bridge] port");
}

static void
named_sections(void **state)
{
    (void)state;
    check_changes("[app chat]\n", "[app chat]\nuser = x\n", OPTION_RELOAD, "[app chat] user");
    check_changes("[app chat]\n", "[app news]\n", OPTION_RESTART, "[app news], [app chat]");
    check_changes("[app chat]\n", "[app news]\n", OPTION_RELOAD, "");
    check_changes("[hub chat]\nSend = all\n", "[hub chat]\nSend = others\n", OPTION_RESTART,
                  "[hub chat]");
    check_changes("[hub chat]\nSend = all\n", "[hub chat]\nSend = all\n", OPTION_RESTART, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changed),
        cmocka_unit_test(each_kind_is_told_apart),
        cmocka_unit_test(named_sections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
