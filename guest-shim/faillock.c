// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/faillock.h"

#include <string.h>

#include "protocol/error.h"

#define CONF "/etc/security/faillock.conf"
#define VENDOR_CONF "/usr/etc/security/faillock.conf" /* where the former is not there (SUSE) */
#define FOLDER "/var/run/faillock"
#define MAX_CONF (64 * 1024)
#define MAX_TALLY (64 * 1024) /* a thousand failures */
#define VALID 0x1             /* TALLY_STATUS_VALID */

/* struct tally of Linux-PAM's faillock.h, in the byte order of the machine. */
typedef struct {
    char source[52];
    guint16 reserved;
    guint16 status;
    guint64 time;
} Record;
G_STATIC_ASSERT(sizeof(Record) == 64);

void
pst_faillock_settings_clear(PstFaillockSettings *settings)
{
    g_free(settings->conf);
    g_free(settings->folder);
    g_free(settings->admin_group);
}

static void
set_number(const char *value, gint64 *number)
{
    guint64 parsed = 0;

    if (g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT32, &parsed, NULL))
        *number = (gint64)parsed;
    else if (g_str_equal(value, "never"))
        *number = 0;
}

static void
set_text(const char *value, char **text)
{
    g_free(*text);
    *text = g_strdup(value);
}

/* One word of the configuration or of the module's arguments: `name = value`, or a flag. */
static void
apply(PstFaillockSettings *settings, const char *word)
{
    g_auto(GStrv) parts = g_strsplit(word, "=", 2);
    const char *name = g_strstrip(parts[0] != NULL ? parts[0] : (char[]){""});
    const char *value = parts[0] != NULL && parts[1] != NULL ? g_strstrip(parts[1]) : "";

    if (g_str_equal(name, "deny"))
        set_number(value, &settings->deny);
    else if (g_str_equal(name, "fail_interval"))
        set_number(value, &settings->fail_interval_s);
    else if (g_str_equal(name, "unlock_time"))
        set_number(value, &settings->unlock_time_s);
    else if (g_str_equal(name, "root_unlock_time"))
        set_number(value, &settings->root_unlock_time_s);
    else if (g_str_equal(name, "even_deny_root"))
        settings->even_root = TRUE;
    else if (g_str_equal(name, "dir") && value[0] == '/')
        set_text(value, &settings->folder);
    else if (g_str_equal(name, "admin_group"))
        set_text(value, &settings->admin_group);
}

static void
apply_file(PstFaillockSettings *settings, const PstSysroot *sysroot, const char *path)
{
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_CONF, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        lines[i][strcspn(lines[i], "#")] = '\0';
        apply(settings, lines[i]);
    }
}

static const PstPamLine *
find_line(const PstPamStack *stack)
{
    const GPtrArray *lines = stack->lines[PST_PAM_AUTH];

    for (guint i = 0; i < lines->len; i++) {
        const PstPamLine *line = lines->pdata[i];
        if (line->module != NULL && g_str_has_suffix(line->module, "pam_faillock.so"))
            return line;
    }
    return NULL;
}

void
pst_faillock_read_line(const PstSysroot *sysroot, const PstPamLine *line,
                       PstFaillockSettings *settings)
{
    const char *conf = pst_sysroot_exists(sysroot, CONF) ? CONF : VENDOR_CONF;
    g_auto(GStrv) words = g_strsplit_set(line->args, " \t", -1);
    for (guint i = 0; words[i] != NULL; i++)
        if (g_str_has_prefix(words[i], "conf=/"))
            conf = words[i] + strlen("conf=");
    *settings = (PstFaillockSettings){.conf = g_strdup(conf),
                                      .folder = g_strdup(FOLDER),
                                      .deny = 3,
                                      .fail_interval_s = 900,
                                      .unlock_time_s = 600};
    settings->root_unlock_time_s = -1;
    apply_file(settings, sysroot, conf);
    for (guint i = 0; words[i] != NULL; i++)
        apply(settings, words[i]);
    if (settings->root_unlock_time_s < 0)
        settings->root_unlock_time_s = settings->unlock_time_s;
}

gboolean
pst_faillock_read_settings(const PstSysroot *sysroot, const PstPamStack *stack,
                           PstFaillockSettings *settings)
{
    const PstPamLine *line = find_line(stack);

    if (line != NULL && settings != NULL)
        pst_faillock_read_line(sysroot, line, settings);
    return line != NULL;
}

void
pst_faillock_tally_free(PstFaillockTally *tally)
{
    g_free(tally->path);
    g_free(tally);
}

/* A file name of its own, and none that leads elsewhere. */
static gboolean
is_name(const char *user)
{
    return user[0] != '\0' && user[0] != '.' && strchr(user, '/') == NULL;
}

static void
count(PstFaillockTally *tally, const char *bytes, gsize len, gint64 interval_s)
{
    guint n = (guint)(len / sizeof(Record));

    for (guint pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < n; i++) {
            Record record;

            memcpy(&record, bytes + i * sizeof(Record), sizeof(Record));
            if ((record.status & VALID) == 0 || record.time > G_MAXINT64 / G_USEC_PER_SEC)
                continue;
            if (pass == 0)
                tally->latest_s = MAX(tally->latest_s, (gint64)record.time);
            else if (tally->latest_s - (gint64)record.time < interval_s)
                tally->failures++;
        }
    }
}

PstFaillockTally *
pst_faillock_read_tally(const PstSysroot *sysroot, const PstFaillockSettings *settings,
                        const char *user, GError **error)
{
    g_autoptr(PstFaillockTally) tally = g_new0(PstFaillockTally, 1);
    g_autoptr(GError) cause = NULL;
    gsize len = 0;

    if (!is_name(user)) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "'%.64s' has no tally", user);
        return NULL;
    }
    tally->path = g_build_filename(settings->folder, user, NULL);
    g_autofree char *bytes = pst_sysroot_read(sysroot, tally->path, MAX_TALLY, &len, &cause);
    if (bytes == NULL && cause->code != PST_ERROR_ABSENT) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    if (bytes != NULL)
        count(tally, bytes, len, settings->fail_interval_s);
    return g_steal_pointer(&tally);
}

gboolean
pst_faillock_is_shut(const PstFaillockSettings *settings, const PstFaillockTally *tally,
                     gboolean root, gint64 now_s)
{
    gint64 unlock_s = root ? settings->root_unlock_time_s : settings->unlock_time_s;

    if (settings->deny == 0 || tally->failures < settings->deny || (root && !settings->even_root))
        return FALSE;
    return unlock_s == 0 || tally->latest_s + unlock_s >= now_s;
}
