/* SPDX-License-Identifier: MIT */
#include "service/platform/service_registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/platform/service_system.h"
#include "service/platform/service_text_windows.h"

#include <windows.h>

enum { NAME_CHARACTERS = 512, VALUE_BYTES = 64 * 1024, PATH_BYTES = 2048 };

/* What one walk through the Parameters key needs. */
struct registry_walk {
    struct option_set *set;
    char path[PATH_BYTES];    /* for people: HKLM\SYSTEM\... */
    char section[PATH_BYTES]; /* "app chat" */
    wchar_t name[NAME_CHARACTERS];
    uint8_t value[VALUE_BYTES + 2 * sizeof(wchar_t)]; /* room to end a text that has no end */
    char text[VALUE_BYTES];
    enum status status;
};

/* REG_MULTI_SZ: texts, each ended, then an empty one; for us a list with commas. */
static void
join_texts(wchar_t *texts)
{
    for (wchar_t *end = texts + wcslen(texts); end > texts && end[1] != L'\0'; end += wcslen(end)) {
        *end = L',';
    }
}

static bool
value_text(struct registry_walk *walk, DWORD type, DWORD size)
{
    wchar_t *wide = (wchar_t *)(void *)walk->value;
    wchar_t *expanded = NULL;
    bool is_good = false;

    memset(walk->value + size, 0, 2 * sizeof(wchar_t));
    switch (type) {
    case REG_DWORD:
        return snprintf(walk->text, sizeof(walk->text), "%lu", *(DWORD *)(void *)walk->value) > 0;
    case REG_QWORD:
        return snprintf(walk->text, sizeof(walk->text), "%llu",
                        *(unsigned long long *)(void *)walk->value) > 0;
    case REG_MULTI_SZ:
        join_texts(wide);
        return service_text_narrow(wide, walk->text, sizeof(walk->text));
    case REG_SZ:
        return service_text_narrow(wide, walk->text, sizeof(walk->text));
    case REG_EXPAND_SZ:
        expanded = calloc(VALUE_BYTES, sizeof(wchar_t));
        is_good = expanded != NULL && ExpandEnvironmentStringsW(wide, expanded, VALUE_BYTES) != 0 &&
                  service_text_narrow(expanded, walk->text, sizeof(walk->text));
        free(expanded);
        return is_good;
    default:
        return false;
    }
}

static void
keep_worst(struct registry_walk *walk, enum status status)
{
    if (status != STATUS_OK && walk->status != STATUS_NO_MEMORY) {
        walk->status = status;
    }
}

/* Regedit shows the value without a name of every key; no option is called that. */
static void
refuse_default(struct registry_walk *walk)
{
    if (walk->text[0] != '\0') {
        option_add_problem(walk->set, walk->path,
                           "has a default value, which is no option: give it the option's name");
        keep_worst(walk, STATUS_INVALID);
    }
}

static void
read_values(struct registry_walk *walk, HKEY key)
{
    char name[NAME_CHARACTERS * 4];
    char origin[PATH_BYTES + NAME_CHARACTERS * 4 + 2];
    char *section_name = strchr(walk->section, ' ');

    if (section_name != NULL) {
        *section_name++ = '\0';
    }
    for (DWORD i = 0;; i++) {
        DWORD name_size = NAME_CHARACTERS, size = VALUE_BYTES, type;
        LSTATUS code =
            RegEnumValueW(key, i, walk->name, &name_size, NULL, &type, walk->value, &size);
        if (code == ERROR_NO_MORE_ITEMS) {
            return;
        }
        if (code != ERROR_SUCCESS || !service_text_narrow(walk->name, name, sizeof(name))) {
            option_add_problem(walk->set, walk->path, "a value cannot be read (error %ld)", code);
            keep_worst(walk, STATUS_INVALID);
            if (code != ERROR_MORE_DATA && code != ERROR_SUCCESS) {
                return;
            }
            continue;
        }
        (void)snprintf(origin, sizeof(origin), "%s\\%s", walk->path, name);
        if (!value_text(walk, type, size)) {
            option_add_problem(walk->set, origin,
                               "has a type that no option takes; use REG_SZ, REG_EXPAND_SZ, "
                               "REG_MULTI_SZ or REG_DWORD");
            keep_worst(walk, STATUS_INVALID);
            continue;
        }
        if (name[0] == '\0') {
            refuse_default(walk);
            continue;
        }
        keep_worst(walk, option_set_value(walk->set, walk->section, section_name, name, walk->text,
                                          origin));
    }
}

