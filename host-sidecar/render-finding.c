// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/escape.h"
#include "host-sidecar/render.h"

#define INDENT "          "
/* What is quoted of a line of evidence on a screen; --json has the whole. */
#define MAX_QUOTE 160

const char *const pst_render_severity_words[] = {
    [PST_SEVERITY_INFORMATION] = "note",
    [PST_SEVERITY_WARNING] = "WARNING",
    [PST_SEVERITY_UNKNOWN] = "UNKNOWN",
    [PST_SEVERITY_CRITICAL] = "CRITICAL",
};

void
pst_render_append_cut(GString *out, const char *escaped, glong max)
{
    glong n = g_utf8_strlen(escaped, -1);

    g_string_append_len(out, escaped, g_utf8_offset_to_pointer(escaped, MIN(n, max)) - escaped);
    if (n > max)
        g_string_append(out, " …");
}

/* Escaped first and cut then: what a guest's program wrote need not be UTF-8. */
void
pst_render_quote(GString *out, const char *text)
{
    g_autofree char *escaped = pst_escape_text(text, FALSE);

    pst_render_append_cut(out, escaped, MAX_QUOTE);
}

static void
append_word(GString *line, const char *word, const char *value)
{
    if (value == NULL)
        return;
    g_string_append_printf(line, "%s%s ", line->len > 0 ? ", " : "", word);
    pst_render_quote(line, value);
}

/* `path:line, mode …`: where it is, and what was seen there. */
static void
render_evidence(GString *out, const PstEvidence *evidence)
{
    g_autoptr(GString) line = g_string_new(NULL);

    if (evidence->path != NULL)
        pst_render_append(line, evidence->path);
    if (evidence->path != NULL && evidence->line != PST_INT_UNKNOWN)
        g_string_append_printf(line, ":%" G_GINT64_FORMAT, evidence->line);
    append_word(line, "mode", evidence->mode);
    append_word(line, "owner", evidence->owner);
    append_word(line, "expected", evidence->expected);
    append_word(line, "unit", evidence->unit);
    append_word(line, "command", evidence->command);
    if (evidence->exit_status != PST_INT_UNKNOWN)
        g_string_append_printf(line, "%sexit status %" G_GINT64_FORMAT, line->len > 0 ? ", " : "",
                               evidence->exit_status);
    if (line->len > 0)
        g_string_append_printf(out, INDENT "at %s\n", line->str);
    if (evidence->text != NULL) {
        g_string_append(out, INDENT "> ");
        pst_render_quote(out, evidence->text);
        g_string_append_c(out, '\n');
    }
    if (evidence->error != NULL && *evidence->error != '\0') {
        g_string_append(out, INDENT "says: ");
        pst_render_quote(out, evidence->error);
        g_string_append_c(out, '\n');
    }
}

static void
render_since(GString *out, const PstDating *dating)
{
    g_autofree char *text = pst_dating_text(dating);

    if (text == NULL)
        return;
    g_string_append(out, INDENT "since: ");
    pst_render_quote(out, text);
    g_string_append_c(out, '\n');
}

void
pst_render_finding_line(GString *out, const PstFinding *finding, const char *cause, gint64 as_of_ms)
{
    g_autofree char *ago = as_of_ms > 0 ? pst_render_ago(as_of_ms * 1000) : NULL;

    g_string_append_printf(out, "%-9s ", pst_render_severity_words[finding->severity]);
    if (ago != NULL)
        g_string_append_printf(out, "as of %s: ", ago);
    pst_render_append(out, finding->message);
    g_string_append(out, " [");
    pst_render_append(out, finding->id);
    g_string_append_c(out, ']');
    if (cause != NULL) {
        g_string_append(out, ", follows from ");
        pst_render_append(out, cause);
    }
    g_string_append_c(out, '\n');
}

void
pst_render_finding(GString *out, const PstFinding *finding, const char *cause,
                   const PstDating *dating, gint64 as_of_ms)
{
    pst_render_finding_line(out, finding, cause, as_of_ms);
    if (finding->evidence != NULL)
        render_evidence(out, finding->evidence);
    render_since(out, dating);
    if (finding->remedy != NULL) {
        g_string_append(out, INDENT "remedy: ");
        pst_render_quote(out, finding->remedy);
        g_string_append_c(out, '\n');
    }
}
