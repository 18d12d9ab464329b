/* SPDX-License-Identifier: MIT */
#include "service/platform/service_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/crypto.h"
#include "service/platform/service_text_windows.h"

#include <windows.h>

#include <aclapi.h>
#include <sddl.h>

enum { SID_TEXT_CHARACTERS = 128, PATH_CHARACTERS = 2048 };

static enum status
last_status(void)
{
    return service_text_status(GetLastError());
}

enum status
service_file_move(const char *from, const char *to)
{
    wchar_t wide_from[PATH_CHARACTERS], wide_to[PATH_CHARACTERS];

    if (!service_text_widen(from, wide_from, PATH_CHARACTERS) ||
        !service_text_widen(to, wide_to, PATH_CHARACTERS)) {
        return STATUS_INVALID;
    }
    return MoveFileExW(wide_from, wide_to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)
               ? STATUS_OK
               : last_status();
}

enum status
service_file_delete(const char *path)
{
    wchar_t wide[PATH_CHARACTERS];

    if (!service_text_widen(path, wide, PATH_CHARACTERS)) {
        return STATUS_INVALID;
    }
    return DeleteFileW(wide) ? STATUS_OK : last_status();
}

enum status
service_file_make_folder(const char *path)
{
    wchar_t wide[PATH_CHARACTERS];

    if (!service_text_widen(path, wide, PATH_CHARACTERS)) {
        return STATUS_INVALID;
    }
    return CreateDirectoryW(wide, NULL) || GetLastError() == ERROR_ALREADY_EXISTS ? STATUS_OK
                                                                                  : last_status();
}

/*
 * The SID of "NT SERVICE\NAME": S-1-5-80 and the SHA-1 of the name in upper-case UTF-16, as five
 * numbers. Computed rather than looked up, since the look-up fails until the service exists.
 */
static bool
service_sid(const char *service_name, wchar_t out[SID_TEXT_CHARACTERS])
{
    wchar_t name[256];
    uint8_t digest[20];
    DWORD parts[5];

    if (!service_text_widen(service_name, name, 256)) {
        return false;
    }
    CharUpperW(name);
    crypto_sha1(bytes_from(name, wcslen(name) * sizeof(wchar_t)), digest);
    memcpy(parts, digest, sizeof(parts));
    (void)swprintf(out, SID_TEXT_CHARACTERS, L"S-1-5-80-%lu-%lu-%lu-%lu-%lu", parts[0], parts[1],
                   parts[2], parts[3], parts[4]);
    return true;
}

/* ${rights} of the service's account, such as FR; administrators and the system may do everything.
 * ${owner} is nothing or such as O:BA. Free with LocalFree(). */
static PSECURITY_DESCRIPTOR
make_descriptor(const char *service_name, const wchar_t *owner, const wchar_t *flags,
                const wchar_t *rights)
{
    wchar_t sid[SID_TEXT_CHARACTERS], text[512];
    PSECURITY_DESCRIPTOR descriptor = NULL;

    if (!service_sid(service_name, sid)) {
        return NULL;
    }
    (void)swprintf(text, 512, L"%lsD:P(A;%ls;FA;;;SY)(A;%ls;FA;;;BA)(A;%ls;%ls;;;%ls)", owner,
                   flags, flags, flags, rights, sid);
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &descriptor,
                                                              NULL)) {
        return NULL;
    }
    return descriptor;
}

static enum status
write_file(const wchar_t *path, struct bytes text, SECURITY_ATTRIBUTES *attributes)
{
    DWORD written = 0;
    HANDLE file =
        CreateFileW(path, GENERIC_WRITE, 0, attributes, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);

    if (file == INVALID_HANDLE_VALUE) {
        return last_status();
    }
    bool is_written = WriteFile(file, text.data, (DWORD)text.length, &written, NULL) &&
                      written == text.length && FlushFileBuffers(file);
    CloseHandle(file);
    return is_written ? STATUS_OK : STATUS_IO;
}

enum status
service_file_write_secret(const char *path, struct bytes text, const char *service_name)
{
    char fresh[PATH_CHARACTERS * 2];
    wchar_t wide[PATH_CHARACTERS];
    SECURITY_ATTRIBUTES attributes = {.nLength = sizeof(attributes)};

    (void)snprintf(fresh, sizeof(fresh), "%s.new", path);
    attributes.lpSecurityDescriptor = make_descriptor(service_name, L"", L"", L"FR");
    if (attributes.lpSecurityDescriptor == NULL ||
        !service_text_widen(fresh, wide, PATH_CHARACTERS)) {
        LocalFree(attributes.lpSecurityDescriptor);
        return STATUS_IO;
    }
    (void)DeleteFileW(wide); /* an old one would keep its own access control list */
    enum status status = write_file(wide, text, &attributes);
    LocalFree(attributes.lpSecurityDescriptor);
    if (status == STATUS_OK) {
        status = service_file_move(fresh, path);
    }
    if (status != STATUS_OK) {
        (void)DeleteFileW(wide);
    }
    return status;
}

