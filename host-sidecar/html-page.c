// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/html-page.h"

#include <string.h>

#include "host-sidecar/html-escape.h"

/* Of one text in the page; the bundle's own files have the whole. */
#define MAX_BLOCK (192 * 1024)

void
pst_html_page_text(GString *out, const char *text)
{
    if (text == NULL)
        return;
    g_string_append(out, "<bdi>");
    pst_html_escape_append(out, text, FALSE);
    g_string_append(out, "</bdi>");
}

void
pst_html_page_element(GString *out, const char *element, const char *name, const char *text)
{
    if (text == NULL)
        return;
    g_string_append_printf(out, "<%s class=\"%s\">", element, name);
    pst_html_page_text(out, text);
    g_string_append_printf(out, "</%s>\n", element);
}

/* At a line's end where there is one, and never within a character that is whole. */
static gsize
cut_at(const char *text, gsize max)
{
    const char *line = memrchr(text, '\n', max);

    if (line != NULL)
        return (gsize)(line - text) + 1;
    while (max > 0 && ((guchar)text[max] & 0xC0) == 0x80)
        max--;
    return max;
}

void
pst_html_page_block(GString *out, const char *name, const char *text)
{
    gsize len = strlen(text);
    gsize shown = len > MAX_BLOCK ? cut_at(text, MAX_BLOCK) : len;
    g_autofree char *part = g_strndup(text, shown);

    g_string_append_printf(out, "<pre class=\"%s\" tabindex=\"0\">", name);
    pst_html_escape_append(out, part, TRUE);
    g_string_append(out, "</pre>\n");
    if (shown < len)
        g_string_append_printf(out,
                               "<p class=\"note\">%" G_GSIZE_FORMAT " bytes more are in the "
                               "bundle's own files.</p>\n",
                               len - shown);
}

void
pst_html_page_badge(GString *out, PstStatus status)
{
    const char *name = pst_report_status_names[status];

    g_string_append_printf(out, "<span class=\"badge %s\">%s</span> ", name, name);
}

void
pst_html_page_moment(GString *out, gint64 moment_us)
{
    g_autoptr(GDateTime) moment = g_date_time_new_from_unix_utc(moment_us / G_USEC_PER_SEC);
    g_autofree char *text =
        moment != NULL ? g_date_time_format(moment, "%Y-%m-%d %H:%M:%S UTC") : NULL;

    g_string_append(out, text != NULL ? text : "at no time that there is");
}

/* Nothing may be loaded, run or sent; of styles only the one that is here. */
static void
append_policy(GString *out)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    guint8 digest[32];
    gsize len = sizeof(digest);

    g_checksum_update(checksum, (const guchar *)pst_html_page_style, -1);
    g_checksum_get_digest(checksum, digest, &len);
    g_autofree char *hash = g_base64_encode(digest, len);
    g_string_append_printf(out,
                           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                           "'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; "
                           "form-action 'none'\">\n",
                           hash);
}

static void
append_head(GString *out, const PstHtmlPage *page)
{
    g_string_append(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    append_policy(out);
    g_string_append(out,
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n"
                    "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
    pst_html_escape_append(out, page->manifest->guest, FALSE);
    g_string_append(out, ": ");
    pst_html_escape_append(out, page->manifest->summary != NULL ? page->manifest->summary : "",
                           FALSE);
    g_string_append_printf(out, "</title>\n<style>%s</style>\n</head>\n", pst_html_page_style);
}

char *
pst_html_page(const PstHtmlPage *page)
{
    GString *out = g_string_new(NULL);

    append_head(out, page);
    g_string_append(out, "<body>\n<main>\n");
    pst_html_page_verdict(out, page);
    if (page->extent < PST_HTML_PAGE_HEAD)
        pst_html_page_timeline(out, page);
    pst_html_page_screen(out, page);
    pst_html_page_details(out, page);
    g_string_append(out, "</main>\n</body>\n</html>\n");
    return g_string_free(out, FALSE);
}

GPtrArray *
pst_html_page_series(const PstHtmlPage *page, gsize max)
{
    GPtrArray *pages = g_ptr_array_new_with_free_func(g_free);
    PstHtmlPage one = *page;

    for (; one.extent <= PST_HTML_PAGE_HEAD; one.extent++) {
        char *html = pst_html_page(&one);

        if (strlen(html) <= max || one.extent == PST_HTML_PAGE_HEAD)
            g_ptr_array_add(pages, html);
        else
            g_free(html);
    }
    return pages;
}
