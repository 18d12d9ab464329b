/* SPDX-License-Identifier: MIT */
/* rest_document: the OpenAPI document of the REST interface, openapi.json. */
#ifndef HUBPLANE_SERVICE_REST_DOCUMENT_H
#define HUBPLANE_SERVICE_REST_DOCUMENT_H

extern const char rest_document[];

#endif
