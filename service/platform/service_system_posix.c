/* SPDX-License-Identifier: MIT */
#include "service/platform/service_system.h"

#include <sched.h>
#include <stdio.h>
#include <unistd.h>

char **
service_system_arguments(int count, char **arguments)
{
    (void)count;
    return arguments;
}

unsigned
service_system_processors(void)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_COUNT(&set) < 1) {
        return 1;
    }
    return (unsigned)CPU_COUNT(&set);
}

void
service_system_host_name(char out[SERVICE_SYSTEM_NAME_BYTES])
{
    if (gethostname(out, SERVICE_SYSTEM_NAME_BYTES) != 0 || out[0] == '\0') {
        (void)snprintf(out, SERVICE_SYSTEM_NAME_BYTES, "node");
    }
    out[SERVICE_SYSTEM_NAME_BYTES - 1] = '\0';
}

const char *
service_system_folder(const char *service_name, char *out, size_t size)
{
    (void)service_name;
    (void)snprintf(out, size, "/etc/hubplane");
    return out;
}

const char *
service_system_default_configuration(const char *service_name, char *out, size_t size)
{
    (void)service_name;
    (void)snprintf(out, size, "/etc/hubplane/hubplane.ini");
    return out;
}

const char *
service_system_default_credentials(const char *service_name, char *out, size_t size)
{
    (void)service_name;
    (void)snprintf(out, size, "/etc/hubplane/credentials.pem");
    return out;
}

const char *
service_system_default_log(const char *service_name, char *out, size_t size)
{
    (void)service_name;
    (void)snprintf(out, size, "%s", "");
    return out;
}
