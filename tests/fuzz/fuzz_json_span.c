/* SPDX-License-Identifier: MIT */
/* Any text: walking it ends and stays inside the text. Of valid JSON it finds the elements and
 * members that are there: joined again they are the same value. */
#include "service/signalr/json_document.h"
#include "service/signalr/json_span.h"
#include "tests/fuzz/fuzz_require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require_inside(struct bytes part, struct bytes whole)
{
    require(part.length == 0 ||
            (part.data >= whole.data && part.data + part.length <= whole.data + whole.length));
}

static size_t
walk_elements(struct bytes text)
{
    struct json_span_reader reader = json_span_open(text);
    struct bytes value;
    size_t count = 0;

    while (json_span_next(&reader, &value)) {
        require(value.length > 0);
        require_inside(value, text);
        count++;
    }
    return count;
}

static size_t
walk_members(struct bytes text)
{
    struct json_span_reader reader = json_span_open(text);
    struct bytes name, value;
    size_t count = 0;

    while (json_span_next_member(&reader, &name, &value)) {
        require_inside(name, text);
        require_inside(value, text);
        count++;
    }
    return count;
}

static bool
is_same(struct bytes span, yyjson_val *value)
{
    struct json_document document;

    require(json_document_read(span, &document) == STATUS_OK);
    bool is_equal = yyjson_equals(json_document_root(&document), value);
    json_document_deinit(&document);
    return is_equal;
}

static void
compare_array(struct bytes text, yyjson_val *array)
{
    struct json_span_reader reader = json_span_open(text);
    struct bytes value;
    size_t index, count;
    yyjson_val *element;

    yyjson_arr_foreach(array, index, count, element)
    {
        require(json_span_next(&reader, &value));
        require(is_same(value, element));
    }
    require(!json_span_next(&reader, &value));
}

static void
compare_object(struct bytes text, yyjson_val *object)
{
    struct json_span_reader reader = json_span_open(text);
    struct bytes name, value;
    size_t index, count;
    yyjson_val *key, *member;

    yyjson_obj_foreach(object, index, count, key, member)
    {
        require(json_span_next_member(&reader, &name, &value));
        require(is_same(name, key) && is_same(value, member));
    }
    require(!json_span_next_member(&reader, &name, &value));
}

static void
check_valid(struct bytes text, yyjson_val *root)
{
    struct buffer out;

    if (yyjson_is_arr(root)) {
        compare_array(text, root);
    } else if (yyjson_is_obj(root)) {
        compare_object(text, root);
    } else {
        require(walk_elements(text) == 0 && json_span_depth(text) == 0);
    }
    buffer_init(&out, SIZE_MAX);
    require(json_span_append_line(&out, text) == STATUS_OK);
    require(bytes_find(buffer_bytes(&out), '\n') == SIZE_MAX && is_same(buffer_bytes(&out), root));
    buffer_clear(&out);
    require((json_span_append_text(&out, json_span_trim(text)) == STATUS_OK) ==
            yyjson_is_str(root));
    buffer_deinit(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_from(data, size);
    struct json_document document;

    (void)walk_elements(text);
    (void)walk_members(text);
    require(json_span_depth(text) <= size && json_span_utf16_length(text) <= 2 * size);
    enum status status = json_document_read(text, &document);
    require(json_span_check(text) == status);
    if (status == STATUS_OK) {
        check_valid(text, json_document_root(&document));
    }
    json_document_deinit(&document);
    return 0;
}
