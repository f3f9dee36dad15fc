// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-parts.h"

#define MEMBER(object, row, type) (*(type *)((char *)(object) + (row)->offset))

/* Strings that are one text together: where each begins in it. */
typedef struct {
    GString *text;
    GArray *starts;     /* of gsize */
    GPtrArray *strings; /* of char **, NULLs left out */
} Joined;

static guint redact_object(const PstFields *fields, gpointer object);

static Joined
joined_new(void)
{
    return (Joined){g_string_new(NULL), g_array_new(FALSE, FALSE, sizeof(gsize)),
                    g_ptr_array_new()};
}

static void
joined_clear(Joined *joined)
{
    g_string_free(joined->text, TRUE);
    g_array_unref(joined->starts);
    g_ptr_array_unref(joined->strings);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Joined, joined_clear)

static void
joined_add(Joined *joined, char **string)
{
    gsize start = joined->text->len;

    if (*string == NULL)
        return;
    g_array_append_val(joined->starts, start);
    g_ptr_array_add(joined->strings, string);
    g_string_append(joined->text, *string);
    g_string_append_c(joined->text, '\n');
}

/* Puts into each string its part of what is left of the text. */
static guint
joined_redact(Joined *joined, gboolean argv)
{
    const char *text = joined->text->str;
    g_autoptr(GArray) ranges = pst_redact_find(text, joined->text->len, argv);
    guint changed = 0;

    for (guint i = 0; ranges->len > 0 && i < joined->strings->len; i++) {
        char **string = joined->strings->pdata[i];
        gsize start = g_array_index(joined->starts, gsize, i);
        guint n;
        GString *rest = pst_redact_parts_cut(text, start, start + strlen(*string), ranges, &n);

        if (n > 0) {
            g_free(*string);
            *string = g_string_free(rest, FALSE);
            changed++;
        } else {
            g_string_free(rest, TRUE);
        }
    }
    return changed;
}

static guint
redact_string(char **string)
{
    char *text = *string != NULL ? pst_redact_text(*string) : NULL;

    if (text == NULL)
        return 0;
    g_free(*string);
    *string = text;
    return 1;
}

static guint
redact_strings(char **strings)
{
    g_auto(Joined) joined = joined_new();

    for (guint i = 0; strings != NULL && strings[i] != NULL; i++)
        joined_add(&joined, &strings[i]);
    return joined_redact(&joined, TRUE);
}

/* One member of all elements. What was logged line by line stands newest first in a report. */
static guint
redact_column(const PstField *row, GPtrArray *list)
{
    g_auto(Joined) joined = joined_new();

    for (guint i = 0; i < list->len; i++)
        joined_add(&joined, &MEMBER(list->pdata[i], row, char *));
    if (!pst_redact_blocks_backwards(joined.text->str, joined.text->len))
        return joined_redact(&joined, FALSE);

    g_auto(Joined) backwards = joined_new();
    for (guint i = list->len; i > 0; i--)
        joined_add(&backwards, &MEMBER(list->pdata[i - 1], row, char *));
    return joined_redact(&backwards, FALSE);
}

static guint
redact_member(const PstField *row, gpointer object)
{
    switch (row->type) {
    case PST_FIELD_STRING:
        return redact_string(&MEMBER(object, row, char *));
    case PST_FIELD_STRV:
        return redact_strings(MEMBER(object, row, char **));
    case PST_FIELD_OBJECT:
        return redact_object(row->fields, MEMBER(object, row, gpointer));
    case PST_FIELD_LIST:
    case PST_FIELD_INT:
    case PST_FIELD_TRI:
    case PST_FIELD_ENUM:
        break;
    }
    return 0;
}

static guint
redact_list(const PstFields *fields, GPtrArray *list)
{
    guint changed = 0;

    for (guint i = 0; list != NULL && i < fields->n_rows; i++) {
        const PstField *row = &fields->rows[i];

        if (row->type == PST_FIELD_STRING)
            changed += redact_column(row, list);
        for (guint j = 0; row->type != PST_FIELD_STRING && j < list->len; j++)
            changed += row->type == PST_FIELD_LIST
                           ? redact_list(row->fields, MEMBER(list->pdata[j], row, GPtrArray *))
                           : redact_member(row, list->pdata[j]);
    }
    return changed;
}

static guint
redact_object(const PstFields *fields, gpointer object)
{
    guint changed = 0;

    for (guint i = 0; object != NULL && i < fields->n_rows; i++) {
        const PstField *row = &fields->rows[i];

        changed += row->type == PST_FIELD_LIST
                       ? redact_list(row->fields, MEMBER(object, row, GPtrArray *))
                       : redact_member(row, object);
    }
    return changed;
}

guint
pst_redact_report(PstReport *report)
{
    guint changed = redact_string(&report->summary);

    for (guint i = 0; i < report->findings->len; i++)
        changed += redact_object(&pst_finding_fields, report->findings->pdata[i]);
    return changed + redact_object(report->kind->data, report->data);
}
