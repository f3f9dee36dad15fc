// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-judges.h"
#include "protocol/shell-word.h"

/* What waits in a shim for its recorder's port comes at once, up to so much: a file that holds less
 * has lost its beginning by then. */
#define LEAST_BYTES (1024 * 1024)

void
pst_doctor_judge_host_libvirt(PstDoctorJudging *judging)
{
    const PstDoctorHost *host = judging->host;

    if (host->libvirt == NULL)
        return;
    g_autofree char *user = pst_shell_word(host->user != NULL ? host->user : "USER");
    char *mend = host->denied == PST_TRI_YES ? g_strdup_printf("usermod -a -G libvirt %s", user)
                 : host->here == PST_TRI_YES
                     ? g_strdup("systemctl start virtqemud.socket || systemctl start "
                                "libvirtd.socket")
                     : g_strdup("virsh -c URI list, which says why");
    pst_doctor_stands(judging, PST_SEVERITY_CRITICAL, mend, "libvirt can't be asked: %s",
                      host->libvirt);
}

/* It names the file and the key itself. */
void
pst_doctor_judge_host_config(PstDoctorJudging *judging)
{
    const char *config = judging->host->config;

    if (config != NULL)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING,
                          g_strdup("correct it; man postern, FILES, tells what may stand "
                                   "there"),
                          "postern's configuration can't be read, and verbs that need it end with "
                          "that: %s",
                          config);
}

/* ---- the daemons ---- */

static gboolean
is_wanted(const PstDoctorDoor *door)
{
    return door != NULL && door->path != NULL;
}

/* No daemon is no obstacle: the command does all itself, where libvirt lets it. */
void
pst_doctor_judge_host_daemon_absent(PstDoctorJudging *judging)
{
    const PstDoctorDoor *door = judging->host->diagnose;

    if (is_wanted(door) && door->there == PST_TRI_NO)
        pst_doctor_stands(judging, PST_SEVERITY_INFORMATION,
                          g_strdup("systemctl enable --now postern-diagnose.socket"),
                          "the daemon isn't there: nothing is at %s", door->path);
}

void
pst_doctor_judge_host_daemon_shut(PstDoctorJudging *judging)
{
    const PstDoctorHost *host = judging->host;
    g_autofree char *user = pst_shell_word(host->user != NULL ? host->user : "USER");

    if (is_wanted(host->diagnose) && host->diagnose->shut == PST_TRI_YES)
        pst_doctor_stands(judging,
                          host->libvirt != NULL ? PST_SEVERITY_CRITICAL : PST_SEVERITY_INFORMATION,
                          g_strdup_printf("usermod -a -G postern %s", user),
                          "the daemon does not let this user in: %s", host->diagnose->path);
}

static char *
mend_silent(const PstDoctorDoor *door)
{
    g_autofree char *unit = door->unit != NULL ? pst_shell_word(door->unit) : NULL;

    return unit != NULL ? g_strdup_printf("systemctl restart %s.socket %s.service", unit, unit)
                        : g_strdup("start the daemon that is to listen there, or say --no-daemon");
}

void
pst_doctor_judge_host_daemon_silent(PstDoctorJudging *judging)
{
    const PstDoctorHost *host = judging->host;
    const PstDoctorDoor *doors[] = {host->diagnose, host->recover};

    for (guint i = 0; i < G_N_ELEMENTS(doors); i++)
        if (is_wanted(doors[i]) && doors[i]->there == PST_TRI_YES &&
            doors[i]->answers == PST_TRI_NO && doors[i]->shut != PST_TRI_YES)
            pst_doctor_stands(judging, PST_SEVERITY_CRITICAL, mend_silent(doors[i]),
                              "no daemon answers at %s: %s", doors[i]->path,
                              doors[i]->problem != NULL ? doors[i]->problem : "nobody says why");
}

void
pst_doctor_judge_host_daemon_libvirt(PstDoctorJudging *judging)
{
    const PstDoctorDoor *door = judging->host->diagnose;

    if (is_wanted(door) && door->libvirt != NULL)
        pst_doctor_stands(judging, PST_SEVERITY_CRITICAL,
                          g_strdup("usermod -a -G libvirt postern-diagnose && systemctl restart "
                                   "postern-diagnose.service"),
                          "the daemon can't list the domains: %s", door->libvirt);
}

void
pst_doctor_judge_host_daemon_enabled(PstDoctorJudging *judging)
{
    const PstDoctorHost *host = judging->host;
    const PstDoctorDoor *doors[] = {host->diagnose, host->recover};

    for (guint i = 0; i < G_N_ELEMENTS(doors); i++)
        if (is_wanted(doors[i]) && doors[i]->there == PST_TRI_YES &&
            doors[i]->enabled == PST_TRI_NO)
            pst_doctor_stands(judging, PST_SEVERITY_WARNING,
                              g_strdup_printf("systemctl enable %s.socket", doors[i]->unit),
                              "after the host's next start nobody listens at %s", doors[i]->path);
}

/* The kernel asks the mode of a socket whoever connects: https://man7.org/linux/man-pages/man7/
 * unix.7.html, "Pathname socket ownership and permissions". */
static gboolean
is_for_all(const PstDoctorDoor *door)
{
    return door->mode != NULL && (g_ascii_strtoull(door->mode, NULL, 8) & 02) != 0;
}

void
pst_doctor_judge_host_socket_mode(PstDoctorJudging *judging)
{
    const PstDoctorDoor *doors[] = {judging->host->diagnose, judging->host->recover};

    for (guint i = 0; i < G_N_ELEMENTS(doors); i++) {
        if (!is_wanted(doors[i]) || !is_for_all(doors[i]))
            continue;
        g_autofree char *path = pst_shell_word(doors[i]->path);
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, g_strdup_printf("chmod 0660 %s", path),
                          "everybody on this host may call at %s, mode %s", doors[i]->path,
                          doors[i]->mode);
    }
}

