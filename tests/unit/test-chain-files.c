// SPDX-License-Identifier: LGPL-2.1-or-later
/* The audit log from file to file. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/chain-files.h"
#include "tests/unit/chain-world.h"

static guint
count_files(const World *world)
{
    g_autoptr(GDir) dir = g_dir_open(world->folder, 0, NULL);
    guint n = 0;

    while (g_dir_read_name(dir) != NULL)
        n++;
    return n;
}

/* Until another file is begun. */
static void
fill_file(const World *world)
{
    g_autofree char *filler = g_strnfill(PST_CHAIN_LINE_BYTES - 1024, 'x');
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", filler);
    guint n_files = count_files(world);

    while (count_files(world) == n_files)
        append_text(world, json);
}

static char *
name_of(const World *world, guint64 first)
{
    return pst_chain_files_name(world->log, first);
}

static void
test_rotated(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *first = name_of(world, 1);
    struct stat st;

    append_number(world, 1);
    g_assert_cmpint(chmod(world->log, 0640), ==, 0);
    fill_file(world);
    g_assert_cmpint(stat(first, &st), ==, 0);
    g_assert_cmpint(st.st_size, <=, PST_CHAIN_FILE_BYTES);
    g_assert_cmpint(stat(world->log, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0640);
    g_autoptr(GString) log = read_file(world->log);
    g_autofree char *base = g_path_get_basename(first);
    g_assert_nonnull(strstr(log->str, base));
    g_autoptr(PstChainOutcome) result = verify(world);
    assert_intact(world, result->last, 0);
    /* Dates do not matter. */
    struct timespec later[2] = {{2000000000, 0}, {2000000000, 0}};
    g_assert_cmpint(utimensat(AT_FDCWD, first, later, 0), ==, 0);
    assert_intact(world, result->last, 0);
    g_assert_cmpint(g_remove(first), ==, 0);
    g_autoptr(PstChainOutcome) without = verify(world);
    g_assert_cmpint(first_fault(without)->kind, ==, PST_CHAIN_MISSING);
    g_assert_cmpuint(first_fault(without)->seq, ==, 1);
}

/* Only so many are kept; that the oldest goes is no fault. */
static void
test_pruned(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *first = name_of(world, 1);

    append_number(world, 1);
    fill_file(world);
    for (guint i = 1; i < PST_CHAIN_KEPT_FILES; i++) {
        g_autofree char *name = name_of(world, 1000000 + i);
        write_file(name, "", 0);
    }
    g_assert_cmpint(g_access(first, F_OK), ==, 0);
    /* One more comes, and one goes. */
    g_autofree char *filler = g_strnfill(PST_CHAIN_LINE_BYTES - 1024, 'x');
    g_autofree char *json = g_strdup_printf("{\"a\":\"%s\"}", filler);
    for (guint i = 0; g_access(first, F_OK) == 0; i++) {
        g_assert_cmpuint(i, <, 2 * PST_CHAIN_FILE_BYTES / PST_CHAIN_LINE_BYTES);
        append_text(world, json);
    }
    g_autoptr(PstChainOutcome) result = verify(world);
    g_assert_cmpuint(result->n_faults, ==, 0);
    g_assert_cmpuint(result->first, >, 1);
    g_assert_cmpuint(result->notes->len, ==, 1);
    g_autofree char *forgotten =
        g_strdup_printf("numbers 1 to %" G_GUINT64_FORMAT " are not kept", result->first - 1);
    g_assert_true(g_str_has_prefix(result->notes->pdata[0], forgotten));
    g_assert_cmpuint(count_files(world), ==, PST_CHAIN_KEPT_FILES + 2);
    /* But not the next. */
    g_autofree char *next = name_of(world, result->first);
    g_assert_cmpint(g_remove(next), ==, 0);
    g_autoptr(PstChainOutcome) without = verify(world);
    g_assert_cmpint(first_fault(without)->kind, ==, PST_CHAIN_MISSING);
    g_assert_cmpuint(first_fault(without)->seq, ==, result->first);
}

/* Killed after the full file had its lasting name, and before there was another. */
static void
test_killed_rotating(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *first = name_of(world, 1);

    append_number(world, 1);
    g_assert_cmpint(g_rename(world->log, first), ==, 0);
    assert_intact(world, 2, 0);
    PstChainEntry entry = append_number(world, 2);
    g_assert_null(entry.fault);
    assert_intact(world, 4, 0);
}

/* Somebody else's rotation keeps the chain, and is told of as what it is. */
static void
test_rotated_by_others(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autofree char *aside = g_strconcat(world->log, ".1", NULL);

    append_number(world, 1);
    g_assert_cmpint(g_rename(world->log, aside), ==, 0);
    PstChainEntry entry = append_number(world, 2);
    g_assert_cmpstr(entry.fault, ==, "the file is gone");
    assert_intact(world, 4, 0);
}

/* What was written before there was a chain. */
static void
test_old(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char lines[] = "{\"guest\":\"web\"}\n{\"guest\":\"db\"}\n{\"gue";
    g_autofree char *old = name_of(world, 0);

    write_file(world->log, lines, strlen(lines));
    PstChainEntry entry = append_number(world, 1);
    g_assert_null(entry.fault);
    assert_intact(world, 2, 1);
    g_autoptr(GString) kept = read_file(old);
    g_assert_cmpstr(kept->str, ==, lines);
    for (gsize i = 0; i < kept->len; i++) {
        kept->str[i] ^= 1;
        write_file(old, kept->str, kept->len);
        g_autoptr(PstChainOutcome) result = verify(world);
        g_assert_cmpint(first_fault(result)->kind, ==, PST_CHAIN_CHANGED);
        kept->str[i] ^= 1;
    }
    write_file(old, kept->str, kept->len);
    assert_intact(world, 2, 1);
}

#define ADD(name, func) g_test_add("/chain-files/" name, World, NULL, set_up, func, tear_down)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("rotated", test_rotated);
    ADD("pruned", test_pruned);
    ADD("killed-rotating", test_killed_rotating);
    ADD("rotated-by-others", test_rotated_by_others);
    ADD("old", test_old);
    return g_test_run();
}
