// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/finding.h"

/* A report: what one probe found out. Its `data` is a struct of the probe's own. */

typedef enum {
    PST_STATUS_OK,
    PST_STATUS_WARNING,
    PST_STATUS_UNKNOWN,
    PST_STATUS_CRITICAL,
} PstStatus;

/* What a probe is: the part of the vocabulary that both sides know. */
typedef struct {
    const char *name;
    const char *question;  /* that it answers, one line */
    const char *footprint; /* what asking leaves behind in the guest, "" for nothing */
    const PstFields *args;
    const PstFields *data;
    gboolean derived; /* made on the host, of other reports or of what it sees: no guest is asked */
    gboolean slow;   /* takes longest: asked first, so that in the end nothing waits for it alone */
    gboolean steady; /* the words in its data stay as they are until somebody changes something,
                        but for those of rows that are `passing` */
    gsize max_string; /* bytes of one string in a report; 0 for the usual bound */
} PstReportKind;

typedef struct {
    char *probe;
    PstStatus status;
    char *summary;       /* one line: the worst thing first */
    GPtrArray *findings; /* of PstFinding, worst first; never NULL */
    gpointer data;       /* of kind->data; NULL for a probe that this side does not know */
    gint64 took_ms;
    gint64 realtime_us; /* the guest's clock when the report was made; absent from older peers */
    gboolean truncated;
    const PstReportKind *kind; /* NULL for a probe that this side does not know */
    JsonObject *raw;           /* as it was received; NULL in a report made here */
} PstReport;

extern const char *const pst_report_status_names[];

PstReport *pst_report_new(const PstReportKind *kind);
void pst_report_free(PstReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstReport, pst_report_free)

/* Adds a finding and returns it, borrowed: its evidence is there and empty, to be filled in. ID
 * must begin with the probe's name and have a page. */
PstFinding *pst_report_add(PstReport *report, const char *id, PstSeverity severity,
                           const char *format, ...) G_GNUC_PRINTF(4, 5);

/* The finding's undo, made where it has none. */
PstUndo *pst_report_undo(PstFinding *finding, PstUndoKind kind);

/* Sorts the findings (worst first, otherwise in the order of their adding) and sets the status from
 * them; the summary becomes the first finding's message, or OK_SUMMARY where nothing is wrong. */
void pst_report_conclude(PstReport *report, const char *ok_summary);

/* The report as JSON text that fits into MAX_BYTES (at least 32 KiB; the envelope comes on top) and
 * passes the validator: lists and strings are cut, and `truncated` set, until it does. Only for a
 * report of a known kind that was concluded. Free with g_free(). */
char *pst_report_to_text(const PstReport *report, gsize max_bytes, gsize *len);

/* The report as JSON: as it was received, or as it was made here. Owned by the caller. */
JsonObject *pst_report_to_json(const PstReport *report);

/* Strict: a missing or mistyped member (realtime_us alone may be missing), an unknown status or
 * severity is an error (PST_ERROR_PROTOCOL). A probe that this side does not know is accepted
 * without its data. */
PstReport *pst_report_decode(JsonObject *json, GError **error);

/* The JSON Schema of the report that this kind of probe gives. */
JsonObject *pst_report_schema(const PstReportKind *kind);
