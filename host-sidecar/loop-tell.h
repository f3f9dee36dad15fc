// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* From any thread to that of a loop: FUNCTION, which returns G_SOURCE_REMOVE, is called with DATA
 * in the next turn of CONTEXT's loop, in the order of telling, and DATA is freed with FREE_DATA;
 * also where the loop never turns again. Unlike g_main_context_invoke() it never runs FUNCTION in
 * the caller's thread, as that does once the loop has ended. */
void pst_loop_tell(GMainContext *context, GSourceFunc function, gpointer data,
                   GDestroyNotify free_data);
