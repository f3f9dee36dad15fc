// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/firewall-scene.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "guest-shim/network-usable.h"
#include "guest-shim/sshd-process.h"
#include "guest-shim/sshd-unit.h"
#include "protocol/error.h"

#define CLASS_NET "/sys/class/net"
#define IF_INET6 "/proc/net/if_inet6"
#define MAX_TABLE (256 * 1024)
#define MAPPED "::ffff:" /* of an address of IPv4 in a socket of IPv6, by inet_ntop(3) */

/* The addresses of one IP version that others can reach, from the kernel. */
static char **
own_addresses(int family)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    struct ifaddrs *all = NULL;

    if (getifaddrs(&all) < 0)
        return NULL;
    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        char text[INET6_ADDRSTRLEN];

        if (one->ifa_addr == NULL || one->ifa_addr->sa_family != family ||
            (one->ifa_flags & IFF_LOOPBACK) != 0)
            continue;
        const void *bytes =
            family == AF_INET
                ? (const void *)&((const struct sockaddr_in *)(const void *)one->ifa_addr)->sin_addr
                : &((const struct sockaddr_in6 *)(const void *)one->ifa_addr)->sin6_addr;
        inet_ntop(family, bytes, text, sizeof(text));
        if (family == AF_INET || !g_str_has_prefix(text, "fe80:"))
            g_strv_builder_add(builder, text);
    }
    freeifaddrs(all);
    return g_strv_builder_end(builder);
}

/* Lines such as "fe80000000000000505400fffe123456 02 40 20 80 eth0"; the fourth column is the
 * scope, 00 for global (Linux's net/ipv6/addrconf.c). */
static gboolean
has_global_six(const PstSysroot *sysroot)
{
    g_autofree char *text = pst_sysroot_read(sysroot, IF_INET6, MAX_TABLE, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) columns = g_strsplit_set(lines[i], " ", 5);

        if (g_strv_length(columns) == 5 && g_str_equal(columns[3], "00"))
            return TRUE;
    }
    return FALSE;
}

static gboolean
is_up(const PstSysroot *sysroot, const char *name)
{
    g_autofree char *path = g_strdup_printf(CLASS_NET "/%s/flags", name);
    g_autofree char *flags = pst_sysroot_read_line(sysroot, path, NULL);

    return flags != NULL && (g_ascii_strtoull(flags, NULL, 16) & IFF_UP) != 0;
}

static void
free_link(gpointer link)
{
    pst_fields_free(&pst_report_network_link_fields, link);
}

static GPtrArray *
all_links(const PstSysroot *sysroot, char **names)
{
    GPtrArray *links = g_ptr_array_new_with_free_func(free_link);

    for (guint i = 0; names[i] != NULL; i++) {
        PstNetworkLink *link = pst_fields_append(&pst_report_network_link_fields, &links);

        link->name = g_strdup(names[i]);
        link->up = PST_TRI(is_up(sysroot, names[i]));
        link->loopback = PST_TRI(g_str_equal(names[i], "lo"));
    }
    return links;
}

/* Those that are up and are no port of another one, which is then what a packet comes in by. */
static char **
outer_links(const PstSysroot *sysroot)
{
    g_auto(GStrv) names = pst_sysroot_list(sysroot, CLASS_NET, NULL);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    if (names == NULL)
        return NULL;
    g_autoptr(GPtrArray) links = all_links(sysroot, names);
    const PstNetworkUsable usable = pst_network_usable_new(sysroot, links);
    for (guint i = 0; i < links->len; i++) {
        const PstNetworkLink *link = links->pdata[i];

        if (link->up == PST_TRI_YES && pst_network_usable_counts(&usable, link) &&
            !pst_network_usable_is_port(&usable, link))
            g_strv_builder_add(builder, link->name);
    }
    return g_strv_builder_end(builder);
}

