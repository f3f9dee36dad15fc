// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/fields-compare.h"

#include <string.h>

#include "protocol/fold.h"

#define CONST_MEMBER(object, row, type) (*(type const *)((const char *)(object) + (row)->offset))

/* Of an element as a whole. */
#define MAX_ELEMENT_WORDS 160

/* Comes first of an enum's names where its probe could not tell. */
#define UNKNOWN "unknown"

typedef struct {
    const PstFieldsComparison *comparison;
    GString *path;
    GPtrArray *names;
    guint n_facts;
} Walk;

static void walk_fields(Walk *walk, const PstFields *fields, gconstpointer before,
                        gconstpointer after);

static void
tell(Walk *walk, PstFieldsDifferenceKind kind, const char *before, const char *after)
{
    const PstFieldsDifference difference = {kind, walk->path->str, before, after, walk->names};

    walk->comparison->func(&difference, walk->comparison->user_data);
}

/* ---- words ---- */

static int
compare_strings(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *
join(char **strings, gboolean ordered)
{
    guint n = g_strv_length(strings);
    g_autofree char **sorted = g_memdup2(strings, (n + 1) * sizeof *strings);

    if (!ordered)
        qsort(sorted, n, sizeof *sorted, compare_strings);
    return g_strjoinv(", ", sorted);
}

/* NULL for nothing, and for what has parts of its own. */
static char *
words_of(const PstField *row, gconstpointer object)
{
    switch (row->type) {
    case PST_FIELD_STRING:
        return g_strdup(CONST_MEMBER(object, row, char *));
    case PST_FIELD_INT:
        return CONST_MEMBER(object, row, gint64) == PST_INT_UNKNOWN
                   ? NULL
                   : g_strdup_printf("%" G_GINT64_FORMAT, CONST_MEMBER(object, row, gint64));
    case PST_FIELD_TRI:
        if (CONST_MEMBER(object, row, PstTri) == PST_TRI_UNKNOWN)
            return NULL;
        return g_strdup(CONST_MEMBER(object, row, PstTri) == PST_TRI_YES ? "yes" : "no");
    case PST_FIELD_ENUM:
        return g_strdup(row->names[CONST_MEMBER(object, row, int)]);
    case PST_FIELD_STRV:
        return CONST_MEMBER(object, row, char **) == NULL
                   ? NULL
                   : join(CONST_MEMBER(object, row, char **), row->ordered);
    case PST_FIELD_OBJECT:
    case PST_FIELD_LIST:
        break;
    }
    return NULL;
}

static gboolean
is_absent(const PstField *row, gconstpointer object)
{
    switch (row->type) {
    case PST_FIELD_STRING:
    case PST_FIELD_STRV:
    case PST_FIELD_OBJECT:
    case PST_FIELD_LIST:
        return CONST_MEMBER(object, row, gconstpointer) == NULL;
    case PST_FIELD_INT:
        return CONST_MEMBER(object, row, gint64) == PST_INT_UNKNOWN;
    case PST_FIELD_TRI:
        return CONST_MEMBER(object, row, PstTri) == PST_TRI_UNKNOWN;
    case PST_FIELD_ENUM:
        break;
    }
    return FALSE;
}

/* What an element is called: its keys, or, where it has none, all that it says. */
static char *
name_of(const PstFields *fields, gconstpointer element, gboolean keyed)
{
    g_autoptr(GString) name = g_string_new(NULL);

    for (guint i = 0; i < fields->n_rows; i++) {
        const PstField *row = &fields->rows[i];

        if (row->passing || row->key != keyed)
            continue;
        g_autofree char *words = words_of(row, element);
        g_autofree char *folded = row->folded && words != NULL ? pst_fold(words) : NULL;
        const char *word = folded != NULL ? folded : words;
        if (word != NULL)
            g_string_append_printf(name, "%s%s", name->len > 0 ? " " : "", word);
    }
    return g_string_free(g_steal_pointer(&name), FALSE);
}

static gboolean
has_key(const PstFields *fields)
{
    for (guint i = 0; i < fields->n_rows; i++)
        if (fields->rows[i].key)
            return TRUE;
    return FALSE;
}

/* What else an element says, for who sees it appear or vanish. */
static char *
element_words(const PstFields *fields, gconstpointer element)
{
    g_autoptr(GString) out = g_string_new(NULL);

    for (guint i = 0; i < fields->n_rows && out->len < MAX_ELEMENT_WORDS; i++) {
        const PstField *row = &fields->rows[i];

        if (row->passing || row->key || row->unless != NULL)
            continue;
        g_autofree char *words = words_of(row, element);
        if (words != NULL)
            g_string_append_printf(out, "%s%s %s", out->len > 0 ? ", " : "", row->name, words);
    }
    if (out->len == 0)
        return g_strdup("there");
    if (out->len <= MAX_ELEMENT_WORDS)
        return g_string_free(g_steal_pointer(&out), FALSE);
    const char *end = g_utf8_find_prev_char(out->str, out->str + MAX_ELEMENT_WORDS + 1);
    return g_strdup_printf("%.*s…", (int)(end - out->str), out->str);
}

/* ---- lists ---- */

/* The elements of a list by what they are called; several may be called the same. */
static GHashTable *
by_name(const PstFields *fields, const GPtrArray *list)
{
    GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                              (GDestroyNotify)(void (*)(void))g_ptr_array_unref);
    gboolean keyed = has_key(fields);

    for (guint i = 0; list != NULL && i < list->len; i++) {
        g_autofree char *name = name_of(fields, list->pdata[i], keyed);
        GPtrArray *called = g_hash_table_lookup(table, name);

        if (called == NULL) {
            called = g_ptr_array_new();
            g_hash_table_insert(table, g_steal_pointer(&name), called);
        }
        g_ptr_array_add(called, list->pdata[i]);
    }
    return table;
}

