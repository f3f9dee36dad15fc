// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/journal-send.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define KERNEL_LOG "/dev/kmsg"
/* One record of the kernel's log holds about 1,000 bytes: printk's LOG_LINE_MAX. */
#define MAX_KERNEL_LINE 900

/* https://systemd.io/JOURNAL_NATIVE_PROTOCOL/: a value of any bytes has its length before it. */
void
pst_journal_send_field(GString *record, const char *name, const char *value)
{
    guint64 len = GUINT64_TO_LE((guint64)strlen(value));

    g_string_append_printf(record, "%s\n", name);
    g_string_append_len(record, (const char *)&len, sizeof(len));
    g_string_append_printf(record, "%s\n", value);
}

/* By way of a descriptor, so that the socket is the sysroot's own and its path may be long. */
gboolean
pst_journal_send(const PstSysroot *sysroot, const GString *record)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int place = pst_sysroot_open(sysroot, JOURNAL_SOCKET, O_PATH, NULL);
    int fd = place < 0 ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    gssize sent = -1;

    if (fd >= 0) {
        g_snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", place);
        sent = sendto(fd, record->str, record->len, MSG_NOSIGNAL, (struct sockaddr *)&address,
                      sizeof(address));
        close(fd);
    }
    if (place >= 0)
        close(place);
    return sent == (gssize)record->len;
}

/* The kernel escapes what is not printable, but a line feed would begin another record. */
gboolean
pst_journal_send_to_kernel(const PstSysroot *sysroot, const char *message)
{
    g_autofree char *line = g_strdup_printf("<6>postern-shim: %.*s", MAX_KERNEL_LINE, message);
    struct stat st;

    g_strdelimit(line, "\n\r", ' ');
    int fd =
        pst_sysroot_is_live(sysroot) ? pst_sysroot_open(sysroot, KERNEL_LOG, O_WRONLY, NULL) : -1;
    if (fd < 0)
        return FALSE;
    gboolean written = fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
                       write(fd, line, strlen(line)) == (gssize)strlen(line);
    close(fd);
    return written;
}
