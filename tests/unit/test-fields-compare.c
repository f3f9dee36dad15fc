// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/fields-compare.h"
#include "tests/unit/random-fields.h"

typedef struct {
    char *name;
    gint64 number;
    char *state;
    gint64 pid;
} Part;

static const PstField part_rows[] = {
    PST_STRING(Part, name, "its name", PST_KEY),
    PST_INT(Part, number, "and its number", PST_KEY),
    PST_STRING(Part, state, "what somebody has set"),
    PST_INT(Part, pid, "what goes on", PST_PASSING),
};
static const PstFields part_fields = PST_FIELDS(Part, part_rows);

static const char *const verdicts[] = {"unknown", "open", "shut", NULL};

typedef struct {
    char *name;
    gint64 limit, used;
    PstTri on;
    int verdict;
    char **words, **order;
    char *says;
    char *digest;
    gint64 size;
    Part *part;
    GPtrArray *parts, *latest, *passing;
} Thing;

static const PstField thing_rows[] = {
    PST_STRING(Thing, name, "its name"),
    PST_INT(Thing, limit, "what is set"),
    PST_INT(Thing, used, "what goes on", PST_PASSING),
    PST_BOOL(Thing, on, "is it on"),
    PST_ENUM(Thing, verdict, verdicts, "is it open"),
    PST_STRINGS(Thing, words, "a set"),
    PST_STRINGS(Thing, order, "a sequence", PST_ORDERED),
    PST_STRING(Thing, says, "with numbers in it", PST_FOLDED),
    PST_STRING(Thing, digest, "of the content"),
    PST_INT(Thing, size, "of it", .unless = "digest"),
    PST_OBJECT(Thing, part, part_fields, "one"),
    PST_LIST(Thing, parts, part_fields, "all"),
    PST_LIST(Thing, latest, part_fields, "what happened", PST_RECENT),
    PST_LIST(Thing, passing, part_fields, "what goes on", PST_PASSING),
};
static const PstFields thing_fields = PST_FIELDS(Thing, thing_rows);

static Part *
add_part(GPtrArray **list, const char *name, gint64 number, const char *state, gint64 pid)
{
    Part *part = pst_fields_append(&part_fields, list);

    part->name = g_strdup(name);
    part->number = number;
    part->state = g_strdup(state);
    part->pid = pid;
    return part;
}

static Thing *
example(void)
{
    Thing *thing = pst_fields_new(&thing_fields);

    thing->name = g_strdup("thing");
    thing->limit = 10;
    thing->used = 3;
    thing->on = PST_TRI_YES;
    thing->verdict = 1;
    thing->words = g_strsplit("a b c", " ", -1);
    thing->order = g_strsplit("x y", " ", -1);
    thing->says = g_strdup("after 17 s");
    thing->digest = g_strdup("d1");
    thing->size = 100;
    thing->part = pst_fields_new(&part_fields);
    thing->part->state = g_strdup("up");
    add_part(&thing->parts, "ssh", 22, "up", 1);
    add_part(&thing->parts, "web", 80, "up", 2);
    add_part(&thing->latest, "boot", 1, NULL, 1);
    add_part(&thing->passing, "shell", 1, "up", 7);
    return thing;
}

static const char *const marks[] = {"+", "-", "~", "?", "="};

static void
hear(const PstFieldsDifference *difference, gpointer user_data)
{
    g_ptr_array_add(user_data,
                    g_strdup_printf("%s%s: %s > %s", marks[difference->kind], difference->where,
                                    difference->before != NULL ? difference->before : "-",
                                    difference->after != NULL ? difference->after : "-"));
}

