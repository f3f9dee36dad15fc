// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/crc32c.h"

#define POLYNOMIAL 0x82f63b78U /* reversed */

static const guint32 *
table(void)
{
    static guint32 values[256];
    static gsize made;

    if (g_once_init_enter(&made)) {
        for (guint32 i = 0; i < G_N_ELEMENTS(values); i++) {
            values[i] = i;
            for (guint bit = 0; bit < 8; bit++)
                values[i] = values[i] >> 1 ^ ((values[i] & 1) != 0 ? POLYNOMIAL : 0);
        }
        g_once_init_leave(&made, 1);
    }
    return values;
}

guint32
pst_crc32c(guint32 crc, const guint8 *bytes, gsize len)
{
    const guint32 *values = table();

    crc = ~crc;
    for (gsize i = 0; i < len; i++)
        crc = crc >> 8 ^ values[(crc ^ bytes[i]) & 0xff];
    return ~crc;
}
