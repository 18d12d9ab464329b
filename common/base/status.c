/* SPDX-License-Identifier: MIT */
#include "common/base/status.h"

const char *
status_name(enum status status)
{
    switch (status) {
#define STATUS(name, value, sentence) \
    case STATUS_##name:               \
        return #name;
#include "common/base/status.def"
#undef STATUS
    }
    return "UNKNOWN";
}

const char *
status_sentence(enum status status)
{
    switch (status) {
#define STATUS(name, value, sentence) \
    case STATUS_##name:               \
        return sentence;
#include "common/base/status.def"
#undef STATUS
    }
    return "an unknown status";
}
