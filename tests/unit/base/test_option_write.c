/* SPDX-License-Identifier: MIT */
/* Goal of this test: the sample file, the help and the effective values tell what the table says.
 */
#include "tests/support/test.h"
#include "tests/unit/base/option_sample.h"

#include <string.h>

static bool
contains(const struct buffer *buffer, const char *text)
{
    struct bytes rest = buffer_bytes(buffer);
    struct bytes wanted = bytes_from_string(text);

    for (; rest.length >= wanted.length; rest = bytes_after(rest, 1)) {
        if (bytes_starts_with(rest, wanted)) {
            return true;
        }
    }
    return false;
}

static void
the_sample_names_everything(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 100000);
    assert_status(option_write_sample(&option_sample_schema, &out), STATUS_OK);
    assert_true(contains(&out, "\n; The service\n[service]\n"));
    assert_true(contains(&out, "\n; An application\n;[app NAME]\n"));
    assert_true(contains(&out, "\n; Idle time before a keep-alive is sent\n"
                               "; (time, 2s to 2m, reloadable)\n;keepalive = 10s\n"));
    assert_true(contains(&out, "; (number or auto, 1 to 64)\n;workers = auto\n"));
    assert_true(contains(&out, "; (size, at least 1KB, reloadable)\n;queue = 64KB\n"));
    assert_true(contains(&out, "; (one of fast|safe)\n;mode = fast\n"));
    assert_true(contains(&out, "; (HOST:PORT)\n;admin =\n"));
    assert_true(contains(&out, "; (path)\n;keys =\n"));
    buffer_deinit(&out);
}

/* With every ';' before a name or a heading taken away, the sample is still a good file. */
static void
the_sample_can_be_read(void **state)
{
    struct option_set set;
    struct buffer sample, file, before, after;
    struct bytes rest, line;

    (void)state;
    buffer_init(&sample, 100000);
    buffer_init(&file, 100000);
    buffer_init(&before, 100000);
    buffer_init(&after, 100000);
    assert_status(option_write_sample(&option_sample_schema, &sample), STATUS_OK);
    assert_status(option_set_init(&set, &option_sample_schema), STATUS_OK);
    assert_status(option_read_text(&set, buffer_bytes(&sample), "sample"), STATUS_OK);
    assert_status(option_write_effective(&set, &before), STATUS_OK);
    rest = buffer_bytes(&sample);
    while (bytes_split(&rest, '\n', &line)) {
        bool is_off = line.length > 1 && line.data[0] == ';' && line.data[1] != ' ';

        buffer_append(&file, bytes_after(line, is_off ? 1 : 0));
        buffer_append_byte(&file, '\n');
    }
    assert_status(option_read_text(&set, buffer_bytes(&file), "sample"), STATUS_OK);
    assert_int_equal(set.problem_count, 0);
    assert_non_null(option_find(&set, "app", "NAME"));
    assert_status(option_write_effective(&set, &after), STATUS_OK);
    assert_true(contains(&before, "[service] keepalive = 10s  ; default\n"));
    assert_true(contains(&after, "[service] keepalive = 10s  ; sample:"));
    option_set_deinit(&set);
    buffer_deinit(&sample);
    buffer_deinit(&file);
    buffer_deinit(&before);
    buffer_deinit(&after);
}

static void
effective_values_name_their_origin(void **state)
{
    struct option_set set;
    struct buffer out;

    (void)state;
    buffer_init(&out, 100000);
    assert_status(option_set_init(&set, &option_sample_schema), STATUS_OK);
    assert_status(option_read_text(&set,
                                   BYTES("[service]\nkeepalive = 90000\nqueue=1536KB\nverbose=1\n"
                                         "workers=3\n[hub chat/ChatHub]\nSend = all.hello\n"),
                                   "f"),
                  STATUS_OK);
    assert_status(option_write_effective(&set, &out), STATUS_OK);
    assert_text(buffer_bytes(&out), "[service] listen = 127.0.0.1:8080  ; default\n"
                                    "[service] admin =  ; default\n"
                                    "[service] workers = 3  ; f:5\n"
                                    "[service] keepalive = 90s  ; f:2\n"
                                    "[service] queue = 1536KB  ; f:3\n"
                                    "[service] verbose = yes  ; f:4\n"
                                    "[service] mode = fast  ; default\n"
                                    "[bridge] address =  ; default\n"
                                    "[bridge] port = 0  ; default\n"
                                    "[hub chat/ChatHub] Send = all.hello  ; f:7\n");
    option_set_deinit(&set);
    buffer_deinit(&out);
}

static void
help_names_every_option(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 100000);
    assert_status(option_write_help(&option_sample_schema, &out), STATUS_OK);
    assert_true(contains(&out, "  [service] keepalive = 10s\n"
                               "      Idle time before a keep-alive is sent "
                               "(time, 2s to 2m, reloadable)\n"));
    assert_true(contains(&out, "  [bridge] address =\n"));
    buffer_deinit(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_names_everything),
        cmocka_unit_test(the_sample_can_be_read),
        cmocka_unit_test(effective_values_name_their_origin),
        cmocka_unit_test(help_names_every_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
