// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/audit-line.h"

#include <string.h>

#define MAX_VALUE 512
#define USEC_PER_MSEC 1000

typedef enum { RECORD_OTHER, RECORD_AVC, RECORD_FANOTIFY, RECORD_SYSCALL } Record;

/* Names as auditd writes them, numbers as the kernel's ring does (linux/audit.h). Whatever else
 * quotes such words, as a login with a name of somebody's making does, is no denial. */
static const struct {
    const char *type;
    Record record;
} types[] = {
    {"AVC", RECORD_AVC},           {"1400", RECORD_AVC},      {"USER_AVC", RECORD_AVC},
    {"1107", RECORD_AVC},          {"1503", RECORD_AVC},      {"APPARMOR_DENIED", RECORD_AVC},
    {"FANOTIFY", RECORD_FANOTIFY}, {"1331", RECORD_FANOTIFY}, {"SYSCALL", RECORD_SYSCALL},
    {"1300", RECORD_SYSCALL},
};

void
pst_audit_line_free(PstAuditLine *line)
{
    g_free(line->program);
    g_free(line->domain);
    g_free(line->operation);
    g_free(line->target);
    g_free(line);
}

static Record
record_of(const char *type, gsize len)
{
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (strlen(types[i].type) == len && strncmp(types[i].type, type, len) == 0)
            return types[i].record;
    return RECORD_OTHER;
}

static gboolean
skip(const char **at, const char *word)
{
    if (!g_str_has_prefix(*at, word))
        return FALSE;
    *at += strlen(word);
    return TRUE;
}

/* `SECONDS.MILLISECONDS:SERIAL): `, and *at behind it. */
static gboolean
read_stamp(const char **at, PstAuditLine *line)
{
    char *end;
    guint64 seconds = g_ascii_strtoull(*at, &end, 10);

    if (end == *at || *end != '.' || seconds > G_MAXUINT32)
        return FALSE;
    guint64 milliseconds = g_ascii_strtoull(end + 1, &end, 10);
    if (*end != ':' || milliseconds > 999)
        return FALSE;
    line->serial = g_ascii_strtoull(end + 1, &end, 10);
    line->time_us = (gint64)(seconds * G_USEC_PER_SEC + milliseconds * USEC_PER_MSEC);
    *at = end;
    return skip(at, "):");
}

/* What a kernel wrote as hexadecimal digits because it holds spaces, quotes or control bytes. */
static char *
decode(const char *value, gsize len)
{
    GString *bytes = g_string_new(NULL);

    for (gsize i = 0; i + 1 < len; i += 2) {
        int high = g_ascii_xdigit_value(value[i]), low = g_ascii_xdigit_value(value[i + 1]);

        if (high < 0 || low < 0 || (high == 0 && low == 0))
            break;
        g_string_append_c(bytes, (char)(high * 16 + low));
    }
    return g_string_free(bytes, FALSE);
}

/* The value of KEY: in quotes, or up to the next space. */
static char *
value_of(const char *body, const char *key, gboolean may_be_hex)
{
    gsize key_len = strlen(key);
    const char *at = body;

    while ((at = strstr(at, key)) != NULL) {
        if ((at == body || strchr(" '", at[-1]) != NULL) && at[key_len] == '=')
            break;
        at += key_len;
    }
    if (at == NULL)
        return NULL;
    at += key_len + 1;
    if (*at == '"')
        return g_strndup(at + 1, MIN(strcspn(at + 1, "\""), (gsize)MAX_VALUE));
    gsize len = MIN(strcspn(at, " '"), (gsize)MAX_VALUE);
    if (len == 0 || strncmp(at, "(null)", len) == 0)
        return NULL;
    if (may_be_hex && len >= 2 && len % 2 == 0 && strspn(at, "0123456789ABCDEF") >= len)
        return decode(at, len);
    return g_strndup(at, len);
}

/* The program by the kernel's name, or for a record of user space by its file's. */
static char *
program_of(const char *body)
{
    char *program = value_of(body, "comm", TRUE);
    g_autofree char *file = program == NULL ? value_of(body, "exe", TRUE) : NULL;

    return file != NULL ? g_path_get_basename(file) : program;
}

