// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/bytes-text.h"

char *
pst_bytes_text(gint64 bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double amount = (double)bytes;
    guint i = 0;

    for (; amount >= 1024 && i + 1 < G_N_ELEMENTS(units); i++)
        amount /= 1024;
    /* One digit behind the point only where it says something. */
    if (i == 0 || amount >= 100)
        return g_strdup_printf("%.0f %s", amount, units[i]);
    return g_strdup_printf("%.1f %s", amount, units[i]);
}
