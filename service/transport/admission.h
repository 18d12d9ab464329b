/* SPDX-License-Identifier: MIT */
/* admission: whether a client may have what its address asks for, a negotiation or a connection;
 * refusals are answered, counted and logged. */
#ifndef HUBPLANE_SERVICE_ADMISSION_H
#define HUBPLANE_SERVICE_ADMISSION_H

#include "service/transport/client_request.h"

/** False: answered 429. */
bool admission_negotiate(struct client_request *request);
/** A place for the connection of ${request} from ${address}; ${is_back}: it was connected before.
 * False: answered 429 or 503. */
bool admission_take_place(struct client_request *request, struct bytes address, bool is_back,
                          struct client_place **out);

#endif
