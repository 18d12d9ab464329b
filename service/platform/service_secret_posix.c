/* SPDX-License-Identifier: MIT */
#include "service/platform/service_secret.h"

enum status
service_secret_protect(struct bytes plain, struct buffer *out)
{
    (void)plain;
    (void)out;
    return STATUS_UNSUPPORTED;
}

enum status
service_secret_unprotect(struct bytes secret, struct buffer *out)
{
    (void)secret;
    (void)out;
    return STATUS_UNSUPPORTED;
}
