// SPDX-License-Identifier: LGPL-2.1-or-later
#include <glib/gstdio.h>
#include <unistd.h>

#include "protocol/error.h"
#include "protocol/limits.h"
#include "tests/unit/baseline-world.h"
#include "tests/unit/random-report.h"

static PstBaseline *
example(void)
{
    World one = world();

    return world_baseline(&one, NULL);
}

static void
test_make(void)
{
    g_autoptr(PstBaseline) baseline = example();
    guint n_sudo = 0, n_journal = 0;

    g_assert_cmpstr(baseline->guest, ==, "web");
    g_assert_cmpstr(baseline->uuid, ==, WORLD_UUID);
    g_assert_cmpstr(baseline->uri, ==, "qemu:///system");
    g_assert_cmpstr(baseline->version, ==, PST_VERSION);
    g_assert_cmpstrv(baseline->users, world_users);
    g_assert_cmpint(baseline->taken_us, ==, WORLD_NOW + 300000);
    g_assert_nonnull(baseline->mark);
    g_assert_null(baseline->unmarked);
    g_assert_cmpstr(baseline->mark->machine_id, ==, WORLD_MACHINE);
    g_assert_true(g_str_has_prefix(baseline->mark->cursor, "s=8d1f;i=2a;"));
    g_assert_cmpstr(baseline->host_keys[0], ==, "ssh-ed25519 SHA256:one");
    g_assert_null(baseline->host_keys[1]);
    for (guint i = 0; i < baseline->answers->len; i++) {
        const PstAnswer *answer = baseline->answers->pdata[i];
        n_sudo += g_str_equal(answer->probe, "sudo");
        n_journal += g_str_equal(answer->probe, "journal");
        g_assert_false(json_object_has_member(answer->args, "host_realtime_us"));
        g_assert_false(json_object_has_member(answer->args, "own"));
    }
    g_assert_cmpuint(n_sudo, ==, 1);
    g_assert_cmpuint(n_journal, ==, 1); /* the mark's is no part of it */
    g_assert_nonnull(pst_baseline_find(baseline, "access", "harness"));
    g_assert_null(pst_baseline_find(baseline, "access", NULL));
    g_assert_null(pst_baseline_find(baseline, "sudo", NULL));
    g_assert_nonnull(pst_baseline_find(baseline, "system", NULL));
}

/* Each user is asked about by what takes one, the rest is asked once; all of it is one call. */
static void
test_users(void)
{
    const char *const many[] = {"b", "a", "b", "c", "d", "e", "f", "g", "h", NULL};
    World one = world();
    guint n_system = 0, n_sudo = 0, n_access = 0, n = 0;
    const PstBaselineWish wish = {.users = many};

    one.users = many;
    g_autoptr(PstBaseline) baseline = world_baseline(&one, NULL);
    for (guint i = 0; i < baseline->answers->len; i++) {
        const PstAnswer *answer = baseline->answers->pdata[i];
        n_system += g_str_equal(answer->probe, "system");
        n_sudo += g_str_equal(answer->probe, "sudo");
        n_access += g_str_equal(answer->probe, "access");
    }
    g_assert_cmpuint(n_system, ==, 1);
    g_assert_cmpuint(n_sudo, ==, 8);
    g_assert_cmpuint(n_access, ==, 8);
    g_assert_cmpstr(baseline->users[0], ==, "a");
    g_assert_cmpuint(g_strv_length(baseline->users), ==, 8);
    g_assert_cmpstr(pst_baseline_user_of(pst_baseline_find(baseline, "sudo", "d")), ==, "d");
    PstAnswer **questions = pst_baseline_questions("web", &wish, NULL, &n);
    g_assert_cmpuint(n, <=, PST_LIMIT_API_QUESTIONS);
    for (guint i = 0; i < n; i++)
        pst_answer_free(questions[i]);
    g_free(questions);
}