static char *
target_of(const char *body)
{
    static const char *const keys[] = {"path", "name", "capname", "peer", "tclass"};
    char *target = NULL;

    for (guint i = 0; target == NULL && i < G_N_ELEMENTS(keys); i++)
        target = value_of(body, keys[i], TRUE);
    return target;
}

/* The third part of user:role:type:level. */
static char *
type_of(const char *body)
{
    g_autofree char *context = value_of(body, "scontext", FALSE);
    g_auto(GStrv) parts = g_strsplit(context != NULL ? context : "", ":", 4);

    return g_strv_length(parts) >= 3 ? g_strdup(parts[2]) : NULL;
}

/* `avc:  denied  { read open } for …` */
static gboolean
read_selinux(const char *body, PstAuditLine *line)
{
    const char *at = strstr(body, "avc:");
    g_autofree char *permissive = NULL;

    if (at == NULL)
        return FALSE;
    at += strlen("avc:");
    at += strspn(at, " ");
    if (!skip(&at, "denied"))
        return FALSE;
    at += strspn(at, " {");
    line->operation = g_strstrip(g_strndup(at, MIN(strcspn(at, "}"), (gsize)MAX_VALUE)));
    permissive = value_of(at, "permissive", FALSE);
    line->source = "selinux";
    line->enforced = g_strcmp0(permissive, "1") != 0;
    line->domain = type_of(at);
    line->program = program_of(at);
    line->target = target_of(at);
    return TRUE;
}

static gboolean
read_apparmor(const char *body, PstAuditLine *line)
{
    g_autofree char *verdict = value_of(body, "apparmor", FALSE);

    if (g_strcmp0(verdict, "DENIED") != 0)
        return FALSE;
    line->source = "apparmor";
    line->enforced = TRUE;
    line->domain = value_of(body, "profile", TRUE);
    line->operation = value_of(body, "operation", FALSE);
    line->program = program_of(body);
    line->target = target_of(body);
    return TRUE;
}

/* The answer of whoever is asked by fanotify(7): 2 is FAN_DENY. */
static gboolean
read_fanotify(const char *body, PstAuditLine *line)
{
    g_autofree char *response = value_of(body, "resp", FALSE);

    if (g_strcmp0(response, "2") != 0)
        return FALSE;
    line->source = "fapolicyd";
    line->enforced = TRUE;
    line->operation = g_strdup("open");
    return TRUE;
}

static gboolean
read_syscall(const char *body, PstAuditLine *line)
{
    line->program = program_of(body);
    line->target = value_of(body, "exe", TRUE);
    return line->program != NULL;
}

static gboolean
read_body(Record record, const char *body, PstAuditLine *line)
{
    switch (record) {
    case RECORD_AVC:
        return read_apparmor(body, line) || read_selinux(body, line);
    case RECORD_FANOTIFY:
        return read_fanotify(body, line);
    case RECORD_SYSCALL:
        return read_syscall(body, line);
    default:
        return FALSE;
    }
}

PstAuditLine *
pst_audit_line_parse(const char *bytes, gsize len)
{
    g_autofree char *copy = g_strndup(bytes, len);
    g_autoptr(PstAuditLine) line = g_new0(PstAuditLine, 1);
    const char *at = copy;

    skip(&at, "audit: ");
    if (skip(&at, "node="))
        at += strcspn(at, " ") + (at[strcspn(at, " ")] == ' ' ? 1 : 0);
    if (!skip(&at, "type="))
        return NULL;
    gsize type_len = strcspn(at, " ");
    Record record = record_of(at, type_len);
    if (record == RECORD_OTHER)
        return NULL;
    at += type_len;
    at += strspn(at, " ");
    skip(&at, "msg=");
    if (!skip(&at, "audit(") || !read_stamp(&at, line) || !read_body(record, at, line))
        return NULL;
    return g_steal_pointer(&line);
}