static void
add_port(PstFirewallScene *scene, guint port, gboolean four, gboolean six)
{
    PstFirewallPort added = {(guint16)port, four, six};

    for (guint i = 0; i < scene->ports->len; i++) {
        PstFirewallPort *known = &g_array_index(scene->ports, PstFirewallPort, i);

        if (known->port == port) {
            known->four |= four;
            known->six |= six;
            return;
        }
    }
    g_array_append_val(scene->ports, added);
}

/* Nobody comes in by loopback; a socket on "::" takes IPv4 too unless it says otherwise, and one
 * that is bound to an address of IPv4 takes nothing else. */
static void
add_socket(PstFirewallScene *scene, const PstSshdSocket *socket)
{
    const char *address = socket->address;

    if (g_str_has_prefix(address, MAPPED) && strchr(address, '.') != NULL)
        address += strlen(MAPPED);
    gboolean six = strchr(address, ':') != NULL;
    if (g_str_has_prefix(address, "127.") || g_str_equal(address, "::1"))
        return;
    add_port(scene, socket->port, !six || g_str_equal(address, "::"), six);
}

/* The ports of sshd: by itself, or by systemd for it. */
static gboolean
find_ports(const PstSysroot *sysroot, PstFirewallScene *scene, GError **error)
{
    g_autoptr(GHashTable) unit_ports = pst_sshd_unit_ports(sysroot);
    g_autoptr(GHashTable) inodes = NULL;
    g_autoptr(GPtrArray) sockets = NULL;
    PstSshdProcess process;
    gboolean found = FALSE;

    if (!pst_sshd_process_find(sysroot, &process, &found, error))
        return FALSE;
    sockets = pst_sshd_process_sockets(sysroot, error);
    if (sockets == NULL)
        return FALSE;
    inodes = pst_sshd_process_inodes(sysroot, found ? process.pid : 1, error);
    if (inodes == NULL)
        return FALSE;
    for (guint i = 0; i < sockets->len; i++) {
        const PstSshdSocket *socket = sockets->pdata[i];
        guint64 port = socket->port;

        if (g_hash_table_contains(inodes, &socket->inode) &&
            (found || g_hash_table_contains(unit_ports, &port)))
            add_socket(scene, socket);
    }
    return TRUE;
}

gboolean
pst_firewall_scene_concerns(const PstFirewallScene *scene, const char *from, gboolean six)
{
    if (from != NULL)
        return (strchr(from, ':') != NULL) == six;
    return six ? scene->six : scene->own4 == NULL || scene->own4[0] != NULL || !scene->six;
}

PstFirewallScene *
pst_firewall_scene_new(const PstProbeContext *context, const PstFirewallArgs *args,
                       PstReport *report)
{
    PstFirewallScene *scene = g_new0(PstFirewallScene, 1);
    const char *const asked[] = {args->interface, NULL};
    g_autoptr(GError) cause = NULL;

    scene->ports = g_array_new(FALSE, FALSE, sizeof(PstFirewallPort));
    scene->six = has_global_six(context->sysroot);
    scene->links =
        args->interface != NULL ? g_strdupv((char **)asked) : outer_links(context->sysroot);
    if (pst_sysroot_is_live(context->sysroot)) {
        scene->own4 = own_addresses(AF_INET);
        scene->own6 = own_addresses(AF_INET6);
    }
    scene->asked = args->port != PST_INT_UNKNOWN;
    if (scene->asked)
        add_port(scene, (guint)args->port, TRUE, TRUE);
    else if (!find_ports(context->sysroot, scene, &cause) &&
             (pst_sysroot_is_live(context->sysroot) || cause->code != PST_ERROR_ABSENT))
        pst_probe_add_unlooked(report, "firewall.could-not-look", "the ports of sshd", cause);
    return scene;
}

void
pst_firewall_scene_free(PstFirewallScene *scene)
{
    g_strfreev(scene->own4);
    g_strfreev(scene->own6);
    g_strfreev(scene->links);
    g_array_unref(scene->ports);
    g_free(scene);
}