/* ---- the recorders' files ---- */

/* What is known of it; NULL, which is said, where nothing is. */
static const PstDoctorPool *
pool_of(PstDoctorJudging *judging)
{
    const PstDoctorHost *host = judging->host;

    if (host->pool != NULL && host->pool->problem == NULL)
        return host->pool;
    pst_doctor_unknown(judging, host->pool != NULL ? host->pool->problem : host->libvirt);
    return NULL;
}

/* These commands of virsh's, one after the other; NULL behind the last. */
static char *
mend_pool(const PstDoctorJudging *judging, const char *const *commands)
{
    g_autofree char *virsh = pst_doctor_program("virsh", judging->host->uri);
    GString *mend = g_string_new(NULL);

    for (; *commands != NULL; commands++)
        g_string_append_printf(mend, "%s%s %s", mend->len > 0 ? " && " : "", virsh, *commands);
    return g_string_free(mend, FALSE);
}

void
pst_doctor_judge_host_pool_missing(PstDoctorJudging *judging)
{
    static const char *const commands[] = {
        "pool-define-as postern dir --target /var/lib/libvirt/postern", "pool-build postern",
        "pool-start postern", "pool-autostart postern", NULL};
    const PstDoctorPool *pool = pool_of(judging);

    if (pool != NULL && pool->there == PST_TRI_NO)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, mend_pool(judging, commands),
                          "there is no storage pool postern: what recorders write can't be read");
}

void
pst_doctor_judge_host_pool_inactive(PstDoctorJudging *judging)
{
    static const char *const commands[] = {"pool-start postern", NULL};
    const PstDoctorPool *pool = pool_of(judging);

    if (pool != NULL && pool->there == PST_TRI_YES && pool->active == PST_TRI_NO)
        pst_doctor_stands(judging, PST_SEVERITY_CRITICAL, mend_pool(judging, commands),
                          "the storage pool postern is not active: what recorders write can't be "
                          "read");
}

void
pst_doctor_judge_host_pool_autostart(PstDoctorJudging *judging)
{
    static const char *const commands[] = {"pool-autostart postern", NULL};
    const PstDoctorPool *pool = pool_of(judging);

    if (pool != NULL && pool->there == PST_TRI_YES && pool->autostart == PST_TRI_NO)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, mend_pool(judging, commands),
                          "the storage pool postern is not active after the host's next start");
}

/* Where virtlogd is asked for, its socket is the service manager's. */
void
pst_doctor_judge_host_virtlogd_stopped(PstDoctorJudging *judging)
{
    const PstDoctorVirtlogd *virtlogd = judging->host->virtlogd;

    if (virtlogd != NULL && virtlogd->used != PST_TRI_NO && virtlogd->socket == PST_TRI_NO)
        pst_doctor_stands(judging, PST_SEVERITY_CRITICAL,
                          g_strdup("systemctl enable --now virtlogd.socket"),
                          "virtlogd is not there: no domain with a recorder can be started, and "
                          "what recorders write arrives nowhere");
}

/* What runs already keeps the handler that it was started with. */
#define MEND_HANDLER                                                                               \
    "sed -i -E '/^[[:space:]]*stdio_handler[[:space:]]*=/d' /etc/libvirt/qemu.conf && systemctl "  \
    "enable --now virtlogd.socket && systemctl restart libvirtd.service"

/* Of two lines libvirt takes the first: one that is there has to go, or a new one counts nothing.
 */
static char *
mend_limits(const PstDoctorVirtlogd *virtlogd)
{
    return g_strdup_printf("sed -i -E '/^[[:space:]]*max_(size|backups)[[:space:]]*=/d' %s && "
                           "printf '\\nmax_size = 2097152\\nmax_backups = 3\\n' >>%s && systemctl "
                           "reload virtlogd.service",
                           virtlogd->config, virtlogd->config);
}

void
pst_doctor_judge_host_virtlogd_limits(PstDoctorJudging *judging)
{
    const PstDoctorVirtlogd *virtlogd = judging->host->virtlogd;

    if (virtlogd == NULL)
        return;
    if (virtlogd->used == PST_TRI_NO) {
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, g_strdup(MEND_HANDLER),
                          "libvirt has QEMU write a recorder's file itself (stdio_handler in "
                          "/etc/libvirt/qemu.conf): nobody rolls it, and a guest can fill the "
                          "host's disk by it");
        return;
    }
    if (virtlogd->problem != NULL || virtlogd->max_size == PST_INT_UNKNOWN ||
        virtlogd->max_backups == PST_INT_UNKNOWN) {
        pst_doctor_unknown(judging, virtlogd->problem);
        return;
    }
    /* Two factors from a file: their product need not fit. */
    gboolean small = virtlogd->max_size < LEAST_BYTES / (virtlogd->max_backups + 1);
    if (virtlogd->max_size == 0)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, mend_limits(virtlogd),
                          "virtlogd never rolls a file: a guest can fill the host's disk by its "
                          "recorder");
    else if (virtlogd->max_backups == 0)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, mend_limits(virtlogd),
                          "virtlogd keeps no part of a file that it rolls: each time all that a "
                          "recorder wrote is gone");
    else if (small)
        pst_doctor_stands(judging, PST_SEVERITY_WARNING, mend_limits(virtlogd),
                          "virtlogd keeps less than 1 MiB of a recorder: %" G_GINT64_FORMAT
                          " bytes and %" G_GINT64_FORMAT " parts more",
                          virtlogd->max_size, virtlogd->max_backups);
}
