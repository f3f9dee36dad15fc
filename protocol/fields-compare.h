// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/fields.h"

/* Two structs of one table, by what the table says of its rows: what passes is no difference, and a
 * list is compared by the keys of its elements. Pure functions. */

typedef enum {
    PST_FIELDS_APPEARED,
    PST_FIELDS_VANISHED,
    PST_FIELDS_CHANGED,
    PST_FIELDS_UNKNOWN, /* one side says `unknown`, or is cut and may have it */
    PST_FIELDS_UNSEEN,  /* both say `unknown` */
} PstFieldsDifferenceKind;

/* Lent while it is told. */
typedef struct {
    PstFieldsDifferenceKind kind;
    const char *where;  /* as services.units[nginx.service].active */
    const char *before; /* in words; NULL: nothing */
    const char *after;
    const GPtrArray
        *names; /* of strings: the keys of the elements that it is in, outermost first */
} PstFieldsDifference;

typedef void (*PstFieldsDifferent)(const PstFieldsDifference *difference, gpointer user_data);

typedef struct {
    const char *name;               /* what `where` begins with */
    gboolean before_cut, after_cut; /* lists of that side may lack elements */
    PstFieldsDifferent func;
    gpointer user_data;
} PstFieldsComparison;

/* Tells each difference of BEFORE and AFTER, neither of which is NULL. Returns how many facts were
 * compared: rows of both sides that can be a difference. */
guint pst_fields_compare(const PstFields *fields, gconstpointer before, gconstpointer after,
                         const PstFieldsComparison *comparison);
