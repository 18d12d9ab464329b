/* SPDX-License-Identifier: MIT */
#include "service/http/http_status.h"

const char *
http_status_phrase(uint16_t code)
{
    switch (code) {
#define HTTP_STATUS(code, phrase) \
    case code:                    \
        return phrase;
#include "service/http/http_status.def"
#undef HTTP_STATUS
    default:
        return "Unknown";
    }
}
