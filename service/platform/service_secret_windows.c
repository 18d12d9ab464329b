/* SPDX-License-Identifier: MIT */
#include "service/platform/service_secret.h"

#include "common/base/crypto.h"

#include <windows.h>

#include <dpapi.h>

/* Keeps a blob of another program of this machine from being taken for one of ours. Never changes:
 * old files must stay readable. */
static const char entropy_text[] = "hubplane-service credentials 1";

static DATA_BLOB
blob_of(const void *data, size_t length)
{
    /* DPAPI only reads its input, but its prototype says otherwise. */
    return (DATA_BLOB){.cbData = (DWORD)length, .pbData = (BYTE *)(uintptr_t)data};
}

static enum status
take_blob(DATA_BLOB *blob, struct buffer *out)
{
    enum status status = buffer_append(out, bytes_from(blob->pbData, blob->cbData));

    crypto_wipe(blob->pbData, blob->cbData);
    LocalFree(blob->pbData);
    return status;
}

enum status
service_secret_protect(struct bytes plain, struct buffer *out)
{
    DATA_BLOB input = blob_of(plain.data, plain.length),
              entropy = blob_of(entropy_text, sizeof(entropy_text));
    DATA_BLOB output = {0};

    if (!CryptProtectData(&input, L"Hubplane", &entropy, NULL, NULL,
                          CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN, &output)) {
        return STATUS_IO;
    }
    return take_blob(&output, out);
}

enum status
service_secret_unprotect(struct bytes secret, struct buffer *out)
{
    DATA_BLOB input = blob_of(secret.data, secret.length),
              entropy = blob_of(entropy_text, sizeof(entropy_text));
    DATA_BLOB output = {0};

    if (!CryptUnprotectData(&input, NULL, &entropy, NULL, NULL, CRYPTPROTECT_UI_FORBIDDEN,
                            &output)) {
        return STATUS_INVALID;
    }
    return take_blob(&output, out);
}
