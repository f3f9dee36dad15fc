// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "guest-shim/network-listening.h"
#include "guest-shim/network-control.h"
#include "guest-shim/network-netlink.h"
#include "guest-shim/network-resolver.h"
#include "guest-shim/network-usable.h"
#include "protocol/error.h"
#include "protocol/report-network.h"

#define CLASS_NET "/sys/class/net"
#define MAX_TABLE (256 * 1024)
/* RTF_REJECT of linux/route.h: `unreachable` and `prohibit` in both tables, and the unreachable
 * default that every kernel keeps in the one of IPv6, behind all others. */
#define ROUTE_REJECTS 0x0200
#define ROUTE_LAST 0xffffffffu
#define MAX_REJECTS 1000

static char *
read_link_file(const PstSysroot *sysroot, const char *link, const char *file)
{
    g_autofree char *path = g_strdup_printf(CLASS_NET "/%s/%s", link, file);

    return pst_sysroot_read_line(sysroot, path, NULL);
}

static PstTri
read_carrier(const PstSysroot *sysroot, const char *link)
{
    /* Reading carrier of a link that is switched off fails with EINVAL. */
    g_autofree char *carrier = read_link_file(sysroot, link, "carrier");

    return carrier == NULL ? PST_TRI_UNKNOWN : PST_TRI(g_str_equal(carrier, "1"));
}

static void
read_link(const PstSysroot *sysroot, const char *name, PstNetworkData *data)
{
    g_autofree char *flags_text = read_link_file(sysroot, name, "flags");
    g_autofree char *mtu = read_link_file(sysroot, name, "mtu");
    PstNetworkLink *link;

    if (flags_text == NULL) /* bonding_masters, or a link that went away meanwhile */
        return;

    guint64 flags = g_ascii_strtoull(flags_text, NULL, 16);
    link = pst_fields_append(&pst_report_network_link_fields, &data->links);
    link->name = g_strdup(name);
    link->operstate = read_link_file(sysroot, name, "operstate");
    link->mac = read_link_file(sysroot, name, "address");
    link->mtu = mtu != NULL ? g_ascii_strtoll(mtu, NULL, 10) : PST_INT_UNKNOWN;
    link->up = PST_TRI(flags & IFF_UP);
    link->loopback = PST_TRI(flags & IFF_LOOPBACK);
    link->carrier = read_carrier(sysroot, name);
}

static guint
prefix_length(const struct sockaddr *mask)
{
    const guint8 *bytes;
    gsize n;
    guint bits = 0;

    if (mask == NULL)
        return 0;
    if (mask->sa_family == AF_INET) {
        bytes = (const guint8 *)&((const struct sockaddr_in *)(const void *)mask)->sin_addr;
        n = 4;
    } else {
        bytes = (const guint8 *)&((const struct sockaddr_in6 *)(const void *)mask)->sin6_addr;
        n = 16;
    }
    for (gsize i = 0; i < n; i++)
        bits += (guint)__builtin_popcount(bytes[i]);
    return bits;
}

static char *
format_address(const struct ifaddrs *address)
{
    char text[INET6_ADDRSTRLEN];
    const void *bytes;
    int family = address->ifa_addr->sa_family;

    if (family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address->ifa_addr)->sin_addr;
    else
        bytes = &((const struct sockaddr_in6 *)(const void *)address->ifa_addr)->sin6_addr;
    inet_ntop(family, bytes, text, sizeof(text));
    return g_strdup_printf("%s/%u", text, prefix_length(address->ifa_netmask));
}

static char **
addresses_of(const char *name, const struct ifaddrs *all)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (const struct ifaddrs *one = all; one != NULL; one = one->ifa_next) {
        if (one->ifa_addr == NULL || !g_str_equal(one->ifa_name, name))
            continue;
        if (one->ifa_addr->sa_family != AF_INET && one->ifa_addr->sa_family != AF_INET6)
            continue;
        g_autofree char *text = format_address(one);
        g_strv_builder_add(builder, text);
    }
    return g_strv_builder_end(builder);
}

