// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/security-denials.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "protocol/error.h"

#define KMSG "/dev/kmsg"
#define MAX_RING (16 * 1024 * 1024) /* as large as log_buf_len lets a ring be, and more */
#define MAX_LOG (1024 * 1024)       /* of the end of auditd's log */
#define MAX_LINE 8192               /* and a record of the ring is no longer */
#define MAX_GROUPS 64
#define FACILITY_KERNEL 0

/* The kernel's names of programs, of which it keeps 15 bytes. */
static const char *const deciding[] = {
    "sshd",           "sshd-session", "sshd-auth",   "sudo",        "su",
    "login",          "agetty",       "unix_chkpwd", "unix_update", "sssd",
    "sssd_be",        "sssd_nss",     "sssd_pam",    "nscd",        "systemd-logind",
    "systemd",        "dbus-daemon",  "dbus-broker", "sftp-server", "qemu-ga",
    "postern-shim",   "pam_tally2",   "faillock",    "polkitd",     "systemd-user-r",
    "mkhomedir_help",
};

gboolean
pst_security_denials_decides(const char *program)
{
    for (guint i = 0; i < G_N_ELEMENTS(deciding); i++)
        if (g_str_equal(deciding[i], program))
            return TRUE;
    return FALSE;
}

static PstSecurityDenial *
group_of(PstSecurityData *data, const PstAuditLine *line, const char *program)
{
    for (guint i = 0; data->denials != NULL && i < data->denials->len; i++) {
        PstSecurityDenial *denial = data->denials->pdata[i];

        if (g_str_equal(denial->program, program) && g_str_equal(denial->source, line->source) &&
            denial->enforced == PST_TRI(line->enforced))
            return denial;
    }
    if (data->denials != NULL && data->denials->len >= MAX_GROUPS)
        return NULL;
    PstSecurityDenial *denial =
        pst_fields_append(&pst_report_security_denial_fields, &data->denials);
    denial->program = g_strdup(program);
    denial->source = g_strdup(line->source);
    denial->enforced = PST_TRI(line->enforced);
    denial->decides_access = PST_TRI(pst_security_denials_decides(program));
    denial->count = 0;
    return denial;
}

static void
replace(char **text, const char *by)
{
    g_free(*text);
    *text = g_strdup(by);
}

void
pst_security_denials_add(PstSecurityData *data, const PstAuditLine *line)
{
    const char *program = line->program != NULL ? line->program : "unknown";
    PstSecurityDenial *denial = group_of(data, line, program);

    if (denial == NULL)
        return;
    denial->count++;
    if (denial->first_us == PST_INT_UNKNOWN || line->time_us < denial->first_us)
        denial->first_us = line->time_us;
    if (denial->last_us != PST_INT_UNKNOWN && line->time_us < denial->last_us)
        return;
    denial->last_us = line->time_us;
    replace(&denial->domain, line->domain);
    replace(&denial->operation, line->operation);
    replace(&denial->target, line->target);
}

/* The lines of one source. A record of fapolicyd's does not name its program; the one of the system
 * call with the same serial number, where a rule has it recorded, comes behind it. */
typedef struct {
    PstSecurityData *data;
    PstAuditLine *pending;
    gboolean ring;
    GString *rest; /* a line of which the end is still to come */
} Reading;

static void
settle(Reading *reading)
{
    if (reading->pending != NULL)
        pst_security_denials_add(reading->data, reading->pending);
    g_clear_pointer(&reading->pending, pst_audit_line_free);
}

static void
take_parsed(Reading *reading, PstAuditLine *line)
{
    if (line->source == NULL) {
        if (reading->pending != NULL && reading->pending->serial == line->serial) {
            reading->pending->program = g_steal_pointer(&line->program);
            reading->pending->target = g_steal_pointer(&line->target);
            settle(reading);
        }
        pst_audit_line_free(line);
    } else if (line->program == NULL) {
        settle(reading);
        reading->pending = line;
    } else {
        pst_security_denials_add(reading->data, line);
        pst_audit_line_free(line);
    }
}