typedef struct {
    const PstFields *fields;
    gboolean recent;
    guint n_unsure_before, n_unsure_after; /* that only that side has, and the other may have had */
} List;

static void
tell_element(Walk *walk, List *list, gconstpointer before, gconstpointer after)
{
    gboolean cut = before == NULL ? walk->comparison->before_cut : walk->comparison->after_cut;

    walk->n_facts++;
    if (after == NULL && list->recent)
        return;
    /* Such a list is cut at its oldest: what is only in the later one has happened since. */
    if (cut && !list->recent) {
        *(before == NULL ? &list->n_unsure_after : &list->n_unsure_before) += 1;
        return;
    }
    g_autofree char *words = element_words(list->fields, before != NULL ? before : after);
    tell(walk, before == NULL ? PST_FIELDS_APPEARED : PST_FIELDS_VANISHED,
         before != NULL ? words : NULL, after != NULL ? words : NULL);
}

static gconstpointer
element_at(const GPtrArray *array, guint i)
{
    return array != NULL && i < array->len ? array->pdata[i] : NULL;
}

/* Those of one name; several of them are aligned. */
static void
walk_called(Walk *walk, List *list, const char *name, GPtrArray *before, GPtrArray *after)
{
    gsize len = walk->path->len;
    guint n = MAX(before != NULL ? before->len : 0, after != NULL ? after->len : 0);

    g_string_append_printf(walk->path, "[%s]", name);
    g_ptr_array_add(walk->names, (gpointer)name);
    for (guint i = 0; i < n; i++) {
        gconstpointer left = element_at(before, i), right = element_at(after, i);

        if (left != NULL && right != NULL)
            walk_fields(walk, list->fields, left, right);
        else
            tell_element(walk, list, left, right);
    }
    g_ptr_array_set_size(walk->names, (int)walk->names->len - 1);
    g_string_truncate(walk->path, len);
}

typedef struct {
    char *content;
    gpointer element;
} Named;

static int
compare_named(gconstpointer a, gconstpointer b)
{
    return strcmp(((const Named *)a)->content, ((const Named *)b)->content);
}

static void
clear_named(gpointer named)
{
    g_free(((Named *)named)->content);
}

static void append_content(GString *out, const PstFields *fields, gconstpointer object);

static void
append_list_content(GString *out, const PstFields *fields, const GPtrArray *list)
{
    g_autoptr(GPtrArray) contents = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < list->len; i++) {
        GString *content = g_string_new(NULL);
        append_content(content, fields, list->pdata[i]);
        g_ptr_array_add(contents, g_string_free(content, FALSE));
    }
    g_ptr_array_sort(contents, compare_strings);
    for (guint i = 0; i < contents->len; i++)
        g_string_append_printf(out, "[%s]", (const char *)contents->pdata[i]);
}

/* All that counts in it, in whatever order its lists are. */
static void
append_content(GString *out, const PstFields *fields, gconstpointer object)
{
    for (guint i = 0; i < fields->n_rows; i++) {
        const PstField *row = &fields->rows[i];

        if (row->passing || is_absent(row, object))
            continue;
        g_string_append_printf(out, "%s=", row->name);
        if (row->type == PST_FIELD_LIST)
            append_list_content(out, row->fields, CONST_MEMBER(object, row, GPtrArray *));
        else if (row->type == PST_FIELD_OBJECT)
            append_content(out, row->fields, CONST_MEMBER(object, row, gpointer));
        g_autofree char *words = words_of(row, object);
        g_string_append_printf(out, "%s\n", words != NULL ? words : "");
    }
}