/* The kernel's word over netlink; a sysroot of files has no addresses, and they stay unknown. */
static void
read_addresses(const PstProbeContext *context, PstNetworkData *data, PstReport *report)
{
    struct ifaddrs *all = NULL;

    if (!pst_sysroot_is_live(context->sysroot))
        return;
    if (getifaddrs(&all) < 0) {
        g_autoptr(GError) cause =
            g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE, "getifaddrs: %s", g_strerror(errno));
        pst_probe_add_unlooked(report, "network.could-not-look", "the addresses", cause);
        return;
    }
    for (guint i = 0; data->links != NULL && i < data->links->len; i++) {
        PstNetworkLink *link = data->links->pdata[i];
        link->addresses = addresses_of(link->name, all);
    }
    freeifaddrs(all);
}

static gboolean
read_links(const PstProbeContext *context, PstNetworkData *data, PstReport *report)
{
    g_autoptr(GError) cause = NULL;
    g_auto(GStrv) names = pst_sysroot_list(context->sysroot, CLASS_NET, &cause);

    if (names == NULL) {
        pst_probe_add_unlooked(report, "network.could-not-look", "the interfaces", cause);
        return FALSE;
    }
    for (guint i = 0; names[i] != NULL; i++)
        read_link(context->sysroot, names[i], data);
    read_addresses(context, data, report);
    return TRUE;
}

static void
add_reject(PstNetworkData *data, const char *to, guint length)
{
    guint n = data->rejects != NULL ? g_strv_length(data->rejects) : 0;

    if (n >= MAX_REJECTS)
        return;
    data->rejects = g_renew(char *, data->rejects, n + 2);
    data->rejects[n] = g_strdup_printf("%s/%u", to, length);
    data->rejects[n + 1] = NULL;
}

/* The columns of /proc/net/route, in host byte order as the kernel prints them (route(8)). */
static void
add_route4(PstNetworkData *data, const char *line)
{
    char name[IFNAMSIZ], to[INET_ADDRSTRLEN], via[INET_ADDRSTRLEN];
    unsigned int destination, gateway, flags, metric, mask;

    if (sscanf(line, "%15s %x %x %x %*s %*s %u %x", name, &destination, &gateway, &flags, &metric,
               &mask) != 6)
        return;
    inet_ntop(AF_INET, &destination, to, sizeof(to));
    /* A `blackhole` has no flag of its own, and no link. */
    if ((flags & ROUTE_REJECTS) != 0 || g_str_equal(name, "*")) {
        add_reject(data, to, (guint)__builtin_popcount(mask));
        return;
    }
    inet_ntop(AF_INET, &gateway, via, sizeof(via));

    PstNetworkRoute *route = pst_fields_append(&pst_report_network_route_fields, &data->routes);
    route->destination = g_strdup_printf("%s/%d", to, __builtin_popcount(mask));
    route->gateway = gateway != 0 ? g_strdup(via) : NULL;
    route->link = g_strdup(name);
    route->metric = metric;
}

static gboolean
parse_hex_address(const char *hex, struct in6_addr *address)
{
    for (int i = 0; i < 16; i++) {
        int high = g_ascii_xdigit_value(hex[2 * i]);
        int low = high < 0 ? -1 : g_ascii_xdigit_value(hex[2 * i + 1]);
        if (low < 0)
            return FALSE;
        address->s6_addr[i] = (guint8)(high << 4 | low);
    }
    return TRUE;
}

