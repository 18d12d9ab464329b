/* SPDX-License-Identifier: MIT */
#include "service/signalr/connection_data.h"

#include "service/signalr/json_document.h"

/* One walk over the parameter. */
struct walk {
    connection_data_lookup_fn lookup;
    void *context;
    struct buffer *problem;
};

static enum status
report(const struct walk *walk, enum status status, const char *sentence)
{
    if (walk->problem != NULL) {
        buffer_append_string(walk->problem, sentence);
    }
    return status;
}

/* As much of a stranger's name as fits into a problem, without half a character at its end. */
static struct bytes
shorten(struct bytes name)
{
    size_t length = CONNECTION_DATA_PROBLEM_BYTES_MAX / 2;

    if (name.length <= length) {
        return name;
    }
    while (length > 0 && (name.data[length] & 0xC0) == 0x80) {
        length--;
    }
    return bytes_slice(name, 0, length);
}

static enum status
report_unknown(const struct walk *walk, struct bytes name)
{
    if (walk->problem != NULL) {
        buffer_append_byte(walk->problem, '\'');
        buffer_append(walk->problem, shorten(name));
        buffer_append_string(walk->problem, "' Hub could not be resolved.");
    }
    return STATUS_NOT_FOUND;
}

static bool
is_listed(const struct connection_data *data, uint16_t hub)
{
    for (size_t i = 0; i < data->count; i++) {
        if (data->hubs[i] == hub) {
            return true;
        }
    }
    return false;
}

/* The last member called "name" in any case; NULL when it is missing or no text. */
static yyjson_val *
find_name(yyjson_val *element)
{
    yyjson_val *found = NULL;
    yyjson_val *key, *value;
    size_t index, count;

    yyjson_obj_foreach(element, index, count, key, value)
    {
        if (bytes_equal_ignore_case(json_document_text(key), BYTES("name"))) {
            found = value;
        }
    }
    return yyjson_is_str(found) ? found : NULL;
}

static enum status
add_hub(const struct walk *walk, yyjson_val *element, struct connection_data *out)
{
    yyjson_val *value = find_name(element);
    struct bytes name;
    uint16_t hub;

    if (value == NULL) {
        return report(walk, STATUS_INVALID, "A hub in connectionData has no name.");
    }
    name = json_document_text(value);
    if (!walk->lookup(walk->context, name, &hub)) {
        return report_unknown(walk, name);
    }
    if (is_listed(out, hub)) {
        return report(walk, STATUS_EXISTS, "Duplicate Hub names found.");
    }
    if (out->count == CONNECTION_DATA_HUBS_MAX) {
        return report(walk, STATUS_INVALID, "connectionData names too many hubs.");
    }
    out->hubs[out->count++] = hub;
    return STATUS_OK;
}

static enum status
add_hubs(const struct walk *walk, yyjson_val *root, struct connection_data *out)
{
    yyjson_val *element;
    size_t index, count;

    if (yyjson_is_null(root)) {
        return STATUS_OK;
    }
    if (!yyjson_is_arr(root)) {
        return report(walk, STATUS_INVALID, "connectionData is not a JSON array.");
    }
    yyjson_arr_foreach(root, index, count, element)
    {
        enum status status = add_hub(walk, element, out);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status
connection_data_parse(struct bytes text, connection_data_lookup_fn lookup, void *context,
                      struct connection_data *out, struct buffer *problem)
{
    struct walk walk = {lookup, context, problem};
    struct json_document document;
    enum status status;

    out->count = 0;
    if (text.length == 0) {
        return STATUS_OK;
    }
    if (text.length > CONNECTION_DATA_BYTES_MAX) {
        return report(&walk, STATUS_INVALID, "connectionData is too long.");
    }
    status = json_document_read(text, &document);
    if (status == STATUS_INVALID) {
        return report(&walk, status, "connectionData is not valid JSON.");
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = add_hubs(&walk, json_document_root(&document), out);
    json_document_deinit(&document);
    return status;
}
