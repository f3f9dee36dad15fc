// SPDX-License-Identifier: LGPL-2.1-or-later
/* Whatever is done to an audit log is found: each byte changed, each line taken out, moved, put in,
 * the end cut off anywhere; also by who goes on writing to it. */
#include <stdlib.h>
#include <unistd.h>

#include "host-sidecar/audit-entries.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "tests/unit/chain-world.h"

#define N_LINES 6

typedef struct {
    GString *log, *head;
    GPtrArray *lines; /* with their line feeds */
} Copy;

static void
free_copy(Copy *copy)
{
    g_string_free(copy->log, TRUE);
    g_string_free(copy->head, TRUE);
    g_ptr_array_unref(copy->lines);
    g_free(copy);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Copy, free_copy)

static Copy *
make_log(const World *world)
{
    Copy *copy = g_new0(Copy, 1);

    for (int i = 1; i < N_LINES; i++)
        append_number(world, i);
    assert_intact(world, N_LINES, 0);
    copy->log = read_file(world->log);
    copy->head = read_file(world->head);
    copy->lines = g_ptr_array_new_with_free_func(g_free);
    for (const char *at = copy->log->str; *at != '\0';) {
        const char *end = strchr(at, '\n') + 1;
        g_ptr_array_add(copy->lines, g_strndup(at, (gsize)(end - at)));
        at = end;
    }
    g_assert_cmpuint(copy->lines->len, ==, N_LINES);
    return copy;
}

static void
put_back(const World *world, const Copy *copy)
{
    write_file(world->log, copy->log->str, copy->log->len);
    write_file(world->head, copy->head->str, copy->head->len);
}

static void
write_lines(const World *world, const GPtrArray *lines)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < lines->len; i++)
        g_string_append(text, lines->pdata[i]);
    write_file(world->log, text->str, text->len);
}

static GPtrArray *
copy_lines(const Copy *copy)
{
    return g_ptr_array_copy(copy->lines, (GCopyFunc)(void *)g_strdup, NULL);
}

/* Found as it is, and still found after somebody has gone on writing. */
static PstChainOutcome *
assert_found(const World *world)
{
    PstChainOutcome *result = verify(world);

    g_assert_cmpuint(result->n_faults, >, 0);
    append_number(world, 1000);
    g_autoptr(PstChainOutcome) later = verify(world);
    g_assert_cmpuint(later->n_faults, >, 0);
    return result;
}

static void
test_each_byte(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char flips[] = {1, (char)0x80, 'x' ^ 'X'};
    g_autoptr(Copy) copy = make_log(world);
    guint line = 1;

    for (gsize i = 0; i < copy->log->len; i++) {
        for (guint flip = 0; flip < G_N_ELEMENTS(flips); flip++) {
            put_back(world, copy);
            copy->log->str[i] ^= flips[flip];
            write_file(world->log, copy->log->str, copy->log->len);
            copy->log->str[i] ^= flips[flip];
            g_autoptr(PstChainOutcome) result = assert_found(world);
            const PstChainFault *fault = first_fault(result);
            /* Where it is, or in the line before: what is told of that was changed. */
            if (fault->line > 0) {
                g_assert_cmpuint(fault->line, <=, line + 1);
                g_assert_cmpuint(fault->line + 1, >=, line);
            }
        }
        line += copy->log->str[i] == '\n';
    }
}

static void
test_each_cut(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(Copy) copy = make_log(world);

    for (gsize len = 0; len < copy->log->len - 1; len++) {
        put_back(world, copy);
        write_file(world->log, copy->log->str, len);
        g_autoptr(PstChainOutcome) result = assert_found(world);
        const PstChainFault *last = result->faults->pdata[result->faults->len - 1];
        g_assert_cmpint(last->kind, ==, PST_CHAIN_MISSING);
        g_assert_cmpuint(last->until, ==, N_LINES);
    }
}

/* Of which the next line restores what was cut off; that it was is still told. */
static void
test_cut_line_feed(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(Copy) copy = make_log(world);

    write_file(world->log, copy->log->str, copy->log->len - 1);
    g_autoptr(PstChainOutcome) result = verify(world);
    g_assert_cmpint(first_fault(result)->kind, ==, PST_CHAIN_FOREIGN);
    g_assert_cmpuint(first_fault(result)->line, ==, N_LINES);
    append_number(world, 1000);
    assert_intact(world, N_LINES + 2, 1);
}

