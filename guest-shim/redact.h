// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/redact-rules.h"
#include "protocol/report.h"

/* Secrets in what a guest's files, journal, command lines and error messages say: found by one
 * table of rules, and replaced as a whole by `[redacted:RULE]`. All functions are pure, take any
 * bytes, and need time that grows with the text's length and not faster. */

/* How much of a text belongs together: a private key may be that long, from its first line to its
 * last. Whoever redacts a part of a larger text gives this much of what stands before it, and
 * PST_REDACT_AFTER of what follows. */
#define PST_REDACT_BEFORE (64 * 1024)
#define PST_REDACT_AFTER (4 * 1024)

typedef struct {
    gsize start, end;
    const PstRedactRule *rule;
} PstRedactRange;

/* What must go of LEN bytes at TEXT: ranges that do not overlap, in order. Where ARGV, a line is
 * one word of a command line, and an option's value may be the next line. Free with
 * g_array_unref(). */
GArray *pst_redact_find(const char *text, gsize len, gboolean argv);

/* TEXT's bytes from FROM to TO with what must go replaced; a secret that only begins or ends there
 * is replaced as well, and ALSO (of PstRedactRange, or NULL) what its caller knows must go. *n (may
 * be NULL) becomes the number of replacements. */
GString *pst_redact_part(const char *text, gsize len, gsize from, gsize to, const GArray *also,
                         guint *n);

/* The whole of a text; NULL where nothing must go. Free with g_free(). */
char *pst_redact_text(const char *text);

/* Every string of the report: its summary, its findings with their evidence, remedy and undo, and
 * its data. The strings that one member has in the elements of a list are one text, forwards or
 * backwards, so that a key is found that was logged line by line. Returns the number of strings
 * that were changed. */
guint pst_redact_report(PstReport *report);