static GArray *
by_content(const PstFields *fields, const GPtrArray *called)
{
    GArray *sorted = g_array_new(FALSE, FALSE, sizeof(Named));

    g_array_set_clear_func(sorted, clear_named);
    for (guint i = 0; i < called->len; i++) {
        GString *content = g_string_new(NULL);
        append_content(content, fields, called->pdata[i]);
        const Named named = {g_string_free(content, FALSE), called->pdata[i]};
        g_array_append_val(sorted, named);
    }
    g_array_sort(sorted, compare_named);
    return sorted;
}

static void
put(GPtrArray *called, const GPtrArray *rest)
{
    for (guint i = 0; i < rest->len; i++)
        g_ptr_array_add(called, rest->pdata[i]);
}

/* Of elements that are called the same: those that also say the same stand first, each at the place
 * of the other; the rest in the order of what they say. */
static void
align(const PstFields *fields, GPtrArray *before, GPtrArray *after)
{
    g_autoptr(GArray) left = by_content(fields, before);
    g_autoptr(GArray) right = by_content(fields, after);
    g_autoptr(GPtrArray) left_rest = g_ptr_array_new();
    g_autoptr(GPtrArray) right_rest = g_ptr_array_new();
    guint i = 0, j = 0;

    g_ptr_array_set_size(before, 0);
    g_ptr_array_set_size(after, 0);
    while (i < left->len || j < right->len) {
        const Named *old = i < left->len ? &g_array_index(left, Named, i) : NULL;
        const Named *new = j < right->len ? &g_array_index(right, Named, j) : NULL;
        int by = old == NULL ? 1 : new == NULL ? -1 : compare_named(old, new);

        if (by <= 0)
            g_ptr_array_add(by == 0 ? before : left_rest, old->element);
        if (by >= 0)
            g_ptr_array_add(by == 0 ? after : right_rest, new->element);
        i += by <= 0;
        j += by >= 0;
    }
    put(before, left_rest);
    put(after, right_rest);
}

static void
tell_unsure(Walk *walk, const List *list)
{
    if (list->n_unsure_before + list->n_unsure_after == 0)
        return;
    g_autofree char *before = g_strdup_printf("%u more", list->n_unsure_before);
    g_autofree char *after = g_strdup_printf("%u more", list->n_unsure_after);
    tell(walk, PST_FIELDS_UNKNOWN, list->n_unsure_before > 0 ? before : NULL,
         list->n_unsure_after > 0 ? after : NULL);
}

static void
walk_list(Walk *walk, const PstField *row, const GPtrArray *before, const GPtrArray *after)
{
    g_autoptr(GHashTable) left = by_name(row->fields, before);
    g_autoptr(GHashTable) right = by_name(row->fields, after);
    List list = {.fields = row->fields, .recent = row->recent};
    GHashTableIter iter;
    gpointer name, called;

    g_hash_table_iter_init(&iter, left);
    while (g_hash_table_iter_next(&iter, &name, &called)) {
        GPtrArray *other = g_hash_table_lookup(right, name);

        if (other != NULL && ((GPtrArray *)called)->len + other->len > 2)
            align(row->fields, called, other);
        walk_called(walk, &list, name, called, other);
    }
    g_hash_table_iter_init(&iter, right);
    while (g_hash_table_iter_next(&iter, &name, &called))
        if (!g_hash_table_contains(left, name))
            walk_called(walk, &list, name, NULL, called);
    tell_unsure(walk, &list);
}

/* ---- rows ---- */

/* What of LEFT, which is sorted, is not in RIGHT, which is too. */
static char *
join_missing(GPtrArray *left, GPtrArray *right)
{
    g_autoptr(GString) out = g_string_new(NULL);
    guint j = 0;
    gboolean any = FALSE;

    for (guint i = 0; i < left->len; i++) {
        while (j < right->len && strcmp(right->pdata[j], left->pdata[i]) < 0)
            j++;
        if (j < right->len && g_str_equal(right->pdata[j], left->pdata[i])) {
            j++;
            continue;
        }
        g_string_append_printf(out, "%s%s", any ? ", " : "", (const char *)left->pdata[i]);
        any = TRUE;
    }
    return any ? g_string_free(g_steal_pointer(&out), FALSE) : NULL;
}

static GPtrArray *
sort_strings(char **strings)
{
    GPtrArray *sorted = g_ptr_array_new();

    for (guint i = 0; strings[i] != NULL; i++)
        g_ptr_array_add(sorted, strings[i]);
    g_ptr_array_sort(sorted, compare_strings);
    return sorted;
}