/* `PRIORITY,SEQUENCE,TIME,FLAGS;` before the text (Documentation/ABI/testing/dev-kmsg): whoever may
 * write to the ring can't take the kernel's own facility. NULL for what is not the kernel's. */
static const char *
skip_prefix(const char *line, gsize len)
{
    const char *text = memchr(line, ';', len);
    char *end;
    guint64 priority = g_ascii_strtoull(line, &end, 10);

    return text != NULL && *end == ',' && priority >> 3 == FACILITY_KERNEL ? text + 1 : NULL;
}

static void
take_line(Reading *reading, const char *line, gsize len)
{
    const char *text = reading->ring ? skip_prefix(line, len) : line;
    PstAuditLine *parsed;

    if (text == NULL)
        return;
    parsed = pst_audit_line_parse(text, (gsize)(line + len - text));
    if (parsed != NULL)
        take_parsed(reading, parsed);
}

static void
take_bytes(Reading *reading, const char *bytes, gsize len)
{
    while (len > 0) {
        const char *end = memchr(bytes, '\n', len);
        gsize n = end != NULL ? (gsize)(end - bytes) : len;

        g_string_append_len(reading->rest, bytes,
                            (gssize)MIN(n, (gsize)MAX_LINE - MIN(reading->rest->len, MAX_LINE)));
        if (end == NULL)
            return;
        take_line(reading, reading->rest->str, reading->rest->len);
        g_string_truncate(reading->rest, 0);
        bytes += n + 1;
        len -= n + 1;
    }
}

/* Reads to the end of what is there: that of the ring is EAGAIN, and EPIPE a record of it that was
 * overwritten. FALSE with errno. */
static gboolean
take_all(Reading *reading, int fd, gsize max)
{
    char buffer[MAX_LINE];

    for (gsize total = 0; total < max;) {
        gssize n = read(fd, buffer, sizeof(buffer));

        if (n == 0 || (n < 0 && errno == EAGAIN))
            return TRUE;
        if (n < 0 && errno != EINTR && errno != EPIPE)
            return FALSE;
        total += n > 0 ? (gsize)n : 1;
        if (n > 0)
            take_bytes(reading, buffer, (gsize)n);
    }
    return TRUE;
}

/* To the last MAX bytes of a log, of which the first line is most often cut. */
static gboolean
go_to_end(Reading *reading, int fd, const char *path, GError **error)
{
    struct stat st;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: not a regular file", path);
        return FALSE;
    }
    if (st.st_size > MAX_LOG && lseek(fd, st.st_size - MAX_LOG, SEEK_SET) >= 0)
        g_string_append_c(reading->rest, ' ');
    return TRUE;
}

static gboolean
read_open(Reading *reading, int fd, const char *path, GError **error)
{
    if (!reading->ring && !go_to_end(reading, fd, path, error))
        return FALSE;
    if (take_all(reading, fd, reading->ring ? MAX_RING : MAX_LOG))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: %s", path, g_strerror(errno));
    return FALSE;
}

/* What is not there has nothing to tell. */
static gboolean
read_source(const PstSysroot *sysroot, const char *path, gboolean ring, PstSecurityData *data,
            GStrvBuilder *from, GError **error)
{
    Reading reading = {data, NULL, ring, NULL};
    g_autoptr(GError) cause = NULL;
    int fd = pst_sysroot_open(sysroot, path, 0, &cause);

    if (fd < 0) {
        if (cause->code == PST_ERROR_ABSENT)
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    reading.rest = g_string_new(NULL);
    gboolean done = read_open(&reading, fd, path, error);
    settle(&reading);
    g_string_free(reading.rest, TRUE);
    close(fd);
    if (done)
        g_strv_builder_add(from, path);
    return done;
}

gboolean
pst_security_denials_read(const PstSysroot *sysroot, const char *log, PstSecurityData *data,
                          GError **error)
{
    g_autoptr(GStrvBuilder) from = g_strv_builder_new();
    gboolean done = read_source(sysroot, KMSG, TRUE, data, from, error);

    done &= read_source(sysroot, log, FALSE, data, from, done ? error : NULL);
    data->denials_from = g_strv_builder_end(from);
    return done;
}
