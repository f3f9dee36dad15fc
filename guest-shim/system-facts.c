// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/system-facts.h"

#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "guest-shim/daemon-state.h"
#include "guest-shim/initramfs-facts.h"
#include "guest-shim/initramfs.h"
#include "guest-shim/last-shutdown.h"
#include "guest-shim/mount-table.h"

#define MAX_TEXT (64 * 1024)
#define TAINT_LETTERS "PFSRMBUDAWCIOELKXTN"

void
pst_system_facts_free(PstSystemFacts *facts)
{
    g_free(facts->nologin_path);
    g_free(facts->root_line);
    g_free(facts->newest_path);
    g_free(facts);
}

char *
pst_system_facts_taint_letters(gint64 mask)
{
    GString *letters = g_string_new(NULL);

    for (guint bit = 0; bit < strlen(TAINT_LETTERS); bit++)
        if ((mask >> bit & 1) != 0)
            g_string_append_c(letters, TAINT_LETTERS[bit]);
    return g_string_free(letters, FALSE);
}

/* The value of KEY in os-release(5), without its quotes. */
static char *
os_value(const char *const *lines, const char *key)
{
    for (guint i = 0; lines[i] != NULL; i++) {
        gsize len = strlen(key);

        if (strncmp(lines[i], key, len) != 0 || lines[i][len] != '=')
            continue;
        char *value = g_strstrip(g_strdup(lines[i] + len + 1));
        gsize last = strlen(value);
        if (last >= 2 && (*value == '"' || *value == '\'') && value[last - 1] == *value) {
            value[last - 1] = '\0';
            memmove(value, value + 1, last - 1);
        }
        return value;
    }
    return NULL;
}

static void
read_os(const PstSysroot *sysroot, PstSystemData *data)
{
    g_autofree char *text = pst_sysroot_read(sysroot, "/etc/os-release", MAX_TEXT, NULL, NULL);

    if (text == NULL)
        text = pst_sysroot_read(sysroot, "/usr/lib/os-release", MAX_TEXT, NULL, NULL);
    if (text == NULL)
        return;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    data->os = pst_fields_new(&pst_report_system_os_fields);
    data->os->id = os_value((const char *const *)lines, "ID");
    data->os->version = os_value((const char *const *)lines, "VERSION_ID");
    data->os->name = os_value((const char *const *)lines, "PRETTY_NAME");
}

static void
read_kernel(const PstSysroot *sysroot, PstSystemData *data)
{
    PstSystemKernel *kernel = pst_fields_new(&pst_report_system_kernel_fields);
    g_autofree char *taint = pst_sysroot_read_line(sysroot, "/proc/sys/kernel/tainted", NULL);
    struct utsname name;

    data->kernel = kernel;
    kernel->release = pst_sysroot_read_line(sysroot, "/proc/sys/kernel/osrelease", NULL);
    kernel->version = pst_sysroot_read_line(sysroot, "/proc/sys/kernel/version", NULL);
    kernel->command_line = pst_sysroot_read_line(sysroot, "/proc/cmdline", NULL);
    if (pst_sysroot_is_live(sysroot) && uname(&name) == 0)
        kernel->arch = g_strdup(name.machine);
    if (taint != NULL && g_ascii_string_to_signed(taint, 10, 0, G_MAXINT64, &kernel->taint, NULL))
        kernel->taint_letters = pst_system_facts_taint_letters(kernel->taint);
}

