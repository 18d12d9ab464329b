/* SPDX-License-Identifier: MIT */
/* farm_certificate: makes the farm's certificates (P-256, PEM); what they say is what
 * common/net/tls.h reads. No files here. */
#ifndef HUBPLANE_BRIDGE_FARM_CERTIFICATE_H
#define HUBPLANE_BRIDGE_FARM_CERTIFICATE_H

#include "common/base/bytes.h"

enum {
    FARM_CERTIFICATE_AUTHORITY_DAYS = 20 * 365,
    FARM_CERTIFICATE_DAYS = 2 * 365,
    FARM_CERTIFICATE_DAYS_MAX = 10 * 365,
    FARM_SERIAL_BYTES = 16,
};

struct farm_certificate_wanted {
    struct bytes name; /* of the node or bridge */
    bool is_bridge;
    const struct bytes *apps; /* keys it may open */
    size_t app_count;         /* 0 = every app */
    uint32_t days;
    int64_t now_s; /* Unix time; valid from a day before, since clocks differ */
};

/* What was made. */
struct farm_certificate {
    char serial[2 * FARM_SERIAL_BYTES + 1]; /* hex */
    int64_t expires_s;
};

/** A new authority: append its certificate and its key to the two buffers. OK or NO_MEMORY (also
 * any failure inside OpenSSL). */
MUST_CHECK enum status farm_certificate_new_authority(struct bytes name, int64_t now_s,
                                                      struct buffer *certificate_pem,
                                                      struct buffer *key_pem);
/** farm_certificate_issue(authority_pem, authority_key_pem, wanted, out, made):
 *  Append a credential file to ${out}: the certificate, its key, the authority's certificate.
 *    Returns:  OK;  INVALID - the authority's PEM cannot be read, or its key does not fit;  NO_MEMORY. ${out} may hold a part. */
MUST_CHECK enum status farm_certificate_issue(struct bytes authority_pem,
                                              struct bytes authority_key_pem,
                                              const struct farm_certificate_wanted *wanted,
                                              struct buffer *out, struct farm_certificate *made);

#endif
