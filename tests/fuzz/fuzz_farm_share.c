/* SPDX-License-Identifier: MIT */
/* Any piece that another bridge shows ("NAME\nCONTENT"): it is refused or taken into the files, a
 * second time it says nothing new, and whoever takes over those files has the same. */
#include "bridge/authority/farm_share.h"
#include "tests/fuzz/fuzz_require.h"

#include <ftw.h>
#include <stdio.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW_S = 1700000000, PROBLEM_MAX = 4096, PIECES_MAX_BYTES = 16 * 1024 * 1024 };

static int
remove_one(const char *path, const struct stat *stat, int type, struct FTW *where)
{
    (void)stat;
    (void)type;
    (void)where;
    return remove(path);
}

static void
remove_all(const char *directory)
{
    (void)nftw(directory, remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

static enum status
merge(const char *directory, struct bytes name, struct bytes content, bool *has_changed)
{
    struct buffer problem;

    buffer_init(&problem, PROBLEM_MAX);
    enum status status = farm_share_merge(directory, name, content, NOW_S, has_changed, &problem);
    require(status == STATUS_OK || (status == STATUS_INVALID && !*has_changed) ||
            status == STATUS_LIMIT);
    buffer_deinit(&problem);
    return status;
}

struct copy {
    const char *directory; /* what is shown is merged into it; NULL = only noted */
    struct buffer text;
};

static void
take_piece(void *owner, struct bytes name, struct bytes content)
{
    struct copy *copy = owner;
    bool has_changed;

    buffer_append(&copy->text, name);
    buffer_append_byte(&copy->text, '\n');
    buffer_append(&copy->text, content);
    if (copy->directory != NULL) {
        require(merge(copy->directory, name, content, &has_changed) == STATUS_OK);
    }
}

static void
show(const char *directory, struct copy *copy)
{
    struct buffer problem;

    buffer_init(&copy->text, PIECES_MAX_BYTES);
    buffer_init(&problem, PROBLEM_MAX);
    require(farm_share_each(directory, take_piece, copy, &problem) == STATUS_OK);
    buffer_deinit(&problem);
}

static void
take_over(const char *from, const char *to)
{
    struct copy first = {.directory = to}, second = {.directory = NULL};

    show(from, &first);
    show(to, &second);
    require(bytes_equal(buffer_bytes(&first.text), buffer_bytes(&second.text)));
    buffer_deinit(&first.text);
    buffer_deinit(&second.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char one[] = "/tmp/hubplane-fuzz-XXXXXX", other[] = "/tmp/hubplane-fuzz-XXXXXX";
    struct bytes content = bytes_from(data, size);
    struct bytes name;
    bool has_changed, changes_again;

    if (size == 0 || !bytes_split(&content, '\n', &name)) {
        return 0;
    }
    require(mkdtemp(one) != NULL && mkdtemp(other) != NULL);
    enum status status = merge(one, name, content, &has_changed);
    require(merge(one, name, content, &changes_again) == status && !changes_again);
    take_over(one, other);
    remove_all(one);
    remove_all(other);
    return 0;
}