static gint64
clock_us(clockid_t id)
{
    struct timespec now;

    return clock_gettime(id, &now) == 0 ? (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000
                                        : PST_INT_UNKNOWN;
}

static void
read_clock(const PstSysroot *sysroot, PstSystemData *data)
{
    g_autofree char *uptime = pst_sysroot_read_line(sysroot, "/proc/uptime", NULL);

    if (uptime != NULL && g_ascii_isdigit(*uptime))
        data->uptime_s = (gint64)g_ascii_strtod(uptime, NULL);
    if (!pst_sysroot_is_live(sysroot))
        return;
    data->clock = pst_fields_new(&pst_report_system_clock_fields);
    data->clock->realtime_us = clock_us(CLOCK_REALTIME);
    data->clock->boottime_us = clock_us(CLOCK_BOOTTIME);
}

/* Files that were written on this machine or by its distribution in the past: a clock before them
 * is wrong, whatever the right time is. */
static void
read_newest(const PstSysroot *sysroot, PstSystemFacts *facts)
{
    static const char *const paths[] = {"/etc/os-release", "/usr/lib/clock-epoch",
                                        "/var/lib/systemd/timesync/clock", "/etc/machine-id",
                                        "/var/lib/dpkg/status"};
    struct stat st;

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        if (!pst_sysroot_stat(sysroot, paths[i], &st, NULL) ||
            (gint64)st.st_mtim.tv_sec * G_USEC_PER_SEC <= facts->newest_us)
            continue;
        facts->newest_us = (gint64)st.st_mtim.tv_sec * G_USEC_PER_SEC;
        g_free(facts->newest_path);
        facts->newest_path = g_strdup(paths[i]);
    }
}

static void
read_identity(const PstSysroot *sysroot, PstSystemData *data)
{
    g_autofree char *boot_id =
        pst_sysroot_read_line(sysroot, "/proc/sys/kernel/random/boot_id", NULL);

    data->hostname = pst_sysroot_read_line(sysroot, "/proc/sys/kernel/hostname", NULL);
    data->machine_id = pst_sysroot_read_line(sysroot, "/etc/machine-id", NULL);
    if (boot_id != NULL) {
        g_auto(GStrv) parts = g_strsplit(boot_id, "-", -1);
        data->boot_id = g_strjoinv("", parts);
    }
}

/* Of several mounts on / the last one is seen. */
static void
read_root(const PstSysroot *sysroot, PstSystemData *data, PstSystemFacts *facts)
{
    g_autoptr(GPtrArray) mounts = pst_mount_table_read(sysroot, NULL);
    const PstMount *root = mounts != NULL ? pst_mount_table_at(mounts, "/") : NULL;

    if (root == NULL)
        return;
    data->root_read_only = PST_TRI(pst_mount_table_is_read_only(root));
    facts->root_line = g_strdup(root->line);
    if (data->root_read_only != PST_TRI_YES)
        return;
    g_autoptr(GPtrArray) entries = pst_fstab_read(sysroot, NULL);
    facts->root_meant = pst_mount_table_is_never_writable(root)
                            ? PST_FSTAB_READ_ONLY
                            : pst_fstab_meant(entries, "/", data->kernel->command_line);
}

/* pam_nologin(8) looks for these two. */
static void
read_nologin(const PstSysroot *sysroot, PstSystemData *data, PstSystemFacts *facts)
{
    static const char *const paths[] = {"/run/nologin", "/etc/nologin"};

    data->nologin = PST_TRI_NO;
    for (guint i = 0; i < G_N_ELEMENTS(paths) && facts->nologin_path == NULL; i++)
        if (pst_sysroot_exists(sysroot, paths[i])) {
            data->nologin = PST_TRI_YES;
            facts->nologin_path = g_strdup(paths[i]);
        }
}

PstSystemFacts *
pst_system_facts_read(const PstSysroot *sysroot, PstSystemData *data)
{
    PstSystemFacts *facts = g_new0(PstSystemFacts, 1);

    read_identity(sysroot, data);
    read_os(sysroot, data);
    read_kernel(sysroot, data);
    read_clock(sysroot, data);
    read_newest(sysroot, facts);
    read_root(sysroot, data, facts);
    read_nologin(sysroot, data, facts);
    data->initramfs = PST_TRI(pst_initramfs_is_root(sysroot));
    if (data->initramfs == PST_TRI_YES)
        data->early = pst_initramfs_facts_read(sysroot, data->kernel->command_line);
    data->last_shutdown_clean = pst_last_shutdown_was_clean(sysroot);
    data->dbus =
        g_strdup(pst_daemon_state_name(pst_daemon_state_read(sysroot, &pst_daemon_state_dbus)));
    data->journald =
        g_strdup(pst_daemon_state_name(pst_daemon_state_read(sysroot, &pst_daemon_state_journald)));
    return facts;
}
