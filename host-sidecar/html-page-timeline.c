// SPDX-License-Identifier: LGPL-2.1-or-later
/* What happened when, and what the screen shows. */
#include "host-sidecar/html-page.h"
#include "host-sidecar/render.h"
#include "protocol/report-host.h"

/* So many are seen at once; the older ones are behind a click. */
#define MAX_SHOWN 30

static const char *const side_names[] = {"guest", "host"};

static void
append_event(GString *out, const PstHtmlPage *page, const PstTimelineEvent *event)
{
    g_autofree char *ago = pst_render_ago(page->now_us - event->moment_us);

    g_string_append_printf(out, "<li class=\"%s\"><div class=\"when\">", side_names[event->side]);
    pst_html_page_moment(out, event->moment_us);
    g_string_append_printf(out,
                           "<br>%s</div><div><span class=\"side\">%s</span> "
                           "<span class=\"note\">%s</span></div><div>",
                           ago, side_names[event->side], event->source);
    if (event->severity > PST_SEVERITY_INFORMATION)
        pst_html_page_badge(out, (PstStatus)event->severity);
    pst_html_page_text(out, event->text);
    if (event->count > 1)
        g_string_append_printf(out, " <span class=\"note\">(%u times)</span>", event->count);
    g_string_append(out, "</div></li>\n");
}

void
pst_html_page_timeline(GString *out, const PstHtmlPage *page)
{
    g_string_append(out, "<h2>What happened, the newest first</h2>\n"
                         "<p class=\"note\">Times are the host's; what the guest dates is reckoned "
                         "from how long ago it was by the guest's own clock.</p>\n"
                         "<ol class=\"timeline\">\n");
    for (guint i = 0; i < page->timeline->len; i++) {
        if (i == MAX_SHOWN)
            g_string_append_printf(out,
                                   "</ol>\n<details><summary>earlier <span class=\"what\">%u "
                                   "more</span></summary>\n<ol class=\"timeline\">\n",
                                   page->timeline->len - MAX_SHOWN);
        append_event(out, page, page->timeline->pdata[i]);
    }
    g_string_append(out, page->timeline->len > MAX_SHOWN ? "</ol>\n</details>\n" : "</ol>\n");
}

static const PstHostConsole *
find_console(const PstHtmlPage *page)
{
    for (guint i = 0; i < page->n; i++) {
        const PstReport *report = page->answers[i]->report;

        if (report != NULL && report->kind == &pst_report_host_kind && report->data != NULL)
            return ((const PstHostData *)report->data)->console;
    }
    return NULL;
}

static void
append_console(GString *out, const PstHostConsole *console)
{
    g_autofree char *text = g_strjoinv("\n", console->lines);

    g_string_append(out, "<h2>The end of the console's log</h2>\n");
    if (console->age_ms != PST_INT_UNKNOWN) {
        g_autofree char *ago = pst_render_ago(console->age_ms * 1000);
        g_string_append_printf(out, "<p class=\"note\">It last grew %s.</p>\n", ago);
    }
    pst_html_page_block(out, "screen", text);
}

/* Whether the bundle has it as a file. */
static gboolean
is_written(const PstHtmlPage *page)
{
    const GPtrArray *parts = page->manifest->parts;

    for (guint i = 0; i < parts->len; i++)
        if (g_strcmp0(((PstManifestPart *)parts->pdata[i])->path, "screenshot.png") == 0)
            return TRUE;
    return FALSE;
}

static void
append_screen(GString *out, const PstHtmlPage *page)
{
    gsize len = 0;
    const guint8 *png = g_bytes_get_data(page->screen, &len);
    gboolean shown = page->extent < PST_HTML_PAGE_NO_SCREEN && len <= PST_HTML_PAGE_MAX_SCREEN;

    g_string_append(out, "<h2>The screen</h2>\n");
    if (!shown) {
        g_string_append_printf(out, "<p class=\"note\">It is too large for this page%s</p>\n",
                               is_written(page) ? ": screenshot.png"
                                                : ", and could not be written beside it.");
        return;
    }
    g_autofree char *base64 = g_base64_encode(png, len);
    g_string_append(out, "<figure><img alt=\"The guest's screen when this "
                         "was gathered\" src=\"data:image/png;base64,");
    g_string_append(out, base64);
    g_string_append_printf(out,
                           "\"><figcaption>As it was when this was gathered%s%s"
                           "</figcaption></figure>\n",
                           page->screen_scaled ? ", scaled down" : "",
                           is_written(page) ? ": screenshot.png" : "");
}

void
pst_html_page_screen(GString *out, const PstHtmlPage *page)
{
    const PstHostConsole *console = find_console(page);

    if (page->screen != NULL)
        append_screen(out, page);
    if (console != NULL && console->lines != NULL && page->extent < PST_HTML_PAGE_HEAD)
        append_console(out, console);
}
