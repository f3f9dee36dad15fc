// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/loop-tell.h"

void
pst_loop_tell(GMainContext *context, GSourceFunc function, gpointer data, GDestroyNotify free_data)
{
    g_autoptr(GSource) source = g_idle_source_new();

    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, function, data, free_data);
    g_source_attach(source, context);
}
