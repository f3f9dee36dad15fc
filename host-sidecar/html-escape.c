// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/html-escape.h"

#include "host-sidecar/escape.h"

/* https://html.spec.whatwg.org/multipage/syntax.html: what ends character data, begins a character
 * reference, or ends an attribute's value. */
static const char *
reference(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void
pst_html_escape_append(GString *out, const char *text, gboolean keep_lines)
{
    g_autofree char *visible = pst_escape_text(text, keep_lines);

    for (const char *c = visible; *c != '\0'; c++) {
        const char *name = reference(*c);

        if (name != NULL)
            g_string_append(out, name);
        else
            g_string_append_c(out, *c);
    }
}
