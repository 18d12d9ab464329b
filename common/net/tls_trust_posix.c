/* SPDX-License-Identifier: MIT */
#include "common/net/tls_openssl.h"

#include <openssl/x509_vfy.h>

enum status
tls_trust_system(X509_STORE *store)
{
    return X509_STORE_set_default_paths(store) == 1 ? STATUS_OK : STATUS_IO;
}
