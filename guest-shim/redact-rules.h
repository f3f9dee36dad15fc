// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The rules of redaction as data: made of guest-shim/redaction/rules.ini, whose head says what each
 * member is. */

typedef enum {
    PST_REDACT_TOKEN,
    PST_REDACT_BLOCK,
    PST_REDACT_NAME,
    PST_REDACT_COMMAND,
    PST_REDACT_WORD,
    PST_REDACT_URL,
} PstRedactKind;

/* Lists are NULL, or end in NULL. */
typedef struct {
    const char *id;
    const char *why;
    PstRedactKind kind;
    const char *const *prefix;
    const char *const *begin, *const *end;
    const char *const *suffix, *const *last, *const *exact, *const *except, *const *sound;
    const char *const *programs; /* each "PROGRAM OPTION" */
    guint32 chars[8];            /* a bit for each byte */
    guint min;
    gboolean bounded, any_case, space, quoted;
} PstRedactRule;

extern const PstRedactRule pst_redact_rules[];
extern const guint pst_redact_rules_n;