static void
add_route6(PstNetworkData *data, const char *line)
{
    char to_hex[33], via_hex[33], name[IFNAMSIZ], to[INET6_ADDRSTRLEN], via[INET6_ADDRSTRLEN];
    unsigned int length, metric, flags;
    struct in6_addr destination, gateway;

    if (sscanf(line, "%32s %x %*s %*s %32s %x %*s %*s %x %15s", to_hex, &length, via_hex, &metric,
               &flags, name) != 6 ||
        !parse_hex_address(to_hex, &destination) || !parse_hex_address(via_hex, &gateway))
        return;
    inet_ntop(AF_INET6, &destination, to, sizeof(to));
    if ((flags & ROUTE_REJECTS) != 0 && (metric != ROUTE_LAST || length != 0))
        add_reject(data, to, length);
    if ((flags & ROUTE_REJECTS) != 0 || g_str_equal(name, "lo"))
        return;
    inet_ntop(AF_INET6, &gateway, via, sizeof(via));

    PstNetworkRoute *route = pst_fields_append(&pst_report_network_route_fields, &data->routes);
    route->destination = g_strdup_printf("%s/%u", to, length);
    route->gateway = !IN6_IS_ADDR_UNSPECIFIED(&gateway) ? g_strdup(via) : NULL;
    route->link = g_strdup(name);
    route->metric = metric;
}

/* One table of /proc; where IPv6 is off its file is absent, and that is an answer. */
static gboolean
read_routes(const PstProbeContext *context, const char *path, guint skip,
            void (*add)(PstNetworkData *, const char *), PstReport *report)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = pst_sysroot_read(context->sysroot, path, MAX_TABLE, NULL, &cause);

    if (text == NULL) {
        if (skip == 0 && cause->code == PST_ERROR_ABSENT)
            return TRUE;
        pst_probe_add_unlooked(report, "network.could-not-look", "the routes", cause);
        return FALSE;
    }

    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        if (i >= skip)
            add(report->data, lines[i]);
    return TRUE;
}

static void
blame_link(const PstNetworkUsable *usable, const PstNetworkLink *link, PstSeverity severity,
           PstReport *report)
{
    PstFinding *finding;

    if (link->loopback == PST_TRI_YES)
        return;
    if (link->up == PST_TRI_NO) {
        finding = pst_report_add(report, "network.link-down", severity,
                                 "interface %s is switched off", link->name);
        finding->remedy = g_strdup_printf("ip link set %s up", link->name);
    } else if (link->carrier == PST_TRI_NO) {
        finding = pst_report_add(report, "network.no-carrier", severity,
                                 "interface %s has no carrier", link->name);
        finding->remedy = g_strdup("plug it in: on the host, virsh domif-setlink DOMAIN MAC up");
    } else if (link->addresses != NULL && !pst_network_usable_has_address(link) &&
               !pst_network_usable_is_port(usable, link)) {
        finding = pst_report_add(report, "network.no-address", severity,
                                 "interface %s has no address", link->name);
    } else {
        return;
    }
    finding->evidence->path = g_strdup_printf(CLASS_NET "/%s", link->name);
    finding->evidence->text = g_strdup(link->operstate);
}

/* A spare interface that is off accuses nobody: links are blamed only where none is usable, and
 * then only those that could be. */
static void
judge_links(const PstProbeContext *context, const PstNetworkData *data, PstReport *report)
{
    const PstNetworkUsable usable = pst_network_usable_new(context->sysroot, data->links);
    gboolean known = pst_sysroot_is_live(context->sysroot);
    gboolean any = FALSE;
    guint before = report->findings->len;

    for (guint i = 0; data->links != NULL && i < data->links->len; i++)
        any |= pst_network_usable_is(&usable, data->links->pdata[i], known);
    for (guint i = 0; data->links != NULL && i < data->links->len; i++) {
        const PstNetworkLink *link = data->links->pdata[i];
        gboolean to_blame = !any && pst_network_usable_counts(&usable, link);
        blame_link(&usable, link, to_blame ? PST_SEVERITY_CRITICAL : PST_SEVERITY_INFORMATION,
                   report);
    }
    if (!any && report->findings->len == before)
        pst_report_add(report, "network.no-link", PST_SEVERITY_CRITICAL,
                       "there is no network interface besides loopback");
}

static gboolean
has_default_route(const PstNetworkData *data)
{
    for (guint i = 0; data->routes != NULL && i < data->routes->len; i++) {
        const PstNetworkRoute *route = data->routes->pdata[i];
        if (g_str_equal(route->destination, "0.0.0.0/0") || g_str_equal(route->destination, "::/0"))
            return TRUE;
    }
    return FALSE;
}

