// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/watch-print.h"

#include "host-sidecar/output.h"
#include "host-sidecar/render.h"

static gboolean
is_no_news(const PstWatchEvent *event)
{
    return g_str_equal(event->event, PST_WATCH_LISTENING) && event->since_us == PST_INT_UNKNOWN;
}

static char *
line_of(const PstWatchPrint *print, const PstWatchEvent *event)
{
    if (!print->json)
        return pst_watch_event_render(event);
    g_autoptr(JsonObject) json = pst_watch_event_to_json(event);
    return pst_render_json(json);
}

gboolean
pst_watch_print(PstWatchPrint *print, const PstWatchEvent *event)
{
    if (print->left == 0 || print->error != NULL)
        return FALSE;
    if (print->quiet && is_no_news(event))
        return TRUE;
    g_autofree char *line = line_of(print, event);
    if (!pst_output_write(NULL, line, &print->error))
        return FALSE;
    print->left -= print->left > 0;
    return print->left != 0;
}
