// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"
#include "protocol/report-access.h"

/* Answers as text for people or JSON for programs. Whatever a guest wrote is escaped here and only
 * here. All return text that ends in a line feed, to be freed with g_free(). */

/* One screen: the verdict, then what is wrong, each cause before what follows from it, then the
 * probes that found nothing. */
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

/* Appends TEXT, escaped, on one line. */
void pst_render_append(GString *out, const char *text);

/* The lockout matrix of whichever of the answers has one: a line a way, with what shuts it. */
void pst_render_access(GString *out, PstAnswer *const *answers, guint n);

/* The matrix in the answer, borrowed; NULL where it has none, or nobody was asked about. */
const PstAccessData *pst_render_access_data(const PstAnswer *answer);
