/* SPDX-License-Identifier: MIT */
/* Goal of this test: every mistake is one line with its place, and reading goes on after it. */
#include "tests/support/test.h"
#include "tests/unit/base/option_sample.h"

#include <string.h>

static struct option_set set;

static int
set_up(void **state)
{
    *state = NULL;
    return option_set_init(&set, &option_sample_schema) == STATUS_OK ? 0 : -1;
}

static int
tear_down(void **state)
{
    (void)state;
    option_set_deinit(&set);
    return 0;
}

static void
assert_problem(struct bytes text, const char *expected)
{
    buffer_clear(&set.problems);
    set.problem_count = 0;
    assert_status(option_read_text(&set, text, "hubplane.ini"), STATUS_INVALID);
    assert_bytes(buffer_bytes(&set.problems), bytes_from_string(expected));
    assert_int_equal(set.problem_count, 1);
}

static void
unknown_options(void **state)
{
    (void)state;
    assert_problem(BYTES("\n[service]\nlistn = a:1"),
                   "hubplane.ini:3: [service] listn: unknown option; did you mean listen?\n");
    assert_problem(BYTES("[service]\nListen = a:1"),
                   "hubplane.ini:2: [service] Listen: unknown option; did you mean listen?\n");
    assert_problem(BYTES("[service]\nwrokers = 1"),
                   "hubplane.ini:2: [service] wrokers: unknown option; did you mean workers?\n");
    assert_problem(BYTES("[service]\ncolour = red"),
                   "hubplane.ini:2: [service] colour: unknown option\n");
    assert_problem(BYTES("[service]\naddress = a:1"),
                   "hubplane.ini:2: [service] address: unknown option; it belongs in [bridge]\n");
    assert_problem(BYTES("[app chat]\npth = /x"),
                   "hubplane.ini:2: [app chat] pth: unknown option; did you mean path?\n");
}

static void
unknown_sections(void **state)
{
    (void)state;
    assert_problem(BYTES("[servce]\nlisten = a:1\nx = y"),
                   "hubplane.ini:1: [servce]: unknown section; did you mean [service]?\n");
    assert_problem(BYTES("[elsewhere]"), "hubplane.ini:1: [elsewhere]: unknown section\n");
    assert_problem(BYTES("[app]\npath = x"),
                   "hubplane.ini:1: [app]: needs a name, as in [app NAME]\n");
    assert_problem(BYTES("[app ]\npath = x"),
                   "hubplane.ini:1: [app]: needs a name, as in [app NAME]\n");
    assert_problem(BYTES("[service x]\nlisten = a:1"),
                   "hubplane.ini:1: [service]: takes no name; write [service]\n");
}

static void
lines_that_are_none(void **state)
{
    (void)state;
    assert_problem(BYTES("[service]\nlisten"), "hubplane.ini:2: expected NAME = VALUE\n");
    assert_problem(BYTES("[service]\n= x"), "hubplane.ini:2: expected NAME = VALUE\n");
    assert_problem(BYTES("listen = a:1"), "hubplane.ini:1: a value before the first [section]\n");
    assert_problem(BYTES("[service\nlisten = a:1"),
                   "hubplane.ini:1: expected [SECTION] or [SECTION NAME]\n");
    assert_problem(BYTES("[]\nlisten = a:1"),
                   "hubplane.ini:1: expected [SECTION] or [SECTION NAME]\n");
    assert_problem(BYTES("[service] listen = a:1"),
                   "hubplane.ini:1: unexpected text after [SECTION]\n");
    assert_problem(BYTES("[service]\nlisten = \xFF"),
                   "hubplane.ini:2: the line is not UTF-8 text\n");
    assert_problem(BYTES("[service]\nlis\0ten = a"),
                   "hubplane.ini:2: the line is not UTF-8 text\n");
    assert_problem(BYTES("\xFF\xFE[\0s\0"), "hubplane.ini: is UTF-16; save it as UTF-8\n");
}

static void
long_lines(void **state)
{
    static char text[OPTION_LINE_MAX_BYTES + 1];

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_problem(bytes_from(text, sizeof(text)), "hubplane.ini:1: the line is too long\n");
}

