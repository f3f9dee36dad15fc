// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/options.h"
#include "protocol/error.h"

static const struct {
    const char *unit;
    gint64 us;
} units[] = {
    {"ms", 1000},
    {"s", G_USEC_PER_SEC},
    {"", G_USEC_PER_SEC},
    {"min", 60 * G_USEC_PER_SEC},
    {"h", G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC},
    {"d", G_GINT64_CONSTANT(86400) * G_USEC_PER_SEC},
};

gboolean
pst_options_parse_span(const char *text, gint64 *span_us, GError **error)
{
    char *unit = NULL;
    guint64 number = g_ascii_strtoull(text, &unit, 10);

    for (guint i = 0; unit != text && i < G_N_ELEMENTS(units); i++) {
        if (g_str_equal(unit, units[i].unit) && number <= 1000000 && g_ascii_isdigit(text[0])) {
            *span_us = (gint64)number * units[i].us;
            return TRUE;
        }
    }
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "'%s' is not a span of time: say 500ms, 10s, 2min, 1h or 3d", text);
    return FALSE;
}

gboolean
pst_options_parse_past(const char *text, gint64 *span_us, GError **error)
{
    if (!pst_options_parse_span(text, span_us, error))
        return FALSE;
    if (*span_us > 0)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "'%s' is no time at all: say more than 0", text);
    return FALSE;
}
