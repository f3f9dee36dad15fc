// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-reach.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <string.h>

#include "guest-shim/ssh-judge.h"
#include "guest-shim/sshd-process.h"
#include "guest-shim/sshd-unit.h"
#include "protocol/error.h"

#define COULD_NOT_LOOK "ssh.could-not-look"
#define DEFAULT_PORT 22

/* A folder of files has no processes, and that accuses nobody. */
static void
add_unlooked(const PstProbeContext *context, PstReport *report, const char *what,
             const GError *cause)
{
    if (pst_sysroot_is_live(context->sysroot) || cause->code != PST_ERROR_ABSENT)
        pst_probe_add_unlooked(report, COULD_NOT_LOOK, what, cause);
}

static char *
format_socket(const PstSshdSocket *socket)
{
    gboolean six = strchr(socket->address, ':') != NULL;

    return g_strdup_printf(six ? "[%s]:%u" : "%s:%u", socket->address, socket->port);
}

static gboolean
is_configured_port(const PstSshdConfig *config, guint port)
{
    const PstSshdDirective *directive;
    guint n = 0;

    for (; config != NULL && (directive = pst_sshd_config_get(config, "port", n)) != NULL; n++)
        if (g_ascii_strtoull(directive->value, NULL, 10) == port)
            return TRUE;
    return n == 0 && port == DEFAULT_PORT;
}

/* The sockets that OWNER holds, as text; only those that are sshd's by its own configuration or by
 * its socket unit where CONFIGURED. */
static char **
sockets_of(const PstProbeContext *context, gint64 owner, const PstSshdConfig *config,
           gboolean configured, const GPtrArray *sockets, GError **error)
{
    g_autoptr(GHashTable) inodes = pst_sshd_process_inodes(context->sysroot, owner, error);
    g_autoptr(GHashTable) unit_ports = NULL;
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (inodes == NULL)
        return NULL;
    if (configured)
        unit_ports = pst_sshd_unit_ports(context->sysroot);
    for (guint i = 0; i < sockets->len; i++) {
        const PstSshdSocket *socket = sockets->pdata[i];
        guint64 port = socket->port;

        if (!g_hash_table_contains(inodes, &socket->inode) ||
            (configured && !is_configured_port(config, socket->port) &&
             !g_hash_table_contains(unit_ports, &port)))
            continue;
        g_autofree char *text = format_socket(socket);
        g_strv_builder_add(builder, text);
    }
    return g_strv_builder_end(builder);
}

/* What is listened on: by sshd, or for it by systemd. */
static void
read_sockets(const PstProbeContext *context, const PstSshdConfig *config, PstReport *report)
{
    PstSshData *data = report->data;
    g_autoptr(GError) cause = NULL;
    g_autoptr(GPtrArray) sockets = pst_sshd_process_sockets(context->sysroot, &cause);
    gboolean running = data->running == PST_TRI_YES;

    if (data->running == PST_TRI_UNKNOWN)
        return;
    if (sockets != NULL)
        data->listen =
            sockets_of(context, running ? data->pid : 1, config, !running, sockets, &cause);
    if (data->listen == NULL)
        add_unlooked(context, report, "the listening sockets", cause);
    else
        data->socket_activated = PST_TRI(!running && data->listen[0] != NULL);
}

static void
read_process(const PstProbeContext *context, PstReport *report)
{
    PstSshData *data = report->data;
    g_autoptr(GError) cause = NULL;
    PstSshdProcess process;
    gboolean found;

    if (!pst_sshd_process_find(context->sysroot, &process, &found, &cause)) {
        add_unlooked(context, report, "the processes", cause);
        return;
    }
    data->running = PST_TRI(found);
    if (found) {
        data->pid = process.pid;
        data->started_us = process.started_us;
    }
}

static char **
own_addresses(void)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    struct ifaddrs *all = NULL;

    if (getifaddrs(&all) < 0)
        return NULL;
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        int family = one->ifa_addr != NULL ? one->ifa_addr->sa_family : AF_UNSPEC;
        char text[INET6_ADDRSTRLEN];
        const void *bytes;

        if (family == AF_INET)
            bytes = &((const struct sockaddr_in *)(const void *)one->ifa_addr)->sin_addr;
        else if (family == AF_INET6)
            bytes = &((const struct sockaddr_in6 *)(const void *)one->ifa_addr)->sin6_addr;
        else
            continue;
        g_strv_builder_add(builder, inet_ntop(family, bytes, text, sizeof(text)));
    }
    freeifaddrs(all);
    return g_strv_builder_end(builder);
}

static const char *
first_critical(const PstReport *report)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];
        if (finding->severity == PST_SEVERITY_CRITICAL)
            return finding->id;
    }
    return NULL;
}

const char *
pst_ssh_reach_unit(const PstSysroot *sysroot)
{
    return pst_sysroot_exists(sysroot, "/usr/lib/systemd/system/ssh.service") ||
                   pst_sysroot_exists(sysroot, "/lib/systemd/system/ssh.service")
               ? "ssh.service"
               : "sshd.service";
}

void
pst_ssh_reach_judge(const PstProbeContext *context, PstReport *report)
{
    PstSshData *data = report->data;
    const char *cause = first_critical(report);
    const char *unit = pst_ssh_reach_unit(context->sysroot);
    PstFinding *finding;

    if (data->running == PST_TRI_NO && data->socket_activated == PST_TRI_NO) {
        finding = pst_report_add(report, "ssh.not-running", PST_SEVERITY_CRITICAL,
                                 "no sshd is running, and nothing listens for it");
        finding->remedy = g_strdup_printf("systemctl start %s", unit);
    } else if (data->running == PST_TRI_YES && data->listen != NULL && data->listen[0] == NULL) {
        finding = pst_report_add(report, "ssh.not-listening", PST_SEVERITY_CRITICAL,
                                 "sshd runs (process %" G_GINT64_FORMAT ") and listens on no port",
                                 data->pid);
        finding->remedy = g_strdup_printf("systemctl restart %s", unit);
    } else {
        return;
    }
    finding->caused_by = g_strdup(cause);
    finding->evidence->unit = g_strdup(unit);
}

void
pst_ssh_reach_read(const PstProbeContext *context, const PstSshdConfig *config, PstReport *report)
{
    read_process(context, report);
    read_sockets(context, config, report);
}

void
pst_ssh_reach_judge_addresses(const PstProbeContext *context, const PstSshdConfig *config,
                              PstReport *report)
{
    g_auto(GStrv) addresses = NULL;

    if (!pst_sysroot_is_live(context->sysroot) || config == NULL)
        return;
    addresses = own_addresses();
    if (addresses != NULL)
        pst_ssh_judge_addresses(config, (const char *const *)addresses, report);
}
