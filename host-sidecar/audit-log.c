// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/audit-log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host-sidecar/escape.h"
#include "host-sidecar/sync.h"
#include "protocol/error.h"

char *
pst_audit_log_file(void)
{
    if (geteuid() == 0)
        return g_strdup("/var/log/postern/audit.jsonl");
    return g_build_filename(g_get_user_state_dir(), "postern", "audit.jsonl", NULL);
}

GString *
pst_audit_log_record(void)
{
    return g_string_new("MESSAGE_ID=" PST_AUDIT_MESSAGE_ID
                        "\nPRIORITY=6\nSYSLOG_IDENTIFIER=postern\n");
}

void
pst_audit_log_field(GString *record, const char *name, const char *value)
{
    g_autofree char *escaped = pst_escape_text(value, FALSE);

    g_string_append_printf(record, "%s=%s\n", name, escaped);
}

/* Not by sd_journal_send(3): with journald stopped and its queue full, that blocks for good. */
gboolean
pst_audit_log_send(const char *socket_path, const GString *record)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    gssize sent = -1;

    if (g_strlcpy(address.sun_path, socket_path, sizeof(address.sun_path)) >=
        sizeof(address.sun_path))
        return FALSE;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return FALSE;
    sent = sendto(fd, record->str, record->len, MSG_NOSIGNAL, (struct sockaddr *)&address,
                  sizeof(address));
    close(fd);
    return sent == (gssize)record->len;
}

/* One write of one line to a file opened for appending: records of several processes do not mix. */
gboolean
pst_audit_log_append(const char *path, const char *json, gboolean synced, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *line = g_strconcat(json, "\n", NULL);
    int fd = -1;

    if (g_mkdir_with_parents(folder, 0700) == 0)
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    gboolean written = fd >= 0 && write(fd, line, strlen(line)) == (gssize)strlen(line);
    if (written && synced)
        written = pst_sync_fd(fd) && pst_sync_path(folder);
    if (!written)
        g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "the audit record can't be written: %s: %s",
                    path, g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return written;
}
