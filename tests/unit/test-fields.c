// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "protocol/error.h"
#include "protocol/fields.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "tests/unit/random-fields.h"

typedef struct {
    char *label;
    gint64 size;
} Part;

static const PstField part_rows[] = {
    PST_REQUIRED_STRING(Part, label, "what it says"),
    PST_INT(Part, size, "in bytes"),
};
static const PstFields part_fields = PST_FIELDS(Part, part_rows);

typedef struct {
    char *name;
    gint64 count;
    PstTri open;
    int colour;
    char **words;
    Part *part;
    GPtrArray *parts;
} Thing;

static const char *const colours[] = {"red", "green", NULL};

static const PstField thing_rows[] = {
    PST_STRING(Thing, name, "its name"),
    PST_INT(Thing, count, "how many"),
    PST_BOOL(Thing, open, "is it open"),
    PST_ENUM(Thing, colour, colours, "which colour"),
    PST_STRINGS(Thing, words, "some words"),
    PST_OBJECT(Thing, part, part_fields, "one part"),
    PST_LIST(Thing, parts, part_fields, "all parts"),
};
static const PstFields thing_fields = PST_FIELDS(Thing, thing_rows);

static Thing *
decode(const char *text, gboolean exact, GError **error)
{
    JsonObject *json = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);

    g_assert_nonnull(json);
    Thing *thing = exact ? pst_fields_decode_exact(&thing_fields, json, error)
                         : pst_fields_decode(&thing_fields, json, error);
    json_object_unref(json);
    return thing;
}

static char *
encode(const Thing *thing, PstFieldsCut *cut)
{
    g_autoptr(JsonObject) json = pst_fields_encode(&thing_fields, thing, cut);

    return pst_json_to_text(json, NULL);
}

static void
test_unknown_is_absent(void)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    Thing *thing = pst_fields_new(&thing_fields);
    g_autofree char *text = encode(thing, &cut);

    g_assert_cmpstr(text, ==, "{\"colour\":\"red\"}");
    pst_fields_free(&thing_fields, thing);

    thing = decode("{}", FALSE, NULL);
    g_assert_null(thing->name);
    g_assert_true(thing->count == PST_INT_UNKNOWN);
    g_assert_cmpint(thing->open, ==, PST_TRI_UNKNOWN);
    g_assert_null(thing->words);
    g_assert_null(thing->part);
    g_assert_null(thing->parts);
    pst_fields_free(&thing_fields, thing);
}

static void
test_full(void)
{
    static const char text[] = "{\"name\":\"n\",\"count\":-3,\"open\":false,\"colour\":\"green\","
                               "\"words\":[\"a\",\"\"],\"part\":{\"label\":\"p\",\"size\":0},"
                               "\"parts\":[{\"label\":\"q\"},{\"label\":\"r\",\"size\":1}]}";
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    Thing *thing = decode(text, TRUE, NULL);

    g_assert_cmpstr(thing->name, ==, "n");
    g_assert_cmpint(thing->count, ==, -3);
    g_assert_cmpint(thing->open, ==, PST_TRI_NO);
    g_assert_cmpint(thing->colour, ==, 1);
    g_assert_cmpuint(g_strv_length(thing->words), ==, 2);
    g_assert_cmpstr(thing->part->label, ==, "p");
    g_assert_cmpuint(thing->parts->len, ==, 2);
    g_autofree char *again = encode(thing, &cut);
    g_assert_cmpstr(again, ==, text);
    g_assert_false(cut.truncated);
    pst_fields_free(&thing_fields, thing);
}

