/* SPDX-License-Identifier: MIT */
#include "service/platform/service_library.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct service_library {
    void *handle;
};

/* dlopen() looks for a name without a slash in the system's folders: give it a path. */
static bool
find_file(const char *path, char *out, size_t size)
{
    char program[PATH_MAX];

    if (strchr(path, '/') != NULL) {
        return snprintf(out, size, "%s", path) < (int)size;
    }
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (length <= 0) {
        return false;
    }
    program[length] = '\0';
    *(strrchr(program, '/') + 1) = '\0';
    return snprintf(out, size, "%s%s", program, path) < (int)size;
}

enum status
service_library_open(const char *path, struct buffer *problem, struct service_library **out)
{
    char file[2 * PATH_MAX];
    struct service_library *library = calloc(1, sizeof(*library));

    if (library == NULL || !find_file(path, file, sizeof(file))) {
        free(library);
        buffer_append_format(problem, "cannot load \"%s\": out of memory", path);
        return STATUS_NO_MEMORY;
    }
    library->handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL) {
        buffer_append_format(problem, "cannot load it: %s", dlerror());
        free(library);
        return access(file, R_OK) == 0 ? STATUS_INVALID : STATUS_NOT_FOUND;
    }
    *out = library;
    return STATUS_OK;
}

service_library_fn
service_library_find(const struct service_library *library, const char *name)
{
    /* POSIX lets dlsym() find functions, ISO C has no cast for it. */
    union {
        void *symbol;
        service_library_fn fn;
    } found = {dlsym(library->handle, name)};

    return found.fn;
}

void
service_library_close(struct service_library *library)
{
    if (library != NULL) {
        (void)dlclose(library->handle);
        free(library);
    }
}
