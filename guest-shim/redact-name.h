// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/redact-parts.h"

/* An assignment's parts, each found in a file of its own: its name and what separates it from the
 * value (redact-names.c), the value (redact-name-value.c), and the value on the lines below
 * (redact-name-lines.c). */

#define PST_REDACT_NAME_LEN 64

/* A name in a text, and what is found out about its assignment. */
typedef struct {
    PstRedactScan *scan;
    gsize start, end;                   /* the name */
    gsize at;                           /* how far it was read */
    gsize line_end;                     /* of the line that the name stands in */
    char name[PST_REDACT_NAME_LEN + 1]; /* in lower case, without what separates its parts */
    const char *last;                   /* its last part, in it */
    gboolean option;                    /* it begins with a hyphen */
    gboolean quoted_name;               /* a quote closes behind it */
    gboolean separated;                 /* by more than white space */
    gboolean element;                   /* of XML */
    gboolean colon;                     /* a colon separates */
    gboolean member;                    /* the value is that of the next member */
    gboolean own_line;                  /* and stands on a line of its own */
    char quote;                         /* that the value stands in, or '\0' */
    gboolean escaped;                   /* that quote has a backslash before it */
    gsize value, value_end;
} PstRedactName;

/* Whether nothing but what may begin a line stands before the name. */
gboolean pst_redact_names_begins_line(const PstRedactName *name);

/* Whether a rule may apply where the value begins at VALUE, in a quote or not: asked before it is
 * looked for where that ends, so that nobody reads far for nothing, and again behind each name. */
gboolean pst_redact_names_may_be(const PstRedactName *name, gsize value, gboolean quoted);

/* Finds the value that begins at name->at, and where it ends. */
void pst_redact_name_value_read(PstRedactName *name);

/* Finds the value on the lines below, where what pst_redact_name_value_read() found says that it
 * stands there. */
void pst_redact_name_lines_read(PstRedactName *name);

static inline char
pst_redact_name_at(const PstRedactName *name, gsize offset)
{
    return offset < name->scan->len ? name->scan->text[offset] : '\0';
}

static inline gboolean
pst_redact_name_is_quote(char c)
{
    return c == '"' || c == '\'' || c == '`';
}