/* What was asked once can be asked again as it was, of nobody and with all that can be said. */
static void
test_again(void)
{
    g_autoptr(JsonObject) vantage = json_object_new();
    char units[] = "cron,nginx.service";

    json_object_set_string_member(vantage, "from", "192.0.2.10");
    json_object_set_int_member(vantage, "port", 2222);
    for (guint i = 0; i < 2; i++) {
        World one = world();
        const PstBaselineWish wish = {.users = i == 0 ? world_users : NULL,
                                      .vantage = vantage,
                                      .units = units,
                                      .passive = TRUE};
        g_auto(PstBaselineWish) again = {NULL};
        guint n = 0, n_again = 0;
        PstAnswer **answers = pst_baseline_questions("web", &wish, NULL, &n);

        for (guint j = 0; j < n; j++)
            world_answer(&one, answers[j]);
        g_autoptr(PstBaseline) baseline =
            pst_baseline_make(answers, n, &wish, NULL, NULL, WORLD_NOW);
        pst_baseline_wish_again(baseline, &again);
        g_assert_cmpstr(again.units, ==, units);
        g_assert_true(again.passive);
        g_assert_true(json_object_equal(again.vantage, vantage));
        answers = pst_baseline_questions("web", &again, baseline, &n_again);
        g_assert_cmpuint(n_again, ==, n);
        for (guint j = 0; j < n; j++)
            world_answer(&one, answers[j]);
        g_autoptr(PstBaseline) second =
            pst_baseline_make(answers, n, &again, NULL, NULL, WORLD_NOW);
        g_assert_cmpuint(second->answers->len, ==, baseline->answers->len);
        for (guint j = 0; j < second->answers->len; j++)
            g_assert_true(json_object_equal(((PstAnswer *)second->answers->pdata[j])->args,
                                            ((PstAnswer *)baseline->answers->pdata[j])->args));
        g_assert_cmpstr(second->after, ==, baseline->mark->cursor);
    }
}

static char *
text_of(const PstBaseline *baseline)
{
    gsize len = 0;
    char *text = pst_baseline_to_text(baseline, &len);

    g_assert_cmpuint(strlen(text), ==, len);
    return text;
}

static PstBaseline *
read_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    PstBaseline *baseline = pst_baseline_read(text, strlen(text), &error);

    g_assert_no_error(error);
    g_assert_nonnull(baseline);
    return baseline;
}

static void
test_file(void)
{
    World one = world();
    g_autoptr(PstBaseline) first = world_baseline(&one, NULL);
    World two = world_later(one, WORLD_SECONDS(60));
    two.after_found = PST_TRI_YES;
    g_autoptr(PstBaseline) baseline = world_baseline(&two, first);
    world_lose(world_find(baseline, "checks", NULL), "no path");
    g_autofree char *text = text_of(baseline);
    g_autoptr(PstBaseline) again = read_text(text);
    g_autofree char *second = text_of(again);

    g_assert_cmpstr(second, ==, text);
    g_assert_true(
        g_str_has_prefix(text, "{\"format\":\"postern-baseline-1\",\"baseline\":{\"after\":"));
    g_assert_true(g_str_has_suffix(text, "\"}\n"));
    g_assert_cmpstr(again->after, ==, first->mark->cursor);
    g_assert_cmpint(again->after_found, ==, PST_TRI_YES);
    g_assert_null(world_find(again, "checks", NULL)->report);
    g_assert_cmpint(world_find(again, "system", NULL)->via, ==, PST_VIA_CHANNEL);
    g_assert_cmpstr(again->mark->cursor, ==, baseline->mark->cursor);
}

/* The order in which answers came, and that of members, is not told. */
static void
test_canonical(void)
{
    g_autoptr(PstBaseline) baseline = example();
    g_autofree char *text = text_of(baseline);

    for (guint i = 0; i < 20; i++) {
        g_autoptr(PstBaseline) other = example();
        for (guint j = other->answers->len; j > 1; j--) {
            guint k = (guint)g_test_rand_int_range(0, (gint)j);
            gpointer moved = other->answers->pdata[k];
            other->answers->pdata[k] = other->answers->pdata[j - 1];
            other->answers->pdata[j - 1] = moved;
        }
        g_autofree char *shuffled = text_of(other);
        g_autoptr(PstBaseline) again = read_text(shuffled);
        g_autofree char *written = text_of(again);
        g_assert_cmpstr(written, ==, text);
    }
}

