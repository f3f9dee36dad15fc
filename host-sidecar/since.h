// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/mark.h"

/* --since: a span before now, or a mark; and what a probe makes of it. Pure functions. */

typedef struct {
    gint64 span_us; /* where there is no mark */
    PstMark *mark;  /* NULL: a span */
} PstSince;

PstSince *pst_since_parse(const char *text, GError **error);
void pst_since_free(PstSince *since);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSince, pst_since_free)

/* Whether a probe of this kind can be asked since when. */
gboolean pst_since_is_taken(const PstReportKind *kind);

/* Gives ARGS what such a probe takes of it: of a mark its place in the journal, where both have
 * one, else its moment by the guest's clock, of all boots. FALSE with PST_ERROR_USAGE where ARGS
 * say something else of it already, or the probe takes nothing of it. */
gboolean pst_since_apply(const PstSince *since, const PstReportKind *kind, JsonObject *args,
                         GError **error);
