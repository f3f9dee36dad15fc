// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <time.h>

#include "protocol/limits.h"
#include "protocol/validate.h"

static PstValidateResult
judge(const char *text)
{
    return pst_validate((const guint8 *)text, strlen(text), &pst_validate_from_guest);
}

static PstValidateResult
judge_string(const GString *text)
{
    return pst_validate((const guint8 *)text->str, text->len, &pst_validate_from_guest);
}

#define assert_reason(result, expected)                                                            \
    g_assert_cmpstr(pst_validate_reason_id((result).reason), ==, pst_validate_reason_id(expected))

typedef struct {
    const char *text;
    PstValidateReason reason;
    gsize offset;
} Row;

static const Row rows[] = {
    {"{}", PST_VALIDATE_OK, 2},
    {" \t\r\n{ } \n", PST_VALIDATE_OK, 9},
    {"{\"a\":[1,-2.5e-3,true,false,null,\"x\",{}]}", PST_VALIDATE_OK, 40},
    {"{\"\":1,\"a\":{\"\":1}}", PST_VALIDATE_OK, 17},
    {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud834\\udd1e\"}", PST_VALIDATE_OK, 42},

    {"", PST_VALIDATE_TRUNCATED, 0},
    {"  ", PST_VALIDATE_TRUNCATED, 2},
    {"{", PST_VALIDATE_TRUNCATED, 1},
    {"{\"a", PST_VALIDATE_TRUNCATED, 3},
    {"{\"a\"", PST_VALIDATE_TRUNCATED, 4},
    {"{\"a\":", PST_VALIDATE_TRUNCATED, 5},
    {"{\"a\":1", PST_VALIDATE_TRUNCATED, 6},
    {"{\"a\":1,", PST_VALIDATE_TRUNCATED, 7},
    {"{\"a\":-", PST_VALIDATE_TRUNCATED, 6},
    {"{\"a\":\"\\", PST_VALIDATE_TRUNCATED, 7},

    {"[]", PST_VALIDATE_NOT_AN_OBJECT, 0},
    {"1", PST_VALIDATE_NOT_AN_OBJECT, 0},
    {"null", PST_VALIDATE_NOT_AN_OBJECT, 0},
    {"\xEF\xBB\xBF{}", PST_VALIDATE_NOT_AN_OBJECT, 0},
    {"{}{}", PST_VALIDATE_TRAILING_BYTES, 2},
    {"{} x", PST_VALIDATE_TRAILING_BYTES, 3},

    {"{a:1}", PST_VALIDATE_SYNTAX, 1},
    {"{\"a\" 1}", PST_VALIDATE_SYNTAX, 5},
    {"{\"a\":1,}", PST_VALIDATE_SYNTAX, 7},
    {"{\"a\":[1,]}", PST_VALIDATE_SYNTAX, 8},
    {"{\"a\":[1}", PST_VALIDATE_SYNTAX, 7},
    {"{\"a\":tru}", PST_VALIDATE_SYNTAX, 5},
    {"{\"a\":NaN}", PST_VALIDATE_SYNTAX, 5},
    {"{\"a\":/**/1}", PST_VALIDATE_SYNTAX, 5},
    {"{\"a\":'x'}", PST_VALIDATE_SYNTAX, 5},
    {"{\"a\":\f1}", PST_VALIDATE_SYNTAX, 5},

    {"{\"a\":\"\x80\"}", PST_VALIDATE_UTF8, 6},
    {"{\"a\":\"\xC0\xAF\"}", PST_VALIDATE_UTF8, 6},
    {"{\"a\":\"\xC2\"}", PST_VALIDATE_UTF8, 6},
    {"{\"a\":\"\xE0\x9F\xBF\"}", PST_VALIDATE_UTF8, 6},
    {"{\"a\":\"\xED\xA0\x80\"}", PST_VALIDATE_UTF8, 6},
    {"{\"a\":\"\xF0\x8F\xBF\xBF\"}", PST_VALIDATE_UTF8, 6},
    {"{\"a\":\"\xF4\x90\x80\x80\"}", PST_VALIDATE_UTF8, 6},
    {"{\"a\":\"\xF5\x80\x80\x80\"}", PST_VALIDATE_UTF8, 6},
    {"{\"a\":\"\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80\"}", PST_VALIDATE_OK, 18},

    {"{\"a\":\"\n\"}", PST_VALIDATE_CONTROL_CHARACTER, 6},
    {"{\"a\":\"\x1F\"}", PST_VALIDATE_CONTROL_CHARACTER, 6},
    {"{\"a\":\"\x7F\"}", PST_VALIDATE_OK, 9},
    {"{\"a\":\"\\x\"}", PST_VALIDATE_ESCAPE, 7},
    {"{\"a\":\"\\u12g4\"}", PST_VALIDATE_ESCAPE, 8},
    {"{\"a\":\"\\u123\"}", PST_VALIDATE_ESCAPE, 8},
    {"{\"a\":\"\\U0041\"}", PST_VALIDATE_ESCAPE, 7},
    {"{\"a\":\"\\u0000\"}", PST_VALIDATE_NUL, 8},
    {"{\"\\u0000\":1}", PST_VALIDATE_NUL, 4},
    {"{\"a\":\"\\ud834\"}", PST_VALIDATE_SURROGATE, 12},
    {"{\"a\":\"\\ud834\\n\"}", PST_VALIDATE_SURROGATE, 12},
    {"{\"a\":\"\\ud834\\ud834\"}", PST_VALIDATE_SURROGATE, 12},
    {"{\"a\":\"\\udd1e\"}", PST_VALIDATE_SURROGATE, 8},

    {"{\"a\":01}", PST_VALIDATE_NUMBER, 6},
    {"{\"a\":-01}", PST_VALIDATE_NUMBER, 7},
    {"{\"a\":0x1}", PST_VALIDATE_NUMBER, 6},
    {"{\"a\":1.}", PST_VALIDATE_NUMBER, 7},
    {"{\"a\":.5}", PST_VALIDATE_SYNTAX, 5},
    {"{\"a\":+1}", PST_VALIDATE_SYNTAX, 5},
    {"{\"a\":1e}", PST_VALIDATE_NUMBER, 7},
    {"{\"a\":1e+}", PST_VALIDATE_NUMBER, 8},
    {"{\"a\":1.2.3}", PST_VALIDATE_NUMBER, 8},
    {"{\"a\":9007199254740991}", PST_VALIDATE_OK, 22},
    {"{\"a\":-9007199254740991}", PST_VALIDATE_OK, 23},
    {"{\"a\":9007199254740992}", PST_VALIDATE_NUMBER_RANGE, 5},
    {"{\"a\":9007199254740993}", PST_VALIDATE_NUMBER_RANGE, 5},
    {"{\"a\":-9007199254740992}", PST_VALIDATE_NUMBER_RANGE, 5},
    {"{\"a\":18446744073709551616}", PST_VALIDATE_NUMBER_RANGE, 5},
    {"{\"a\":1.7976931348623157e308}", PST_VALIDATE_OK, 28},
    {"{\"a\":1.8e308}", PST_VALIDATE_NUMBER_RANGE, 5},
    {"{\"a\":-1e999}", PST_VALIDATE_NUMBER_RANGE, 5},
    {"{\"a\":1e-999}", PST_VALIDATE_OK, 12},

    {"{\"a\":1,\"a\":2}", PST_VALIDATE_DUPLICATE_MEMBER, 7},
    {"{\"a\":1,\"\\u0061\":2}", PST_VALIDATE_DUPLICATE_MEMBER, 7},
    {"{\"\\u0061b\":1,\"a\\u0062\":2}", PST_VALIDATE_DUPLICATE_MEMBER, 13},
    {"{\"\\n\":1,\"\\u000A\":2}", PST_VALIDATE_DUPLICATE_MEMBER, 8},
    {"{\"\\/\":1,\"/\":2}", PST_VALIDATE_DUPLICATE_MEMBER, 8},
    {"{\"\xC3\xA9\":1,\"\\u00E9\":2}", PST_VALIDATE_DUPLICATE_MEMBER, 8},
    {"{\"\xF0\x9D\x84\x9E\":1,\"\\ud834\\udd1e\":2}", PST_VALIDATE_DUPLICATE_MEMBER, 10},
    {"{\"\":1,\"\":2}", PST_VALIDATE_DUPLICATE_MEMBER, 6},
    {"{\"a\":{\"b\":1},\"b\":{\"a\":1}}", PST_VALIDATE_OK, 25},
    {"{\"a\":{\"x\":1,\"y\":2},\"x\":1,\"a\":1}", PST_VALIDATE_DUPLICATE_MEMBER, 25},
    {"{\"ab\":1,\"a\":2,\"abc\":3,\"A\":4}", PST_VALIDATE_OK, 28},
};