/* What stands where nobody would ever read it must not look as if it were in effect. */
static void
refuse_keys(struct registry_walk *walk, HKEY section)
{
    char name[NAME_CHARACTERS * 4];
    DWORD size = NAME_CHARACTERS;

    for (DWORD i = 0;
         RegEnumKeyExW(section, i, walk->name, &size, NULL, NULL, NULL, NULL) == ERROR_SUCCESS;
         i++, size = NAME_CHARACTERS) {
        if (!service_text_narrow(walk->name, name, sizeof(name))) {
            (void)snprintf(name, sizeof(name), "?");
        }
        option_add_problem(walk->set, walk->path,
                           "has a key \"%s\" below it, which is not read: a section is one key "
                           "below Parameters, such as \"app chat\"",
                           name);
        keep_worst(walk, STATUS_INVALID);
    }
}

static void
refuse_values(struct registry_walk *walk, HKEY parameters, const char *parent)
{
    char name[NAME_CHARACTERS * 4];
    DWORD size = NAME_CHARACTERS;

    for (DWORD i = 0;
         RegEnumValueW(parameters, i, walk->name, &size, NULL, NULL, NULL, NULL) == ERROR_SUCCESS;
         i++, size = NAME_CHARACTERS) {
        if (size > 0 && service_text_narrow(walk->name, name, sizeof(name))) {
            option_add_problem(walk->set, parent,
                               "has a value \"%s\", which is not read: move it into the key of its "
                               "section, such as Parameters\\service",
                               name);
            keep_worst(walk, STATUS_INVALID);
        }
    }
}

static void
read_section(struct registry_walk *walk, HKEY parameters, const char *parent,
             const wchar_t *section)
{
    HKEY key;

    if (!service_text_narrow(section, walk->section, sizeof(walk->section))) {
        return;
    }
    (void)snprintf(walk->path, sizeof(walk->path), "%s\\%s", parent, walk->section);
    LSTATUS code = RegOpenKeyExW(parameters, section, 0, KEY_READ, &key);
    if (code != ERROR_SUCCESS) {
        option_add_problem(walk->set, walk->path,
                           "cannot be opened (error %ld): check its permissions", code);
        keep_worst(walk, STATUS_DENIED);
        return;
    }
    refuse_keys(walk, key);
    read_values(walk, key);
    RegCloseKey(key);
}

static void
read_sections(struct registry_walk *walk, HKEY parameters, const char *parent)
{
    wchar_t section[NAME_CHARACTERS];

    for (DWORD i = 0;; i++) {
        DWORD size = NAME_CHARACTERS;
        LSTATUS code = RegEnumKeyExW(parameters, i, section, &size, NULL, NULL, NULL, NULL);
        if (code != ERROR_SUCCESS) {
            return; /* the end, or a name longer than any section's */
        }
        read_section(walk, parameters, parent, section);
    }
}

enum status
service_registry_read(const char *service_name, struct option_set *set)
{
    struct registry_walk *walk = calloc(1, sizeof(*walk));
    char parent[PATH_BYTES], file[PATH_BYTES];
    wchar_t wide[PATH_BYTES];
    HKEY parameters;

    if (walk == NULL) {
        return STATUS_NO_MEMORY;
    }
    walk->set = set;
    (void)snprintf(parent, sizeof(parent), "SYSTEM\\CurrentControlSet\\Services\\%s\\Parameters",
                   service_name);
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, parent, -1, wide, PATH_BYTES) == 0) {
        free(walk);
        return STATUS_INVALID;
    }
    LSTATUS code = RegOpenKeyExW(HKEY_LOCAL_MACHINE, wide, 0, KEY_READ, &parameters);
    (void)snprintf(parent, sizeof(parent),
                   "HKLM\\SYSTEM\\CurrentControlSet\\Services\\%s\\Parameters", service_name);
    if (code == ERROR_SUCCESS) {
        set->file = service_system_default_configuration(service_name, file, sizeof(file));
        refuse_values(walk, parameters, parent);
        read_sections(walk, parameters, parent);
        set->file = NULL;
        RegCloseKey(parameters);
    } else if (code != ERROR_FILE_NOT_FOUND) {
        option_add_problem(set, parent, "cannot be opened (error %ld): check its permissions",
                           code);
        keep_worst(walk, STATUS_DENIED);
    }
    enum status status = walk->status;
    free(walk);
    return status;
}
