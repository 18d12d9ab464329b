/* SPDX-License-Identifier: MIT */
/* Any bytes as a configuration file: no crash, and each problem is one printable line. What was
 * accepted is the same after it was written out and read again. */
#include "common/base/option.h"
#include "tests/fuzz/fuzz_require.h"
#include "tests/unit/base/option_sample.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_problems(const struct option_set *set)
{
    size_t line_count = 0;

    for (size_t i = 0; i < set->problems.length; i++) {
        uint8_t byte = set->problems.data[i];

        line_count += byte == '\n' ? 1 : 0;
        require(byte == '\n' || (byte >= 0x20 && byte != 0x7F));
    }
    require(bytes_is_utf8(buffer_bytes(&set->problems)));
    require(line_count <= set->problem_count);
    require(set->problems.status != STATUS_OK || line_count == set->problem_count);
}

/* Sets every row of ${set} again, from the text that option_write_effective() shows for it. */
static void
check_effective(struct option_set *set)
{
    struct buffer first, second;
    struct bytes rest, line;
    struct option_set copy;

    buffer_init(&first, 4 << 20);
    buffer_init(&second, 4 << 20);
    require(option_write_effective(set, &first) == STATUS_OK);
    require(option_set_init(&copy, set->schema) == STATUS_OK);
    rest = buffer_bytes(&first);
    while (bytes_split(&rest, '\n', &line) && rest.data != NULL) {
        size_t end = bytes_find(line, ']');

        /* "[section] name = value  ; origin" */
        require(line.length > 0 && line.data[0] == '[' && end != SIZE_MAX);
        buffer_clear(&second);
        buffer_append(&second, bytes_slice(line, 0, end + 1));
        buffer_append_byte(&second, '\n');
        buffer_append(&second, bytes_after(line, end + 1));
        require(option_read_text(&copy, buffer_bytes(&second), "copy") == STATUS_OK);
    }
    require(copy.problem_count == 0);
    option_set_deinit(&copy);
    buffer_deinit(&first);
    buffer_deinit(&second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct option_set set;
    enum status status;

    require(option_set_init(&set, &option_sample_schema) == STATUS_OK);
    status = option_read_text(&set, bytes_from(data, size), "fuzz");
    require(status == STATUS_OK || status == STATUS_INVALID);
    require((status == STATUS_OK) == (set.problem_count == 0));
    check_problems(&set);
    check_effective(&set);
    option_set_deinit(&set);
    return 0;
}
