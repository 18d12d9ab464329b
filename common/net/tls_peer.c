/* SPDX-License-Identifier: MIT */
#include "common/net/tls_openssl.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool
tls_peer_allows_app(const struct tls_peer *peer, struct bytes key)
{
    if (peer->allows_every_app) {
        return true;
    }
    for (size_t i = 0; i < peer->app_count; i++) {
        if (bytes_equal(bytes_from_string(peer->apps[i]), key)) {
            return true;
        }
    }
    return false;
}

void
tls_peer_deinit(struct tls_peer *peer)
{
    for (size_t i = 0; i < peer->app_count; i++) {
        free(peer->apps[i]);
    }
    *peer = (struct tls_peer){0};
}

/* Percent-decoding into at most ${size} - 1 characters; a NUL, a bad escape or too much text is
 * refused. */
static bool
decode_text(struct bytes text, char *out, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        uint64_t byte = text.data[i];
        if (byte == '%') {
            if (bytes_after(text, i).length < 3 ||
                bytes_parse_hex(bytes_slice(text, i + 1, 2), &byte) != STATUS_OK) {
                return false;
            }
            i += 2;
        }
        if (byte == 0 || length + 1 >= size) {
            return false;
        }
        out[length++] = (char)byte;
    }
    out[length] = '\0';
    return length > 0;
}

static bool
add_app(struct tls_peer *peer, struct bytes encoded)
{
    char key[1024];
    if (bytes_equal(encoded, BYTES("*"))) {
        peer->allows_every_app = true;
        return true;
    }
    if (peer->app_count == TLS_PEER_APPS_MAX || !decode_text(encoded, key, sizeof key)) {
        return false;
    }
    peer->apps[peer->app_count] = bytes_duplicate(bytes_from_string(key));
    if (peer->apps[peer->app_count] == NULL) {
        return false;
    }
    peer->app_count++;
    return true;
}

/* One URI of the certificate; those of other systems are passed over. */
static bool
read_uri(struct tls_peer *peer, struct bytes uri, int *role_count)
{
    const struct bytes node = BYTES("hubplane:node:");
    const struct bytes bridge = BYTES("hubplane:bridge:");
    const struct bytes app = BYTES("hubplane:app:");
    if (bytes_starts_with(uri, app)) {
        return add_app(peer, bytes_after(uri, app.length));
    }
    if (!bytes_starts_with(uri, node) && !bytes_starts_with(uri, bridge)) {
        return true;
    }
    peer->is_bridge = bytes_starts_with(uri, bridge);
    (*role_count)++;
    return decode_text(bytes_after(uri, peer->is_bridge ? bridge.length : node.length), peer->name,
                       sizeof peer->name);
}

static bool
read_uris(struct tls_peer *peer, X509 *certificate)
{
    int role_count = 0;
    bool is_good = true;
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; is_good && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_URI) {
            const ASN1_STRING *uri = name->d.uniformResourceIdentifier;
            is_good =
                read_uri(peer,
                         bytes_from(ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri)),
                         &role_count);
        }
    }
    GENERAL_NAMES_free(names);
    return is_good && role_count == 1;
}

static void
append_hex(char *out, const uint8_t *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", data[i]);
    }
}

/* Days since 1970-01-01 of a date in the Gregorian calendar (timegm is not portable). */
static int64_t
days_since_1970(int year, int month, int day)
{
    /* Years begin in March, so that the leap day is the last of its year. */
    int64_t shifted_year = month <= 2 ? year - 1 : year;
    int64_t month_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t leap_days = shifted_year / 4 - shifted_year / 100 + shifted_year / 400;
    return shifted_year * 365 + leap_days + day_of_year - 719468;
}

static int64_t
unix_time(const ASN1_TIME *time)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        return 0;
    }
    int64_t days = days_since_1970(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
    return ((days * 24 + parts.tm_hour) * 60 + parts.tm_min) * 60 + parts.tm_sec;
}

enum status
tls_peer_read(X509 *certificate, struct tls_peer *out)
{
    struct tls_peer peer = {0};
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned int digest_length = 0;
    if (X509_digest(certificate, EVP_sha256(), digest, &digest_length) == 1) {
        append_hex(peer.fingerprint, digest, digest_length);
    }
    const ASN1_INTEGER *serial = X509_get0_serialNumber(certificate);
    if (ASN1_STRING_length(serial) * 2 < (int)sizeof peer.serial) {
        append_hex(peer.serial, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
    }
    peer.expires_at_s = unix_time(X509_get0_notAfter(certificate));
    bool is_good = read_uris(&peer, certificate);
    if (!is_good) {
        peer.name[0] = '\0';
    }
    *out = peer;
    return is_good ? STATUS_OK : STATUS_INVALID;
}
