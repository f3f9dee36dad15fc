// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "protocol/validate.h"

/* JSONTestSuite (https://github.com/nst/JSONTestSuite): y_ files are JSON, n_ files are not, and i_
 * files are the parser's choice. The validator wants an object as the root, so each file is judged
 * twice: as it is, and as the value of a member. */

#define N_FILES 318

typedef struct {
    const char *name;
    PstValidateReason reason;
    const char *why;
} Row;

/* Valid JSON that is refused all the same; docs/validator.md lists the same files. */
static const Row deviations[] = {
    {"y_object_duplicated_key.json", PST_VALIDATE_DUPLICATE_MEMBER,
     "peers would disagree on which of the two counts"},
    {"y_object_duplicated_key_and_value.json", PST_VALIDATE_DUPLICATE_MEMBER,
     "peers would disagree on which of the two counts"},
    {"y_object_escaped_null_in_key.json", PST_VALIDATE_NUL, "a C string ends at U+0000"},
    {"y_string_null_escape.json", PST_VALIDATE_NUL, "a C string ends at U+0000"},
};

/* The parser's choice, as we chose. */
static const Row choices[] = {
    {"i_number_double_huge_neg_exp.json", PST_VALIDATE_OK, "rounds to zero"},
    {"i_number_real_underflow.json", PST_VALIDATE_OK, "rounds to zero"},
    {"i_number_huge_exp.json", PST_VALIDATE_NUMBER_RANGE, "no double holds it"},
    {"i_number_neg_int_huge_exp.json", PST_VALIDATE_NUMBER_RANGE, "no double holds it"},
    {"i_number_pos_double_huge_exp.json", PST_VALIDATE_NUMBER_RANGE, "no double holds it"},
    {"i_number_real_neg_overflow.json", PST_VALIDATE_NUMBER_RANGE, "no double holds it"},
    {"i_number_real_pos_overflow.json", PST_VALIDATE_NUMBER_RANGE, "no double holds it"},
    {"i_number_too_big_neg_int.json", PST_VALIDATE_NUMBER_RANGE, "beyond 53 bits"},
    {"i_number_too_big_pos_int.json", PST_VALIDATE_NUMBER_RANGE, "beyond 53 bits"},
    {"i_number_very_big_negative_int.json", PST_VALIDATE_NUMBER_RANGE, "beyond 53 bits"},
    {"i_object_key_lone_2nd_surrogate.json", PST_VALIDATE_SURROGATE, "not a character"},
    {"i_string_1st_surrogate_but_2nd_missing.json", PST_VALIDATE_SURROGATE, "not a character"},
    {"i_string_1st_valid_surrogate_2nd_invalid.json", PST_VALIDATE_SURROGATE, "not a character"},
    {"i_string_incomplete_surrogate_and_escape_valid.json", PST_VALIDATE_SURROGATE,
     "not a character"},
    {"i_string_incomplete_surrogate_pair.json", PST_VALIDATE_SURROGATE, "not a character"},
    {"i_string_incomplete_surrogates_escape_valid.json", PST_VALIDATE_SURROGATE, "not a character"},
    {"i_string_invalid_lonely_surrogate.json", PST_VALIDATE_SURROGATE, "not a character"},
    {"i_string_invalid_surrogate.json", PST_VALIDATE_SURROGATE, "not a character"},
    {"i_string_inverted_surrogates_U+1D11E.json", PST_VALIDATE_SURROGATE, "not a character"},
    {"i_string_lone_second_surrogate.json", PST_VALIDATE_SURROGATE, "not a character"},
    {"i_string_UTF-8_invalid_sequence.json", PST_VALIDATE_UTF8, "not UTF-8"},
    {"i_string_UTF8_surrogate_U+D800.json", PST_VALIDATE_UTF8, "not UTF-8"},
    {"i_string_invalid_utf-8.json", PST_VALIDATE_UTF8, "not UTF-8"},
    {"i_string_iso_latin_1.json", PST_VALIDATE_UTF8, "not UTF-8"},
    {"i_string_lone_utf8_continuation_byte.json", PST_VALIDATE_UTF8, "not UTF-8"},
    {"i_string_not_in_unicode_range.json", PST_VALIDATE_UTF8, "not UTF-8"},
    {"i_string_overlong_sequence_2_bytes.json", PST_VALIDATE_UTF8, "not UTF-8"},
    {"i_string_overlong_sequence_6_bytes.json", PST_VALIDATE_UTF8, "not UTF-8"},
    {"i_string_overlong_sequence_6_bytes_null.json", PST_VALIDATE_UTF8, "not UTF-8"},
    {"i_string_truncated-utf-8.json", PST_VALIDATE_UTF8, "not UTF-8"},
    {"i_string_UTF-16LE_with_BOM.json", PST_VALIDATE_SYNTAX, "not UTF-8"},
    {"i_string_utf16BE_no_BOM.json", PST_VALIDATE_SYNTAX, "not UTF-8"},
    {"i_string_utf16LE_no_BOM.json", PST_VALIDATE_SYNTAX, "not UTF-8"},
    {"i_structure_500_nested_arrays.json", PST_VALIDATE_DEPTH, "deeper than 32"},
    {"i_structure_UTF-8_BOM_empty_object.json", PST_VALIDATE_SYNTAX,
     "a byte order mark is not JSON (RFC 8259 section 8.1)"},
};