static void
test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        PstValidateResult result = judge(rows[i].text);
        g_autofree char *printable = g_strescape(rows[i].text, NULL);

        g_test_message("%s", printable);
        assert_reason(result, rows[i].reason);
        g_assert_cmpuint(result.offset, ==, rows[i].offset);
    }
}

/* The QEMU guest agent gives 64 bits; what a gint64
 * does not hold, json-glib would turn into another number. */
static void
test_agent_integers(void)
{
    const struct {
        const char *text;
        PstValidateReason reason;
    } cases[] = {
        {"{\"a\":9007199254740992}", PST_VALIDATE_OK},
        {"{\"a\":-9007199254740993}", PST_VALIDATE_OK},
        {"{\"a\":9223372036854774784}", PST_VALIDATE_OK}, /* the last double below 2^63 */
        {"{\"a\":-9223372036854774784}", PST_VALIDATE_OK},
        {"{\"a\":9223372036854775807}", PST_VALIDATE_NUMBER_RANGE},
        {"{\"a\":9223372036854775808}", PST_VALIDATE_NUMBER_RANGE},
        {"{\"a\":18446744073709551615}", PST_VALIDATE_NUMBER_RANGE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const guint8 *text = (const guint8 *)cases[i].text;

        assert_reason(pst_validate(text, strlen(cases[i].text), &pst_validate_from_agent),
                      cases[i].reason);
        assert_reason(judge(cases[i].text), PST_VALIDATE_NUMBER_RANGE);
    }
}

/* A bare NUL ends nothing: not a string, not the text. */
static void
test_nul_bytes(void)
{
    static const char in_string[] = "{\"a\":\"\0\"}", behind[] = "{}\0", before[] = "\0{}";

    assert_reason(
        pst_validate((const guint8 *)in_string, sizeof(in_string) - 1, &pst_validate_from_guest),
        PST_VALIDATE_NUL);
    assert_reason(
        pst_validate((const guint8 *)behind, sizeof(behind) - 1, &pst_validate_from_guest),
        PST_VALIDATE_TRAILING_BYTES);
    assert_reason(
        pst_validate((const guint8 *)before, sizeof(before) - 1, &pst_validate_from_guest),
        PST_VALIDATE_NOT_AN_OBJECT);
    assert_reason(pst_validate(NULL, 0, &pst_validate_from_guest), PST_VALIDATE_TRUNCATED);
}

/* No byte behind the text is looked at, whatever the last one begins: each text stands at the very
 * end of an allocation, which the address sanitizer watches. */
static void
test_reads_no_further(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (gsize len = 0; len <= strlen(rows[i].text); len++) {
            g_autofree guint8 *copy = g_memdup2(rows[i].text, len);
            (void)pst_validate(copy, len, &pst_validate_from_guest);
        }
    }
}

