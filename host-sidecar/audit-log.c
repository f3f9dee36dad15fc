// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/audit-log.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "host-sidecar/chain.h"
#include "host-sidecar/escape.h"
#include "protocol/json.h"

char *
pst_audit_log_file(void)
{
    if (geteuid() == 0)
        return g_strdup("/var/log/postern/audit.jsonl");
    return g_build_filename(g_get_user_state_dir(), "postern", "audit.jsonl", NULL);
}

char *
pst_audit_log_file_of_door(const char *door)
{
    if (!g_str_equal(door, "diagnose") && !g_str_equal(door, "recover"))
        return NULL;
    return g_strdup_printf("/var/lib/postern-%s/postern/audit.jsonl", door);
}

GString *
pst_audit_log_record(const char *message_id, int priority)
{
    GString *record = g_string_new(NULL);

    g_string_printf(record, "MESSAGE_ID=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=postern\n", message_id,
                    priority);
    return record;
}

void
pst_audit_log_field(GString *record, const char *name, const char *value)
{
    if (value == NULL)
        return;
    g_autofree char *escaped = pst_escape_text(value, FALSE);
    g_string_append_printf(record, "%s=%s\n", name, escaped);
}

/* Not by sd_journal_send(3): with journald stopped and its queue full, that blocks for good. */
static gboolean
send_record(const char *socket_path, const GString *record)
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

/* Somebody changed the file, and is to be known of where they may not reach. */
static void
send_fault(const PstAuditPlaces *places, const char *fault)
{
    g_autoptr(GString) record = pst_audit_log_record(PST_AUDIT_MESSAGE_ID_FAULT, LOG_WARNING);
    g_autofree char *message =
        g_strdup_printf("the audit log %s is not as it was left: %s", places->file, fault);

    pst_audit_log_field(record, "MESSAGE", message);
    pst_audit_log_field(record, "POSTERN_LOG", places->file);
    send_record(places->journal, record);
}

gboolean
pst_audit_log_write(const PstAuditPlaces *places, GString *record, JsonObject *line,
                    gboolean synced, GError **error)
{
    g_autofree char *text = pst_json_to_text(line, NULL);
    PstChainEntry entry = {0};
    gboolean written = pst_chain_append(places->file, text, synced, &entry, error);

    if (written) {
        g_autofree char *seq = g_strdup_printf("%" G_GUINT64_FORMAT, entry.seq);

        pst_audit_log_field(record, "POSTERN_LOG", places->file);
        pst_audit_log_field(record, "POSTERN_SEQ", seq);
        pst_audit_log_field(record, "POSTERN_LINE_SHA256", entry.sha256);
    }
    send_record(places->journal, record);
    if (entry.fault != NULL)
        send_fault(places, entry.fault);
    return written;
}
