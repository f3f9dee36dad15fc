// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/escape.h"
#include "host-sidecar/gate.h"

#define DIGITS "0123456789"
#define PLAIN DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_./:=@%+,-"

/* ---- a word for a shell ---- */

/* The $'…' of POSIX.1-2024: by octal numbers alone, so that for a shell which doesn't know it this
 * is a quoted word as well. */
static void
append_numbered(GString *out, const char *word)
{
    g_string_append(out, "$'");
    for (; *word != '\0'; word++) {
        if (strchr(PLAIN " ", *word) != NULL)
            g_string_append_c(out, *word);
        else
            g_string_append_printf(out, "\\%03o", (guint8)*word);
    }
    g_string_append_c(out, '\'');
}

static void
append_word(GString *out, const char *word)
{
    g_autofree char *shown = pst_escape_text(word, FALSE);

    if (out->len > 0)
        g_string_append_c(out, ' ');
    if (*word != '\0' && strspn(word, PLAIN) == strlen(word)) {
        g_string_append(out, word);
    } else if (g_str_equal(shown, word)) {
        g_autofree char *quoted = g_shell_quote(word);
        g_string_append(out, quoted);
    } else {
        append_numbered(out, word);
    }
}

static char *
command_of(const char *const *words)
{
    GString *out = g_string_new(NULL);

    for (; *words != NULL; words++)
        append_word(out, *words);
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
