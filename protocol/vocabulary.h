// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The vocabulary: every kind of probe that this version knows, one row each. */

extern const PstReportKind *const pst_vocabulary[];
extern const guint pst_vocabulary_n;

/* The kind called NAME, or NULL. */
const PstReportKind *pst_vocabulary_find(const char *name);

/* As above, with PST_ERROR_INVALID_PARAMS that names the nearest valid one. */
const PstReportKind *pst_vocabulary_require(const char *name, GError **error);

/* What `describe` says of a kind: name, question, footprint, and the JSON Schemas of its arguments
 * and of its report. */
JsonObject *pst_vocabulary_describe(const PstReportKind *kind);
