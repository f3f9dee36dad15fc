// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/redact.h"

/* The kinds of rules, each in a file of its own: each adds the ranges that its rules find. */

typedef struct {
    const char *text;
    gsize len;
    gboolean argv;
    GArray *ranges; /* of PstRedactRange, in any order */
} PstRedactScan;

void pst_redact_blocks(PstRedactScan *scan);
void pst_redact_tokens(PstRedactScan *scan);
void pst_redact_words(PstRedactScan *scan);
void pst_redact_names(PstRedactScan *scan);
void pst_redact_commands(PstRedactScan *scan);
void pst_redact_urls(PstRedactScan *scan);

/* Whether the text's lines seem to stand in the opposite order: a key's end before its beginning.
 */
gboolean pst_redact_blocks_backwards(const char *text, gsize len);

/* Whether what a rule caught before has its mark at START. */
gboolean pst_redact_parts_is_done(const PstRedactScan *scan, gsize start);

/* Adds the range unless it is empty or redacted already. */
void pst_redact_parts_add(PstRedactScan *scan, gsize start, gsize end, const PstRedactRule *rule);

/* Where the line ends in which FROM stands: at its line feed, or at the text's end. */
gsize pst_redact_parts_line_end(const PstRedactScan *scan, gsize from);

/* TEXT's bytes from FROM to TO with RANGES replaced, of which *n begin or end there. */
GString *pst_redact_parts_cut(const char *text, gsize from, gsize to, const GArray *ranges,
                              guint *n);

/* Whether a value that an assignment gives is none that must go: too short, a word that the rule
 * knows, a filling such as ***, or a variable's name. */
gboolean pst_redact_values_are_sound(const PstRedactRule *rule, const char *value, gsize len);

static inline gboolean
pst_redact_parts_has(const PstRedactRule *rule, guchar c)
{
    return (rule->chars[c / 32] >> c % 32 & 1) != 0;
}
