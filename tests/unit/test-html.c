// SPDX-License-Identifier: LGPL-2.1-or-later
/* No text of a guest leaves its place in the page. */
#include <libxml/HTMLparser.h>
#include <string.h>

#include "host-sidecar/escape.h"
#include "host-sidecar/html-escape.h"
#include "host-sidecar/html-page.h"
#include "protocol/error.h"
#include "protocol/report-host.h"
#include "tests/unit/make-report.h"

static const char *const hostile[] = {
    "</bdi></dd></pre></summary></title></style><script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "<!--",
    "--><b>",
    "]]><b>",
    "&lt;script&gt;&#60;b&#x3c;",
    "<\xff\xfe/bdi>\xc3",
    "\xe2\x80\xaegpj.exe\xe2\x81\xa6 \xef\xbb\xbf \xe2\x80\xa8 \xf3\xa0\x81\x81",
    "\x1b]0;x\x07\x01\x7f \xc2\x9b",
    "a\nb\r\n\tc",
    "\xef\xbc\x9c/bdi\xef\xbc\x9e",
    "<",
    "&",
};

static char *
escape(const char *text, gboolean keep_lines)
{
    GString *out = g_string_new(NULL);

    pst_html_escape_append(out, text, keep_lines);
    return g_string_free(out, FALSE);
}

/* What an HTML reader makes of it again. */
static char *
unescape(const char *text)
{
    GString *out = g_string_new(text);

    g_string_replace(out, "&lt;", "<", 0);
    g_string_replace(out, "&gt;", ">", 0);
    g_string_replace(out, "&quot;", "\"", 0);
    g_string_replace(out, "&#39;", "'", 0);
    g_string_replace(out, "&amp;", "&", 0);
    return g_string_free(out, FALSE);
}

static void
assert_kept_in(const char *text, gboolean keep_lines)
{
    g_autofree char *escaped = escape(text, keep_lines);
    g_autofree char *visible = pst_escape_text(text, keep_lines);
    g_autofree char *back = unescape(escaped);

    g_assert_null(strpbrk(escaped, "<>\"'"));
    g_assert_true(g_utf8_validate(escaped, -1, NULL));
    g_assert_cmpstr(back, ==, visible);
}

static void
test_escape(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(hostile); i++) {
        assert_kept_in(hostile[i], FALSE);
        assert_kept_in(hostile[i], TRUE);
    }
    g_autofree char *plain = escape("a & b < c\n", FALSE);
    g_assert_cmpstr(plain, ==, "a &amp; b &lt; c\\n");
    g_autofree char *lines = escape("a\n\tb\r", TRUE);
    g_assert_cmpstr(lines, ==, "a\n\tb\\x0d");
}

static void
test_escape_random(void)
{
    for (guint i = 0; i < 20000; i++) {
        char text[24];
        guint len = (guint)g_test_rand_int_range(0, sizeof(text));

        for (guint j = 0; j < len; j++)
            text[j] = (char)(g_test_rand_int_range(0, 3) == 0
                                 ? "<>&\"'/!-\xe2\x80\xae"[g_test_rand_int_range(0, 11)]
                                 : g_test_rand_int_range(1, 256));
        text[len] = '\0';
        assert_kept_in(text, i % 2 == 0);
    }
}

static PstAnswer *
make_answer(const char *word)
{
    PstAnswer *answer = pst_answer_new(word, "network", NULL);
    PstReport *report = make_report(PST_SEVERITY_CRITICAL, "network.no-link", word);
    PstFinding *finding = report->findings->pdata[0];

    finding->remedy = g_strdup(word);
    finding->evidence->path = g_strdup(word);
    finding->evidence->text = g_strdup(word);
    finding->evidence->error = g_strdup(word);
    finding->evidence->unit = g_strdup(word);
    finding->evidence->command = g_strdup(word);
    finding->evidence->mode = g_strdup(word);
    finding->evidence->expected = g_strdup(word);
    answer->report = report;
    answer->via = PST_VIA_CHANNEL;
    return answer;
}

