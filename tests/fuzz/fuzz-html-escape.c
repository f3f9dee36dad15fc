// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a text in the page: what comes out can end no element and no attribute, begins no
 * character reference but those that stand for what was there, and reads back as the visible text.
 */
#include <string.h>

#include "host-sidecar/escape.h"
#include "host-sidecar/html-escape.h"
#include "tests/fuzz/fuzz.h"

static const struct {
    const char *name;
    char c;
} references[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};

static const char *
take_reference(const char *at, GString *back)
{
    for (guint i = 0; i < G_N_ELEMENTS(references); i++) {
        if (!g_str_has_prefix(at, references[i].name))
            continue;
        g_string_append_c(back, references[i].c);
        return at + strlen(references[i].name);
    }
    g_assert_not_reached();
}

static void
check(const char *text, gboolean keep_lines)
{
    g_autofree char *visible = pst_escape_text(text, keep_lines);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) back = g_string_new(NULL);

    pst_html_escape_append(out, text, keep_lines);
    g_assert_true(g_utf8_validate(out->str, (gssize)out->len, NULL));
    g_assert_null(strpbrk(out->str, "<>\"'"));
    for (const char *at = out->str; *at != '\0';) {
        if (*at == '&')
            at = take_reference(at, back);
        else
            g_string_append_c(back, *at++);
    }
    g_assert_cmpstr(back->str, ==, visible);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autofree char *text = g_strndup(len > 0 ? (const char *)data : "", len);

    check(text, FALSE);
    check(text, TRUE);
    return 0;
}
