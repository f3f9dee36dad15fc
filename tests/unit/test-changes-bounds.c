// SPDX-License-Identifier: LGPL-2.1-or-later
/* More changes than fit into a report, and more than there is time for. */
#include "guest-shim/probe-changes.h"
#include "tests/unit/world.h"

static gboolean
tells(const PstReport *report, const char *id)
{
    for (guint i = 0; i < report->findings->len; i++)
        if (g_str_equal(((PstFinding *)report->findings->pdata[i])->id, id))
            return TRUE;
    return FALSE;
}

static PstReport *
run(const World *world, gint64 since_us)
{
    PstProbeContext context = {world->sysroot, G_MAXINT64};
    PstReport *report = pst_report_new(&pst_report_changes_kind);
    PstChangesArgs args = {since_us, PST_INT_UNKNOWN, NULL, NULL};

    pst_probe_changes_run(&context, &args, report);
    return report;
}

/* So many that they do not fit: the latest are told, and that others were left out. */
static void
test_many(World *world, gconstpointer data G_GNUC_UNUSED)
{
    put_text(world, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    for (guint i = 0; i < 1000; i++) {
        g_autofree char *path = g_strdup_printf("/etc/many/%u", i);
        put_text(world, path, "");
    }
    gint64 since_us = 0;
    g_usleep(30000);
    put_text(world, "/etc/the-latest", "");
    g_autoptr(PstReport) report = run(world, since_us);
    const PstChangesData *found = report->data;

    g_assert_true(report->truncated);
    g_assert_cmpint(found->left_out, >, 700);
    g_assert_cmpuint(found->files->len, <, 400);
    g_assert_cmpstr(((PstChangesFile *)found->files->pdata[0])->path, ==, "/etc/the-latest");
}

/* Of folders, from which something may have gone, there are fewer, and they take no file's place.
 */
static void
test_many_folders(World *world, gconstpointer data G_GNUC_UNUSED)
{
    guint n_folders = 0, n_files = 0;

    put_text(world, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    for (guint i = 0; i < 160; i++) {
        g_autofree char *path = g_strdup_printf("/etc/many-%u", i);
        put_text(world, path, "");
    }
    g_usleep(30000);
    for (guint i = 0; i < 160; i++) {
        g_autofree char *path = g_strdup_printf("/etc/emptied/%u/x", i);
        put_text(world, path, "");
        remove_path(world, path);
    }
    g_autoptr(PstReport) report = run(world, 0);
    const PstChangesData *found = report->data;

    for (guint i = 0; i < found->files->len; i++)
        if (g_str_equal(((PstChangesFile *)found->files->pdata[i])->type, "folder"))
            n_folders++;
        else
            n_files++;
    g_assert_cmpuint(n_folders, ==, 50);
    g_assert_cmpuint(n_files, >=, 150);
    g_assert_cmpint(found->left_out, >, 110);
}

static void
test_no_time(World *world, gconstpointer data G_GNUC_UNUSED)
{
    PstProbeContext context = {world->sysroot, 1};
    g_autoptr(PstReport) report = pst_report_new(&pst_report_changes_kind);
    PstChangesArgs args = {PST_INT_UNKNOWN, PST_INT_UNKNOWN, NULL, NULL};

    put_text(world, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    for (guint i = 0; i < 500; i++) {
        g_autofree char *path = g_strdup_printf("/etc/many/%u", i);
        put_text(world, path, "");
    }
    pst_probe_changes_run(&context, &args, report);
    g_assert_true(report->truncated || tells(report, "changes.could-not-look"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/changes-bounds/many", World, NULL, set_up, test_many, tear_down);
    g_test_add("/changes-bounds/many-folders", World, NULL, set_up, test_many_folders, tear_down);
    g_test_add("/changes-bounds/no-time", World, NULL, set_up, test_no_time, tear_down);
    return g_test_run();
}
