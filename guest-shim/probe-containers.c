// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-containers.h"

#include <string.h>

#include "guest-shim/containers-docker.h"
#include "guest-shim/containers-judge.h"
#include "guest-shim/containers-nspawn.h"
#include "guest-shim/containers-podman.h"
#include "guest-shim/private-units.h"
#include "protocol/error.h"

#define USERS "/run/user"
#define MAX_USERS 50

/* Users whose podman has run in this boot: theirs is another database, and looking into it would
 * mean to become them. */
static void
find_rootless(const PstSysroot *sysroot, PstContainersData *data)
{
    g_auto(GStrv) users = pst_sysroot_list(sysroot, USERS, NULL);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    guint n = 0;

    for (guint i = 0; users != NULL && users[i] != NULL && n < MAX_USERS; i++) {
        g_autofree char *path = g_strdup_printf(USERS "/%s/libpod", users[i]);

        if (g_str_equal(users[i], "0") || !pst_sysroot_exists(sysroot, path))
            continue;
        g_strv_builder_add(builder, users[i]);
        n++;
    }
    if (n > 0)
        data->rootless_not_asked = g_strv_builder_end(builder);
}

static char *
ok_summary(const PstContainersData *data)
{
    guint n = data->containers != NULL ? data->containers->len : 0;

    if (data->runtimes == NULL)
        return g_strdup("no container runtime here");
    return g_strdup_printf("%" G_GINT64_FORMAT " of %u containers run, as far as they are wanted",
                           data->n_running, n);
}

void
pst_probe_containers_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    const PstContainersArgs *asked = args;
    PstContainersData *data = report->data;
    gboolean passive = asked != NULL && asked->passive == PST_TRI_YES;

    pst_containers_nspawn_read(context, report);
    pst_containers_docker_read(context, report);
    pst_containers_podman_read(context, passive, report);
    find_rootless(context->sysroot, data);
    pst_private_units_hide_containers(context->sysroot, data->containers);
    pst_containers_judge(report, g_get_real_time());

    g_autofree char *summary = ok_summary(data);
    pst_report_conclude(report, summary);
}