static void
test_size(void)
{
    const gsize limits[] = {PST_LIMIT_FRAME_FROM_HOST, PST_LIMIT_FRAME_FROM_GUEST};
    const PstValidateLimits *const which[] = {&pst_validate_from_host, &pst_validate_from_guest};

    for (guint i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autoptr(GString) text = g_string_new("{\"a\":\"");
        while (text->len < limits[i] - 2)
            g_string_append_c(text, 'x');
        g_string_append(text, "\"}");
        assert_reason(pst_validate((const guint8 *)text->str, text->len, which[i]),
                      PST_VALIDATE_OK);
        g_string_append_c(text, ' ');
        PstValidateResult result = pst_validate((const guint8 *)text->str, text->len, which[i]);
        assert_reason(result, PST_VALIDATE_TOO_LARGE);
        g_assert_cmpuint(result.offset, ==, limits[i]);
    }
}

static GString *
nested(guint depth, const char *open, const char *close)
{
    GString *text = g_string_new("{\"a\":");

    for (guint i = 1; i < depth; i++)
        g_string_append(text, open);
    g_string_append(text, "1");
    for (guint i = 1; i < depth; i++)
        g_string_append(text, close);
    g_string_append_c(text, '}');
    return text;
}

static void
test_depth(void)
{
    const char *const brackets[][2] = {{"[", "]"}, {"{\"a\":", "}"}};

    for (guint i = 0; i < G_N_ELEMENTS(brackets); i++) {
        for (guint depth = PST_LIMIT_DEPTH - 1; depth <= PST_LIMIT_DEPTH + 1; depth++) {
            g_autoptr(GString) text = nested(depth, brackets[i][0], brackets[i][1]);
            assert_reason(judge_string(text),
                          depth <= PST_LIMIT_DEPTH ? PST_VALIDATE_OK : PST_VALIDATE_DEPTH);
        }
    }
    g_autoptr(GString) deep = nested(80000, "[", "]");
    assert_reason(judge_string(deep), PST_VALIDATE_DEPTH);

    g_autoptr(GString) open = g_string_new("{\"a\":");
    while (open->len < PST_LIMIT_FRAME_FROM_GUEST)
        g_string_append_c(open, '[');
    assert_reason(judge_string(open), PST_VALIDATE_DEPTH);
}

