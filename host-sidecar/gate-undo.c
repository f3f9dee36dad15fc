// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/gate.h"
#include "protocol/shell-word.h"

#define DIGITS "0123456789"

static char *
command_of(const char *const *words)
{
    GString *out = g_string_new(NULL);

    for (; *words != NULL; words++) {
        g_autofree char *word = pst_shell_word(*words);
        g_string_append_printf(out, "%s%s", out->len > 0 ? " " : "", word);
    }
    return g_string_free(out, FALSE);
}

/* ---- what undoes it ---- */

static gboolean
is_number(const char *text, gsize len, const char *digits)
{
    return len > 0 && strspn(text, digits) >= len;
}

static gboolean
is_mode(const char *mode)
{
    return mode != NULL && is_number(mode, strlen(mode), "01234567");
}

static gboolean
is_owner(const char *owner)
{
    const char *colon = owner != NULL ? strchr(owner, ':') : NULL;

    return colon != NULL && is_number(owner, (gsize)(colon - owner), DIGITS) &&
           is_number(colon + 1, strlen(colon + 1), DIGITS);
}

/* What begins with a dash is an option. */
static gboolean
is_operand(const char *word)
{
    return word != NULL && *word != '\0' && *word != '-';
}

char *
pst_gate_undo_words(const PstUndo *undo)
{
    if (undo == NULL)
        return NULL;
    gboolean has_path = undo->path != NULL && g_path_is_absolute(undo->path);
    const char *const mode[] = {"chmod", undo->mode, undo->path, NULL};
    const char *const owner[] = {"chown", "-h", undo->owner, undo->path, NULL};
    const char *const unit[] = {"systemctl", undo->action, undo->unit, NULL};

    switch ((PstUndoKind)undo->kind) {
    case PST_UNDO_MODE:
        return has_path && is_mode(undo->mode) ? command_of(mode) : NULL;
    case PST_UNDO_OWNER:
        return has_path && is_owner(undo->owner) ? command_of(owner) : NULL;
    case PST_UNDO_UNIT:
        return is_operand(undo->action) && is_operand(undo->unit) ? command_of(unit) : NULL;
    case PST_UNDO_ARGV:
        return undo->argv != NULL && is_operand(undo->argv[0])
                   ? command_of((const char *const *)undo->argv)
                   : NULL;
    case PST_UNDO_FILE:
        break;
    }
    return NULL;
}
