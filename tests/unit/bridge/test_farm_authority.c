/* SPDX-License-Identifier: MIT */
/* The farm's authority: made once, issues what the link accepts, keeps private what is private. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bridge/authority/farm_authority.h"
#include "bridge/authority/farm_secrets.h"
#include "bridge/authority/state_file.h"
#include "common/base/file.h"
#include "common/net/tls.h"
#include "tests/support/test.h"

enum { OUT_MAX_BYTES = 1024 * 1024, TEN_DAYS_S = 10 * 24 * 3600, DESCRIPTORS = 8 };

struct fixture {
    char folder[64];
    char state[96];
    struct buffer out;
    struct buffer problem;
};

static void
init(struct fixture *fixture)
{
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/hubplane-authority.XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->state, sizeof(fixture->state), "%s/a/state", fixture->folder);
    buffer_init(&fixture->out, OUT_MAX_BYTES);
    buffer_init(&fixture->problem, 4096);
}

static int
remove_entry(const char *path, const struct stat *information, int kind, struct FTW *place)
{
    (void)information;
    (void)kind;
    (void)place;
    return remove(path);
}

static void
deinit(struct fixture *fixture)
{
    assert_int_equal(nftw(fixture->folder, remove_entry, DESCRIPTORS, FTW_DEPTH | FTW_PHYS), 0);
    buffer_deinit(&fixture->out);
    buffer_deinit(&fixture->problem);
}

static mode_t
mode_of(const struct fixture *fixture, const char *name)
{
    char *path = state_path(fixture->state, name);
    struct stat information;

    assert_non_null(path);
    assert_int_equal(stat(path, &information), 0);
    free(path);
    return information.st_mode & 0777;
}

static void
is_made_once(void **state)
{
    struct fixture fixture;

    (void)state;
    init(&fixture);
    assert_false(farm_authority_exists(fixture.state));
    assert_status(farm_authority_create(fixture.state, time(NULL), &fixture.problem), STATUS_OK);
    assert_true(farm_authority_exists(fixture.state));
    assert_int_equal(mode_of(&fixture, "authority.key"), 0600);
    assert_int_equal(mode_of(&fixture, "authority.crt"), 0644);
    assert_status(farm_authority_create(fixture.state, time(NULL), &fixture.problem),
                  STATUS_EXISTS);
    assert_true(fixture.problem.length > 0);
    deinit(&fixture);
}

static void
issues_credentials_that_tls_accepts(void **state)
{
    const struct bytes apps[] = {BYTES("Chat App"), BYTES("x,y*")};
    struct farm_certificate_wanted wanted = {
        .name = BYTES("web01"), .apps = apps, .app_count = 2, .days = 10, .now_s = time(NULL)};
    struct tls_options options = {.role = TLS_SERVER, .is_link = true};
    struct farm_certificate made;
    struct tls_context *tls;
    struct fixture fixture;
    char *path;

    (void)state;
    init(&fixture);
    assert_status(farm_authority_create(fixture.state, time(NULL), &fixture.problem), STATUS_OK);
    assert_status(farm_authority_issue(fixture.state, &wanted, &fixture.out, &made,
                                       &fixture.problem),
                  STATUS_OK);
    assert_int_equal(strlen(made.serial), 32);
    assert_int_equal(made.expires_s, wanted.now_s + TEN_DAYS_S);
    options.certificate_pem = options.key_pem = options.authority_pem = buffer_bytes(&fixture.out);
    options.requires_peer_certificate = true;
    assert_status(tls_context_new(&options, &fixture.problem, &tls), STATUS_OK);
    tls_context_free(tls);
    /* The list has a line that names it. */
    path = state_path(fixture.state, "issued");
    buffer_clear(&fixture.out);
    assert_status(file_read(path, 4096, &fixture.out), STATUS_OK);
    assert_true(bytes_starts_with(buffer_bytes(&fixture.out), bytes_from_string(made.serial)));
    assert_non_null(memmem(fixture.out.data, fixture.out.length,
                           "\tnode\tweb01\tChat%20App,x%2Cy%2A\t",
                           strlen("\tnode\tweb01\tChat%20App,x%2Cy%2A\t")));
    assert_int_equal(mode_of(&fixture, "issued"), 0600);
    free(path);
    deinit(&fixture);
}

