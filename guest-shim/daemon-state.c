// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/daemon-state.h"

#include <stdio.h>
#include <string.h>

#define MAX_PROCS (64 * 1024)
#define MAX_SOCKETS (4 * 1024 * 1024)
#define FLAG_LISTENING 0x10000 /* __SO_ACCEPTCON of linux/net.h, in proc_net_unix(5) */

static const char *const dbus_units[] = {"dbus.service", "dbus-broker.service", NULL};
static const char *const dbus_programs[] = {"/usr/bin/dbus-daemon", "/usr/bin/dbus-broker-launch",
                                            "/bin/dbus-daemon",
                                            "/run/current-system/sw/bin/dbus-daemon", NULL};
const PstDaemon pst_daemon_state_dbus = {dbus_units, dbus_programs, "/run/dbus/system_bus_socket"};

static const char *const journald_units[] = {"systemd-journald.service", NULL};
static const char *const journald_programs[] = {
    "/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald",
    "/run/current-system/systemd/lib/systemd/systemd-journald", NULL};
const PstDaemon pst_daemon_state_journald = {journald_units, journald_programs, NULL};

/* Unified, hybrid and legacy hierarchies: systemd's own is at one of these. */
static const char *const slices[] = {"/sys/fs/cgroup/system.slice",
                                     "/sys/fs/cgroup/unified/system.slice",
                                     "/sys/fs/cgroup/systemd/system.slice"};

static const char *const names[] = {
    [PST_DAEMON_STATE_RUNNING] = "running",     [PST_DAEMON_STATE_STUCK] = "stuck",
    [PST_DAEMON_STATE_ON_DEMAND] = "on-demand", [PST_DAEMON_STATE_STOPPED] = "stopped",
    [PST_DAEMON_STATE_ABSENT] = "absent",       [PST_DAEMON_STATE_SILENT] = "silent",
};

static const char *
slice_of(const PstSysroot *sysroot)
{
    for (guint i = 0; i < G_N_ELEMENTS(slices); i++)
        if (pst_sysroot_exists(sysroot, slices[i]))
            return slices[i];
    return NULL;
}

/* The letter of proc_pid_stat(5), behind the name's last parenthesis; 0 for none. */
static char
process_state(const PstSysroot *sysroot, const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/stat", pid);
    g_autofree char *stat = pst_sysroot_read_line(sysroot, path, NULL);
    const char *end = stat != NULL ? strrchr(stat, ')') : NULL;

    return end != NULL && end[1] == ' ' ? end[2] : '\0';
}

/* What the processes of a unit say; PST_DAEMON_STATE_STOPPED where there are none. */
static PstDaemonState
state_of_unit(const PstSysroot *sysroot, const char *slice, const char *unit)
{
    g_autofree char *path = g_strdup_printf("%s/%s/cgroup.procs", slice, unit);
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_PROCS, NULL, NULL);
    PstDaemonState state = PST_DAEMON_STATE_STOPPED;

    if (text == NULL)
        return state;
    g_auto(GStrv) pids = g_strsplit(g_strstrip(text), "\n", -1);
    for (guint i = 0; pids[i] != NULL; i++) {
        char letter = process_state(sysroot, pids[i]);

        if (letter == 'T' || letter == 't')
            state = PST_DAEMON_STATE_STUCK;
        else if (letter != '\0' && letter != 'Z' && letter != 'X')
            return PST_DAEMON_STATE_RUNNING;
    }
    return state;
}

static gboolean
is_listening(const PstSysroot *sysroot, const char *socket)
{
    g_autofree char *text = pst_sysroot_read(sysroot, "/proc/net/unix", MAX_SOCKETS, NULL, NULL);

    if (text == NULL)
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        unsigned int flags;

        if (g_str_has_suffix(lines[i], socket) &&
            sscanf(lines[i], "%*[^:]: %*x %*x %x", &flags) == 1 && (flags & FLAG_LISTENING) != 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_installed(const PstSysroot *sysroot, const char *const *programs)
{
    for (guint i = 0; programs[i] != NULL; i++)
        if (pst_sysroot_exists(sysroot, programs[i]))
            return TRUE;
    return FALSE;
}

PstDaemonState
pst_daemon_state_read(const PstSysroot *sysroot, const PstDaemon *daemon)
{
    const char *slice = slice_of(sysroot);
    PstDaemonState state = PST_DAEMON_STATE_STOPPED;

    if (slice == NULL)
        return PST_DAEMON_STATE_UNKNOWN;
    for (guint i = 0; daemon->units[i] != NULL && state != PST_DAEMON_STATE_RUNNING; i++) {
        PstDaemonState found = state_of_unit(sysroot, slice, daemon->units[i]);

        if (found != PST_DAEMON_STATE_STOPPED)
            state = found;
    }
    if (state != PST_DAEMON_STATE_STOPPED)
        return state;
    if (daemon->socket != NULL && is_listening(sysroot, daemon->socket))
        return PST_DAEMON_STATE_ON_DEMAND;
    return is_installed(sysroot, daemon->programs) ? state : PST_DAEMON_STATE_ABSENT;
}

const char *
pst_daemon_state_name(PstDaemonState state)
{
    return names[state];
}
