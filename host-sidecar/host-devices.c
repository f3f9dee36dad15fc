// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/host-devices.h"

#include <stdlib.h>

#include <libvirt/virterror.h>

#include "host-sidecar/virt-error.h"
#include "protocol/error.h"

/* Bounds on what a hypervisor, which may be elsewhere, says that there is. */
#define MAX_ROWS 512

typedef struct {
    virTypedParameterPtr params;
    int n;
} Stats;

/* A hypervisor that knows of no such thing has told all that there is. */
static gboolean
is_unsupported(void)
{
    virErrorPtr last = virGetLastError();

    return last != NULL && last->code == VIR_ERR_NO_SUPPORT;
}

/* The names and units of all statistics: virConnectGetAllDomainStats(). */
static gint64
number(const Stats *stats, const char *group, guint i, const char *name)
{
    g_autofree char *field = g_strdup_printf("%s.%u.%s", group, i, name);
    unsigned long long value = 0;

    if (virTypedParamsGetULLong(stats->params, stats->n, field, &value) != 1 ||
        value > (unsigned long long)G_MAXINT64)
        return PST_INT_UNKNOWN;
    return (gint64)value;
}

static char *
string(const Stats *stats, const char *group, guint i, const char *name)
{
    g_autofree char *field = g_strdup_printf("%s.%u.%s", group, i, name);
    const char *value = NULL;

    virTypedParamsGetString(stats->params, stats->n, field, &value);
    return g_strdup(value);
}

static guint
count(const Stats *stats, const char *field)
{
    guint n = 0;

    virTypedParamsGetUInt(stats->params, stats->n, field, &n);
    return MIN(n, MAX_ROWS);
}

static gint64
sum(gint64 a, gint64 b)
{
    if (a == PST_INT_UNKNOWN || b == PST_INT_UNKNOWN)
        return MAX(a, b);
    return a + b;
}

static gint64
kib(const Stats *stats, const char *field)
{
    unsigned long long value = 0;

    if (virTypedParamsGetULLong(stats->params, stats->n, field, &value) != 1 ||
        value > (unsigned long long)(G_MAXINT64 / 1024))
        return PST_INT_UNKNOWN;
    return (gint64)value * 1024;
}

static void
read_disks(const Stats *stats, PstHostData *data)
{
    for (guint i = 0; i < count(stats, "block.count"); i++) {
        PstHostDisk *disk = pst_fields_append(&pst_report_host_disk_fields, &data->disks);
        disk->name = string(stats, "block", i, "name");
        disk->read_bytes = number(stats, "block", i, "rd.bytes");
        disk->written_bytes = number(stats, "block", i, "wr.bytes");
        disk->requests =
            sum(sum(number(stats, "block", i, "rd.reqs"), number(stats, "block", i, "wr.reqs")),
                number(stats, "block", i, "fl.reqs"));
    }
}

static void
read_interfaces(const Stats *stats, PstHostData *data)
{
    for (guint i = 0; i < count(stats, "net.count"); i++) {
        PstHostInterface *row =
            pst_fields_append(&pst_report_host_interface_fields, &data->interfaces);
        row->name = string(stats, "net", i, "name");
        row->received_bytes = number(stats, "net", i, "rx.bytes");
        row->sent_bytes = number(stats, "net", i, "tx.bytes");
    }
}

static void
read_memory(const Stats *stats, PstHostData *data)
{
    data->memory = pst_fields_new(&pst_report_host_memory_fields);
    data->memory->balloon_bytes = kib(stats, "balloon.current");
    data->memory->max_bytes = kib(stats, "balloon.maximum");
    data->memory->unused_bytes = kib(stats, "balloon.unused");
    data->memory->resident_bytes = kib(stats, "balloon.rss");
}

static void
read_waits(const Stats *stats, PstHostData *data)
{
    for (guint i = 0; i < count(stats, "vcpu.maximum"); i++) {
        gint64 delay_ns = number(stats, "vcpu", i, "delay");
        if (delay_ns == PST_INT_UNKNOWN)
            continue;
        PstHostCpu *cpu = pst_fields_append(&pst_report_host_cpu_fields, &data->cpus);
        cpu->number = i;
        cpu->waited_ms = delay_ns / 1000000;
    }
}

static void
read_disk_errors(virDomainPtr domain, PstHostData *data)
{
    virDomainDiskError errors[MAX_ROWS];
    int n = virDomainGetDiskErrors(domain, errors, MAX_ROWS, 0);

    for (int i = 0; i < n; i++) {
        for (guint j = 0; data->disks != NULL && j < data->disks->len; j++) {
            PstHostDisk *disk = data->disks->pdata[j];
            if (g_strcmp0(disk->name, errors[i].disk) == 0)
                disk->error = g_strdup(
                    errors[i].error == VIR_DOMAIN_DISK_ERROR_NO_SPACE ? "no-space" : "unspecified");
        }
        free(errors[i].disk);
    }
}

