/* SPDX-License-Identifier: MIT */
#include "common/net/tls_openssl.h"

#include <openssl/x509.h>

#include <windows.h>

#include <wincrypt.h>
/* Names of OpenSSL's types that the line above made macros of. */
#undef X509_NAME
#undef X509_EXTENSIONS
#undef PKCS7_SIGNER_INFO
#undef OCSP_REQUEST
#undef OCSP_RESPONSE

enum status
tls_trust_system(X509_STORE *store)
{
    HCERTSTORE roots = CertOpenSystemStoreW(0, L"ROOT");
    if (roots == NULL) {
        return STATUS_IO;
    }
    const CERT_CONTEXT *entry = NULL;
    while ((entry = CertEnumCertificatesInStore(roots, entry)) != NULL) {
        const unsigned char *encoded = entry->pbCertEncoded;
        X509 *certificate = d2i_X509(NULL, &encoded, (long)entry->cbCertEncoded);
        if (certificate != NULL) {
            (void)X509_STORE_add_cert(store, certificate);
            X509_free(certificate);
        }
    }
    (void)CertCloseStore(roots, 0);
    return STATUS_OK;
}
