/* SPDX-License-Identifier: MIT */
/*
 * bench_plain_link: preloaded into nodes and bridge by the bench, it leaves the TLS handshake as it
 * is and then passes bytes on unencrypted, so that one and the same program can be measured with
 * and without what TLS costs. Hubplane itself has no such mode, and is to have none.
 */
#include <openssl/bio.h>
#include <openssl/ssl.h>

int
SSL_write_ex(SSL *ssl, const void *bytes, size_t length, size_t *written)
{
    return BIO_write_ex(SSL_get_wbio(ssl), bytes, length, written);
}

int
SSL_read_ex(SSL *ssl, void *bytes, size_t size, size_t *length)
{
    return BIO_read_ex(SSL_get_rbio(ssl), bytes, size, length);
}

/* Only asked after one of the above has failed, or during the handshake: no more bytes. */
int
SSL_get_error(const SSL *ssl, int result)
{
    (void)ssl;
    return result > 0 ? SSL_ERROR_NONE : SSL_ERROR_WANT_READ;
}

int
SSL_shutdown(SSL *ssl)
{
    (void)ssl;
    return 1;
}
