/* SPDX-License-Identifier: MIT */
/* Goal of these tests: bridges that show each other what they have end with the same, whoever shows
 * first, and nothing that was revoked comes back. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/authority/farm_list.h"
#include "bridge/authority/farm_secrets.h"
#include "bridge/authority/farm_share.h"
#include "tests/support/test.h"

enum { NOW_S = 1000000, DESCRIPTORS = 8, TEXT_MAX_BYTES = 4096 };

struct fixture {
    char folder[64];
    char state[2][96];
    struct buffer problem;
};

static void
init(struct fixture *fixture)
{
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/hubplane-share.XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    buffer_init(&fixture->problem, TEXT_MAX_BYTES);
    for (size_t i = 0; i < 2; i++) {
        snprintf(fixture->state[i], sizeof(fixture->state[i]), "%s/%zu", fixture->folder, i);
        assert_status(state_directory_make(fixture->state[i]), STATUS_OK);
    }
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
    buffer_deinit(&fixture->problem);
}

/* What one bridge shows goes to the other. */
struct passage {
    struct fixture *fixture;
    size_t to;
    size_t changed_count;
};

static void
pass_piece(void *owner, struct bytes name, struct bytes content)
{
    struct passage *passage = owner;
    bool has_changed;

    assert_status(farm_share_merge(passage->fixture->state[passage->to], name, content, NOW_S,
                                   &has_changed, &passage->fixture->problem),
                  STATUS_OK);
    passage->changed_count += has_changed;
}

static size_t
show(struct fixture *fixture, size_t from)
{
    struct passage passage = {.fixture = fixture, .to = 1 - from};

    assert_status(farm_share_each(fixture->state[from], pass_piece, &passage, &fixture->problem),
                  STATUS_OK);
    return passage.changed_count;
}

static struct farm_secrets
load(struct fixture *fixture, size_t bridge, int64_t now_s)
{
    struct farm_secrets secrets;

    assert_status(farm_secrets_load(fixture->state[bridge], BYTES("Chat"), now_s, &secrets,
                                    &fixture->problem),
                  STATUS_OK);
    return secrets;
}

static void
assert_secret(const uint8_t *left, const uint8_t *right)
{
    assert_memory_equal(left, right, FARM_SECRET_BYTES);
}

static void
rotate(struct fixture *fixture, size_t bridge, int64_t grace_s)
{
    size_t count;

    assert_status(farm_secrets_rotate(fixture->state[bridge], BYTES("*"), NOW_S, grace_s, &count,
                                      &fixture->problem),
                  STATUS_OK);
    assert_int_equal(count, 1);
}

static void
a_new_bridge_takes_what_there_is(void **state)
{
    struct fixture fixture;
    struct farm_secrets first, second;

    (void)state;
    init(&fixture);
    first = load(&fixture, 0, NOW_S);
    assert_int_equal(show(&fixture, 0), 1);
    assert_int_equal(show(&fixture, 0), 0);
    assert_int_equal(show(&fixture, 1), 0);
    second = load(&fixture, 1, NOW_S);
    assert_memory_equal(&first, &second, sizeof(first));
    deinit(&fixture);
}

static void
the_older_of_two_inventions_wins(void **state)
{
    struct fixture fixture;
    struct farm_secrets old, young, merged;

    (void)state;
    for (size_t first = 0; first < 2; first++) {
        init(&fixture);
        old = load(&fixture, 0, NOW_S - 10);
        young = load(&fixture, 1, NOW_S - 5);
        assert_int_equal(show(&fixture, first), 1);
        assert_int_equal(show(&fixture, 1 - first), 1);
        for (size_t i = 0; i < 2; i++) {
            merged = load(&fixture, i, NOW_S);
            assert_int_equal(merged.count, 2);
            assert_secret(merged.secrets[0], old.secrets[0]);
            assert_secret(merged.secrets[1], young.secrets[0]);
        }
        assert_int_equal(show(&fixture, first), 0);
        merged = load(&fixture, 1, NOW_S + FARM_SECRETS_GRACE_S);
        assert_int_equal(merged.count, 1);
        deinit(&fixture);
    }
}

