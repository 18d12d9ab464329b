/* SPDX-License-Identifier: MIT */
#include "service/signalr/json_document.h"

static yyjson_doc *
read_with(struct bytes text, const yyjson_alc *allocator, yyjson_read_err *error)
{
    /* yyjson writes to its input only when asked to parse in place. */
    return yyjson_read_opts((char *)(uintptr_t)text.data, text.length, YYJSON_READ_NUMBER_AS_RAW,
                            allocator, error);
}

enum status
json_document_read(struct bytes text, struct json_document *out)
{
    yyjson_read_err error = {.code = YYJSON_READ_ERROR_MEMORY_ALLOCATION};
    yyjson_alc pool;

    out->parsed = NULL;
    if (text.length == 0) {
        return STATUS_INVALID;
    }
    if (text.length <= JSON_DOCUMENT_ROOM_TEXT_MAX &&
        yyjson_alc_pool_init(&pool, out->room, sizeof(out->room))) {
        out->parsed = read_with(text, &pool, &error);
    }
    if (out->parsed == NULL && error.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) {
        out->parsed = read_with(text, NULL, &error);
    }
    if (out->parsed != NULL) {
        return STATUS_OK;
    }
    return (error.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) ? STATUS_NO_MEMORY : STATUS_INVALID;
}

void
json_document_deinit(struct json_document *document)
{
    yyjson_doc_free(document->parsed);
    document->parsed = NULL;
}

yyjson_val *
json_document_root(const struct json_document *document)
{
    return yyjson_doc_get_root(document->parsed);
}

struct bytes
json_document_text(yyjson_val *value)
{
    if (yyjson_is_str(value)) {
        return bytes_from(yyjson_get_str(value), yyjson_get_len(value));
    }
    if (yyjson_is_raw(value)) {
        return bytes_from(yyjson_get_raw(value), yyjson_get_len(value));
    }
    return BYTES_NONE;
}
