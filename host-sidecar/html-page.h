// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/manifest.h"
#include "host-sidecar/timeline.h"

/* The page of a bundle of evidence, for people: one HTML file that needs no script and nothing from
 * outside. Pure functions: reports in, text out. Whatever a guest wrote goes through
 * pst_html_escape_append() and stays in its element. */

/* As a picture in the page, before base64. */
#define PST_HTML_PAGE_MAX_SCREEN (2 * 1024 * 1024)

/* What is in it: each has less than the one before. */
typedef enum {
    PST_HTML_PAGE_WHOLE,
    PST_HTML_PAGE_NO_SCREEN,
    PST_HTML_PAGE_NO_DETAILS, /* reports, records and XML are in the bundle's own files alone */
    PST_HTML_PAGE_HEAD,       /* the verdict in a line, and what could not be had */
} PstHtmlPageExtent;

typedef struct {
    const PstManifest *manifest; /* the parts up to now */
    PstAnswer *const *answers;
    guint n;
    const PstVolumeRecords *records; /* may be NULL */
    const GPtrArray *timeline;       /* of PstTimelineEvent */
    GBytes *screen;                  /* a PNG; may be NULL, and is left out where it is larger than
                                        PST_HTML_PAGE_MAX_SCREEN */
    gboolean screen_scaled;          /* it is smaller than the screen */
    const char *xml;                 /* may be NULL */
    gint64 now_us;
    PstHtmlPageExtent extent;
} PstHtmlPage;

/* Free with g_free(). */
char *pst_html_page(const PstHtmlPage *page);

/* Of char *: those of at most MAX bytes, from its extent on, each with less in it than the one
 * before; the last is the head alone, however large. Free with g_ptr_array_unref(). */
GPtrArray *pst_html_page_series(const PstHtmlPage *page, gsize max);

/* The parts of it, in their order. */
void pst_html_page_verdict(GString *out, const PstHtmlPage *page);
void pst_html_page_timeline(GString *out, const PstHtmlPage *page);
void pst_html_page_screen(GString *out, const PstHtmlPage *page);
void pst_html_page_details(GString *out, const PstHtmlPage *page);

/* The style sheet, without its element. */
extern const char pst_html_page_style[];

/* Of the list of the parts of which that has become, a PstManifestPartState but whole. */
extern const char *const pst_html_page_part_ids[];

/* What several of them are made of. Each takes text from anywhere, which may be NULL for none, and
 * keeps its direction to itself. */
void pst_html_page_text(GString *out, const char *text);
void pst_html_page_element(GString *out, const char *element, const char *name, const char *text);
void pst_html_page_block(GString *out, const char *name, const char *text);

/* A word for how bad it is, never told by colour alone. */
void pst_html_page_badge(GString *out, PstStatus status);

/* A moment of the host's real time, in UTC. */
void pst_html_page_moment(GString *out, gint64 moment_us);
