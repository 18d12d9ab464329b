/* SPDX-License-Identifier: MIT */
#include "bridge/linux/systemd_notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/bytes.h"

void
systemd_notify(const char *message)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path == NULL ? 0 : strlen(path);
    socklen_t size;
    int file;

    if (length == 0 || length >= sizeof(address.sun_path) ||
        (file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0) {
        return;
    }
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; /* an abstract socket: no terminator, the length counts */
    }
    size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    (void)sendto(file, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    close(file);
}

uint64_t
systemd_notify_watchdog_ms(void)
{
    const char *process = getenv("WATCHDOG_PID");
    uint64_t wanted_us, process_id;

    if (process != NULL &&
        (bytes_parse_uint64(bytes_from_string(process), &process_id) != STATUS_OK ||
         process_id != (uint64_t)getpid())) {
        return 0;
    }
    if (bytes_parse_uint64(bytes_from_string(getenv("WATCHDOG_USEC")), &wanted_us) != STATUS_OK) {
        return 0;
    }
    return wanted_us / 2000;
}