/* Even where a bridge has been away and comes back with what is of no more use. */
static void
a_rotation_wins_and_nothing_comes_back(void **state)
{
    struct fixture fixture;
    struct farm_secrets before, after, merged;

    (void)state;
    init(&fixture);
    before = load(&fixture, 0, NOW_S);
    assert_int_equal(show(&fixture, 0), 1);
    rotate(&fixture, 1, 0);
    after = load(&fixture, 1, NOW_S);
    assert_int_equal(after.rotations, before.rotations + 1);
    assert_int_equal(show(&fixture, 0), 0);
    assert_int_equal(show(&fixture, 1), 1);
    merged = load(&fixture, 0, NOW_S);
    assert_memory_equal(&merged, &after, sizeof(after));
    assert_int_equal(merged.count, 1);

    rotate(&fixture, 0, 60);
    assert_int_equal(show(&fixture, 0), 1);
    merged = load(&fixture, 1, NOW_S);
    assert_int_equal(merged.count, 2);
    assert_int_equal(merged.previous_until_s, NOW_S + 60);
    assert_secret(merged.secrets[1], after.secrets[0]);
    deinit(&fixture);
}

static void
merge(struct fixture *fixture, const char *name, const char *content, enum status expected,
      bool changes)
{
    bool has_changed;

    assert_status(farm_share_merge(fixture->state[0], bytes_from_string(name),
                                   bytes_from_string(content), NOW_S, &has_changed,
                                   &fixture->problem),
                  expected);
    assert_int_equal(has_changed, changes);
}

static void
lists_are_united(void **state)
{
    struct farm_revoked revoked;
    struct fixture fixture;

    (void)state;
    init(&fixture);
    merge(&fixture, "revoked", "aa\tweb1\t7\n", STATUS_OK, true);
    merge(&fixture, "revoked", "bb\tweb2\t8\naa\tweb1\t9\nbb\tweb2\t8\n", STATUS_OK, true);
    merge(&fixture, "revoked", "bb\tweb2\t8\naa\tweb1\t7\n", STATUS_OK, false);
    merge(&fixture, "revoked", "cc\tcut off", STATUS_OK, false);
    merge(&fixture, "issued", "aa\tnode\tweb1\t*\t99\n", STATUS_OK, true);
    farm_revoked_init(&revoked);
    assert_status(farm_revoked_load(&revoked, fixture.state[0], &fixture.problem), STATUS_OK);
    assert_int_equal(farm_revoked_count(&revoked), 2);
    assert_int_equal(farm_revoked_since(&revoked, BYTES("aa")), 7);
    assert_int_equal(farm_revoked_since(&revoked, BYTES("bb")), 8);
    farm_revoked_deinit(&revoked);
    assert_int_equal(show(&fixture, 0), 2);
    assert_int_equal(show(&fixture, 1), 0);
    deinit(&fixture);
}

static void
what_is_malformed_stays_outside(void **state)
{
    static const char secret[] =
        "00000000000000000000000000000000000000000000000000000000000000ff 0 1\n";
    struct fixture fixture;

    (void)state;
    init(&fixture);
    merge(&fixture, "secrets/key-Chat", secret, STATUS_OK, true);
    merge(&fixture, "secrets/key-..%2Fx", secret, STATUS_OK, true);
    merge(&fixture, "secrets/key-../x", secret, STATUS_INVALID, false);
    merge(&fixture, "secrets/key-", secret, STATUS_INVALID, false);
    merge(&fixture, "secrets/../authority.key", secret, STATUS_INVALID, false);
    merge(&fixture, "secrets/key-Chat+1", secret, STATUS_INVALID, false);
    merge(&fixture, "secrets/key-Chat", "junk", STATUS_INVALID, false);
    merge(&fixture, "secrets/key-Chat", "", STATUS_INVALID, false);
    merge(&fixture, "of a later version", "anything", STATUS_OK, false);
    deinit(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_bridge_takes_what_there_is),
        cmocka_unit_test(the_older_of_two_inventions_wins),
        cmocka_unit_test(a_rotation_wins_and_nothing_comes_back),
        cmocka_unit_test(lists_are_united),
        cmocka_unit_test(what_is_malformed_stays_outside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
