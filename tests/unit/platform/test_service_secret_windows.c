/* SPDX-License-Identifier: MIT */
/* Goal of this test: a key protected by DPAPI comes back whole on this machine, and what is damaged
 * or was protected by another program does not come back at all. */
#include "service/platform/service_credentials.h"
#include "service/platform/service_file.h"
#include "service/platform/service_secret.h"
#include "tests/support/test.h"

#include <string.h>
#include <windows.h>

#include <dpapi.h>

enum { LIMIT_BYTES = 64 * 1024 };

static const char path[] = "test_service_secret.tmp";
static const char pem[] = "before\n"
                          "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
                          "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
                          "-----BEGIN CERTIFICATE-----\nREVG\n-----END CERTIFICATE-----\n";

static void
a_secret_comes_back(void **state)
{
    struct buffer secret, plain;
    (void)state;

    buffer_init(&secret, LIMIT_BYTES);
    buffer_init(&plain, LIMIT_BYTES);
    assert_status(service_secret_protect(BYTES("open sesame"), &secret), STATUS_OK);
    assert_status(service_secret_unprotect(buffer_bytes(&secret), &plain), STATUS_OK);
    assert_text(buffer_bytes(&plain), "open sesame");
    buffer_deinit(&plain);
    buffer_deinit(&secret);
}

static void
half_a_secret_does_not(void **state)
{
    struct buffer secret, plain;
    (void)state;

    buffer_init(&secret, LIMIT_BYTES);
    buffer_init(&plain, LIMIT_BYTES);
    assert_status(service_secret_protect(BYTES("open sesame"), &secret), STATUS_OK);
    struct bytes half = bytes_slice(buffer_bytes(&secret), 0, secret.length / 2);
    assert_status(service_secret_unprotect(half, &plain), STATUS_INVALID);
    assert_status(service_secret_unprotect(BYTES("no blob at all"), &plain), STATUS_INVALID);
    assert_int_equal(plain.length, 0);
    buffer_deinit(&plain);
    buffer_deinit(&secret);
}

/* Any program of this machine can call DPAPI: only what was meant for us is taken. */
static void
a_secret_of_another_program_does_not(void **state)
{
    char text[] = "open sesame";
    DATA_BLOB input = {sizeof(text), (BYTE *)text}, output;
    struct buffer plain;
    (void)state;

    assert_true(CryptProtectData(&input, L"Other", NULL, NULL, NULL,
                                 CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN, &output));
    buffer_init(&plain, LIMIT_BYTES);
    assert_status(service_secret_unprotect(bytes_from(output.pbData, output.cbData), &plain),
                  STATUS_INVALID);
    buffer_deinit(&plain);
    LocalFree(output.pbData);
}

static void
only_the_key_of_a_file_is_protected(void **state)
{
    struct buffer stored, read, problem;
    (void)state;

    buffer_init(&stored, LIMIT_BYTES);
    buffer_init(&read, LIMIT_BYTES);
    buffer_init(&problem, LIMIT_BYTES);
    assert_status(service_credentials_protect(bytes_from_string(pem), &stored), STATUS_OK);
    assert_int_equal(buffer_append_byte(&stored, 0), STATUS_OK);
    assert_null(strstr((char *)stored.data, "PRIVATE KEY"));
    assert_null(strstr((char *)stored.data, "c2VjcmV0"));
    assert_non_null(strstr((char *)stored.data, "HUBPLANE PROTECTED KEY"));
    assert_non_null(strstr((char *)stored.data, "QUJD"));
    assert_non_null(strstr((char *)stored.data, "REVG"));

    struct bytes text = bytes_from(stored.data, stored.length - 1);
    assert_status(service_file_write_secret(path, text, "Hubplane"), STATUS_OK);
    assert_status(service_credentials_read(path, &read, &problem), STATUS_OK);
    assert_bytes(buffer_bytes(&read), bytes_from_string(pem));
    assert_status(service_file_delete(path), STATUS_OK);
    buffer_deinit(&problem);
    buffer_deinit(&read);
    buffer_deinit(&stored);
}

static void
half_a_key_is_refused(void **state)
{
    struct buffer stored;
    (void)state;

    buffer_init(&stored, LIMIT_BYTES);
    assert_status(service_credentials_protect(BYTES("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n"),
                                              &stored),
                  STATUS_INVALID);
    buffer_deinit(&stored);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_comes_back),
        cmocka_unit_test(half_a_secret_does_not),
        cmocka_unit_test(a_secret_of_another_program_does_not),
        cmocka_unit_test(only_the_key_of_a_file_is_protected),
        cmocka_unit_test(half_a_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