static void
explains_what_is_missing(void **state)
{
    struct farm_certificate_wanted wanted = {.name = BYTES("web01"),
                                             .days = 10,
                                             .now_s = time(NULL)};
    struct farm_certificate made;
    struct fixture fixture;

    (void)state;
    init(&fixture);
    assert_status(farm_authority_issue(fixture.state, &wanted, &fixture.out, &made,
                                       &fixture.problem),
                  STATUS_NOT_FOUND);
    assert_non_null(memmem(fixture.problem.data, fixture.problem.length, "hubplane-bridge ca", 18));
    wanted.name = BYTES("../x");
    buffer_clear(&fixture.problem);
    assert_status(farm_authority_issue(fixture.state, &wanted, &fixture.out, &made,
                                       &fixture.problem),
                  STATUS_INVALID);
    assert_true(fixture.problem.length > 0);
    assert_int_equal(fixture.out.length, 0);
    deinit(&fixture);
}

static void
token_secrets_stay_the_same(void **state)
{
    struct farm_secrets first, again, other;
    struct fixture fixture;
    char *path;

    (void)state;
    init(&fixture);
    assert_status(farm_secrets_load(fixture.state, BYTES("Chat/../App"), time(NULL), &first,
                                    &fixture.problem),
                  STATUS_OK);
    assert_status(farm_secrets_load(fixture.state, BYTES("Chat/../App"), time(NULL), &again,
                                    &fixture.problem),
                  STATUS_OK);
    assert_status(farm_secrets_load(fixture.state, BYTES("."), time(NULL), &other,
                                    &fixture.problem),
                  STATUS_OK);
    assert_int_equal(first.count, 1);
    assert_memory_equal(first.secrets[0], again.secrets[0], FARM_SECRET_BYTES);
    assert_memory_not_equal(first.secrets[0], other.secrets[0], FARM_SECRET_BYTES);
    assert_int_equal(mode_of(&fixture, "secrets/key-Chat%2F..%2FApp"), 0600);
    /* A second line is the previous secret; anything else is damage. */
    path = state_path(fixture.state, "secrets/key-.");
    assert_status(state_file_append(path, BYTES("0000000000000000000000000000000000000000000000000"
                                                "0000000000000ff\n")),
                  STATUS_OK);
    assert_status(farm_secrets_load(fixture.state, BYTES("."), time(NULL), &other,
                                    &fixture.problem),
                  STATUS_OK);
    assert_int_equal(other.count, 2);
    assert_int_equal(other.secrets[1][31], 0xff);
    assert_status(state_file_append(path, BYTES("junk\n")), STATUS_OK);
    assert_status(farm_secrets_load(fixture.state, BYTES("."), time(NULL), &other,
                                    &fixture.problem),
                  STATUS_INVALID);
    free(path);
    deinit(&fixture);
}

static void
names_are_plain(void **state)
{
    (void)state;
    assert_true(farm_authority_name_is_valid(BYTES("web-01.example_x")));
    assert_false(farm_authority_name_is_valid(BYTES("")));
    assert_false(farm_authority_name_is_valid(BYTES("a b")));
    assert_false(farm_authority_name_is_valid(BYTES("a\nb")));
    assert_false(farm_authority_name_is_valid(
        BYTES("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_made_once),
        cmocka_unit_test(issues_credentials_that_tls_accepts),
        cmocka_unit_test(explains_what_is_missing),
        cmocka_unit_test(token_secrets_stay_the_same),
        cmocka_unit_test(names_are_plain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
