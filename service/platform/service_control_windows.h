/* SPDX-License-Identifier: MIT */
/* service_control_windows: what the service control manager does to us, callable from a test, since
 * Wine never sends some of it. */
#ifndef HUBPLANE_SERVICE_SERVICE_CONTROL_WINDOWS_H
#define HUBPLANE_SERVICE_SERVICE_CONTROL_WINDOWS_H

#include <stdint.h>

#include "service/platform/service_host.h"

/** Handle a SERVICE_CONTROL_... code as the control handler does; returns a Win32 error code. Any
 * thread. */
uint32_t service_control_take(struct service_host *host, uint32_t control);
/** Severity and number of ${event}, as in the message table of the program. */
uint32_t service_control_event_id(enum service_event event);
/** EVENTLOG_ERROR_TYPE and so on, by the level of ${event}. */
uint16_t service_control_event_type(enum service_event event);

#endif