static PstAnswer *
make_host(const char *word)
{
    PstAnswer *answer = pst_answer_new(word, "host", NULL);
    PstReport *report = pst_report_new(&pst_report_host_kind);
    PstHostData *data = report->data;
    const char *const lines[] = {word, word, NULL};

    data->state = g_strdup(word);
    data->reason = g_strdup(word);
    data->console = pst_fields_new(&pst_report_host_console_fields);
    data->console->age_ms = 1000;
    data->console->lines = g_strdupv((char **)lines);
    data->console->panic = g_strdup(word);
    pst_report_conclude(report, word);
    answer->report = report;
    return answer;
}

/* A page in which every text of a guest is WORD, of at most MAX bytes. */
static char *
make_page_within(const char *word, gsize screen_len, gsize max)
{
    g_autoptr(PstManifest) manifest = pst_manifest_new(word, "uuid", word);
    g_autoptr(PstAnswer) one = make_answer(word);
    g_autoptr(PstAnswer) host = make_host(word);
    PstAnswer *answers[] = {one, host};
    PstTimelineSources sources = {answers, 2, NULL, "web", 1000000, 2000000, word};
    g_autoptr(GPtrArray) timeline = pst_timeline_build(&sources);
    g_autoptr(GBytes) screen = g_bytes_new_take(g_malloc0(screen_len), screen_len);
    PstHtmlPage page = {.manifest = manifest,
                        .answers = answers,
                        .n = 2,
                        .timeline = timeline,
                        .screen = screen,
                        .xml = word,
                        .now_us = 2000000};

    manifest->summary = g_strdup(word);
    manifest->end = PST_MANIFEST_INTERRUPTED;
    manifest->interrupted = g_strdup(word);
    pst_manifest_add(manifest, word, word)->error = g_strdup(word);
    PstManifestPart *part = pst_manifest_add(manifest, word, word);
    part->path = g_strdup(word);
    part->sha256 = g_strdup(word);
    g_autoptr(GPtrArray) pages = pst_html_page_series(&page, max);
    for (guint i = 1; i < pages->len; i++)
        g_assert_cmpuint(strlen(pages->pdata[i]), <=, strlen(pages->pdata[i - 1]));
    return g_strdup(pages->pdata[0]);
}

static char *
make_page(const char *word)
{
    return make_page_within(word, 3, G_MAXSIZE);
}

static void
append_shape(GString *out, const xmlNode *node)
{
    for (; node != NULL; node = node->next) {
        if (node->type == XML_COMMENT_NODE || node->type == XML_PI_NODE)
            g_string_append(out, "<!>");
        if (node->type != XML_ELEMENT_NODE)
            continue;
        g_string_append_printf(out, "<%s", (const char *)node->name);
        for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next)
            g_string_append_printf(out, " %s", (const char *)attribute->name);
        g_string_append_c(out, '>');
        append_shape(out, node->children);
        g_string_append(out, "</>");
    }
}