/* What the next writer finds it says, to the journal too. */
static void
test_cut_is_told(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(Copy) copy = make_log(world);

    write_file(world->log, copy->log->str, copy->log->len / 2);
    PstChainEntry entry = append_number(world, 1000);
    g_assert_cmpstr(entry.fault, ==, "its end is missing");
    g_autoptr(PstChainOutcome) result = verify(world);
    g_assert_cmpuint(result->notes->len, ==, 1);
    g_autofree char *text = pst_chain_verify_to_text(result, world->log);
    g_assert_nonnull(strstr(text, ": changed: "));
    g_assert_nonnull(strstr(text, "the end of the log was found missing\n"));
}

static void
test_removed(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(Copy) copy = make_log(world);

    for (guint i = 0; i < N_LINES; i++) {
        g_autoptr(GPtrArray) lines = copy_lines(copy);
        put_back(world, copy);
        g_ptr_array_remove_index(lines, i);
        write_lines(world, lines);
        g_autoptr(PstChainOutcome) result = assert_found(world);
        const PstChainFault *fault = first_fault(result);
        g_assert_cmpuint(result->n_faults, ==, 1);
        g_assert_cmpint(fault->kind, ==, PST_CHAIN_MISSING);
        g_assert_cmpuint(fault->seq, ==, i + 1);
        g_assert_cmpuint(fault->until, ==, i + 1);
        g_assert_cmpuint(fault->line, ==, i + 1 < N_LINES ? i + 1 : 0);
    }
}

static void
test_swapped(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(Copy) copy = make_log(world);

    for (guint i = 0; i < N_LINES; i++) {
        for (guint j = i + 1; j < N_LINES; j++) {
            g_autoptr(GPtrArray) lines = copy_lines(copy);
            put_back(world, copy);
            gpointer line = lines->pdata[i];
            lines->pdata[i] = lines->pdata[j];
            lines->pdata[j] = line;
            write_lines(world, lines);
            g_autoptr(PstChainOutcome) result = assert_found(world);
            g_assert_cmpint(first_fault(result)->kind, ==, PST_CHAIN_MISSING);
            g_assert_cmpuint(first_fault(result)->line, ==, i + 1);
        }
    }
}

static void
test_duplicated(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(Copy) copy = make_log(world);

    for (guint i = 0; i < N_LINES; i++) {
        for (guint to = i + 1; to <= N_LINES; to++) {
            g_autoptr(GPtrArray) lines = copy_lines(copy);
            put_back(world, copy);
            g_ptr_array_insert(lines, (gint)to, g_strdup(lines->pdata[i]));
            write_lines(world, lines);
            g_autoptr(PstChainOutcome) result = assert_found(world);
            g_assert_cmpuint(result->n_faults, ==, 1);
            g_assert_cmpint(first_fault(result)->kind, ==, PST_CHAIN_MISPLACED);
            g_assert_cmpuint(first_fault(result)->line, ==, to + 1);
        }
    }
}

static void
test_inserted(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const strange[] = {"\n", "{\"guest\":\"web\"}\n", "rubbish\n"};
    g_autoptr(Copy) copy = make_log(world);

    for (guint to = 0; to <= N_LINES; to++) {
        for (guint i = 0; i < G_N_ELEMENTS(strange); i++) {
            g_autoptr(GPtrArray) lines = copy_lines(copy);
            put_back(world, copy);
            g_ptr_array_insert(lines, (gint)to, g_strdup(strange[i]));
            write_lines(world, lines);
            g_autoptr(PstChainOutcome) result = assert_found(world);
            g_assert_cmpint(first_fault(result)->kind, ==, PST_CHAIN_FOREIGN);
            g_assert_cmpuint(first_fault(result)->line, ==, to + 1);
        }
    }
}

/* A line with the right number and the right predecessor, in the place of the true one. */
static void
test_forged_line(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(Copy) copy = make_log(world);

    for (guint i = 0; i < N_LINES; i++) {
        g_autoptr(GPtrArray) lines = copy_lines(copy);
        PstChainLink link;
        put_back(world, copy);
        g_assert_true(pst_chain_line_read(lines->pdata[i], strlen(lines->pdata[i]) - 1, &link));
        g_autofree char *forged = pst_chain_line_make("{\"guest\":\"another\"}", &link);
        g_free(lines->pdata[i]);
        lines->pdata[i] = g_strconcat(forged, "\n", NULL);
        write_lines(world, lines);
        g_autoptr(PstChainOutcome) result = assert_found(world);
        g_assert_cmpint(first_fault(result)->kind, ==, PST_CHAIN_CHANGED);
        g_assert_cmpuint(first_fault(result)->line, ==, i + 1);
    }
}