/* The depth is that of open containers, not the number of all. */
static void
test_depth_is_given_back(void)
{
    g_autoptr(GString) text = g_string_new("{\"a\":[");

    for (int i = 0; i < 1000; i++)
        g_string_append(text, "[{}],");
    g_string_append(text, "0]}");
    assert_reason(judge_string(text), PST_VALIDATE_OK);
}

static GString *
many_tokens(guint tokens)
{
    GString *text = g_string_new("{\"a\":[0"); /* the object, the name, the array, one number */

    for (guint i = 4; i < tokens; i++)
        g_string_append(text, ",0");
    g_string_append(text, "]}");
    return text;
}

static void
test_tokens(void)
{
    g_autoptr(GString) allowed = many_tokens(PST_LIMIT_TOKENS);
    g_autoptr(GString) excess = many_tokens(PST_LIMIT_TOKENS + 1);

    assert_reason(judge_string(allowed), PST_VALIDATE_OK);
    assert_reason(judge_string(excess), PST_VALIDATE_TOKENS);
}

static GString *
many_members(guint members)
{
    GString *text = g_string_new("{");

    for (guint i = 0; i < members; i++)
        g_string_append_printf(text, "%s\"m%u\":%u", i > 0 ? "," : "", i, i);
    g_string_append_c(text, '}');
    return text;
}

static void
test_members(void)
{
    g_autoptr(GString) allowed = many_members(PST_LIMIT_MEMBERS);
    g_autoptr(GString) excess = many_members(PST_LIMIT_MEMBERS + 1);

    assert_reason(judge_string(allowed), PST_VALIDATE_OK);
    assert_reason(judge_string(excess), PST_VALIDATE_MEMBERS);
}

/* The table of names has room for the worst text: full objects all the way down. */
static void
test_members_at_every_depth(void)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint depth = 0; depth < PST_LIMIT_DEPTH; depth++) {
        g_string_append_c(text, '{');
        for (guint i = 1; i < PST_LIMIT_MEMBERS; i++)
            g_string_append_printf(text, "\"%u\":0,", i);
        g_string_append(text, "\"down\":");
    }
    g_string_append_c(text, '0');
    for (guint depth = 0; depth < PST_LIMIT_DEPTH; depth++)
        g_string_append_c(text, '}');
    assert_reason(judge_string(text), PST_VALIDATE_OK);
}

static void
test_number_length(void)
{
    for (guint digits = PST_LIMIT_NUMBER_LENGTH - 1; digits <= PST_LIMIT_NUMBER_LENGTH; digits++) {
        g_autoptr(GString) text = g_string_new("{\"a\":0.");
        for (guint i = 1; i < digits; i++)
            g_string_append_c(text, '1');
        g_string_append_c(text, '}');
        assert_reason(judge_string(text), digits < PST_LIMIT_NUMBER_LENGTH
                                              ? PST_VALIDATE_OK
                                              : PST_VALIDATE_NUMBER_RANGE);
    }
}