/* Its elements and the names of their attributes, as a parser sees them. */
static char *
shape_of(const char *html)
{
    htmlDocPtr document =
        htmlReadMemory(html, (int)strlen(html), NULL, "UTF-8",
                       HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
    GString *out = g_string_new(NULL);

    g_assert_nonnull(document);
    append_shape(out, xmlDocGetRootElement(document));
    xmlFreeDoc(document);
    return g_string_free(out, FALSE);
}

static void
test_page_hostile(void)
{
    g_autofree char *plain = make_page("word");
    g_autofree char *shape = shape_of(plain);

    g_assert_nonnull(strstr(shape, "<bdi>"));
    for (guint i = 0; i < G_N_ELEMENTS(hostile); i++) {
        g_autofree char *page = make_page(hostile[i]);
        g_autofree char *other = shape_of(page);

        g_assert_true(g_utf8_validate(page, -1, NULL));
        g_assert_cmpstr(other, ==, shape);
        g_assert_null(strstr(page, "<script"));
        g_assert_null(strstr(page, "<img src=x"));
        g_assert_null(strstr(page, "\xe2\x80\xae"));
        g_assert_null(strchr(page, '\x1b'));
    }
}

/* Nothing from outside, nothing that runs. */
static void
test_page_alone(void)
{
    g_autofree char *page = make_page("word");
    const char *const forbidden[] = {"<script", "<link", "<iframe", "http://", "https://",
                                     "@import", "url(",  "onload",  "style=\""};

    for (guint i = 0; i < G_N_ELEMENTS(forbidden); i++)
        g_assert_null(strstr(page, forbidden[i]));
    g_assert_nonnull(strstr(page, "default-src 'none'"));
    g_assert_nonnull(strstr(page, "src=\"data:image/png;base64,AAAA\""));
    g_assert_nonnull(strstr(page, "was interrupted"));
    /* The style is the one that the policy allows. */
    g_autofree char *digest =
        g_compute_checksum_for_string(G_CHECKSUM_SHA256, pst_html_page_style, -1);
    guint8 bytes[32];
    for (guint i = 0; i < 32; i++)
        bytes[i] = (guint8)(g_ascii_xdigit_value(digest[2 * i]) << 4 |
                            g_ascii_xdigit_value(digest[2 * i + 1]));
    g_autofree char *base64 = g_base64_encode(bytes, 32);
    g_assert_nonnull(strstr(page, base64));
}

static void
test_page_long(void)
{
    g_autofree char *word = g_strnfill(1024 * 1024, 'x');
    g_autoptr(GString) out = g_string_new(NULL);

    pst_html_page_block(out, "report", word);
    g_assert_cmpuint(out->len, <, 256 * 1024);
    g_assert_nonnull(strstr(out->str, "bytes more are in the bundle"));
    /* Cut within no character. */
    g_autoptr(GString) text = g_string_new("y");
    while (text->len < 512 * 1024)
        g_string_append(text, "\xe2\x82\xac");
    g_string_truncate(out, 0);
    pst_html_page_block(out, "report", text->str);
    g_assert_null(strstr(out->str, "\\x"));
}

/* Whatever a guest puts on its screen or into its reports, there is a page. */
static void
test_page_within(void)
{
    const char picture[] = "data:image/png;base64,";
    g_autofree char *long_word = g_strnfill(2000, 'w');
    g_autofree char *huge = make_page_within("word", PST_HTML_PAGE_MAX_SCREEN + 1, G_MAXSIZE);
    g_assert_null(strstr(huge, picture));
    g_assert_nonnull(strstr(huge, "It is too large for this page, and could not be written"));

    gsize screen = 100 * 1024;
    g_autofree char *whole = make_page_within(long_word, screen, G_MAXSIZE);
    g_assert_nonnull(strstr(whole, picture));
    g_autofree char *no_screen = make_page_within(long_word, screen, strlen(whole) - 1);
    g_assert_cmpuint(strlen(no_screen), <, strlen(whole) - screen);
    g_assert_null(strstr(no_screen, picture));
    g_assert_nonnull(strstr(no_screen, "<summary>the domain"));
    g_autofree char *no_details = make_page_within(long_word, screen, strlen(no_screen) - 1);
    g_assert_cmpuint(strlen(no_details), <, strlen(no_screen));
    g_assert_null(strstr(no_details, "<summary>the domain"));
    g_assert_nonnull(strstr(no_details, "class=\"timeline\""));
    g_autofree char *head = make_page_within(long_word, screen, strlen(no_details) - 1);
    g_assert_cmpuint(strlen(head), <, strlen(no_details));
    g_assert_nonnull(strstr(head, "What could not be had"));
    g_autofree char *least = make_page_within(long_word, screen, 1);
    g_assert_null(strstr(least, "class=\"timeline\""));
    g_assert_nonnull(strstr(least, "What could not be had"));
    g_assert_true(g_str_has_suffix(least, "</html>\n"));
}

/* What was not had, what is there but reduced, and what was had in vain are three things. */
static void
test_page_parts(void)
{
    g_autoptr(PstManifest) manifest = pst_manifest_new("web", "uuid", "ann");
    g_autoptr(PstAnswer) answer = make_answer("word");
    g_autoptr(GPtrArray) timeline = g_ptr_array_new();
    PstAnswer *answers[] = {answer};
    PstHtmlPage page = {
        .manifest = manifest, .answers = answers, .n = 1, .timeline = timeline, .now_us = 2000000};

    g_autofree char *well = pst_html_page(&page);
    g_assert_null(strstr(well, "class=\"failed\""));
    g_assert_null(strstr(well, "class=\"alarm\""));
    /* On a phone a row of the table is lines of its own: no digest is to be scrolled to. */
    g_assert_nonnull(strstr(pst_html_page_style, "@media(max-width:43.99rem){thead{display:none}"));
    g_assert_nonnull(strstr(pst_html_page_style, "td.digest{grid-column:1/-1;"));
    pst_manifest_add(manifest, "the records", "volume")->error = g_strdup("no pool");
    PstManifestPart *part = pst_manifest_add(manifest, "the screen", "libvirt");
    part->path = g_strdup("screenshot.png");
    part->sha256 = g_strdup("0123");
    part->error = g_strdup("scaled down");
    g_autoptr(GBytes) screen = g_bytes_new_static("png", 3);
    page.screen = screen;
    g_autofree char *reduced = pst_html_page(&page);
    g_assert_nonnull(strstr(reduced, "when this was gathered: screenshot.png</figcaption>"));
    page.extent = PST_HTML_PAGE_NO_SCREEN;
    g_autofree char *no_screen = pst_html_page(&page);
    g_assert_nonnull(strstr(no_screen, "It is too large for this page: screenshot.png"));
    page.extent = PST_HTML_PAGE_WHOLE;
    g_assert_nonnull(strstr(reduced, "<a href=\"#failed\">1 part could not be had.</a>"));
    g_assert_nonnull(strstr(reduced, "<a href=\"#not-whole\">1 part came reduced.</a>"));
    g_assert_nonnull(strstr(reduced, "<h2 id=\"not-whole\">"));
    g_assert_nonnull(strstr(reduced, "<td class=\"number bytes\">"));
    g_assert_nonnull(strstr(reduced, "<td class=\"mono digest\">"));
    g_assert_null(strstr(reduced, "class=\"alarm\""));
    part = pst_manifest_add(manifest, "report sudo", "channel");
    part->error = g_strdup("no pool");
    part->unwritten = PST_TRI_YES;
    g_autofree char *lost = pst_html_page(&page);
    g_assert_nonnull(strstr(lost, "class=\"alarm\""));
    g_assert_nonnull(strstr(lost, "<a href=\"#unwritten\">1 part could not be written."));
    g_assert_nonnull(strstr(lost, "<h2 id=\"unwritten\">"));
    g_assert_nonnull(strstr(lost, "<strong><bdi>report sudo</bdi></strong>: <bdi>no pool"));
    g_assert_nonnull(strstr(lost, "<strong><bdi>the records</bdi></strong>: <bdi>no pool"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/html/escape", test_escape);
    g_test_add_func("/html/escape-random", test_escape_random);
    g_test_add_func("/html/page-hostile", test_page_hostile);
    g_test_add_func("/html/page-alone", test_page_alone);
    g_test_add_func("/html/page-long", test_page_long);
    g_test_add_func("/html/page-within", test_page_within);
    g_test_add_func("/html/page-parts", test_page_parts);
    return g_test_run();
}
