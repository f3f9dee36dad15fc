// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-words.h"

#include "host-sidecar/exit-code.h"
#include "host-sidecar/render.h"

static gboolean
has_state(const PstEnrollTold *told, PstEnrollState state)
{
    for (guint i = 0; told->steps != NULL && i < told->steps->len; i++) {
        const PstEnrollStep *step = told->steps->pdata[i];
        if (step->state == (int)state)
            return TRUE;
    }
    return FALSE;
}

static const char *
headline(const PstEnrollTold *told, gboolean undo)
{
    if (told->dry_run == PST_TRI_YES)
        return undo ? "nothing was changed; this would be undone"
                    : "nothing was changed; the steps";
    if (has_state(told, PST_ENROLL_FAILED))
        return undo ? "not all of it could be undone" : "it is not enrolled: a step failed";
    if (told->complete != PST_TRI_YES)
        return undo ? "the rest is its administrator's" : "what is left is its administrator's";
    if (told->changed != PST_TRI_YES)
        return undo ? "nothing of it was enroll's: nothing was changed"
                    : "it was enrolled already: nothing was changed";
    return undo ? "what enroll had added is gone" : "it is enrolled";
}

static void
append_step(GString *out, const PstEnrollStep *step)
{
    g_string_append_printf(out, "  %-13s  %-13s  ", pst_enroll_kind_names[step->step],
                           pst_enroll_state_names[step->state]);
    if (step->detail != NULL)
        pst_render_append(out, step->detail);
    if (step->took_ms != PST_INT_UNKNOWN && step->took_ms >= 100)
        g_string_append_printf(out, " (%.1f s)", (double)step->took_ms / 1000);
    g_string_append_c(out, '\n');
}

char *
pst_enroll_words_text(const PstEnrollTold *told, gboolean undo)
{
    GString *out = g_string_new(NULL);

    pst_render_append(out, told->guest);
    g_string_append_printf(out, ": %s\n", headline(told, undo));
    for (guint i = 0; told->steps != NULL && i < told->steps->len; i++)
        append_step(out, told->steps->pdata[i]);
    if (told->lines == NULL)
        return g_string_free(out, FALSE);
    if (told->bring != NULL) {
        g_string_append(out, "bring ");
        pst_render_append(out, told->bring);
        g_string_append_c(out, '\n');
    }
    g_string_append(out, "then, as root in the guest:\n");
    for (guint i = 0; told->lines[i] != NULL; i++) {
        pst_render_append(out, told->lines[i]);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}

char *
pst_enroll_words_question(const PstEnrollTold *told, gboolean undo)
{
    GString *out = g_string_new(undo ? "Undo this of " : "Do this to ");

    pst_render_append(out, told->guest);
    g_string_append(out, "? [y/N] ");
    return g_string_free(out, FALSE);
}

int
pst_enroll_words_exit_code(const PstEnrollTold *told)
{
    if (has_state(told, PST_ENROLL_FAILED))
        return PST_EXIT_CRITICAL;
    return has_state(told, PST_ENROLL_ADMINISTRATOR) ? PST_EXIT_WARNING : PST_EXIT_OK;
}
