// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/escape.h"
#include "protocol/json.h"

/* What must never stand in an output, said in another way than the code says it. */
static gboolean
is_dangerous(gunichar c)
{
    static const gunichar controls[] = {0x00AD, 0x061C, 0x180E, 0x200B, 0x200C, 0x200D,  0x200E,
                                        0x200F, 0x2028, 0x2029, 0x202A, 0x202B, 0x202C,  0x202D,
                                        0x202E, 0x2060, 0x2066, 0x2067, 0x2068, 0x2069,  0xFEFF,
                                        0xFFF9, 0xFFFA, 0xFFFB, 0xFFFE, 0xFFFF, 0xE0001, 0x10FFFF};

    for (guint i = 0; i < G_N_ELEMENTS(controls); i++)
        if (controls[i] == c)
            return TRUE;
    return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

static void
assert_harmless(const char *text, gboolean lines)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_assert_true(!is_dangerous(c) || (lines && (c == '\n' || c == '\t')));
    }
}

static void
test_words(void)
{
    static const struct {
        const char *in, *out, *with_lines;
    } rows[] = {
        {"", "", ""},
        {"plain: ä € 漢 🎉", "plain: ä € 漢 🎉", "plain: ä € 漢 🎉"},
        {"a\nb\tc", "a\\nb\\tc", "a\nb\tc"},
        {"\x1b[2J\x07\r", "\\x1b[2J\\x07\\x0d", "\\x1b[2J\\x07\\x0d"},
        {"\xc2\x9b"
         "31m",
         "\\x9b31m", "\\x9b31m"},
        {"\x9b"
         "31m\xff",
         "\\x9b31m\\xff", "\\x9b31m\\xff"},
        {"\xe2\x80\xae"
         "fdp.exe",
         "\\u{202e}fdp.exe", "\\u{202e}fdp.exe"},
        {"\xf3\xa0\x80\x81", "\\u{e0001}", "\\u{e0001}"},
        {"cut \xe2\x82", "cut \\xe2\\x82", "cut \\xe2\\x82"},
        {"\xfc", "\\xfc", "\\xfc"},
        {"\xc0\x80\xed\xa0\x80", "\\xc0\\x80\\xed\\xa0\\x80", "\\xc0\\x80\\xed\\xa0\\x80"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *one = pst_escape_text(rows[i].in, FALSE);
        g_autofree char *lines = pst_escape_text(rows[i].in, TRUE);
        g_assert_cmpstr(one, ==, rows[i].out);
        g_assert_cmpstr(lines, ==, rows[i].with_lines);
    }
}

/* Every byte, alone, before and behind others, and every pair of bytes. */
static void
test_bytes(void)
{
    for (int a = 1; a < 256; a++) {
        for (int b = 1; b < 256; b++) {
            const char text[] = {(char)a, (char)b, 'x', (char)a, '\0'};
            g_autofree char *one = pst_escape_text(text, FALSE);
            g_autofree char *lines = pst_escape_text(text, TRUE);
            assert_harmless(one, FALSE);
            assert_harmless(lines, TRUE);
        }
    }
}

static char *
json_of(const char *value, gsize *len)
{
    g_autoptr(JsonObject) json = json_object_new();

    json_object_set_string_member(json, "a", value);
    return pst_json_to_text(json, len);
}

/* Every character, as text and in a JSON text, which must go on meaning the same. */
static void
test_characters(void)
{
    for (gunichar c = 1; c <= 0x10FFFF; c++) {
        char text[8] = "";
        const char *value = NULL;
        gsize len = 0;

        if (!g_unichar_validate(c))
            continue;
        text[g_unichar_to_utf8(c, text)] = '\0';
        g_autofree char *escaped = pst_escape_text(text, FALSE);
        assert_harmless(escaped, FALSE);
        if (c > 0x3100 && c % 97 != 0 && !is_dangerous(c)) /* json-glib is not that fast */
            continue;
        g_autofree char *json_text = json_of(text, &len);
        g_autofree char *json = pst_escape_json(json_text);
        assert_harmless(json, FALSE);
        g_autoptr(JsonObject) back =
            pst_json_parse(json, strlen(json), &pst_validate_from_guest, NULL);
        g_assert_nonnull(back);
        g_assert_true(pst_json_get_string(back, "a", PST_JSON_REQUIRED, &value, NULL));
        g_assert_cmpstr(value, ==, text);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/escape/words", test_words);
    g_test_add_func("/escape/bytes", test_bytes);
    g_test_add_func("/escape/characters", test_characters);
    return g_test_run();
}
