// SPDX-License-Identifier: LGPL-2.1-or-later
/* What could not be had, then everything that could. */
#include "host-sidecar/html-page.h"
#include "host-sidecar/render.h"

/* As `records` shows them. */
#define MAX_RECORDS 500

const char *const pst_html_page_part_ids[] = {
    [PST_MANIFEST_PART_NOT_WHOLE] = "not-whole",
    [PST_MANIFEST_PART_NOT_HAD] = "failed",
    [PST_MANIFEST_PART_UNWRITTEN] = "unwritten",
};

/* Whether an earlier part became so for the same reason: that is said once. */
static gboolean
is_said(const GPtrArray *parts, guint i, PstManifestPartState state)
{
    const PstManifestPart *part = parts->pdata[i];

    for (guint j = 0; j < i; j++) {
        const PstManifestPart *other = parts->pdata[j];

        if (pst_manifest_part_state(other) == state && g_strcmp0(other->error, part->error) == 0)
            return TRUE;
    }
    return FALSE;
}

static void
append_failure(GString *out, const GPtrArray *parts, guint first, PstManifestPartState state)
{
    const PstManifestPart *part = parts->pdata[first];
    const char *between = "<li><strong>";

    for (guint i = first; i < parts->len; i++) {
        const PstManifestPart *other = parts->pdata[i];

        if (pst_manifest_part_state(other) != state || g_strcmp0(other->error, part->error) != 0)
            continue;
        g_string_append(out, between);
        pst_html_page_text(out, other->what);
        between = ", ";
    }
    g_string_append(out, "</strong>: ");
    pst_html_page_text(out, part->error);
    if (part->took_ms > 0 && state == PST_MANIFEST_PART_NOT_HAD)
        g_string_append_printf(
            out, " <span class=\"note\">(given up after %" G_GINT64_FORMAT " ms)</span>",
            part->took_ms);
    g_string_append(out, "</li>\n");
}

static void
append_failed(GString *out, const PstHtmlPage *page, PstManifestPartState state, const char *title)
{
    const GPtrArray *parts = page->manifest->parts;

    if (pst_manifest_count(page->manifest, state) == 0)
        return;
    g_string_append_printf(out, "<h2 id=\"%s\">%s</h2>\n<ul class=\"failed\">\n",
                           pst_html_page_part_ids[state], title);
    for (guint i = 0; i < parts->len; i++)
        if (pst_manifest_part_state(parts->pdata[i]) == state && !is_said(parts, i, state))
            append_failure(out, parts, i, state);
    g_string_append(out, "</ul>\n");
}

static void
append_report(GString *out, PstAnswer *answer)
{
    g_autofree char *text = NULL;

    if (answer->report == NULL)
        return;
    text = pst_render_answer(answer);
    g_string_append(out, "<details><summary>");
    pst_html_page_badge(out, pst_answer_status(answer));
    pst_html_page_text(out, answer->probe);
    g_string_append(out, " <span class=\"what\">");
    pst_html_page_text(out, answer->report->summary);
    g_string_append(out, "</span></summary>\n");
    pst_html_page_block(out, "report", text);
    g_string_append(out, "</details>\n");
}

static void
append_text(GString *out, const char *name, const char *what, const char *text)
{
    g_string_append_printf(out, "<details><summary>%s <span class=\"what\">%s</span></summary>\n",
                           name, what);
    pst_html_page_block(out, "report", text);
    g_string_append(out, "</details>\n");
}

static void
append_part(GString *out, const PstManifestPart *part)
{
    if (part->path == NULL)
        return;
    g_string_append(out, "<tr><td class=\"mono\">");
    pst_html_page_text(out, part->path);
    g_string_append_printf(out, "</td><td class=\"number bytes\">%" G_GINT64_FORMAT "</td><td>",
                           part->bytes);
    pst_html_page_text(out, part->via);
    if (part->age_ms > 0) {
        g_autofree char *ago = pst_render_ago(part->age_ms * 1000);
        g_string_append_printf(out, ", of %s", ago);
    }
    g_string_append_printf(out, "</td><td class=\"number\">%" G_GINT64_FORMAT " ms</td>",
                           MAX(part->took_ms, 0));
    pst_html_page_element(out, "td", "mono digest", part->sha256);
    g_string_append(out, "</tr>\n");
}

static void
append_parts(GString *out, const PstHtmlPage *page)
{
    g_string_append(out, "<details><summary>the parts <span class=\"what\">each with its SHA-256"
                         "</span></summary>\n<table><thead><tr><th>path</th>"
                         "<th class=\"number\">bytes</th><th>had via</th>"
                         "<th class=\"number\">after</th><th>SHA-256</th></tr></thead><tbody>\n");
    for (guint i = 0; i < page->manifest->parts->len; i++)
        append_part(out, page->manifest->parts->pdata[i]);
    g_string_append(out, "</tbody></table>\n</details>\n");
}

static void
append_evidence(GString *out, const PstHtmlPage *page)
{
    for (guint i = 0; i < page->n; i++)
        append_report(out, page->answers[i]);
    if (page->records != NULL) {
        g_autofree char *text =
            pst_volume_records_to_text(page->records, MAX_RECORDS, page->now_us);
        append_text(out, "the records", "what the guest's recorder wrote, the newest first", text);
    }
    if (page->xml != NULL)
        append_text(out, "the domain", "its XML, as libvirt has it", page->xml);
}

void
pst_html_page_details(GString *out, const PstHtmlPage *page)
{
    append_failed(out, page, PST_MANIFEST_PART_UNWRITTEN,
                  "What was had and could not be written, and why");
    append_failed(out, page, PST_MANIFEST_PART_NOT_HAD, "What could not be had, and why");
    append_failed(out, page, PST_MANIFEST_PART_NOT_WHOLE, "What is not whole, and why");
    g_string_append(out, "<h2>The details</h2>\n");
    if (page->extent < PST_HTML_PAGE_NO_DETAILS)
        append_evidence(out, page);
    else
        g_string_append(out, "<p class=\"note\">They are too large for this page: the bundle's own "
                             "files have them, but for what could not be written.</p>\n");
    append_parts(out, page);
    g_string_append(out, "<p class=\"note\">Bundle <span class=\"mono\">");
    pst_html_page_text(out, page->manifest->bundle);
    g_string_append(out, "</span>. <code>postern forensics --verify</code> tells whether it is as "
                         "it was sealed: the digest of manifest.json is in the audit log of the "
                         "host that made it.</p>\n");
}
