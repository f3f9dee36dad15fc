// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-reach.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <string.h>

#include "guest-shim/socket-borrow.h"
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

typedef struct {
    const PstSysroot *sysroot;
    GHashTable *inodes, *by_systemd; /* of the owner, and of PID 1; the latter may be NULL */
    GHashTable *unit_ports;          /* NULL: whatever its ports are */
    const PstSshdConfig *config;
} Owner;

static void
clear_owner(Owner *owner)
{
    g_clear_pointer(&owner->inodes, g_hash_table_unref);
    g_clear_pointer(&owner->by_systemd, g_hash_table_unref);
    g_clear_pointer(&owner->unit_ports, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Owner, clear_owner)

static gboolean
is_sshds(const Owner *owner, const PstSshdSocket *socket)
{
    guint64 port = socket->port;

    return g_hash_table_contains(owner->inodes, &socket->inode) &&
           (owner->unit_ports == NULL || is_configured_port(owner->config, socket->port) ||
            g_hash_table_contains(owner->unit_ports, &port));
}

/* Of those that systemd holds; it is the one process that is always there. */
static PstTri
borrow(const Owner *owner, const PstSshdSocket *socket)
{
    gpointer fd;

    if (!pst_sysroot_is_live(owner->sysroot) ||
        !g_hash_table_lookup_extended(owner->by_systemd, &socket->inode, NULL, &fd))
        return PST_TRI_UNKNOWN;
    return pst_socket_borrow_only6(1, GPOINTER_TO_INT(fd), socket->inode);
}

/* Where the kernel did not say so: OpenSSH lets each of its own sockets of IPv6 take nothing else
 * (listen_on_addrs() of sshd.c), and those that systemd holds are as their unit has it. */
static PstTri
takes_only6(const Owner *owner, const PstSshdSocket *socket)
{
    if (socket->only6 != PST_TRI_UNKNOWN)
        return socket->only6;
    if (owner->by_systemd == NULL)
        return PST_TRI_UNKNOWN;
    PstTri told = borrow(owner, socket);
    if (told != PST_TRI_UNKNOWN)
        return told;
    return g_hash_table_contains(owner->by_systemd, &socket->inode)
               ? pst_sshd_unit_only6(owner->sysroot)
               : PST_TRI_YES;
}

static void
tell_sockets(const Owner *owner, const GPtrArray *sockets, PstSshData *data)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new(), only6 = g_strv_builder_new();
    gboolean known = TRUE;

    for (guint i = 0; i < sockets->len; i++) {
        const PstSshdSocket *socket = sockets->pdata[i];

        if (!is_sshds(owner, socket))
            continue;
        g_autofree char *text = format_socket(socket);
        g_strv_builder_add(all, text);
        if (!g_str_equal(socket->address, "::"))
            continue;
        PstTri takes = takes_only6(owner, socket);
        known &= takes != PST_TRI_UNKNOWN;
        if (takes == PST_TRI_YES)
            g_strv_builder_add(only6, text);
    }
    data->listen = g_strv_builder_end(all);
    if (known)
        data->listen_ipv6_only = g_strv_builder_end(only6);
}

/* What is listened on: by sshd, or for it by systemd; then only what is sshd's by its own
 * configuration or by its socket unit. */
static void
read_sockets(const PstProbeContext *context, const PstSshdConfig *config, PstReport *report)
{
    PstSshData *data = report->data;
    g_autoptr(GError) cause = NULL;
    g_autoptr(GPtrArray) sockets = pst_sshd_process_sockets(context->sysroot, &cause);
    gboolean running = data->running == PST_TRI_YES;
    g_auto(Owner) owner = {.sysroot = context->sysroot, .config = config};

    if (data->running == PST_TRI_UNKNOWN)
        return;
    if (sockets != NULL)
        owner.inodes = pst_sshd_process_inodes(context->sysroot, running ? data->pid : 1, &cause);
    if (owner.inodes == NULL) {
        add_unlooked(context, report, "the listening sockets", cause);
        return;
    }
    owner.by_systemd = pst_sshd_process_inodes(context->sysroot, 1, NULL);
    if (!running)
        owner.unit_ports = pst_sshd_unit_ports(context->sysroot);
    tell_sockets(&owner, sockets, data);
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
