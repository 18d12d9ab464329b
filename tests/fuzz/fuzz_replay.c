/* SPDX-License-Identifier: MIT */
/*
 * Stands in for libFuzzer where there is none: runs a fuzz target once on every file of the folders
 * (or files) named as arguments, so that the seeds are a regression test on every platform.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_REPLAY_PATH_MAX = 4096 };

static int
run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    uint8_t *data = NULL;
    size_t size = 0;
    size_t capacity = 0;
    size_t count;
    do {
        if (size == capacity) {
            capacity = (capacity == 0) ? 4096 : capacity * 2;
            uint8_t *larger = realloc(data, capacity);
            if (larger == NULL) {
                perror(path);
                free(data);
                fclose(file);
                return -1;
            }
            data = larger;
        }
        count = fread(data + size, 1, capacity - size, file);
        size += count;
    } while (count > 0);
    fclose(file);

    /* An exact copy, so that AddressSanitizer sees a read of one byte too many. */
    uint8_t *exact = malloc((size > 0) ? size : 1);
    if (exact == NULL) {
        free(data);
        return -1;
    }
    for (size_t i = 0; i < size; i++) {
        exact[i] = data[i];
    }
    free(data);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

static int
run_folder(const char *folder, unsigned *seed_count)
{
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        perror(folder);
        return -1;
    }
    int result = 0;
    struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char path[FUZZ_REPLAY_PATH_MAX];
        int length = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof(path) || run_file(path) != 0) {
            result = -1;
            continue;
        }
        (*seed_count)++;
    }
    closedir(directory);
    return result;
}

int
main(int argc, char **argv)
{
    int result = EXIT_SUCCESS;
    unsigned seed_count = 0;
    for (int i = 1; i < argc; i++) {
        struct stat information;
        int status;
        if (stat(argv[i], &information) == 0 && S_ISDIR(information.st_mode)) {
            status = run_folder(argv[i], &seed_count);
        } else {
            status = run_file(argv[i]);
            seed_count++;
        }
        if (status != 0) {
            result = EXIT_FAILURE;
        }
    }
    printf("%u seeds\n", seed_count);
    return (seed_count > 0) ? result : EXIT_FAILURE;
}
