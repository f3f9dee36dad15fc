// SPDX-License-Identifier: LGPL-2.1-or-later
/* The top of the page: the verdict, what to mend first, who gets in. */
#include "host-sidecar/causes.h"
#include "host-sidecar/diagnose.h"
#include "host-sidecar/html-page.h"
#include "host-sidecar/render.h"

#define MAX_CAUSES 12

static const char *const verdict_words[] = {
    [PST_ACCESS_UNKNOWN] = "unknown",
    [PST_ACCESS_OPEN] = "open",
    [PST_ACCESS_SHUT] = "shut",
};

/* How bad such a verdict is. */
static const PstStatus verdict_status[] = {
    [PST_ACCESS_UNKNOWN] = PST_STATUS_UNKNOWN,
    [PST_ACCESS_OPEN] = PST_STATUS_OK,
    [PST_ACCESS_SHUT] = PST_STATUS_CRITICAL,
};

/* The first question's reason: where no path is open, it is every question's. */
static void
append_why(GString *out, const PstHtmlPage *page)
{
    for (guint i = 0; i < page->n; i++) {
        if (page->answers[i]->error == NULL)
            continue;
        g_autofree char *why = pst_answer_explain(page->answers[i]);
        g_string_append(out, ": ");
        pst_html_page_text(out, why);
        return;
    }
}

/* By which paths the answers came, and how old the oldest of them is. */
static void
append_ways_there(GString *out, const PstHtmlPage *page)
{
    gboolean seen[PST_VIA_NONE + 1] = {FALSE};
    const char *between = " Answers came via ";
    gint64 oldest_ms = 0;

    for (guint i = 0; i < page->n; i++) {
        const PstAnswer *answer = page->answers[i];

        if (answer->report == NULL || answer->report->kind == NULL || answer->via >= PST_VIA_HOST ||
            seen[answer->via])
            continue;
        seen[answer->via] = TRUE;
        g_string_append_printf(out, "%s%s", between, pst_answer_via_names[answer->via]);
        between = ", ";
    }
    if (*between == ' ') {
        g_string_append(out, " Nothing in the guest answered");
        append_why(out, page);
        g_string_append_c(out, '.');
        return;
    }
    for (guint i = 0; i < page->n; i++)
        if (page->answers[i]->via == PST_VIA_VOLUME)
            oldest_ms = MAX(oldest_ms, page->answers[i]->age_ms);
    if (oldest_ms > 0) {
        g_autofree char *ago = pst_render_ago(oldest_ms * 1000);
        g_string_append_printf(out, "; the oldest is of %s", ago);
    }
    gint64 no_news_ms = pst_answer_no_news_ms(page->answers, page->n);
    if (no_news_ms != PST_INT_UNKNOWN) {
        g_autofree char *ago = pst_render_ago(no_news_ms * 1000);
        g_string_append_printf(out, "; no new finding %s", ago);
    }
    g_string_append_c(out, '.');
}

static void
append_count(GString *out, const PstManifest *manifest, PstManifestPartState state,
             const char *what)
{
    guint n = pst_manifest_count(manifest, state);

    if (n > 0)
        g_string_append_printf(out, " <a href=\"#%s\">%u part%s %s.</a>",
                               pst_html_page_part_ids[state], n, n == 1 ? "" : "s", what);
}

static void
append_gathering(GString *out, const PstHtmlPage *page)
{
    const PstManifest *manifest = page->manifest;

    g_string_append(out, "<p class=\"meta\">Gathered ");
    pst_html_page_moment(out, manifest->begun_us);
    g_string_append_printf(out, " in %.1f s by ",
                           (double)(page->now_us - manifest->begun_us) / G_USEC_PER_SEC);
    pst_html_page_text(out, manifest->caller);
    g_string_append(out, " with postern " PST_VERSION ".");
    append_ways_there(out, page);
    append_count(out, manifest, PST_MANIFEST_PART_NOT_HAD, "could not be had");
    append_count(out, manifest, PST_MANIFEST_PART_NOT_WHOLE, "came reduced");
    g_string_append(out, "</p>\n");
}

static void
append_term(GString *out, const char *term, const char *text)
{
    if (text == NULL || *text == '\0')
        return;
    g_string_append_printf(out, "<dt>%s</dt>", term);
    pst_html_page_element(out, "dd", "value", text);
}

static char *
place_of(const PstEvidence *evidence)
{
    GString *place = g_string_new(evidence->path);

    if (evidence->line != PST_INT_UNKNOWN)
        g_string_append_printf(place, ":%" G_GINT64_FORMAT, evidence->line);
    if (evidence->mode != NULL)
        g_string_append_printf(place, ", mode %s", evidence->mode);
    if (evidence->owner != NULL)
        g_string_append_printf(place, ", owner %s", evidence->owner);
    if (evidence->expected != NULL)
        g_string_append_printf(place, ", expected %s", evidence->expected);
    return g_string_free(place, FALSE);
}

static void
append_evidence(GString *out, const PstEvidence *evidence)
{
    g_autofree char *place = evidence->path != NULL ? place_of(evidence) : NULL;

    append_term(out, "where", place);
    append_term(out, "unit", evidence->unit);
    append_term(out, "command", evidence->command);
    if (evidence->text != NULL && *evidence->text != '\0') {
        g_string_append(out, "<dt>seen</dt><dd><code>");
        pst_html_page_text(out, evidence->text);
        g_string_append(out, "</code></dd>\n");
    }
    append_term(out, "says", evidence->error);
}

