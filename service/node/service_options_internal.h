/* SPDX-License-Identifier: MIT */
/* service_options, inside: how its sections become apps with hubs. For service_*.c. Whatever is
 * wrong becomes a problem of ${options}->set. */
#ifndef HUBPLANE_SERVICE_OPTIONS_INTERNAL_H
#define HUBPLANE_SERVICE_OPTIONS_INTERNAL_H

#include "service/node/service_options.h"

/** Memory that lives as long as the options. Aborts when there is none: nothing has started yet. */
void *service_options_keep(struct service_options *options, void *memory);
/** "a, b" as an array of trimmed texts, kept; NULL and 0 of nothing. */
const char **service_options_split(struct service_options *options, const char *text,
                                   size_t *count);
/** Whether it is a [name] or [name ...]. */
bool service_options_is_section(const struct option_group *group, const char *name);

/** Fill in ${app} from [app NAME] and from the sections of its hubs. */
void service_apps_resolve(struct service_options *options, const struct option_group *group,
                          struct app *app);

/** Add what [path NAME/...], [hub NAME/...] and [connection NAME/...] say to ${app}, and the app's
 * own paths. Room for them is there. */
void service_hubs_add(struct service_options *options, const struct option_group *app_group,
                      struct app *app);
/** Whether ${group} is a part of that app; ${own_name} is then the "ChatHub" of "chat/ChatHub". */
bool service_hubs_belong(const struct option_group *group, const struct option_group *app,
                         const char **own_name);

#endif
