// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/since.h"

#include "host-sidecar/options.h"
#include "protocol/error.h"

static const char *const arguments[] = {"after", "since_us", "since_s"};

void
pst_since_free(PstSince *since)
{
    g_clear_pointer(&since->mark, pst_mark_free);
    g_free(since);
}

PstSince *
pst_since_parse(const char *text, GError **error)
{
    g_autoptr(PstSince) since = g_new0(PstSince, 1);

    if (!pst_mark_is(text))
        return pst_options_parse_past(text, &since->span_us, error) ? g_steal_pointer(&since)
                                                                    : NULL;
    since->mark = pst_mark_parse(text, error);
    return since->mark != NULL ? g_steal_pointer(&since) : NULL;
}

static gboolean
takes(const PstReportKind *kind, const char *argument)
{
    for (guint i = 0; i < kind->args->n_rows; i++)
        if (g_str_equal(kind->args->rows[i].name, argument))
            return TRUE;
    return FALSE;
}

gboolean
pst_since_is_taken(const PstReportKind *kind)
{
    return takes(kind, "since_us") && takes(kind, "since_s");
}

static gboolean
check(const PstReportKind *kind, JsonObject *args, GError **error)
{
    if (!pst_since_is_taken(kind)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "probe %s takes no --since", kind->name);
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(arguments); i++) {
        if (!json_object_has_member(args, arguments[i]))
            continue;
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "say one of --since and %s", arguments[i]);
        return FALSE;
    }
    return TRUE;
}

gboolean
pst_since_apply(const PstSince *since, const PstReportKind *kind, JsonObject *args, GError **error)
{
    const PstMark *mark = since->mark;

    if (!check(kind, args, error))
        return FALSE;
    if (mark != NULL && mark->cursor != NULL && takes(kind, "after")) {
        json_object_set_string_member(args, "after", mark->cursor);
        return TRUE;
    }
    if (mark == NULL)
        json_object_set_int_member(args, "since_s",
                                   (since->span_us + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
    else
        json_object_set_int_member(args, "since_us", mark->realtime_us);
    /* A start in between takes nothing from what came since. */
    if (takes(kind, "boot") && !json_object_has_member(args, "boot"))
        json_object_set_string_member(args, "boot", "all");
    return TRUE;
}