static const Row *
find_row(const Row *rows, guint n, const char *name)
{
    for (guint i = 0; i < n; i++)
        if (g_str_equal(rows[i].name, name))
            return &rows[i];
    return NULL;
}

static PstValidateReason
judge(const char *text, gsize len)
{
    return pst_validate((const guint8 *)text, len, &pst_validate_from_guest).reason;
}

static PstValidateReason
judge_wrapped(const char *text, gsize len)
{
    g_autoptr(GString) wrapped = g_string_new("{\"a\":");

    g_string_append_len(wrapped, text, (gssize)len);
    g_string_append_c(wrapped, '}');
    return judge(wrapped->str, wrapped->len);
}

static gboolean
begins_an_object(const char *text, gsize len)
{
    gsize at = 0;

    while (at < len && memchr(" \t\r\n", text[at], 4) != NULL)
        at++;
    return at < len && text[at] == '{';
}

static void
check_file(const char *name, const char *text, gsize len)
{
    PstValidateReason bare = judge(text, len), wrapped = judge_wrapped(text, len);
    const Row *row = name[0] == 'i' ? find_row(choices, G_N_ELEMENTS(choices), name)
                                    : find_row(deviations, G_N_ELEMENTS(deviations), name);

    g_test_message("%s: %s, wrapped %s", name, pst_validate_reason_id(bare),
                   pst_validate_reason_id(wrapped));
    if (name[0] == 'n')
        g_assert_cmpint(wrapped, !=, PST_VALIDATE_OK);
    else if (name[0] == 'i' && row == NULL)
        g_error("%s: no row says what is to become of it", name);
    else
        g_assert_cmpint(wrapped, ==, row != NULL ? row->reason : PST_VALIDATE_OK);

    if (!begins_an_object(text, len))
        g_assert_cmpint(bare, !=, PST_VALIDATE_OK);
    else if (name[0] == 'n')
        g_assert_cmpint(bare, !=, PST_VALIDATE_OK);
    else
        g_assert_cmpint(bare, ==, wrapped);
}

static void
test_suite(void)
{
    const char *folder = g_getenv("PST_JSONTESTSUITE"), *name;
    g_autoptr(GDir) dir = folder != NULL ? g_dir_open(folder, 0, NULL) : NULL;
    guint n = 0;

    if (dir == NULL) {
        g_test_skip("JSONTestSuite is not there: configure with -Djsontestsuite=FOLDER");
        return;
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;
        gsize len;

        if (!g_str_has_suffix(name, ".json"))
            continue;
        g_file_get_contents(path, &text, &len, &error);
        g_assert_no_error(error);
        check_file(name, text, len);
        n++;
    }
    g_assert_cmpuint(n, ==, N_FILES);
}

/* Each row says why, and none is there twice. */
static void
test_tables(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(deviations); i++) {
        g_assert_true(g_str_has_prefix(deviations[i].name, "y_"));
        g_assert_true(find_row(deviations, i, deviations[i].name) == NULL);
        g_assert_cmpstr(deviations[i].why, !=, "");
    }
    for (guint i = 0; i < G_N_ELEMENTS(choices); i++) {
        g_assert_true(g_str_has_prefix(choices[i].name, "i_"));
        g_assert_true(find_row(choices, i, choices[i].name) == NULL);
        g_assert_cmpstr(choices[i].why, !=, "");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/validate-suite/files", test_suite);
    g_test_add_func("/validate-suite/tables", test_tables);
    return g_test_run();
}