static const char *
worst_link_finding(const PstReport *report)
{
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];
        if (finding->severity == PST_SEVERITY_CRITICAL)
            return finding->id;
    }
    return NULL;
}

static void
judge_routes(const PstNetworkData *data, PstReport *report)
{
    const char *cause = worst_link_finding(report);

    if (has_default_route(data))
        return;
    /* Without a default route a guest still reaches its own network. */
    PstFinding *finding =
        pst_report_add(report, "network.no-default-route", PST_SEVERITY_WARNING,
                       "there is no default route: only its own network can reach the guest");
    finding->caused_by = g_strdup(cause);
    finding->evidence->path = g_strdup("/proc/net/route");
}

static void
judge_gateway(const PstNetworkRoute *route, const PstNetworkData *data, PstReport *report)
{
    for (guint i = 0; data->neighbours != NULL && i < data->neighbours->len; i++) {
        const PstNetworkNeighbour *neighbour = data->neighbours->pdata[i];

        if (g_strcmp0(neighbour->address, route->gateway) != 0 ||
            g_strcmp0(neighbour->link, route->link) != 0 ||
            !g_str_equal(neighbour->state, "failed"))
            continue;
        PstFinding *finding =
            pst_report_add(report, "network.gateway-silent", PST_SEVERITY_WARNING,
                           "the gateway %s does not answer on %s", route->gateway, route->link);
        finding->caused_by = g_strdup(worst_link_finding(report));
        finding->evidence->text = g_strdup_printf("%s dev %s FAILED", route->gateway, route->link);
        finding->evidence->source = g_strdup("rtnetlink");
        return;
    }
}

/* The kernel tried to reach the gateway of a default route, and nobody was there. */
static void
judge_gateways(const PstNetworkData *data, PstReport *report)
{
    for (guint i = 0; data->routes != NULL && i < data->routes->len; i++) {
        const PstNetworkRoute *route = data->routes->pdata[i];

        if (route->gateway != NULL && (g_str_equal(route->destination, "0.0.0.0/0") ||
                                       g_str_equal(route->destination, "::/0")))
            judge_gateway(route, data, report);
    }
}

static void
read_neighbours(const PstProbeContext *context, PstReport *report)
{
    g_autoptr(GError) cause = NULL;

    if (!pst_sysroot_is_live(context->sysroot))
        return;
    if (pst_network_netlink_read(report->data, &cause))
        judge_gateways(report->data, report);
    else
        pst_probe_add_unlooked(report, "network.could-not-look", "the neighbours", cause);
}

static void
read_controls(const PstProbeContext *context, PstReport *report)
{
    g_autoptr(GError) cause = NULL;

    if (!pst_sysroot_is_live(context->sysroot))
        return;
    if (!pst_network_control_read(report->data, &cause))
        pst_probe_add_unlooked(report, "network.could-not-look", "traffic control", cause);
    pst_network_control_judge(report);
}

/* A folder need not have the tables of a kernel. */
static void
read_listening(const PstProbeContext *context, PstReport *report)
{
    g_autoptr(GError) cause = NULL;

    if (!pst_network_listening_read(context->sysroot, report->data, &cause) &&
        (pst_sysroot_is_live(context->sysroot) || cause->code != PST_ERROR_ABSENT))
        pst_probe_add_unlooked(report, "network.could-not-look", "the listening sockets", cause);
}

void
pst_probe_network_run(const PstProbeContext *context, gconstpointer args G_GNUC_UNUSED,
                      PstReport *report)
{
    PstNetworkData *data = report->data;

    if (read_links(context, data, report))
        judge_links(context, data, report);

    gboolean routes = read_routes(context, "/proc/net/route", 1, add_route4, report);
    if (read_routes(context, "/proc/net/ipv6_route", 0, add_route6, report) && routes)
        judge_routes(data, report);
    read_neighbours(context, report);
    read_controls(context, report);
    read_listening(context, report);
    pst_network_resolver_read(context, report);
    pst_report_conclude(report, "the network interfaces are up and have a default route");
}