/* Without the head nobody can say where the end was; the log says so ever after. */
static void
test_headless(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const heads[] = {NULL, "", "rubbish"};
    g_autoptr(Copy) copy = make_log(world);

    for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
        put_back(world, copy);
        g_assert_cmpint(g_remove(world->head), ==, 0);
        if (heads[i] != NULL)
            write_file(world->head, heads[i], strlen(heads[i]));
        g_autoptr(PstChainOutcome) result = verify(world);
        g_assert_cmpint(first_fault(result)->kind, ==, PST_CHAIN_HEADLESS);
        PstChainEntry entry = append_number(world, 1000);
        g_assert_cmpstr(entry.fault, ==, "its head is missing");
        g_autoptr(PstChainOutcome) later = verify(world);
        g_assert_cmpuint(later->n_faults, ==, 1);
        g_assert_cmpint(first_fault(later)->kind, ==, PST_CHAIN_HEADLESS);
        g_assert_cmpuint(first_fault(later)->line, ==, N_LINES + 1);
    }
}

/* Who can write all of it can write it anew: only who kept a digest elsewhere knows. */
static void
test_anew(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(Copy) copy = make_log(world);
    g_autoptr(PstChainOutcome) before = verify(world);

    g_autoptr(PstChainOutcome) held = verify_holds(world, before->sha256);
    g_assert_cmpuint(held->n_faults, ==, 0);
    empty_folder(world);
    for (int i = 1; i < N_LINES; i++)
        append_number(world, i + 100);
    assert_intact(world, N_LINES, 0);
    g_autoptr(PstChainOutcome) anew = verify_holds(world, before->sha256);
    g_assert_cmpuint(anew->n_faults, ==, 1);
    g_assert_cmpint(first_fault(anew)->kind, ==, PST_CHAIN_ABSENT);
    g_autofree char *upper = g_ascii_strup(anew->sha256, -1);
    g_autoptr(PstChainOutcome) found = verify_holds(world, upper);
    g_assert_cmpuint(found->n_faults, ==, 0);
}

