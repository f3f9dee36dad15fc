// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/changes-log.h"

#include <string.h>
#include <unistd.h>

#include "protocol/error.h"

#define LOG "/var/log/dpkg.log"
#define MAX_TAIL (512 * 1024)
#define MAX_TRANSACTIONS 500

static PstChangesTransaction *
add(PstChangesData *data)
{
    return pst_fields_append(&pst_report_changes_transaction_fields, &data->transactions);
}

static gboolean
is_full(const PstChangesData *data)
{
    return data->transactions != NULL && data->transactions->len >= MAX_TRANSACTIONS;
}

/* "2026-11-26 00:08:34" in the guest's own zone. */
static gint64
moment_of(const char *day, const char *time, GTimeZone *zone)
{
    g_autofree char *text = g_strdup_printf("%sT%s", day, time);
    g_autoptr(GDateTime) date = g_date_time_new_from_iso8601(text, zone);

    return date != NULL ? g_date_time_to_unix(date) * G_USEC_PER_SEC : PST_INT_UNKNOWN;
}

static const char *
known(const char *version)
{
    return g_str_equal(version, "<none>") ? NULL : version;
}

/* "DAY TIME ACTION PACKAGE:ARCH FORMER NEW"; of "remove" and "purge" NEW says nothing. */
static void
parse_line(const char *line, GTimeZone *zone, gint64 since_us, PstChangesData *data)
{
    static const char *const actions[] = {"install", "upgrade", "remove", "purge", NULL};
    g_auto(GStrv) words = g_strsplit(line, " ", 7);

    if (g_strv_length(words) != 6 || !g_strv_contains(actions, words[2]) || is_full(data))
        return;
    gint64 when_us = moment_of(words[0], words[1], zone);
    if (when_us == PST_INT_UNKNOWN || when_us < since_us)
        return;

    PstChangesTransaction *one = add(data);
    gboolean gone = g_str_equal(words[2], "remove") || g_str_equal(words[2], "purge");
    one->when_us = when_us;
    one->action = g_strdup(words[2]);
    one->package = g_strndup(words[3], strcspn(words[3], ":"));
    one->former_version = g_strdup(known(words[4]));
    one->version = gone ? NULL : g_strdup(known(words[5]));
    one->source = g_strdup(LOG);
}

void
pst_changes_log_parse(char *text, GTimeZone *zone, gint64 since_us, PstChangesData *data)
{
    char *rest = text, *line;

    while ((line = strsep(&rest, "\n")) != NULL)
        parse_line(line, zone, since_us, data);
}

/* The end of a file, from a line's beginning on; NULL with *error left alone where there is none.
 */
static char *
read_tail(const PstSysroot *sysroot, const char *path, GError **error)
{
    g_autofree char *text = g_malloc(MAX_TAIL + 1);
    g_autoptr(GError) cause = NULL;
    struct stat st;
    gssize n = -1;
    off_t start = 0;

    int fd = pst_sysroot_open_file(sysroot, path, 0, &cause);
    if (fd < 0 && cause->code != PST_ERROR_ABSENT)
        g_propagate_error(error, g_steal_pointer(&cause));
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        start = MAX(0, st.st_size - MAX_TAIL);
        n = pread(fd, text, MAX_TAIL, start);
    }
    close(fd);
    if (n < 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "%s: can't be read", path);
        return NULL;
    }
    text[n] = '\0';
    const char *first = start > 0 ? strchr(text, '\n') : NULL;
    return g_strdup(first != NULL ? first + 1 : text);
}

gboolean
pst_changes_log_read(const PstSysroot *sysroot, gint64 since_us, PstChangesData *data,
                     GError **error)
{
    static const char *const logs[] = {LOG, LOG ".1"};
    g_autoptr(GTimeZone) zone =
        pst_sysroot_is_live(sysroot) ? g_time_zone_new_local() : g_time_zone_new_utc();

    for (guint i = 0; i < G_N_ELEMENTS(logs); i++) {
        g_autoptr(GError) cause = NULL;
        g_autofree char *text = read_tail(sysroot, logs[i], &cause);

        if (cause != NULL) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
        if (text != NULL)
            pst_changes_log_parse(text, zone, since_us, data);
    }
    return TRUE;
}

void
pst_changes_log_add_installs(const PstPackageDb *db, PstChangesData *data)
{
    const GPtrArray *recent = pst_package_db_recent(db);

    for (guint i = 0; i < recent->len && !is_full(data); i++) {
        const PstPackageInstall *install = recent->pdata[i];
        PstChangesTransaction *one = add(data);

        one->when_us = install->installed_us;
        one->action = g_strdup("install");
        one->package = g_strdup(install->package);
        one->version = g_strdup(install->version);
        one->source = g_strdup("rpm");
    }
}

static int
compare_latest(gconstpointer a, gconstpointer b)
{
    const PstChangesTransaction *left = *(const PstChangesTransaction *const *)a;
    const PstChangesTransaction *right = *(const PstChangesTransaction *const *)b;

    return left->when_us < right->when_us ? 1 : left->when_us > right->when_us ? -1 : 0;
}

void
pst_changes_log_sort(PstChangesData *data)
{
    if (data->transactions != NULL)
        g_ptr_array_sort(data->transactions, compare_latest);
}
