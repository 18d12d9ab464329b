/* SPDX-License-Identifier: MIT */
/*
 * service_credentials: files with a certificate and its private key. On Windows an imported file
 * holds the key protected by DPAPI, in a block of its own; reading gives ordinary PEM either way.
 */
#ifndef HUBPLANE_SERVICE_SERVICE_CREDENTIALS_H
#define HUBPLANE_SERVICE_SERVICE_CREDENTIALS_H

#include "common/net/tls.h"

enum service_credentials_kind {
    SERVICE_CREDENTIALS_LINK,   /* of this node, with the farm's authority */
    SERVICE_CREDENTIALS_CLIENTS /* of the listener for browsers */
};

/**
 * service_credentials_read(path, out, problem):
 * Append the PEM text of ${path} to ${out}, with the key in clear.
 *   Owns:     ${out} holds a secret: crypto_wipe() it.
 *   Returns:  OK;  otherwise ${problem} receives a sentence: NOT_FOUND, DENIED, LIMIT, IO, NO_MEMORY;
 *             INVALID - the key was protected on another machine.
 */
MUST_CHECK enum status service_credentials_read(const char *path, struct buffer *out,
                                                struct buffer *problem);
/** service_credentials_protect(pem, out): ${pem} with each private key protected, where the system
 * can do that (UNSUPPORTED elsewhere). INVALID - there is no key, or a block has no end. */
MUST_CHECK enum status service_credentials_protect(struct bytes pem, struct buffer *out);
/** Read, check and load ${path}; ${option} ("[bridge] credentials") begins the sentence in
 * ${problem}. As service_credentials_read() and tls_context_new(). */
MUST_CHECK enum status service_credentials_load(const char *path,
                                                enum service_credentials_kind kind,
                                                const char *option, struct buffer *problem,
                                                struct tls_context **out);

#endif
