// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/ssh-listen.h"

#include <string.h>

#define ALL_OF_IPV6 "[::]:"
/* Of an address of IPv4 that a socket of IPv6 is bound to. */
#define MAPPED "[::ffff:"

static const char *
plain(const char *place)
{
    return g_str_has_prefix(place, MAPPED) && strchr(place, '.') != NULL ? place + strlen(MAPPED)
                                                                         : place;
}

PstTri
pst_ssh_listen_takes(const PstSshData *data, const char *place, gboolean six)
{
    gboolean is_six = plain(place)[0] == '[';

    if (!g_str_has_prefix(place, ALL_OF_IPV6) || six)
        return PST_TRI(is_six == six);
    if (data->listen_ipv6_only == NULL)
        return PST_TRI_UNKNOWN;
    return PST_TRI(!g_strv_contains((const char *const *)data->listen_ipv6_only, place));
}

gboolean
pst_ssh_listen_is_loopback(const char *place)
{
    return g_str_has_prefix(plain(place), "127.") || g_str_has_prefix(place, "[::1]:");
}

gint64
pst_ssh_listen_port(const char *place)
{
    const char *colon = strrchr(place, ':');

    return colon != NULL ? g_ascii_strtoll(colon + 1, NULL, 10) : 0;
}

PstTri
pst_ssh_listen_any_takes(const PstSshData *data, gint64 port, gboolean local, gboolean six)
{
    PstTri any = PST_TRI_NO;

    for (guint i = 0; data->listen != NULL && data->listen[i] != NULL; i++) {
        const char *place = data->listen[i];

        if ((port != PST_INT_UNKNOWN && pst_ssh_listen_port(place) != port) ||
            (!local && pst_ssh_listen_is_loopback(place)))
            continue;
        PstTri one = pst_ssh_listen_takes(data, place, six);
        if (one == PST_TRI_YES)
            return one;
        any = one == PST_TRI_UNKNOWN ? one : any;
    }
    return any;
}
