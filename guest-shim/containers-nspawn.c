// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/containers-nspawn.h"

#include <string.h>

#include "guest-shim/containers-words.h"
#include "guest-shim/key-value.h"
#include "protocol/error.h"

#define MACHINES "/run/systemd/machines"
#define WANTED "/etc/systemd/system/machines.target.wants"
#define UNIT_PREFIX "systemd-nspawn@"
#define UNIT_SUFFIX ".service"
#define MAX_STATE (64 * 1024)

static gboolean
is_alive(const PstSysroot *sysroot, const char *pid)
{
    g_autofree char *path = pid != NULL ? g_strdup_printf("/proc/%s/stat", pid) : NULL;

    return path != NULL && strspn(pid, "0123456789") == strlen(pid) &&
           pst_sysroot_exists(sysroot, path);
}

/* Beside the files of machines there are links by their units' names, and virtual machines. */
static void
add_machine(const PstSysroot *sysroot, const char *name, PstContainersData *data)
{
    g_autofree char *path = g_build_filename(MACHINES, name, NULL);
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_STATE, NULL, NULL);
    g_autofree char *class = text != NULL ? pst_key_value_get(text, "CLASS", NULL) : NULL;

    if (g_strcmp0(class, "container") != 0)
        return;
    g_autofree char *leader = pst_key_value_get(text, "LEADER", NULL);
    g_autofree char *since = pst_key_value_get(text, "REALTIME", NULL);
    PstContainersContainer *container =
        pst_fields_append(&pst_report_containers_container_fields, &data->containers);
    container->runtime = g_strdup("nspawn");
    container->name = g_strdup(name);
    container->image = pst_key_value_get(text, "ROOT", NULL);
    container->unit = pst_key_value_get(text, "SCOPE", NULL);
    container->state = g_strdup(is_alive(sysroot, leader) ? "running" : "exited");
    if (since != NULL)
        g_ascii_string_to_signed(since, 10, 0, G_MAXINT64, &container->started_us, NULL);
}

static gboolean
is_registered(const PstContainersData *data, const char *name)
{
    for (guint i = 0; data->containers != NULL && i < data->containers->len; i++) {
        const PstContainersContainer *container = data->containers->pdata[i];
        if (g_str_equal(container->runtime, "nspawn") && g_str_equal(container->name, name))
            return TRUE;
    }
    return FALSE;
}

/* The unit systemd-nspawn@NAME.service is to run. */
static void
add_wanted(const char *unit, PstContainersData *data)
{
    gsize len = strlen(unit);

    if (!g_str_has_prefix(unit, UNIT_PREFIX) || !g_str_has_suffix(unit, UNIT_SUFFIX) ||
        len <= strlen(UNIT_PREFIX UNIT_SUFFIX))
        return;
    g_autofree char *name =
        g_strndup(unit + strlen(UNIT_PREFIX), len - strlen(UNIT_PREFIX UNIT_SUFFIX));
    if (is_registered(data, name))
        return;
    PstContainersContainer *container =
        pst_fields_append(&pst_report_containers_container_fields, &data->containers);
    container->runtime = g_strdup("nspawn");
    container->name = g_steal_pointer(&name);
    container->state = g_strdup("stopped");
    container->unit = g_strdup(unit);
}

void
pst_containers_nspawn_read(const PstProbeContext *context, PstReport *report)
{
    const PstSysroot *sysroot = context->sysroot;
    PstContainersData *data = report->data;
    g_auto(GStrv) machines = pst_sysroot_list(sysroot, MACHINES, NULL);
    g_auto(GStrv) wanted = pst_sysroot_list(sysroot, WANTED, NULL);
    guint before = data->containers != NULL ? data->containers->len : 0;

    for (guint i = 0; machines != NULL && machines[i] != NULL && i < PST_CONTAINERS_MAX; i++)
        if (!g_str_has_prefix(machines[i], "unit:"))
            add_machine(sysroot, machines[i], data);
    /* Before machined has run there is no telling which of them do. */
    for (guint i = 0; machines != NULL && wanted != NULL && wanted[i] != NULL; i++)
        add_wanted(wanted[i], data);
    if (data->containers == NULL || data->containers->len == before)
        return;
    PstContainersRuntime *runtime =
        pst_fields_append(&pst_report_containers_runtime_fields, &data->runtimes);
    runtime->name = g_strdup("nspawn");
    runtime->source = g_strdup(MACHINES);
    runtime->state = g_strdup("answers");
}
