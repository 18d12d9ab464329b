/* SPDX-License-Identifier: MIT */
/* service_manager: what an administrator does with the service as a whole: install, remove, ask how
 * it is. Twins: service_manager_windows.c (service control manager) and service_manager_posix.c,
 * where systemd and the package do that. */
#ifndef HUBPLANE_SERVICE_SERVICE_MANAGER_H
#define HUBPLANE_SERVICE_SERVICE_MANAGER_H

#include "common/base/bytes.h"
#include "service/platform/service_event.h"

struct service_setup {
    const char *name;
    const char *configuration; /* NULL = the default place */
    /* the service exists already: its settings are renewed, and `configuration` unless NULL */
    bool is_update;
};

/* Each appends to ${messages} what was done or what to do, whole lines. */

/** Install the service, its event source and its folder. OK, EXISTS, DENIED, INVALID, IO,
 * UNSUPPORTED (not on Windows). */
MUST_CHECK enum status service_manager_install(const struct service_setup *setup,
                                               struct buffer *messages);
/** Stop it if it runs, then remove it and its event source. OK, NOT_FOUND, DENIED, TIMED_OUT, IO,
 * UNSUPPORTED. */
MUST_CHECK enum status service_manager_uninstall(const char *name, struct buffer *messages);
/** Append "RUNNING", "STOPPED" ... to ${messages}; ${is_running} is true also while paused. OK,
 * NOT_FOUND, DENIED, IO, UNSUPPORTED. */
MUST_CHECK enum status service_manager_query(const char *name, struct buffer *messages,
                                             bool *is_running);
/** The file that the service was installed to read, in ${out}. OK; NOT_FOUND - no such service, or
 * it reads the default place; DENIED, INVALID, IO, UNSUPPORTED. */
MUST_CHECK enum status service_manager_configuration(const char *name, char *out, size_t size);
/** Write one option to the registry, as service_registry_read() finds it. ${section} is "bridge" or
 * "app chat". OK, NOT_FOUND - no such service; DENIED, IO, UNSUPPORTED. */
MUST_CHECK enum status service_manager_set_option(const char *name, const char *section,
                                                  const char *option, const char *value);

/** Write an event on behalf of the service, which need not run; ${detail} as in
 * service_host_write_event(). For what an installer runs, which shows nobody what is printed. */
void service_manager_report(const char *name, enum service_event event, const char *detail);

#endif