static void
append_followers(GString *out, const GArray *causes, const PstFinding *root)
{
    g_autoptr(GString) names = g_string_new(NULL);

    for (guint i = 0; i < causes->len; i++) {
        const PstCause *cause = &g_array_index(causes, PstCause, i);

        /* Whom it shuts out is told in the matrix. */
        if (cause->root == root && cause->finding != root &&
            pst_render_access_data(cause->answer) == NULL)
            g_string_append_printf(names, "%s%s", names->len > 0 ? "; " : "",
                                   cause->finding->message);
    }
    append_term(out, "then also", names->str);
}

static void
append_cause(GString *out, const GArray *causes, const PstCause *cause)
{
    const PstFinding *finding = cause->finding;
    g_autofree char *since = pst_dating_text(&cause->dating);

    g_string_append(out, "<li>");
    pst_html_page_badge(out, (PstStatus)finding->severity);
    g_string_append(out, "<span class=\"note mono\">");
    pst_html_page_text(out, finding->id);
    if (cause->answer->via == PST_VIA_VOLUME) {
        g_autofree char *ago = pst_render_ago(cause->answer->age_ms * 1000);
        g_string_append_printf(out, ", as of %s", ago);
    }
    g_string_append(out, "</span>");
    pst_html_page_element(out, "p", "message", finding->message);
    g_string_append(out, "<dl>");
    if (finding->evidence != NULL)
        append_evidence(out, finding->evidence);
    append_term(out, "since", since);
    append_term(out, "remedy", finding->remedy);
    append_followers(out, causes, finding);
    g_string_append(out, "</dl></li>\n");
}

static gboolean
is_root(const PstCause *cause)
{
    return cause->cause == NULL && pst_render_access_data(cause->answer) == NULL;
}

static void
append_causes(GString *out, const PstHtmlPage *page)
{
    g_autoptr(GArray) causes = pst_causes_order(page->answers, page->n);
    guint n = 0;

    for (guint i = 0; i < causes->len; i++)
        n += is_root(&g_array_index(causes, PstCause, i));
    if (n == 0)
        return;
    g_string_append(out, "<h2>What is wrong, the first thing first</h2>\n<ol class=\"causes\">\n");
    n = 0;
    for (guint i = 0; i < causes->len; i++) {
        const PstCause *cause = &g_array_index(causes, PstCause, i);

        if (is_root(cause) && n++ < MAX_CAUSES)
            append_cause(out, causes, cause);
    }
    g_string_append(out, "</ol>\n");
    if (n > MAX_CAUSES)
        g_string_append_printf(out, "<p class=\"note\">And %u more, in the reports below.</p>\n",
                               n - MAX_CAUSES);
}

static void
append_access(GString *out, const PstAccessData *data)
{
    g_string_append(out, "<h2>Can ");
    pst_html_page_text(out, data->user);
    g_string_append(out, " get in, and become root?</h2>\n<ul class=\"ways\">\n");
    for (guint i = 0; data->ways != NULL && i < data->ways->len; i++) {
        const PstAccessWay *way = data->ways->pdata[i];

        g_string_append_printf(out, "<li><span class=\"badge %s\">%s</span> <strong>",
                               pst_report_status_names[verdict_status[way->verdict]],
                               verdict_words[way->verdict]);
        pst_html_page_text(out, way->way);
        g_string_append(out, "</strong> ");
        pst_html_page_text(out, way->because);
        g_string_append(out, "</li>\n");
    }
    g_string_append(out, "</ul>\n");
}

void
pst_html_page_verdict(GString *out, const PstHtmlPage *page)
{
    PstStatus status = pst_diagnose_judge(page->answers, page->n).status;

    if (page->manifest->end == PST_MANIFEST_INTERRUPTED) {
        g_string_append(out, "<p class=\"alarm\" role=\"note\">The gathering was interrupted (");
        pst_html_page_text(out, page->manifest->interrupted);
        g_string_append(out, "): what was there by then is here, and no more.</p>\n");
    }
    if (pst_manifest_count(page->manifest, PST_MANIFEST_PART_UNWRITTEN) > 0) {
        g_string_append(out, "<p class=\"alarm\" role=\"note\">Not all that was had is here.");
        append_count(out, page->manifest, PST_MANIFEST_PART_UNWRITTEN, "could not be written");
        g_string_append(out, "</p>\n");
    }
    g_string_append_printf(out, "<header class=\"verdict %s\">\n<h1>Evidence of ",
                           pst_report_status_names[status]);
    pst_html_page_text(out, page->manifest->guest);
    g_string_append(out, "</h1>\n<p class=\"headline\">");
    pst_html_page_badge(out, status);
    pst_html_page_text(out, page->manifest->summary);
    g_string_append(out, "</p>\n");
    append_gathering(out, page);
    g_string_append(out, "</header>\n");
    if (page->extent >= PST_HTML_PAGE_HEAD)
        return;
    append_causes(out, page);
    for (guint i = 0; i < page->n; i++)
        if (pst_render_access_data(page->answers[i]) != NULL)
            append_access(out, pst_render_access_data(page->answers[i]));
}
