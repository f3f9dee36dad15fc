// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"

static JsonObject *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    JsonObject *object = pst_json_parse(text, strlen(text), &pst_validate_from_guest, &error);

    g_assert_no_error(error);
    return object;
}

static void
test_parse_refuses(void)
{
    const char *const texts[] = {"", "[]", "{\"a\":1,\"a\":2}", "{\"a\":0777}", "var x = {}"};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(pst_json_parse(texts[i], strlen(texts[i]), &pst_validate_from_guest, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PARSE);
        g_assert_nonnull(strstr(error->message, "at byte "));
    }
}

/* Absent, null and wrong are three things, to each getter. */
static const char world[] =
    "{\"null\":null,\"string\":\"s\",\"int\":-7,\"double\":7.0,\"true\":true,"
    "\"object\":{},\"array\":[]}";

typedef gboolean (*Getter)(JsonObject *object, const char *name, PstJsonPresence presence,
                           gboolean *changed, GError **error);

#define GETTER(kind, type, start)                                                                  \
    static gboolean get_##kind(JsonObject *object, const char *name, PstJsonPresence presence,     \
                               gboolean *changed, GError **error)                                  \
    {                                                                                              \
        type value = start;                                                                        \
        gboolean ok = pst_json_get_##kind(object, name, presence, &value, error);                  \
        *changed = value != (start);                                                               \
        return ok;                                                                                 \
    }

GETTER(string, const char *, NULL)
GETTER(int, gint64, 42)
GETTER(bool, gboolean, FALSE)
GETTER(object, JsonObject *, NULL)
GETTER(array, JsonArray *, NULL)

static void
check_presence(Getter get, const char *name, gboolean missing_is_null)
{
    JsonObject *object = parse(world);

    for (int presence = PST_JSON_REQUIRED; presence <= PST_JSON_NULLABLE; presence++) {
        g_autoptr(GError) error = NULL;
        gboolean changed;
        gboolean permitted =
            presence == PST_JSON_NULLABLE || (presence == PST_JSON_OPTIONAL && !missing_is_null);

        g_assert_cmpint(get(object, name, (PstJsonPresence)presence, &changed, &error), ==,
                        permitted);
        g_assert_false(changed);
        if (permitted) {
            g_assert_no_error(error);
        } else {
            g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
            g_assert_nonnull(strstr(error->message, name));
        }
    }
    json_object_unref(object);
}

static void
check_type(Getter get, const char *right)
{
    const char *const names[] = {"string", "int", "double", "true", "object", "array"};
    JsonObject *object = parse(world);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        for (int presence = PST_JSON_REQUIRED; presence <= PST_JSON_NULLABLE; presence++) {
            g_autoptr(GError) error = NULL;
            gboolean changed;
            gboolean ok = get(object, names[i], (PstJsonPresence)presence, &changed, &error);

            g_assert_cmpint(ok, ==, g_str_equal(names[i], right));
            g_assert_cmpint(changed, ==, ok);
            if (!ok)
                g_assert_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS);
        }
    }
    json_object_unref(object);
}

static void
test_getters(void)
{
    const struct {
        Getter get;
        const char *right;
    } getters[] = {{get_string, "string"},
                   {get_int, "int"},
                   {get_bool, "true"},
                   {get_object, "object"},
                   {get_array, "array"}};

    for (guint i = 0; i < G_N_ELEMENTS(getters); i++) {
        check_presence(getters[i].get, "absent", FALSE);
        check_presence(getters[i].get, "null", TRUE);
        check_type(getters[i].get, getters[i].right);
    }
}

static void
test_integers(void)
{
    JsonObject *object =
        parse("{\"a\":9007199254740991,\"b\":-9007199254740991,\"c\":-0,\"d\":1e3}");
    gint64 value = 0;

    g_assert_true(pst_json_get_int(object, "a", PST_JSON_REQUIRED, &value, NULL));
    g_assert_cmpint(value, ==, 9007199254740991);
    g_assert_true(pst_json_get_int(object, "b", PST_JSON_REQUIRED, &value, NULL));
    g_assert_cmpint(value, ==, -9007199254740991);
    g_assert_true(pst_json_get_int(object, "c", PST_JSON_REQUIRED, &value, NULL));
    g_assert_cmpint(value, ==, 0);
    g_assert_false(pst_json_get_int(object, "d", PST_JSON_REQUIRED, &value, NULL));
    json_object_unref(object);
}

/* Whatever bytes a string holds, the text is one that the peer's validator accepts, and says the
 * same. json-glib 1.6 wrote U+001F as a bare byte. */
