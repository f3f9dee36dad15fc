// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "host-sidecar/dating.h"
#include "protocol/report-access.h"
#include "protocol/report-host.h"

/* Answers as text for people or JSON for programs. Whatever a guest wrote is escaped here and only
 * here. All return text that ends in a line feed, to be freed with g_free(). */

/* One screen: the verdict, then what is to be mended, whole, each with what follows from it in a
 * line, then the probes that found nothing. What there is no room for is counted. */
char *pst_render_diagnosis(const char *guest, PstAnswer *const *answers, guint n);

/* One answer with its findings and its data. */
char *pst_render_answer(PstAnswer *answer);

/* A JSON object on one line, with nothing in it that a terminal obeys. */
char *pst_render_json(JsonObject *json);

/* A time that has passed, in microseconds, as words: "2 min ago". */
char *pst_render_ago(gint64 span_us);

/* The same of a moment of the host's real time. */
char *pst_render_age(gint64 moment_us);

/* The data of a report as indented words and columns: strings that a guest wrote, escaped. */
void pst_render_data(GString *out, JsonObject *data, guint indent);

/* When a state began, as far as it is known: "3 min ago", "between 50 min ago and 3 min ago",
 * "first seen 3 min ago". Free with g_free(). */
char *pst_render_lifecycle_when(const PstHostLifecycle *row);

/* The last states of a domain in one line, the newest first; nothing where none are known. */
void pst_render_lifecycle(GString *out, const PstHostData *data);

/* Appends TEXT, escaped, on one line. */
void pst_render_append(GString *out, const char *text);

/* Appends ESCAPED, which is escaped already, cut after MAX characters. */
void pst_render_append_cut(GString *out, const char *escaped, glong max);

/* Appends TEXT, escaped, on one line, cut after 160 characters. */
void pst_render_quote(GString *out, const char *text);

extern const char *const pst_render_severity_words[];

/* A finding with its evidence, its remedy and since when it is so; CAUSE is the id of what it
 * follows from, or NULL; AS_OF_MS is how old the word is, 0 where it is of now. */
void pst_render_finding(GString *out, const PstFinding *finding, const char *cause,
                        const PstDating *dating, gint64 as_of_ms);

/* The first line of that. */
void pst_render_finding_line(GString *out, const PstFinding *finding, const char *cause,
                             gint64 as_of_ms);

/* The lockout matrix of whichever of the answers has one: a line a way, with what shuts it. */
void pst_render_access(GString *out, PstAnswer *const *answers, guint n);

/* The matrix in the answer, borrowed; NULL where it has none, or nobody was asked about. */
const PstAccessData *pst_render_access_data(const PstAnswer *answer);