enum status
service_file_restrict_folder(const char *path, const char *service_name)
{
    wchar_t wide[PATH_CHARACTERS];
    PSECURITY_DESCRIPTOR descriptor =
        make_descriptor(service_name, L"O:BA", L"OICI", L"0x1301bf"); /* modify */

    if (descriptor == NULL || !service_text_widen(path, wide, PATH_CHARACTERS)) {
        LocalFree(descriptor);
        return STATUS_IO;
    }
    /* Anybody may make a folder in ProgramData: as its owner he could let himself in again. */
    SECURITY_INFORMATION list = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
    bool is_set = SetFileSecurityW(wide, OWNER_SECURITY_INFORMATION | list, descriptor) ||
                  SetFileSecurityW(wide, list, descriptor);
    enum status status = is_set ? STATUS_OK : last_status();
    LocalFree(descriptor);
    return status;
}

static bool
is_everybody(PSID sid)
{
    return IsWellKnownSid(sid, WinWorldSid) || IsWellKnownSid(sid, WinAuthenticatedUserSid) ||
           IsWellKnownSid(sid, WinBuiltinUsersSid) || IsWellKnownSid(sid, WinBuiltinGuestsSid) ||
           IsWellKnownSid(sid, WinAnonymousSid) || IsWellKnownSid(sid, WinInteractiveSid);
}

static bool
lets_everybody_read(PACL list)
{
    if (list == NULL) {
        return true; /* no list at all: everybody may do everything */
    }
    for (DWORD i = 0; i < list->AceCount; i++) {
        void *entry;
        if (!GetAce(list, i, &entry)) {
            continue;
        }
        ACCESS_ALLOWED_ACE *allowed = entry;
        if (allowed->Header.AceType == ACCESS_ALLOWED_ACE_TYPE &&
            (allowed->Mask & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL)) != 0 &&
            is_everybody(&allowed->SidStart)) {
            return true;
        }
    }
    return false;
}

bool
service_file_is_exposed(const char *path, struct buffer *problem)
{
    wchar_t wide[PATH_CHARACTERS];
    PSECURITY_DESCRIPTOR descriptor = NULL;
    PACL list = NULL;

    if (!service_text_widen(path, wide, PATH_CHARACTERS) ||
        GetNamedSecurityInfoW(wide, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &list,
                              NULL, &descriptor) != ERROR_SUCCESS) {
        return false; /* not there or not ours to see: reading it will say so */
    }
    bool is_exposed = lets_everybody_read(list);
    LocalFree(descriptor);
    if (is_exposed) {
        buffer_append_string(problem,
                             "can be read by every user of this machine: run \"hubplane-service "
                             "import-credentials FILE\" and delete the original");
    }
    return is_exposed;
}

static void
delete_matching(const char *folder, const char *pattern)
{
    char path[PATH_CHARACTERS * 2], name[MAX_PATH * 3];
    wchar_t wide[PATH_CHARACTERS];
    WIN32_FIND_DATAW found;

    (void)snprintf(path, sizeof(path), "%s\\%s", folder, pattern);
    HANDLE search = service_text_widen(path, wide, PATH_CHARACTERS) ? FindFirstFileW(wide, &found)
                                                                    : INVALID_HANDLE_VALUE;
    if (search == INVALID_HANDLE_VALUE) {
        return;
    }
    do {
        if (service_text_narrow(found.cFileName, name, sizeof(name))) {
            (void)snprintf(path, sizeof(path), "%s\\%s", folder, name);
            (void)service_file_delete(path);
        }
    } while (FindNextFileW(search, &found));
    FindClose(search);
}

enum status
service_file_purge(const char *folder, const char *const *patterns)
{
    wchar_t wide[PATH_CHARACTERS];

    for (; *patterns != NULL; patterns++) {
        delete_matching(folder, *patterns);
    }
    if (!service_text_widen(folder, wide, PATH_CHARACTERS)) {
        return STATUS_INVALID;
    }
    if (RemoveDirectoryW(wide)) {
        return STATUS_OK;
    }
    return GetLastError() == ERROR_DIR_NOT_EMPTY ? STATUS_EXISTS : last_status();
}

const char *
service_file_absolute(const char *path, char *out, size_t size)
{
    wchar_t wide[PATH_CHARACTERS], absolute[PATH_CHARACTERS];
    DWORD length = service_text_widen(path, wide, PATH_CHARACTERS)
                       ? GetFullPathNameW(wide, PATH_CHARACTERS, absolute, NULL)
                       : 0;

    if (length == 0 || length >= PATH_CHARACTERS || !service_text_narrow(absolute, out, size)) {
        (void)snprintf(out, size, "%s", path);
    }
    return out;
}
