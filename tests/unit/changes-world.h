// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* The probe `changes` on a World, at moments of its own. */
#include "guest-shim/probe-changes.h"
#include "tests/unit/world.h"

/* A moment after all that was done, and before all that will be: the clock of file times is coarse.
 */
static gint64
after_that(void)
{
    g_usleep(30000);
    gint64 now_us = g_get_real_time();
    g_usleep(30000);
    return now_us;
}

/* As above, and so long that what follows is no part of the making of a file. */
static gint64
long_after_that(void)
{
    g_usleep(G_USEC_PER_SEC + G_USEC_PER_SEC / 10);
    return after_that();
}

static PstReport *
run_with(const World *world, gint64 since_us, char **paths)
{
    PstProbeContext context = {world->sysroot, G_MAXINT64};
    PstReport *report = pst_report_new(&pst_report_changes_kind);
    PstChangesArgs args = {since_us, PST_INT_UNKNOWN, paths, NULL};

    pst_probe_changes_run(&context, &args, report);
    return report;
}

static PstReport *
run(const World *world, gint64 since_us)
{
    return run_with(world, since_us, NULL);
}

static const PstChangesFile *
find_file(const PstReport *report, const char *path)
{
    const PstChangesData *data = report->data;

    for (guint i = 0; data->files != NULL && i < data->files->len; i++) {
        const PstChangesFile *file = data->files->pdata[i];
        if (g_str_equal(file->path, path))
            return file;
    }
    return NULL;
}