static gint64
cpu_time_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (gint64)now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* 256 names of a kilobyte that differ in their last two characters only, all with one FNV-1a hash:
 * with that hash, which a peer can reckon, each name was compared with each other one to its end,
 * and the text took a hundred times as long as one with harmless names. */
static GString *
colliding_names(guint *n)
{
    GString *text = g_string_new("{");
    guint32 hash = 2166136261u;

    for (int i = 0; i < 1000; i++)
        hash = (hash ^ 'a') * 16777619u;
    for (gunichar first = 0x80; first < 0x110000 && *n < PST_LIMIT_MEMBERS; first++) {
        guint32 last = ((hash ^ first) * 16777619u) ^ 0x12345678u;
        if (!g_unichar_validate(first) || last < 0x80 || !g_unichar_validate(last))
            continue;
        g_string_append(text, *n > 0 ? ",\"" : "\"");
        for (int i = 0; i < 1000; i++)
            g_string_append_c(text, 'a');
        g_string_append_unichar(text, first);
        g_string_append_unichar(text, last);
        g_string_append(text, "\":1");
        (*n)++;
    }
    g_string_append_c(text, '}');
    return text;
}

static GString *
harmless_names(gsize len)
{
    GString *text = g_string_new("{");

    for (guint n = 0; n < PST_LIMIT_MEMBERS; n++) {
        g_string_append_printf(text, "%s\"%u", n > 0 ? "," : "", n);
        for (gsize i = 0; i < len / PST_LIMIT_MEMBERS - 10; i++)
            g_string_append_c(text, 'a');
        g_string_append(text, "\":1");
    }
    g_string_append_c(text, '}');
    return text;
}

static gint64
best_of_five_us(const GString *text)
{
    gint64 best = G_MAXINT64;

    for (int i = 0; i < 5; i++) {
        gint64 start = cpu_time_us();
        assert_reason(judge_string(text), PST_VALIDATE_OK);
        best = MIN(best, cpu_time_us() - start);
    }
    return best;
}

static void
test_colliding_names(void)
{
    guint n = 0;
    g_autoptr(GString) hostile = colliding_names(&n);
    g_autoptr(GString) harmless = harmless_names(hostile->len);

    g_assert_cmpuint(n, ==, PST_LIMIT_MEMBERS);
    gint64 hostile_us = best_of_five_us(hostile), harmless_us = best_of_five_us(harmless);
    g_test_message("colliding names: %" G_GINT64_FORMAT " us, harmless ones: %" G_GINT64_FORMAT
                   " us",
                   hostile_us, harmless_us);
    g_assert_cmpint(hostile_us, <, 10 * harmless_us + 1000);
}

static void
test_reason_ids(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (int i = 0; i <= PST_VALIDATE_LAST; i++) {
        const char *id = pst_validate_reason_id((PstValidateReason)i);
        g_assert_nonnull(id);
        g_assert_true(g_hash_table_add(seen, (gpointer)id));
    }
    g_assert_cmpstr(pst_validate_reason_id((PstValidateReason)(PST_VALIDATE_LAST + 1)), ==,
                    "unknown");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/validate/table", test_table);
    g_test_add_func("/validate/agent-integers", test_agent_integers);
    g_test_add_func("/validate/nul-bytes", test_nul_bytes);
    g_test_add_func("/validate/reads-no-further", test_reads_no_further);
    g_test_add_func("/validate/size", test_size);
    g_test_add_func("/validate/depth", test_depth);
    g_test_add_func("/validate/depth-is-given-back", test_depth_is_given_back);
    g_test_add_func("/validate/tokens", test_tokens);
    g_test_add_func("/validate/members", test_members);
    g_test_add_func("/validate/members-at-every-depth", test_members_at_every_depth);
    g_test_add_func("/validate/number-length", test_number_length);
    g_test_add_func("/validate/colliding-names", test_colliding_names);
    g_test_add_func("/validate/reason-ids", test_reason_ids);
    return g_test_run();
}