/* Reports of all kinds come back as they were. */
static void
test_random(void)
{
    for (guint i = 0; i < 40; i++) {
        g_autoptr(PstBaseline) baseline = example();

        for (guint j = 0; j < baseline->answers->len; j++) {
            PstAnswer *answer = baseline->answers->pdata[j];
            pst_report_free(answer->report);
            answer->report = random_report(pst_vocabulary_find(answer->probe));
        }
        g_autofree char *text = text_of(baseline);
        g_autoptr(PstBaseline) again = read_text(text);
        g_autofree char *second = text_of(again);
        g_assert_cmpstr(second, ==, text);
    }
}

/* ---- what is none ---- */

static void
refuse(const char *text, gsize len, const char *why)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstBaseline) baseline = pst_baseline_read(text, len, &error);

    g_assert_null(baseline);
    g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    g_assert_null(strchr(error->message, '\n'));
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, why));
}

/* With the digest of what it says now. */
static char *
sealed(const char *head)
{
    g_autofree char *sha256 = g_compute_checksum_for_string(G_CHECKSUM_SHA256, head, -1);

    return g_strconcat(head, ",\"sha256\":\"", sha256, "\"}\n", NULL);
}

static char *
replaced(const char *text, const char *old, const char *new)
{
    g_autoptr(GString) out = g_string_new(text);

    g_string_truncate(out, out->len - strlen(",\"sha256\":\"\"}\n") - 64);
    g_assert_cmpuint(g_string_replace(out, old, new, 1), ==, 1);
    return sealed(out->str);
}

