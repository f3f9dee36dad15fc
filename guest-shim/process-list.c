// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/process-list.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/probe.h"

#define MAX_PROCESSES 5000
#define MAX_NAME 64
/* Fifty numbers of up to twenty digits, and the name. */
#define MAX_STAT 2048

void
pst_process_list_free_process(gpointer data)
{
    PstProcess *process = data;

    g_free(process->name);
    g_free(process);
}

gint64
pst_process_list_now_us(void)
{
    return pst_boot_clock_us();
}

/* The name may hold parentheses, spaces and line ends of its own: it ends at the last one. */
PstProcess *
pst_process_list_parse(const char *text)
{
    const char *open = strchr(text, '('), *close = strrchr(text, ')');
    unsigned long long start;
    long long threads, pages;
    char state;

    if (open == NULL || close == NULL || close < open || close - open > MAX_NAME ||
        sscanf(close,
               ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %lld "
               "%*d %llu %*u %lld",
               &state, &threads, &start, &pages) != 4)
        return NULL;

    gint64 pid = g_ascii_strtoll(text, NULL, 10);
    if (pid <= 0 || pages < 0 || pages > G_MAXINT64 / sysconf(_SC_PAGESIZE))
        return NULL;
    PstProcess *process = g_new0(PstProcess, 1);
    process->pid = pid;
    process->name = g_strndup(open + 1, (gsize)(close - open - 1));
    process->state = state;
    process->threads = threads;
    process->rss_bytes = pages * sysconf(_SC_PAGESIZE);
    process->start_us =
        (gint64)(start / (guint64)sysconf(_SC_CLK_TCK)) * G_USEC_PER_SEC +
        (gint64)(start % (guint64)sysconf(_SC_CLK_TCK)) * G_USEC_PER_SEC / sysconf(_SC_CLK_TCK);
    return process;
}

/* A process may end at any moment. The kernel gives the whole line to the first read, and there are
 * hundreds of them. */
static PstProcess *
read_process(const PstSysroot *sysroot, const char *name)
{
    g_autofree char *path = g_strconcat("/proc/", name, "/stat", NULL);
    char text[MAX_STAT];

    int fd = pst_sysroot_open_file(sysroot, path, 0, NULL);
    if (fd < 0)
        return NULL;
    gssize n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[MAX(n, 0)] = '\0';
    return pst_process_list_parse(text);
}

gint64
pst_process_list_uid(const PstSysroot *sysroot, gint64 pid)
{
    g_autofree char *folder = g_strdup_printf("/proc/%" G_GINT64_FORMAT, pid);
    struct stat st;

    return pst_sysroot_stat(sysroot, folder, &st, NULL) ? (gint64)st.st_uid : PST_INT_UNKNOWN;
}

GPtrArray *
pst_process_list_read(const PstSysroot *sysroot, gboolean *cut, GError **error)
{
    g_auto(GStrv) names = pst_sysroot_list(sysroot, "/proc", error);

    if (names == NULL)
        return NULL;
    GPtrArray *processes = g_ptr_array_new_with_free_func(pst_process_list_free_process);
    guint i = 0;
    for (; names[i] != NULL && processes->len < MAX_PROCESSES; i++) {
        PstProcess *process = g_ascii_isdigit(*names[i]) ? read_process(sysroot, names[i]) : NULL;
        if (process != NULL)
            g_ptr_array_add(processes, process);
    }
    if (cut != NULL)
        *cut = names[i] != NULL;
    return processes;
}

char *
pst_process_list_unit_of_group(const char *group)
{
    static const char *const types[] = {".service", ".scope", ".mount", ".socket", ".swap"};
    g_auto(GStrv) parts = g_strsplit(group, "/", -1);
    const char *slice = NULL;

    for (guint i = 0; parts[i] != NULL; i++) {
        for (guint j = 0; j < G_N_ELEMENTS(types); j++)
            if (g_str_has_suffix(parts[i], types[j]))
                return g_strdup(parts[i]);
        if (g_str_has_suffix(parts[i], ".slice"))
            slice = parts[i];
    }
    return g_strdup(slice);
}

/* One line a hierarchy: the unified one's is "0::PATH", systemd's own in the others
 * "N:name=systemd:PATH". */
char *
pst_process_list_unit(const PstSysroot *sysroot, gint64 pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/cgroup", pid);
    g_autofree char *text = pst_sysroot_read_line(sysroot, path, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) columns = g_strsplit(lines[i], ":", 3);
        char *unit = NULL;

        if (g_strv_length(columns) < 3)
            continue;
        if (g_str_equal(columns[1], "") || g_str_equal(columns[1], "name=systemd"))
            unit = pst_process_list_unit_of_group(columns[2]);
        if (unit != NULL)
            return unit;
    }
    return NULL;
}
