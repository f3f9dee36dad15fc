// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/interface-filter.h"

#include <string.h>

#include "guest-shim/peer.h"

#define LOOPBACK "lo"

/* The first value tells what kind of list it is; the other kind takes names off it. */
static GHashTable *
make_list(const GPtrArray *values, gboolean *allows)
{
    GHashTable *list = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < values->len; i++) {
        const char *value = ((const PstUnitFileValue *)values->pdata[i])->value;
        gboolean names_allowed = value[0] != '~';
        g_auto(GStrv) words = g_strsplit_set(names_allowed ? value : value + 1, " \t", -1);

        if (g_hash_table_size(list) == 0)
            *allows = names_allowed;
        for (guint j = 0; words[j] != NULL; j++) {
            if (words[j][0] != '\0' && *allows == names_allowed)
                g_hash_table_add(list, g_strdup(words[j]));
            else
                g_hash_table_remove(list, words[j]);
        }
    }
    return list;
}

/* Whether who comes from outside comes by an interface of the list. */
static PstTri
is_listed(const PstSysroot *sysroot, GHashTable *list)
{
    g_auto(GStrv) names = pst_sysroot_list(sysroot, "/sys/class/net", NULL);
    gboolean all = TRUE;
    guint n_outside = 0;

    if (g_hash_table_size(list) == (guint)g_hash_table_contains(list, LOOPBACK))
        return PST_TRI_NO;
    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        if (g_str_equal(names[i], LOOPBACK))
            continue;
        n_outside++;
        all = all && g_hash_table_contains(list, names[i]);
    }
    return n_outside > 0 && all ? PST_TRI_YES : PST_TRI_UNKNOWN;
}

static gboolean
comes_from_inside(const char *address)
{
    static const guint8 loopback[sizeof(struct in6_addr)] = {127};
    PstPeer peers[PST_PEER_MAX];

    return pst_peer_list(address, peers) == 1 &&
           (pst_peer_is_within(&peers[0], AF_INET, loopback, 8) == PST_TRI_YES ||
            pst_peer_is_within(&peers[0], AF_INET6, (const guint8 *)&in6addr_loopback, 128) ==
                PST_TRI_YES);
}

PstTri
pst_interface_filter_passes(const PstSysroot *sysroot, const GPtrArray *values, const char *address,
                            const PstUnitFileValue **place)
{
    gboolean allows = FALSE;
    g_autoptr(GHashTable) list = make_list(values, &allows);

    *place = values->len > 0 ? values->pdata[values->len - 1] : NULL;
    if (g_hash_table_size(list) == 0)
        return PST_TRI_YES;
    PstTri listed = comes_from_inside(address) ? PST_TRI(g_hash_table_contains(list, LOOPBACK))
                                               : is_listed(sysroot, list);
    if (listed == PST_TRI_UNKNOWN)
        return listed;
    return PST_TRI((listed == PST_TRI_YES) == allows);
}
