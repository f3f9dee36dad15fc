// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/network-usable.h"

#include <string.h>

#define CLASS_NET "/sys/class/net"
#define MAX_DEPTH 8    /* as many as the kernel lets links be stacked (MAX_NEST_DEV) */
#define TYPE_PPP "512" /* ARPHRD_PPP in linux/if_arp.h */
#define OVS_MASTER "ovs-system"

static gboolean
has_entry(const PstNetworkUsable *usable, const PstNetworkLink *link, const char *entry)
{
    g_autofree char *path = g_strdup_printf(CLASS_NET "/%s/%s", link->name, entry);
    struct stat st;

    return pst_sysroot_lstat(usable->sysroot, path, &st, NULL);
}

static char *
master_of(const PstNetworkUsable *usable, const PstNetworkLink *link)
{
    g_autofree char *path = g_strdup_printf(CLASS_NET "/%s/master", link->name);
    g_autofree char *target = pst_sysroot_read_link(usable->sysroot, path, NULL);

    return target != NULL ? g_path_get_basename(target) : NULL;
}

static gboolean
stands_on(const PstNetworkUsable *usable, const PstNetworkLink *upper, const PstNetworkLink *lower)
{
    g_autofree char *entry = g_strdup_printf("lower_%s", lower->name);
    g_autofree char *master = master_of(usable, lower);

    return g_strcmp0(master, upper->name) == 0 || has_entry(usable, upper, entry);
}

static gboolean
works(const PstNetworkLink *link)
{
    return link->up == PST_TRI_YES && link->carrier == PST_TRI_YES;
}

/* PPP over a card, and the inner ports of Open vSwitch, leave no trace in sysfs of what they stand
 * on: any card will do, or any that is a port of the switch. */
static gboolean
may_stand_on(const PstNetworkUsable *usable, const PstNetworkLink *upper,
             const PstNetworkLink *card)
{
    g_autofree char *path = g_strdup_printf(CLASS_NET "/%s/type", upper->name);
    g_autofree char *type = pst_sysroot_read_line(usable->sysroot, path, NULL);
    g_autofree char *master = master_of(usable, card);

    return g_strcmp0(type, TYPE_PPP) == 0 || g_strcmp0(master, OVS_MASTER) == 0;
}

/* WORKING: only over links that are up and have a carrier. */
static gboolean
reaches_card(const PstNetworkUsable *usable, const PstNetworkLink *link, gboolean working,
             guint depth)
{
    gboolean has_lower = FALSE;

    if (depth > MAX_DEPTH || link->loopback == PST_TRI_YES || (working && !works(link)))
        return FALSE;
    if (has_entry(usable, link, "device"))
        return TRUE;
    for (guint i = 0; i < usable->links->len; i++) {
        const PstNetworkLink *other = usable->links->pdata[i];
        if (other == link || !stands_on(usable, link, other))
            continue;
        has_lower = TRUE;
        if (reaches_card(usable, other, working, depth + 1))
            return TRUE;
    }
    for (guint i = 0; !has_lower && i < usable->links->len; i++) {
        const PstNetworkLink *other = usable->links->pdata[i];
        if (has_entry(usable, other, "device") && may_stand_on(usable, link, other) &&
            (!working || works(other)))
            return TRUE;
    }
    return FALSE;
}

PstNetworkUsable
pst_network_usable_new(const PstSysroot *sysroot, const GPtrArray *links)
{
    PstNetworkUsable usable = {sysroot, links, FALSE};

    for (guint i = 0; links != NULL && i < links->len; i++)
        usable.any_card |= has_entry(&usable, links->pdata[i], "device");
    return usable;
}

gboolean
pst_network_usable_counts(const PstNetworkUsable *usable, const PstNetworkLink *link)
{
    if (!usable->any_card)
        return link->loopback != PST_TRI_YES;
    return reaches_card(usable, link, FALSE, 0);
}

gboolean
pst_network_usable_is(const PstNetworkUsable *usable, const PstNetworkLink *link,
                      gboolean addresses_known)
{
    if (addresses_known && !pst_network_usable_has_address(link))
        return FALSE;
    if (!usable->any_card)
        return link->loopback != PST_TRI_YES && works(link);
    return reaches_card(usable, link, TRUE, 0);
}

gboolean
pst_network_usable_is_port(const PstNetworkUsable *usable, const PstNetworkLink *link)
{
    return has_entry(usable, link, "master");
}

gboolean
pst_network_usable_address(const char *address)
{
    return !g_str_has_prefix(address, "fe80:") && !g_str_has_prefix(address, "169.254.");
}

gboolean
pst_network_usable_has_address(const PstNetworkLink *link)
{
    for (guint i = 0; link->addresses != NULL && link->addresses[i] != NULL; i++)
        if (pst_network_usable_address(link->addresses[i]))
            return TRUE;
    return FALSE;
}
