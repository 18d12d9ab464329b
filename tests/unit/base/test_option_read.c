/* SPDX-License-Identifier: MIT */
/* Goal of this test: an INI file means what it looks like, however it was edited. */
#include "tests/support/test.h"
#include "tests/unit/base/option_sample.h"

#include <stdio.h>
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
assert_read(struct bytes text)
{
    enum status status = option_read_text(&set, text, "x.ini");

    assert_text(buffer_bytes(&set.problems), "");
    assert_status(status, STATUS_OK);
}

static const struct sample_service *
service(void)
{
    return option_find(&set, "service", NULL)->values;
}

static void
the_sample_of_the_design(void **state)
{
    struct option_group *hub;
    struct sample_app *app;

    (void)state;
    assert_read(BYTES("; a comment\n"
                      "# another\n"
                      "[service]\n"
                      "listen  = 127.0.0.1:8081          ; clients: behind IIS\n"
                      "workers = auto\n"
                      "\n"
                      "[bridge]\n"
                      "address     = redis-host:7443, redis-host2:7443\n"
                      "[app chat]\n"
                      "path = /signalr\n"
                      "user = query:NAME\n"
                      "[hub chat/ChatHub]   ; methods\n"
                      "Send = all.broadcastMessage\n"
                      "Join = join($1); group($1).announce($2)\n"
                      "Send = others.hello\n"));
    assert_string_equal(service()->listen, "127.0.0.1:8081");
    assert_string_equal(
        ((struct sample_bridge *)option_find(&set, "bridge", NULL)->values)->address,
        "redis-host:7443, redis-host2:7443");
    app = option_find(&set, "app", "chat")->values;
    assert_string_equal(app->path, "/signalr");
    assert_string_equal(app->user, "query:NAME");
    hub = option_find(&set, "hub", "chat/ChatHub");
    assert_int_equal(hub->extra_count, 2);
    assert_string_equal(hub->extras[0].name, "Send");
    assert_string_equal(hub->extras[0].value, "others.hello");
    assert_string_equal(hub->extras[0].origin, "x.ini:15");
    assert_string_equal(hub->extras[1].name, "Join");
    assert_string_equal(hub->extras[1].value, "join($1); group($1).announce($2)");
    assert_string_equal(hub->origin, "x.ini:12");
}

/* The actions of a rule are separated by ';', with or without blanks around it. */
static void
open_values_have_no_comments(void **state)
{
    struct option_group *hub;

    (void)state;
    assert_read(BYTES("[hub chat/ChatHub]\n"
                      "Join = join($1) ; group($1).announce($2)\n"));
    hub = option_find(&set, "hub", "chat/ChatHub");
    assert_string_equal(hub->extras[0].value, "join($1) ; group($1).announce($2)");
}

static void
editors_of_windows(void **state)
{
    (void)state;
    assert_read(BYTES("\xEF\xBB\xBF[service]\r\nlisten = a:1\r\nworkers = 3\r\n"));
    assert_string_equal(service()->listen, "a:1");
    assert_true(service()->workers == 3);
}

static void
indented_lines_do_not_continue(void **state)
{
    (void)state;
    assert_read(BYTES("  [service]\n\tlisten = a:1\n\t  workers=3\n   mode = safe"));
    assert_string_equal(service()->listen, "a:1");
    assert_true(service()->workers == 3);
    assert_string_equal(service()->mode, "safe");
}

static void
a_heading_alone_makes_a_section(void **state)
{
    (void)state;
    assert_read(BYTES("[app one]\n[app  two ]\n[app one]\nuser = x"));
    assert_int_equal(set.group_count, 4);
    assert_string_equal(((struct sample_app *)option_find(&set, "app", "two")->values)->path,
                        "/signalr");
    assert_string_equal(((struct sample_app *)option_find(&set, "app", "one")->values)->user, "x");
}

static void
names_and_values_may_be_long(void **state)
{
    struct buffer text;
    char name[201], value[10001];

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[200] = '\0';
    memset(value, 'v', sizeof(value) - 1);
    value[10000] = '\0';
    buffer_init(&text, 100000);
    buffer_append_format(&text, "[hub %s]\n%s = %s\n", name, name, value);
    assert_read(buffer_bytes(&text));
    assert_string_equal(option_find(&set, "hub", name)->extras[0].name, name);
    assert_string_equal(option_find(&set, "hub", name)->extras[0].value, value);
    buffer_deinit(&text);
}

static void
values_may_hold_separators(void **state)
{
    (void)state;
    assert_read(BYTES("[hub h]\na = b=c:d\ne : f\ng=\nk = #;x\nu = J\xC3\xBCrgen"));
    assert_string_equal(option_find(&set, "hub", "h")->extras[0].value, "b=c:d");
    assert_string_equal(option_find(&set, "hub", "h")->extras[1].value, "f");
    assert_string_equal(option_find(&set, "hub", "h")->extras[2].value, "");
    assert_string_equal(option_find(&set, "hub", "h")->extras[3].value, "#;x");
    assert_string_equal(option_find(&set, "hub", "h")->extras[4].value, "J\xC3\xBCrgen");
}

static void
files(void **state)
{
    static const char path[] = "test_option_read.tmp";
    FILE *file = fopen(path, "wb");

    (void)state;
    assert_non_null(file);
    fputs("[service]\nlisten = a:1\n", file);
    fclose(file);
    assert_status(option_read_file(&set, path), STATUS_OK);
    assert_string_equal(service()->listen, "a:1");
    assert_string_equal(option_find(&set, "service", NULL)->origins[0], "test_option_read.tmp:2");
    remove(path);
    assert_status(option_read_file(&set, path), STATUS_NOT_FOUND);
    assert_text(buffer_bytes(&set.problems), "test_option_read.tmp: no such file\n");
    assert_int_equal(set.problem_count, 1);
}

static void
assert_keys(const char *file, const char *written, const char *seen)
{
    set.file = file;
    assert_status(option_set_value(&set, "app", "a", "keys", written, "test"), STATUS_OK);
    const struct sample_app *app = option_find(&set, "app", "a")->values;
    if (seen == NULL) {
        assert_null(app->keys);
    } else {
        assert_string_equal(app->keys, seen);
    }
    set.file = NULL;
}

static void
a_path_starts_in_the_folder_of_its_file(void **state)
{
    (void)state;
    assert_keys("/etc/hubplane/hubplane.ini", "access.keys", "/etc/hubplane/access.keys");
    assert_keys("/etc/hubplane/hubplane.ini", " keys/a ", "/etc/hubplane/keys/a");
    assert_keys("conf/hubplane.ini", "../access.keys", "conf/../access.keys");
    assert_keys("/etc/hubplane/hubplane.ini", "/srv/access.keys", "/srv/access.keys");
    assert_keys("hubplane.ini", "access.keys", "access.keys");
    assert_keys(NULL, "access.keys", "access.keys");
    assert_keys("/etc/hubplane/hubplane.ini", "", NULL);
}

static void
nothing_at_all(void **state)
{
    (void)state;
    assert_read(BYTES(""));
    assert_read(BYTES_NONE);
    assert_read(BYTES("\n\r\n  \t\r\n;\n#"));
    assert_int_equal(set.group_count, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_sample_of_the_design),
        TEST(open_values_have_no_comments),
        TEST(editors_of_windows),
        TEST(indented_lines_do_not_continue),
        TEST(a_heading_alone_makes_a_section),
        TEST(names_and_values_may_be_long),
        TEST(values_may_hold_separators),
        TEST(files),
        TEST(a_path_starts_in_the_folder_of_its_file),
        TEST(nothing_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