static void
values_are_made_printable(void **state)
{
    (void)state;
    assert_problem(BYTES("[service]\nworkers = 1\x1B[31m"),
                   "hubplane.ini:2: [service] workers = 1\\x1B[31m: "
                   "must be a whole number or auto\n");
}

/* A very long value must not hide the reason. */
static void
values_are_cut(void **state)
{
    struct buffer text, expected;

    (void)state;
    buffer_init(&text, 10000);
    buffer_init(&expected, 10000);
    buffer_append_string(&text, "[service]\nworkers = ");
    buffer_append_string(&expected, "hubplane.ini:2: [service] workers = ");
    for (unsigned i = 0; i < 5000; i++) {
        buffer_append_byte(&text, 'x');
        buffer_append_string(&expected, i < 100 ? "x" : "");
    }
    buffer_append_string(&expected, "...: must be a whole number or auto\n");
    buffer_append_byte(&expected, '\0');
    assert_problem(buffer_bytes(&text), (const char *)expected.data);
    buffer_deinit(&text);
    buffer_deinit(&expected);
}

static void
reading_goes_on(void **state)
{
    (void)state;
    assert_status(option_read_text(&set,
                                   BYTES("[service]\nworkers = x\nlistn = a:1\nlisten = b:2\n"
                                         "[nowhere]\na = b\n[bridge]\nport = 9\nport\n"),
                                   "f"),
                  STATUS_INVALID);
    assert_text(buffer_bytes(&set.problems),
                "f:2: [service] workers = x: must be a whole number or auto\n"
                "f:3: [service] listn: unknown option; did you mean listen?\n"
                "f:5: [nowhere]: unknown section\n"
                "f:9: expected NAME = VALUE\n");
    assert_int_equal(set.problem_count, 4);
    assert_string_equal(
        ((struct sample_service *)option_find(&set, "service", NULL)->values)->listen, "b:2");
    assert_true(((struct sample_bridge *)option_find(&set, "bridge", NULL)->values)->port == 9);
}

static void
very_many_problems(void **state)
{
    struct buffer text;

    (void)state;
    buffer_init(&text, 1000000);
    for (unsigned i = 0; i < 20000; i++) {
        buffer_append_string(&text, "no value at all\n");
    }
    assert_status(option_read_text(&set, buffer_bytes(&text), "f"), STATUS_INVALID);
    assert_int_equal(set.problem_count, 20000);
    assert_in_range(set.problems.length, 60000, 70000);
    assert_int_equal(set.problems.data[set.problems.length - 1], '\n');
    buffer_deinit(&text);
}

static void
problems_of_the_caller(void **state)
{
    (void)state;
    option_add_problem(&set, "f:7", "[service] %s and %s exclude each other", "a", "b");
    option_add_problem(&set, NULL, "no app is configured");
    assert_text(buffer_bytes(&set.problems), "f:7: [service] a and b exclude each other\n"
                                             "no app is configured\n");
    assert_int_equal(set.problem_count, 2);
}

static void
origins(void **state)
{
    const struct option_group *service, *app;

    (void)state;
    assert_status(option_read_text(&set, BYTES("[service]\nworkers = 1\n\n[app chat]\nuser = u\n"),
                                   "f"),
                  STATUS_OK);
    service = option_find(&set, "service", NULL);
    app = option_find(&set, "app", "chat");
    assert_string_equal(option_origin(&set, service, "workers"), "f:2");
    assert_string_equal(option_origin(&set, app, "user"), "f:5");
    assert_string_equal(option_origin(&set, app, "path"), "f:4"); /* the default */
    assert_null(option_origin(&set, option_find(&set, "bridge", NULL), "address"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unknown_options), TEST(unknown_sections),          TEST(lines_that_are_none),
        TEST(long_lines),      TEST(values_are_made_printable), TEST(values_are_cut),
        TEST(reading_goes_on), TEST(very_many_problems),        TEST(problems_of_the_caller),
        TEST(origins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