static int
compare_lines(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

/* All differences as text, a line each, in order. */
static char *
differences(const PstFields *fields, gconstpointer before, gconstpointer after, gboolean before_cut,
            gboolean after_cut)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    const PstFieldsComparison comparison = {"thing", before_cut, after_cut, hear, lines};

    pst_fields_compare(fields, before, after, &comparison);
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

typedef struct {
    const char *name;
    void (*change)(Thing *thing);
    const char *told;
} Row;

static void
set(char **place, const char *text)
{
    g_free(*place);
    *place = g_strdup(text);
}

static void
nothing(Thing *thing G_GNUC_UNUSED)
{
}
static void
rename_it(Thing *thing)
{
    set(&thing->name, "other");
}
static void
forget_name(Thing *thing)
{
    set(&thing->name, NULL);
}
static void
limit(Thing *thing)
{
    thing->limit = 11;
}
static void
use(Thing *thing)
{
    thing->used = 9;
}
static void
forget_limit(Thing *thing)
{
    thing->limit = PST_INT_UNKNOWN;
}
static void
switch_off(Thing *thing)
{
    thing->on = PST_TRI_NO;
}
static void
shut(Thing *thing)
{
    thing->verdict = 2;
}
static void
be_unknown(Thing *thing)
{
    thing->verdict = 0;
}
static void
fold(Thing *thing)
{
    set(&thing->says, "after 23 s");
}
static void
say(Thing *thing)
{
    set(&thing->says, "before 23 s");
}
static void
grow(Thing *thing)
{
    thing->size = 101;
}
static void
part_goes(Thing *thing)
{
    pst_fields_free(&part_fields, thing->part);
    thing->part = NULL;
}
static void
part_stops(Thing *thing)
{
    set(&thing->part->state, "down");
}
static void
words_move(Thing *thing)
{
    g_strfreev(thing->words);
    thing->words = g_strsplit("c a b", " ", -1);
}
static void
words_change(Thing *thing)
{
    g_strfreev(thing->words);
    thing->words = g_strsplit("c a d d", " ", -1);
}
static void
order_moves(Thing *thing)
{
    g_strfreev(thing->order);
    thing->order = g_strsplit("y x", " ", -1);
}
static void
grow_secretly(Thing *thing)
{
    set(&thing->digest, NULL);
    thing->size = 101;
}
static void
list_turns(Thing *thing)
{
    gpointer first = g_ptr_array_steal_index(thing->parts, 0);
    g_ptr_array_add(thing->parts, first);
}
static void
pid_changes(Thing *thing)
{
    ((Part *)thing->parts->pdata[1])->pid = 99;
}
static void
web_stops(Thing *thing)
{
    set(&((Part *)thing->parts->pdata[1])->state, "down");
}
static void
web_moves(Thing *thing)
{
    ((Part *)thing->parts->pdata[1])->number = 81;
}
static void
second_comes(Thing *thing)
{
    add_part(&thing->parts, "web", 80, "up", 5);
}
static void
list_goes(Thing *thing)
{
    for (guint i = 0; i < thing->parts->len; i++)
        pst_fields_free(&part_fields, thing->parts->pdata[i]);
    g_clear_pointer(&thing->parts, g_ptr_array_unref);
}
static void
old_goes(Thing *thing)
{
    pst_fields_free(&part_fields, g_ptr_array_steal_index(thing->latest, 0));
    add_part(&thing->latest, "stop", 2, NULL, 1);
}
static void
passing_changes(Thing *thing)
{
    add_part(&thing->passing, "more", 1, "up", 8);
}

static const Row rows[] = {
    {"nothing", nothing, ""},
    {"string", rename_it, "~thing.name: thing > other"},
    {"string-absent", forget_name, "-thing.name: thing > -"},
    {"int", limit, "~thing.limit: 10 > 11"},
    {"int-absent", forget_limit, "-thing.limit: 10 > -"},
    {"passing", use, ""},
    {"tri", switch_off, "~thing.on: yes > no"},
    {"enum", shut, "~thing.verdict: open > shut"},
    {"enum-unknown", be_unknown, "?thing.verdict: open > unknown"},
    {"set-order", words_move, ""},
    {"set", words_change, "~thing.words: b > d, d"},
    {"sequence", order_moves, "~thing.order: x, y > y, x"},
    {"folded", fold, ""},
    {"folded-words", say, "~thing.says: after 17 s > before 23 s"},
    {"unless", grow, ""},
    {"unless-absent", grow_secretly, "-thing.digest: d1 > -\n~thing.size: 100 > 101"},
    {"object", part_stops, "~thing.part.state: up > down"},
    {"object-absent", part_goes, "-thing.part: state up > -"},
    {"list-order", list_turns, ""},
    {"element-passing", pid_changes, ""},
    {"element", web_stops, "~thing.parts[web 80].state: up > down"},
    {"element-key", web_moves,
     "+thing.parts[web 81]: - > state up\n-thing.parts[web 80]: state up > -"},
    {"element-twice", second_comes, "+thing.parts[web 80]: - > state up"},
    {"list-absent", list_goes,
     "-thing.parts[ssh 22]: state up > -\n-thing.parts[web 80]: state up > -"},
    {"recent", old_goes, "+thing.latest[stop 2]: - > there"},
    {"list-passing", passing_changes, ""},
};

static void
test_row(gconstpointer data)
{
    const Row *row = data;
    Thing *before = example(), *after = example();

    row->change(after);
    g_autofree char *told = differences(&thing_fields, before, after, FALSE, FALSE);
    g_assert_cmpstr(told, ==, row->told);
    g_autofree char *same = differences(&thing_fields, after, after, FALSE, FALSE);
    g_assert_cmpstr(same, ==, row->change == be_unknown ? "=thing.verdict: unknown > unknown" : "");
    pst_fields_free(&thing_fields, before);
    pst_fields_free(&thing_fields, after);
}

/* What a side that was cut does not have, it may have had; what it has, it has. */
static void
test_cut(void)
{
    Thing *before = example(), *after = example();

    web_moves(after);
    web_stops(after);
    ((Part *)after->parts->pdata[0])->state[0] = 'U';
    g_autofree char *old = differences(&thing_fields, before, after, TRUE, FALSE);
    g_assert_cmpstr(old, ==,
                    "-thing.parts[web 80]: state up > -\n?thing.parts: - > 1 more\n"
                    "~thing.parts[ssh 22].state: up > Up");
    g_autofree char *both = differences(&thing_fields, before, after, TRUE, TRUE);
    g_assert_cmpstr(both, ==, "?thing.parts: 1 more > 1 more\n~thing.parts[ssh 22].state: up > Up");
    /* What happened lately is cut at its oldest. */
    old_goes(before);
    g_autofree char *recent = differences(&thing_fields, after, before, TRUE, FALSE);
    g_assert_nonnull(strstr(recent, "+thing.latest[stop 2]: - > there"));
    pst_fields_free(&thing_fields, before);
    pst_fields_free(&thing_fields, after);
}

static int
turn(gconstpointer a, gconstpointer b)
{
    return strcmp(((const Part *)*(gconstpointer const *)b)->state,
                  ((const Part *)*(gconstpointer const *)a)->state);
}

/* However the elements of one name lie, they are held against their like. */
static void
test_same_names(void)
{
    Thing *before = example(), *after = example();

    for (int i = 0; i < 2; i++) {
        GPtrArray **list = i == 0 ? &before->parts : &after->parts;
        add_part(list, "web", 80, "down", 1);
        add_part(list, "web", 80, "gone", 1);
    }
    g_ptr_array_sort(after->parts, turn);
    g_autofree char *told = differences(&thing_fields, before, after, FALSE, FALSE);
    g_assert_cmpstr(told, ==, "");
    add_part(&before->parts, "web", 80, "alone", 1);
    g_autofree char *more = differences(&thing_fields, before, after, FALSE, FALSE);
    g_assert_cmpstr(more, ==, "-thing.parts[web 80]: state alone > -");
    pst_fields_free(&thing_fields, before);
    pst_fields_free(&thing_fields, after);
}

/* Whatever it is, it does not differ from itself, nor from its copy. */
static void
test_random(void)
{
    for (guint i = 0; i < 2000; i++) {
        PstFieldsCut whole = {G_MAXUINT, G_MAXSIZE - 1, FALSE};
        gpointer thing = random_fields(&thing_fields);
        g_autoptr(JsonObject) json = pst_fields_encode(&thing_fields, thing, &whole);
        gpointer copy = pst_fields_decode(&thing_fields, json, NULL);
        gboolean unknown = ((Thing *)thing)->verdict == 0;
        g_autofree char *told = differences(&thing_fields, thing, copy, FALSE, FALSE);

        g_assert_cmpstr(told, ==, unknown ? "=thing.verdict: unknown > unknown" : "");
        pst_fields_free(&thing_fields, thing);
        pst_fields_free(&thing_fields, copy);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_strconcat("/fields-compare/row/", rows[i].name, NULL);
        g_test_add_data_func(path, &rows[i], test_row);
    }
    g_test_add_func("/fields-compare/cut", test_cut);
    g_test_add_func("/fields-compare/same-names", test_same_names);
    g_test_add_func("/fields-compare/random", test_random);
    return g_test_run();
}