static void
test_every_byte(void)
{
    for (int byte = 1; byte < 256; byte++) {
        const char value[] = {'a', (char)byte, 'z', '\0'};
        g_autoptr(JsonObject) object = json_object_new();
        gsize len;

        pst_json_set_string(object, "text", value);
        pst_json_set_string(object, byte < 0x80 ? value : "name", "x");
        g_autofree char *text = pst_json_to_text(object, &len);
        g_assert_cmpuint(len, ==, strlen(text));
        JsonObject *again = parse(text);
        const char *seen = NULL;
        g_assert_true(pst_json_get_string(again, "text", PST_JSON_REQUIRED, &seen, NULL));
        g_assert_cmpstr(seen, ==, byte < 0x80 ? value : "a\xEF\xBF\xBDz");
        json_object_unref(again);
    }
}

/* Numbers survive: json-glib 1.6 wrote 1e17 as 1e+17.0. */
static void
test_numbers_again(void)
{
    const double numbers[] = {
        0.0,     -0.0,   0.1,   1e15,  1e16,   1e17,    -1e17,
        1.5e300, 5e-324, 1e-07, 2e-10, 123456, 9.5e+20, 1.7976931348623157e308};

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(JsonObject) object = json_object_new();
        json_object_set_double_member(object, "e-1\"e+2.0", numbers[i]);
        g_autofree char *text = pst_json_to_text(object, NULL);
        JsonObject *again = parse(text);
        JsonNode *node = json_object_get_member(again, "e-1\"e+2.0");

        g_test_message("%s", text);
        g_assert_nonnull(node);
        g_assert_true(json_node_get_value_type(node) == G_TYPE_DOUBLE);
        g_assert_cmpfloat(json_node_get_double(node), ==, numbers[i]);
        json_object_unref(again);
    }
}

static void
test_set_null(void)
{
    g_autoptr(JsonObject) object = json_object_new();

    pst_json_set_string(object, "a", NULL);
    g_assert_false(json_object_has_member(object, "a"));
}

static void
test_clean_cut(void)
{
    const struct {
        const char *value;
        gsize max;
        const char *expected;
        gboolean cut;
    } cases[] = {
        {"", 0, "", FALSE},
        {"a", 0, "", TRUE},
        {"abc", 3, "abc", FALSE},
        {"abc", 2, "ab", TRUE},
        {"\xC3\xA9", 2, "\xC3\xA9", FALSE},
        {"\xC3\xA9", 1, "", TRUE},
        {"a\xC3\xA9", 2, "a", TRUE},
        {"a\xC3\xA9", 3, "a\xC3\xA9", FALSE},
        {"\xF0\x9D\x84\x9E!", 3, "", TRUE},
        {"\xF0\x9D\x84\x9E!", 4, "\xF0\x9D\x84\x9E", TRUE},
        {"\xF0\x9D\x84\x9E!", 5, "\xF0\x9D\x84\x9E!", FALSE},
        {"\xFF", 2, "", TRUE}, /* three bytes, once it is U+FFFD */
        {"\xFF", 3, "\xEF\xBF\xBD", FALSE},
        {"a\xE2\x82", G_MAXSIZE - 1, "a\xEF\xBF\xBD\xEF\xBF\xBD", FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        gboolean cut = FALSE;
        g_autofree char *value = pst_json_clean_cut(cases[i].value, cases[i].max, &cut);
        g_autofree char *again = pst_json_clean_cut(cases[i].value, cases[i].max, NULL);

        g_assert_cmpstr(value, ==, cases[i].expected);
        g_assert_cmpint(cut, ==, cases[i].cut);
        g_assert_cmpstr(again, ==, value);
        g_assert_true(g_utf8_validate(value, -1, NULL));
    }
}

/* The same text for the same, in whatever order it was made; and nothing of it is the original's.
 */
static void
test_sorted(void)
{
    static const char text[] =
        "{\"b\":[{\"z\":1,\"a\":null},[],\"x\"],\"a\":{\"2\":2.5,\"10\":true},\"\xC3\xA9\":\"\"}";
    g_autoptr(JsonObject) json = pst_json_parse(text, strlen(text), &pst_validate_from_guest, NULL);
    g_autoptr(JsonObject) sorted = pst_json_sorted(json);
    gsize len = 0;

    g_assert_true(json_object_equal(sorted, json));
    json_object_remove_member(json_object_get_object_member(json, "a"), "2");
    g_autofree char *written = pst_json_to_text(sorted, &len);
    g_assert_cmpstr(
        written, ==,
        "{\"a\":{\"10\":true,\"2\":2.5},\"b\":[{\"a\":null,\"z\":1},[],\"x\"],\"\xC3\xA9\":\"\"}");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/parse-refuses", test_parse_refuses);
    g_test_add_func("/json/getters", test_getters);
    g_test_add_func("/json/integers", test_integers);
    g_test_add_func("/json/every-byte", test_every_byte);
    g_test_add_func("/json/numbers-again", test_numbers_again);
    g_test_add_func("/json/set-null", test_set_null);
    g_test_add_func("/json/clean-cut", test_clean_cut);
    g_test_add_func("/json/sorted", test_sorted);
    return g_test_run();
}