static void
test_nothing(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_chain_verify(world->log, NULL, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_clear_error(&error);
    append_number(world, 1);
    g_assert_cmpint(g_remove(world->log), ==, 0);
    g_autoptr(PstChainOutcome) gone = verify(world);
    g_assert_cmpint(first_fault(gone)->kind, ==, PST_CHAIN_MISSING);
    g_assert_cmpint(g_mkdir(world->log, 0700), ==, 0);
    g_assert_null(pst_chain_verify(world->log, NULL, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
}

/* However much does not hold, what is kept of it is bounded. */
static void
test_many(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(Copy) copy = make_log(world);
    g_autoptr(GString) text = g_string_new(copy->log->str);
    const guint n = 5 * PST_CHAIN_MAX_FAULTS;

    for (guint i = 0; i < n; i++)
        g_string_append(text, "x\n");
    write_file(world->log, text->str, text->len);
    g_autoptr(PstChainOutcome) result = verify(world);
    g_assert_cmpuint(result->n_faults, ==, n);
    g_assert_cmpuint(result->faults->len, ==, PST_CHAIN_MAX_FAULTS);
    g_autofree char *words = pst_chain_verify_to_text(result, world->log);
    g_assert_nonnull(strstr(words, "  and 400 more\n"));
    g_autoptr(JsonObject) json = pst_chain_verify_to_json(result, world->log);
    g_assert_false(json_object_get_boolean_member(json, "intact"));
    g_assert_cmpint(json_object_get_int_member(json, "n_faults"), ==, n);
}

/* ---- entries */

static void
write_entries(const World *world)
{
    append_text(world, "{\"realtime_us\":1000000,\"caller\":\"ann (uid 7)\",\"method\":\"read\","
                       "\"guest\":\"web\",\"uuid\":\"u-1\",\"probe\":\"file\","
                       "\"args\":{\"path\":\"/etc/hosts\"},\"via\":\"agent\",\"result\":\"ok\","
                       "\"took_ms\":12}");
    append_text(world, "{\"realtime_us\":2000000,\"caller\":\"ann\\u001b[2J\",\"method\":\"probe\","
                       "\"guest\":\"db\",\"probe\":\"sudo\",\"args\":{},\"via\":\"none\","
                       "\"result\":\"asked\"}");
    append_text(world, "{\"realtime_us\":3000000,\"caller\":\"ann\",\"method\":\"forensics\","
                       "\"guest\":\"web\",\"bundle\":\"b\",\"path\":\"/x\",\"sha256\":\"00\"}");
}

static PstAuditEntries *
read_entries(const World *world, const PstAuditWish *wish)
{
    PstAuditEntries *entries = pst_audit_entries_read(world->log, wish);

    g_assert_cmpstr(entries->fault, ==, NULL);
    return entries;
}

static void
test_entries(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const PstAuditWish all = {.lines = 50}, two = {.lines = 2};

    write_entries(world);
    g_autoptr(PstAuditEntries) entries = read_entries(world, &all);
    g_assert_cmpuint(entries->lines->len, ==, 4);
    g_autofree char *text = pst_audit_entries_to_text(entries);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_true(g_str_has_suffix(lines[0], "  the log itself: begin"));
    g_assert_true(g_str_has_suffix(
        lines[1], "  ann (uid 7): read web file {\"path\":\"/etc/hosts\"}: ok via agent, 12 ms"));
    g_assert_true(g_str_has_suffix(lines[2], "  ann\\x1b[2J: probe db sudo: asked via none"));
    g_assert_true(g_str_has_suffix(lines[3], "  ann: forensics web: sealed /x"));
    g_assert_cmpstr(lines[4], ==, "");
    g_autoptr(PstAuditEntries) newest = read_entries(world, &two);
    g_assert_cmpuint(newest->lines->len, ==, 2);
    g_assert_cmpuint(newest->n_older, ==, 2);
    g_autoptr(JsonObject) json = pst_audit_entries_to_json(newest);
    JsonArray *array = json_object_get_array_member(json, "entries");
    g_assert_cmpstr(json_object_get_string_member(json_array_get_object_element(array, 0), "probe"),
                    ==, "sudo");
}

static void
test_wishes(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const struct {
        PstAuditWish wish;
        guint n;
    } table[] = {
        {{.lines = 9, .guest = "web"}, 2},
        {{.lines = 9, .guest = "u-1"}, 1},
        {{.lines = 9, .guest = "we"}, 0},
        {{.lines = 9, .guest = "web", .since_us = 2000000}, 1},
        {{.lines = 9, .guest = "web", .until_us = 2000000}, 1},
        {{.lines = 9, .since_us = 1000000, .until_us = 2000000}, 2},
    };

    write_entries(world);
    for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
        g_autoptr(PstAuditEntries) entries = read_entries(world, &table[i].wish);
        g_assert_cmpuint(entries->lines->len, ==, table[i].n);
        g_assert_cmpuint(entries->n_broken, ==, 0);
    }
}

static void
test_broken_entries(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    const PstAuditWish all = {.lines = 50};

    write_entries(world);
    g_autoptr(GString) text = read_file(world->log);
    g_string_append(text,
                    "{\"realtime_us\":1}\n\n[]\n{\"realtime_us\":4000000,\"method\":\"m\"}\n");
    write_file(world->log, text->str, text->len);
    g_autoptr(PstAuditEntries) entries = read_entries(world, &all);
    g_assert_cmpuint(entries->lines->len, ==, 5);
    g_assert_cmpuint(entries->n_broken, ==, 3);
    g_autofree char *words = pst_audit_entries_to_text(entries);
    g_assert_nonnull(strstr(words, "note: 3 lines are no entries"));
}

#define ADD(name, func) g_test_add("/chain-verify/" name, World, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("each-byte", test_each_byte);
    ADD("each-cut", test_each_cut);
    ADD("cut-line-feed", test_cut_line_feed);
    ADD("cut-is-told", test_cut_is_told);
    ADD("removed", test_removed);
    ADD("swapped", test_swapped);
    ADD("duplicated", test_duplicated);
    ADD("inserted", test_inserted);
    ADD("forged-line", test_forged_line);
    ADD("headless", test_headless);
    ADD("anew", test_anew);
    ADD("nothing", test_nothing);
    ADD("many", test_many);
    ADD("entries", test_entries);
    ADD("wishes", test_wishes);
    ADD("broken-entries", test_broken_entries);
    return g_test_run();
}
