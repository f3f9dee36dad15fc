// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/escape.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"

char *
pst_render_json(JsonObject *json)
{
    g_autofree char *text = pst_json_to_text(json, NULL);
    g_autofree char *escaped = pst_escape_json(text);

    return g_strconcat(escaped, "\n", NULL);
}