static void
test_damage(void)
{
    g_autoptr(PstBaseline) baseline = example();
    g_autofree char *text = text_of(baseline);
    gsize len = strlen(text);

    refuse("", 0, "it is empty");
    refuse("no", 2, "does not begin as one");
    refuse("\0\xff\x1b[2J", 6, "does not begin as one");
    refuse("{\"format\":\"postern-forensics-1\"}", 32, "does not begin as one");
    refuse("{\"format\":\"postern-baseline-2\",\"more\":1}\n", 41,
           "it is a postern-baseline-2, of which this postern");
    refuse("{\"format\":\"postern-baseline-\x1b[2J", 33, "of which this postern");
    for (gsize cut = 1; cut < len; cut += cut < 60 || cut > len - 90 ? 1 : 997) {
        g_autoptr(GError) error = NULL;
        g_assert_null(pst_baseline_read(text, cut, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    }
    refuse(text, len - 1, "its end is missing");
    refuse(text, len / 2, "its end is missing");
    for (guint i = 0; i < 200; i++) {
        g_autofree char *other = g_strdup(text);
        gsize at = (gsize)g_test_rand_int_range(0, (gint)len);
        g_autoptr(GError) error = NULL;

        other[at] = (char)(other[at] ^ (1 << g_test_rand_int_range(0, 7)));
        g_assert_null(pst_baseline_read(other, len, &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    }
    g_autofree char *grown = g_strconcat(text, "{}\n", NULL);
    refuse(grown, strlen(grown), "its end is missing");
    g_autofree char *huge = g_malloc0(100 * 1024 * 1024);
    memcpy(huge, text, len);
    refuse(huge, 100 * 1024 * 1024, "it is too large");
}

/* Whoever can make a digest can write anything. */
static void
test_forged(void)
{
    static const struct {
        const char *old, *new, *why;
    } rows[] = {
        {"\"baseline\":{", "\"baseline\":[{", "not-an-object"},
        {"\"guest\":\"web\",\"host_keys\"", "\"guest\":7,\"host_keys\"", "'guest'"},
        {"\"guest\":\"web\",\"host_keys\"", "\"guest\":\"\",\"host_keys\"", "of what and when"},
        {"\"taken_us\":", "\"taken\":", "of what and when"},
        {"\"mark\":\"mark1,", "\"mark\":\"mark2,", "is not a mark"},
        {"\"mark\":\"mark1,", "\"mark\":\"a\\nb\\u001b", "'a\\nb\\x1b"},
        {"\"probe\":\"access\"", "\"probe\":\"accesS\"", "of another probe"},
        {"\"answers\":[{", "\"answers\":[7,{", "not an object"},
        {"\"args\":{", "\"arg\":{", "'args'"},
        {"\"via\":\"channel\"", "\"via\":\"magic\"", "path can't be read"},
        {"\"status\":\"ok\"", "\"status\":\"fine\"", "unknown status"},
        {"\"users\":[\"harness\"]",
         "\"users\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]", "too many users"},
    };
    g_autoptr(PstBaseline) baseline = example();
    g_autofree char *text = text_of(baseline);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *forged = replaced(text, rows[i].old, rows[i].new);
        g_test_message("%s", rows[i].new);
        refuse(forged, strlen(forged), rows[i].why);
    }
    g_autofree char *sound =
        replaced(text, "\"guest\":\"web\",\"host_keys\"", "\"guest\":\"wob\",\"host_keys\"");
    g_autoptr(PstBaseline) other = read_text(sound);
    g_assert_cmpstr(other->guest, ==, "wob");
}

static void
test_twice(void)
{
    g_autoptr(PstBaseline) baseline = example();

    g_ptr_array_add(baseline->answers, pst_answer_copy(baseline->answers->pdata[0]));
    g_autofree char *text = text_of(baseline);
    refuse(text, strlen(text), "answered twice");
}

static void
test_load(void)
{
    g_autoptr(PstBaseline) baseline = example();
    g_autofree char *text = text_of(baseline);
    g_autofree char *folder = g_dir_make_tmp("baseline-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "one", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_autoptr(PstBaseline) loaded = pst_baseline_load(path, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(loaded->guest, ==, "web");
    g_assert_cmpint(truncate(path, 100), ==, 0);
    g_assert_null(pst_baseline_load(path, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    g_assert_true(g_str_has_prefix(error->message, path));
    g_clear_error(&error);
    g_assert_cmpint(truncate(path, 100 * 1024 * 1024), ==, 0);
    g_assert_null(pst_baseline_load(path, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PROTOCOL);
    g_assert_nonnull(strstr(error->message, "too large"));
    g_assert_nonnull(strstr(error->message, "; take it anew with postern baseline"));
    g_clear_error(&error);
    g_assert_null(pst_baseline_load(folder, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
    g_clear_error(&error);
    g_unlink(path);
    g_assert_null(pst_baseline_load(path, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
    g_assert_nonnull(strstr(error->message, "; name a file that postern baseline made"));
    g_rmdir(folder);
}

/* A guest that does not tell its boot has no mark, and why. */
static void
test_unmarked(void)
{
    World one = world();

    one.via = PST_VIA_AGENT_BUILTIN;
    g_autoptr(PstBaseline) baseline = world_baseline(&one, NULL);
    g_assert_null(baseline->mark);
    g_assert_nonnull(strstr(baseline->unmarked, "via agent-builtin"));
    g_assert_null(baseline->host_keys);
    g_autofree char *text = text_of(baseline);
    g_autoptr(PstBaseline) again = read_text(text);
    g_assert_cmpstr(again->unmarked, ==, baseline->unmarked);
}

/* Where nothing came after the place of the earlier one, that is the newest still. */
static void
test_nothing_newer(void)
{
    World one = world();
    g_autoptr(PstBaseline) first = world_baseline(&one, NULL);
    World two = world_later(one, WORLD_SECONDS(60));

    two.place = 0;
    two.after_found = PST_TRI_YES;
    g_autoptr(PstBaseline) second = world_baseline(&two, first);
    g_assert_cmpstr(second->mark->cursor, ==, first->mark->cursor);
    two.after_found = PST_TRI_NO;
    g_autoptr(PstBaseline) third = world_baseline(&two, first);
    g_assert_null(third->mark->cursor);
    g_assert_cmpint(third->after_found, ==, PST_TRI_NO);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/baseline/make", test_make);
    g_test_add_func("/baseline/users", test_users);
    g_test_add_func("/baseline/again", test_again);
    g_test_add_func("/baseline/file", test_file);
    g_test_add_func("/baseline/canonical", test_canonical);
    g_test_add_func("/baseline/random", test_random);
    g_test_add_func("/baseline/damage", test_damage);
    g_test_add_func("/baseline/forged", test_forged);
    g_test_add_func("/baseline/twice", test_twice);
    g_test_add_func("/baseline/load", test_load);
    g_test_add_func("/baseline/unmarked", test_unmarked);
    g_test_add_func("/baseline/nothing-newer", test_nothing_newer);
    return g_test_run();
}
