/* SPDX-License-Identifier: MIT */
#include "service/signalr/json_document.h"

enum status
json_document_read(struct bytes text, yyjson_doc **out)
{
    yyjson_read_err error;

    *out = NULL;
    if (text.length == 0) {
        return STATUS_INVALID;
    }
    /* yyjson writes to its input only when asked to parse in place. */
    *out = yyjson_read_opts((char *)(uintptr_t)text.data, text.length, YYJSON_READ_NUMBER_AS_RAW,
                            NULL, &error);
    if (*out != NULL) {
        return STATUS_OK;
    }
    return (error.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION) ? STATUS_NO_MEMORY : STATUS_INVALID;
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
