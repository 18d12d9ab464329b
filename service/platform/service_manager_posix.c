/* SPDX-License-Identifier: MIT */
#include "service/platform/service_manager.h"

enum status
service_manager_install(const struct service_setup *setup, struct buffer *messages)
{
    (void)setup;
    buffer_append_string(
        messages, "only on Windows: here run \"hubplane-service run\" from a systemd unit\n");
    return STATUS_UNSUPPORTED;
}

enum status
service_manager_uninstall(const char *name, struct buffer *messages)
{
    (void)name;
    buffer_append_string(messages, "only on Windows: here remove the systemd unit\n");
    return STATUS_UNSUPPORTED;
}

enum status
service_manager_query(const char *name, struct buffer *messages, bool *is_running)
{
    (void)name;
    (void)messages;
    (void)is_running;
    return STATUS_UNSUPPORTED;
}

enum status
service_manager_configuration(const char *name, char *out, size_t size)
{
    (void)name;
    (void)out;
    (void)size;
    return STATUS_UNSUPPORTED;
}

enum status
service_manager_set_option(const char *name, const char *section, const char *option,
                           const char *value)
{
    (void)name;
    (void)section;
    (void)option;
    (void)value;
    return STATUS_UNSUPPORTED;
}

void
service_manager_report(const char *name, enum service_event event, const char *detail)
{
    (void)name;
    (void)event;
    (void)detail;
}