static void
walk_set(Walk *walk, char **before, char **after)
{
    g_autoptr(GPtrArray) left = sort_strings(before);
    g_autoptr(GPtrArray) right = sort_strings(after);
    g_autofree char *gone = join_missing(left, right);
    g_autofree char *come = join_missing(right, left);

    if (gone != NULL && come != NULL)
        tell(walk, PST_FIELDS_CHANGED, gone, come);
    else if (gone != NULL)
        tell(walk, PST_FIELDS_VANISHED, gone, NULL);
    else if (come != NULL)
        tell(walk, PST_FIELDS_APPEARED, NULL, come);
}

static gboolean
same_words(const PstField *row, const char *before, const char *after)
{
    if (!row->folded || before == NULL || after == NULL)
        return g_strcmp0(before, after) == 0;
    g_autofree char *left = pst_fold(before);
    g_autofree char *right = pst_fold(after);
    return g_str_equal(left, right);
}

static void
walk_words(Walk *walk, const PstField *row, gconstpointer before, gconstpointer after)
{
    g_autofree char *left = words_of(row, before);
    g_autofree char *right = words_of(row, after);
    gboolean left_unknown = row->type == PST_FIELD_ENUM && g_str_equal(left, UNKNOWN);
    gboolean right_unknown = row->type == PST_FIELD_ENUM && g_str_equal(right, UNKNOWN);

    if (left_unknown && right_unknown)
        tell(walk, PST_FIELDS_UNSEEN, left, right);
    else if (left_unknown || right_unknown)
        tell(walk, PST_FIELDS_UNKNOWN, left, right);
    else if (!same_words(row, left, right))
        tell(walk,
             left == NULL    ? PST_FIELDS_APPEARED
             : right == NULL ? PST_FIELDS_VANISHED
                             : PST_FIELDS_CHANGED,
             left, right);
}

/* Of what has parts of its own: nothing before, or nothing after. */
static void
walk_lone(Walk *walk, const PstField *row, gconstpointer before, gconstpointer after)
{
    gconstpointer there = before != NULL ? before : after;

    if (row->type == PST_FIELD_LIST) {
        walk_list(walk, row, before, after);
        return;
    }
    g_autofree char *words = element_words(row->fields, there);
    walk->n_facts++;
    tell(walk, before == NULL ? PST_FIELDS_APPEARED : PST_FIELDS_VANISHED,
         before != NULL ? words : NULL, after != NULL ? words : NULL);
}

static void
walk_parts(Walk *walk, const PstField *row, gconstpointer before, gconstpointer after)
{
    gconstpointer left = CONST_MEMBER(before, row, gconstpointer);
    gconstpointer right = CONST_MEMBER(after, row, gconstpointer);

    if (left == NULL || right == NULL)
        walk_lone(walk, row, left, right);
    else if (row->type == PST_FIELD_LIST)
        walk_list(walk, row, left, right);
    else
        walk_fields(walk, row->fields, left, right);
}

static void
walk_row(Walk *walk, const PstField *row, gconstpointer before, gconstpointer after)
{
    gsize len = walk->path->len;

    if (is_absent(row, before) && is_absent(row, after))
        return;
    g_string_append_printf(walk->path, ".%s", row->name);
    if (row->type == PST_FIELD_LIST || row->type == PST_FIELD_OBJECT) {
        walk_parts(walk, row, before, after);
    } else {
        walk->n_facts++;
        if (row->type == PST_FIELD_STRV && !row->ordered && !is_absent(row, before) &&
            !is_absent(row, after))
            walk_set(walk, CONST_MEMBER(before, row, char **), CONST_MEMBER(after, row, char **));
        else
            walk_words(walk, row, before, after);
    }
    g_string_truncate(walk->path, len);
}

/* Whether another row tells the same better, on both sides. */
static gboolean
is_told_by_other(const PstFields *fields, const PstField *row, gconstpointer before,
                 gconstpointer after)
{
    for (guint i = 0; row->unless != NULL && i < fields->n_rows; i++)
        if (g_str_equal(fields->rows[i].name, row->unless))
            return !is_absent(&fields->rows[i], before) && !is_absent(&fields->rows[i], after);
    return FALSE;
}

static void
walk_fields(Walk *walk, const PstFields *fields, gconstpointer before, gconstpointer after)
{
    for (guint i = 0; i < fields->n_rows; i++) {
        const PstField *row = &fields->rows[i];

        if (!row->passing && !row->key && !is_told_by_other(fields, row, before, after))
            walk_row(walk, row, before, after);
    }
}

guint
pst_fields_compare(const PstFields *fields, gconstpointer before, gconstpointer after,
                   const PstFieldsComparison *comparison)
{
    g_autoptr(GString) path = g_string_new(comparison->name);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    Walk walk = {comparison, path, names, 0};

    walk_fields(&walk, fields, before, after);
    return walk.n_facts;
}
