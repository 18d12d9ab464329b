/* SPDX-License-Identifier: MIT */
#include "common/net/tls_openssl.h"

#include <openssl/err.h>

#include <string.h>
#include <time.h>

/* What OpenSSL reports, as an operator would say it. Reasons above SSL_AD_REASON_OFFSET are alerts
 * sent by the peer. */
static const struct {
    int reason;
    const char *sentence;
} rows[] = {
    {SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the peer presented no certificate"},
    {SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS"},
    {SSL_R_HTTP_REQUEST, "the peer does not speak TLS (it sent an HTTP request)"},
    {SSL_R_HTTPS_PROXY_REQUEST, "the peer does not speak TLS (it sent an HTTP proxy request)"},
    {SSL_R_PACKET_LENGTH_TOO_LONG, "the peer does not speak TLS"},
    {SSL_R_DATA_LENGTH_TOO_LONG, "the peer does not speak TLS"}, /* OpenSSL 3.5 */
    {SSL_R_BAD_PACKET, "the peer does not speak TLS"},
    {SSL_R_BAD_RECORD_TYPE, "the peer does not speak TLS"},
    {SSL_R_UNEXPECTED_MESSAGE, "the peer sent a TLS message that does not belong here"},
    {SSL_R_UNSUPPORTED_PROTOCOL, "the peer offers no TLS version that is accepted here"},
    {SSL_R_VERSION_TOO_LOW, "the peer offers no TLS version that is accepted here"},
    {SSL_R_NO_SHARED_CIPHER, "the peer offers no cipher that is accepted here"},
    {SSL_R_NO_APPLICATION_PROTOCOL, "the peer does not speak hubplane/1"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "the peer accepts no TLS version that is offered here"},
    {SSL_R_TLSV1_ALERT_UNKNOWN_CA,
     "the peer refused our certificate: it was issued by another farm's authority"},
    {SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "the peer requires a certificate and was given none"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "the peer refused our certificate: it has expired"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "the peer refused our certificate: it was revoked"},
    {SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "the peer refused our certificate"},
    {SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
     "the peer refused our certificate: it is not meant for this role"},
    {SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "the peer refused our certificate"},
    {SSL_R_TLSV1_ALERT_ACCESS_DENIED, "the peer denied access"},
    {SSL_AD_REASON_OFFSET + TLS1_AD_NO_APPLICATION_PROTOCOL, "the peer does not speak hubplane/1"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "the peer refused the TLS handshake"},
    {SSL_R_SSLV3_ALERT_BAD_RECORD_MAC, "the TLS connection was tampered with or is broken"},
    {SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC,
     "the TLS connection was tampered with or is broken"},
};

void
tls_problem_append_time(const ASN1_TIME *time, struct buffer *out)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1) {
        buffer_append_string(out, "an unknown date");
        return;
    }
    buffer_append_format(out, "%04d-%02d-%02d %02d:%02d UTC", parts.tm_year + 1900,
                         parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min);
}

void
tls_problem_append_name(const X509 *certificate, struct buffer *out)
{
    char name[256] = "";
    if (certificate != NULL) {
        (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                        sizeof name);
    }
    /* A stranger chose it, and it goes to the log. */
    for (char *p = name; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f) {
            *p = '?';
        }
    }
    buffer_append_string(out, name[0] == '\0' ? "?" : name);
}

void
tls_problem_append_openssl(struct buffer *out)
{
    unsigned long error = ERR_peek_error();
    const char *reason = error == 0 ? NULL : ERR_reason_error_string(error);
    buffer_append_string(out, reason != NULL ? reason : "unknown reason");
    ERR_clear_error();
}

void
tls_problem_certificate(X509_STORE_CTX *store, struct buffer *out)
{
    int result = X509_STORE_CTX_get_error(store);
    bool is_about_date =
        result == X509_V_ERR_CERT_HAS_EXPIRED || result == X509_V_ERR_CERT_NOT_YET_VALID;
    /* The authority's may be the one that expired; else what counts is whom it was presented by. */
    const X509 *certificate =
        is_about_date ? X509_STORE_CTX_get_current_cert(store) : X509_STORE_CTX_get0_cert(store);
    buffer_append_string(out, "the certificate of the peer (");
    tls_problem_append_name(certificate, out);
    switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        buffer_append_string(out, ") expired on ");
        tls_problem_append_time(X509_get0_notAfter(certificate), out);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        buffer_append_string(out, ") is not valid before ");
        tls_problem_append_time(X509_get0_notBefore(certificate), out);
        buffer_append_string(out, "; is a clock wrong?");
        break;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
        buffer_append_string(
            out, ") is not of this farm, or not trusted here: another authority issued it");
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        buffer_append_string(out, ") is for another host name");
        break;
    case X509_V_ERR_INVALID_PURPOSE:
        buffer_append_string(out, ") is not meant for this role");
        break;
    case X509_V_ERR_APPLICATION_VERIFICATION:
        buffer_append_string(out, ") names neither a node nor a bridge");
        break;
    default:
        buffer_append_format(out, ") was not accepted: %s", X509_verify_cert_error_string(result));
        break;
    }
}

static const char *
sentence_of(unsigned long error)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (ERR_GET_LIB(error) == ERR_LIB_SSL && rows[i].reason == ERR_GET_REASON(error)) {
            return rows[i].sentence;
        }
    }
    return NULL;
}

void
tls_problem_describe(struct buffer *out)
{
    const char *reason = NULL;
    for (;;) {
        unsigned long error = ERR_get_error();
        const char *sentence = sentence_of(error);
        if (sentence != NULL) {
            buffer_append_string(out, sentence);
            ERR_clear_error();
            return;
        }
        if (error == 0) {
            break;
        }
        if (reason == NULL) {
            reason = ERR_reason_error_string(error);
        }
    }
    buffer_append_format(out, "TLS failed: %s", reason == NULL ? "unknown reason" : reason);
}

enum tls_failure
tls_failure_of(enum status status, const char *reason)
{
    /* How the sentences of this file, and that of a stream, begin. */
    static const struct {
        const char *beginning;
        enum tls_failure failure;
    } beginnings[] = {
        {"the certificate of the peer", TLS_FAILURE_CERTIFICATE},
        {"the peer presented no certificate", TLS_FAILURE_CERTIFICATE},
        {"the peer refused", TLS_FAILURE_REFUSED},
        {"the peer requires", TLS_FAILURE_REFUSED},
        {"the peer denied", TLS_FAILURE_REFUSED},
        {"the peer accepts no", TLS_FAILURE_REFUSED},
        {"the peer closed", TLS_FAILURE_CLOSED},
    };

    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0] && status == STATUS_TLS; i++) {
        if (bytes_starts_with(bytes_from_string(reason),
                              bytes_from_string(beginnings[i].beginning))) {
            return beginnings[i].failure;
        }
    }
    return status == STATUS_TLS ? TLS_FAILURE_PROTOCOL : TLS_FAILURE_CLOSED;
}