static PstHostData *
read_stats(virDomainPtr domain, GError **error)
{
    virDomainPtr domains[] = {domain, NULL};
    virDomainStatsRecordPtr *records = NULL;
    int n = virDomainListGetStats(domains,
                                  VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_BLOCK |
                                      VIR_DOMAIN_STATS_BALLOON | VIR_DOMAIN_STATS_INTERFACE,
                                  &records, 0);

    if (n < 1) {
        gboolean unsupported = is_unsupported();
        if (!unsupported)
            pst_virt_error_set(error, "its statistics");
        virDomainStatsRecordListFree(records);
        return unsupported ? pst_fields_new(pst_report_host_kind.data) : NULL;
    }
    const Stats stats = {records[0]->params, records[0]->nparams};
    PstHostData *data = pst_fields_new(pst_report_host_kind.data);
    read_disks(&stats, data);
    read_interfaces(&stats, data);
    read_memory(&stats, data);
    read_waits(&stats, data);
    virDomainStatsRecordListFree(records);
    read_disk_errors(domain, data);
    return data;
}

gpointer
pst_host_devices_read(gpointer guest, GError **error)
{
    virDomainPtr domain = pst_guest_connect(guest, error);

    if (domain == NULL)
        return NULL;
    PstHostData *data = read_stats(domain, error);
    pst_guest_disconnect(domain);
    return data;
}

void
pst_host_devices_free(gpointer data)
{
    pst_fields_free(pst_report_host_kind.data, data);
}

static void
move_waits(const PstHostData *devices, PstHostData *data)
{
    for (guint i = 0; devices->cpus != NULL && data->cpus != NULL && i < data->cpus->len; i++) {
        PstHostCpu *cpu = data->cpus->pdata[i];
        for (guint j = 0; j < devices->cpus->len; j++) {
            const PstHostCpu *same = devices->cpus->pdata[j];
            if (same->number == cpu->number)
                cpu->waited_ms = same->waited_ms;
        }
    }
}

void
pst_host_devices_move(PstHostData *devices, PstHostData *data)
{
    data->disks = g_steal_pointer(&devices->disks);
    data->interfaces = g_steal_pointer(&devices->interfaces);
    data->memory = g_steal_pointer(&devices->memory);
    move_waits(devices, data);
}

/* What it is doing, by virDomainJobOperation. */
static const char *const operations[] = {
    [VIR_DOMAIN_JOB_OPERATION_UNKNOWN] = "a job",
    [VIR_DOMAIN_JOB_OPERATION_START] = "start",
    [VIR_DOMAIN_JOB_OPERATION_SAVE] = "save",
    [VIR_DOMAIN_JOB_OPERATION_RESTORE] = "restore",
    [VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN] = "migration to here",
    [VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT] = "migration to elsewhere",
    [VIR_DOMAIN_JOB_OPERATION_SNAPSHOT] = "snapshot",
    [VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_REVERT] = "revert to a snapshot",
    [VIR_DOMAIN_JOB_OPERATION_DUMP] = "dump",
    [VIR_DOMAIN_JOB_OPERATION_BACKUP] = "backup",
    [VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_DELETE] = "deletion of a snapshot",
};

static PstHostJob *
read_job(virDomainPtr domain, GError **error)
{
    virTypedParameterPtr params = NULL;
    int type = VIR_DOMAIN_JOB_NONE, n = 0, operation = 0;
    unsigned long long elapsed_ms = 0;

    if (virDomainGetJobStats(domain, &type, &params, &n, 0) < 0 && !is_unsupported()) {
        pst_virt_error_set(error, "its job");
        return NULL;
    }
    PstHostJob *job = pst_fields_new(&pst_report_host_job_fields);
    if (type == VIR_DOMAIN_JOB_BOUNDED || type == VIR_DOMAIN_JOB_UNBOUNDED) {
        virTypedParamsGetInt(params, n, VIR_DOMAIN_JOB_OPERATION, &operation);
        virTypedParamsGetULLong(params, n, VIR_DOMAIN_JOB_TIME_ELAPSED, &elapsed_ms);
        job->operation = g_strdup(
            (guint)operation < G_N_ELEMENTS(operations) ? operations[operation] : operations[0]);
        job->running_ms = (gint64)MIN(elapsed_ms, (unsigned long long)G_MAXINT64);
    }
    virTypedParamsFree(params, n);
    return job;
}

gpointer
pst_host_devices_job(gpointer guest, GError **error)
{
    virDomainPtr domain = pst_guest_connect(guest, error);

    if (domain == NULL)
        return NULL;
    PstHostJob *job = read_job(domain, error);
    pst_guest_disconnect(domain);
    return job;
}

void
pst_host_devices_free_job(gpointer job)
{
    pst_fields_free(&pst_report_host_job_fields, job);
}