static const struct {
    const char *text;
    const char *named;
} wrong[] = {
    {"{\"name\":1}", "'name' is not a string"},
    {"{\"name\":null}", "'name' is null"},
    {"{\"count\":\"1\"}", "'count' is not an integer"},
    {"{\"count\":1.0}", "'count' is not an integer"},
    {"{\"open\":1}", "'open' is not true or false"},
    {"{\"open\":null}", "'open' is null"},
    {"{\"colour\":\"blue\"}", "'colour' has the unknown value 'blue'"},
    {"{\"colour\":0}", "'colour' is not a string"},
    {"{\"words\":\"a\"}", "'words' is not an array"},
    {"{\"words\":[\"a\",1]}", "'words' holds something that is not a string"},
    {"{\"words\":[[]]}", "'words' holds something that is not a string"},
    {"{\"part\":[]}", "'part' is not an object"},
    {"{\"part\":{}}", "in 'part': 'label' is missing"},
    {"{\"parts\":{}}", "'parts' is not an array"},
    {"{\"parts\":[{\"label\":\"a\"},1]}", "'parts' holds something that is not an object"},
    {"{\"parts\":[{\"label\":\"a\"},{\"label\":7}]}", "in 'parts': 'label' is not a string"},
};

/* Each is refused with the member's name, and nothing that was decoded before it leaks. */
static void
test_wrong(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(decode(wrong[i].text, FALSE, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
        g_assert_cmpstr(error->message, ==, wrong[i].named);
    }
}

static void
test_unknown_member(void)
{
    g_autoptr(GError) error = NULL;
    Thing *thing = decode("{\"nam\":\"x\"}", FALSE, &error);

    g_assert_no_error(error);
    g_assert_null(thing->name);
    pst_fields_free(&thing_fields, thing);

    g_assert_null(decode("{\"nam\":\"x\"}", TRUE, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
    g_assert_cmpstr(error->message, ==, "unknown argument 'nam'; did you mean 'name'?");
}

static void
test_round_trip(void)
{
    for (int i = 0; i < 500; i++) {
        PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
        g_autoptr(GError) error = NULL;
        Thing *thing = random_fields(&thing_fields);
        g_autofree char *text = encode(thing, &cut);

        Thing *again = decode(text, TRUE, &error);
        g_assert_no_error(error);
        g_assert_false(cut.truncated);
        assert_same_fields(&thing_fields, thing, again);
        pst_fields_free(&thing_fields, thing);
        pst_fields_free(&thing_fields, again);
    }
}

static void
test_integers_clamped(void)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;
    Thing thing = {.count = G_MAXINT64};
    g_autofree char *most = encode(&thing, &cut);

    thing.count = G_MININT64 + 1;
    g_autofree char *least = encode(&thing, &cut);
    g_assert_nonnull(strstr(most, "\"count\":9007199254740991,"));
    g_assert_nonnull(strstr(least, "\"count\":-9007199254740991,"));
}

/* Exactly as many as allowed are no cut; one more is. */
static void
test_cut_items(void)
{
    char *words[] = {(char *)"a", (char *)"b", (char *)"c", NULL};
    Thing thing = {.count = PST_INT_UNKNOWN, .words = words};

    for (guint max = 0; max <= 4; max++) {
        PstFieldsCut cut = {max, 100, FALSE};
        g_autofree char *text = encode(&thing, &cut);
        const char *const expected[] = {"[]", "[\"a\"]", "[\"a\",\"b\"]", "[\"a\",\"b\",\"c\"]"};

        g_assert_nonnull(strstr(text, expected[MIN(max, 3)]));
        g_assert_cmpint(cut.truncated, ==, max < 3);
    }
}

static void
test_cut_lists(void)
{
    Thing *thing = pst_fields_new(&thing_fields);

    for (int i = 0; i < 3; i++)
        ((Part *)pst_fields_append(&part_fields, &thing->parts))->label = g_strdup("x");
    for (guint max = 0; max <= 4; max++) {
        PstFieldsCut cut = {max, 100, FALSE};
        g_autoptr(JsonObject) json = pst_fields_encode(&thing_fields, thing, &cut);
        JsonArray *parts = json_object_get_array_member(json, "parts");

        g_assert_cmpuint(json_array_get_length(parts), ==, MIN(max, 3));
        g_assert_cmpint(cut.truncated, ==, max < 3);
    }
    pst_fields_free(&thing_fields, thing);
}

static void
test_cut_strings(void)
{
    Thing thing = {.count = PST_INT_UNKNOWN, .name = (char *)"a\xC3\xA9"};
    const char *const expected[] = {"\"\"", "\"a\"", "\"a\"", "\"a\xC3\xA9\"", "\"a\xC3\xA9\""};

    for (gsize max = 0; max < G_N_ELEMENTS(expected); max++) {
        PstFieldsCut cut = {10, max, FALSE};
        g_autofree char *text = encode(&thing, &cut);
        g_autofree char *member = g_strdup_printf("{\"name\":%s,", expected[max]);

        g_assert_true(g_str_has_prefix(text, member));
        g_assert_cmpint(cut.truncated, ==, max < 3);
    }
}

static void
test_words(void)
{
    const char *const words[] = {"name=a=b",     "count=-5",   "open=true",
                                 "colour=green", "words=x,y,", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) json = pst_fields_from_words(&thing_fields, words, &error);

    g_assert_no_error(error);
    g_autofree char *text = pst_json_to_text(json, NULL);
    g_assert_cmpstr(text, ==,
                    "{\"name\":\"a=b\",\"count\":-5,\"open\":true,\"colour\":\"green\","
                    "\"words\":[\"x\",\"y\",\"\"]}");

    g_autoptr(JsonObject) none = pst_fields_from_words(&thing_fields, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(json_object_get_size(none), ==, 0);
}

/* An argument is never cut in silence: too much of it is the frame's limit to refuse. */
static void
test_long_word(void)
{
    g_autofree char *long_word = g_strnfill(9000, 'x');
    g_autofree char *word = g_strdup_printf("words=%s", long_word);
    const char *const words[] = {word, NULL};
    g_autoptr(JsonObject) json = pst_fields_from_words(&thing_fields, words, NULL);
    JsonArray *array = json_object_get_array_member(json, "words");

    g_assert_cmpstr(json_array_get_string_element(array, 0), ==, long_word);
}

static const struct {
    const char *words[3];
    const char *message;
} wrong_words[] = {
    {{"name"}, "'name' is not of the form key=value"},
    {{"=x"}, "unknown argument ''; known: name, count, open, colour, words, part, parts"},
    {{"nmae=x"}, "unknown argument 'nmae'; did you mean 'name'?"},
    {{"names=x"}, "unknown argument 'names'; did you mean 'name'?"},
    {{"count=1x"}, "'count=1x': not a whole number"},
    {{"count="}, "'count=': not a whole number"},
    {{"count=9007199254740992"}, "'count=9007199254740992': not a whole number"},
    {{"open=yes"}, "'open=yes': say true or false"},
    {{"part=x"}, "'part' can't be given as a word"},
    {{"parts=x"}, "'parts' can't be given as a word"},
    {{"name=a", "name=b"}, "'name' is given twice"},
};

static void
test_wrong_words(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(wrong_words); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(pst_fields_from_words(&thing_fields, wrong_words[i].words, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        g_assert_cmpstr(error->message, ==, wrong_words[i].message);
    }
}

static void
test_schema(void)
{
    g_autoptr(JsonObject) schema = pst_fields_schema(&part_fields);
    g_autofree char *text = pst_json_to_text(schema, NULL);

    g_assert_cmpstr(text, ==,
                    "{\"type\":\"object\",\"properties\":{"
                    "\"label\":{\"type\":\"string\",\"description\":\"what it says\"},"
                    "\"size\":{\"type\":\"integer\",\"description\":\"in bytes\"}},"
                    "\"required\":[\"label\"]}");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fields/unknown-is-absent", test_unknown_is_absent);
    g_test_add_func("/fields/full", test_full);
    g_test_add_func("/fields/wrong", test_wrong);
    g_test_add_func("/fields/unknown-member", test_unknown_member);
    g_test_add_func("/fields/round-trip", test_round_trip);
    g_test_add_func("/fields/integers-clamped", test_integers_clamped);
    g_test_add_func("/fields/cut-items", test_cut_items);
    g_test_add_func("/fields/cut-lists", test_cut_lists);
    g_test_add_func("/fields/cut-strings", test_cut_strings);
    g_test_add_func("/fields/words", test_words);
    g_test_add_func("/fields/long-word", test_long_word);
    g_test_add_func("/fields/wrong-words", test_wrong_words);
    g_test_add_func("/fields/schema", test_schema);
    return g_test_run();
}
