// SPDX-License-Identifier: LGPL-2.1-or-later
/* What doctor makes of virtlogd, and that what it says mends. */
#include <string.h>

#include "host-sidecar/doctor-host.h"
#include "host-sidecar/doctor.h"
#include "tests/unit/doctor-sysroot.h"

static const struct {
    const char *text;
    gint64 max_size, max_backups;
    gboolean good;
} limits[] = {
    {NULL, 2097152, 3, TRUE},
    {"#max_size = 1\n#max_backups = 0\n", 2097152, 3, TRUE},
    {"max_size = 0\nmax_backups=9 # many\n", 0, 9, TRUE},
    /* Of two libvirt takes the first. */
    {" max_size = 1\nmax_size = 4096\n", 1, 3, TRUE},
    {"max_backups = 0\nmax_backups = much\n", 2097152, 0, TRUE},
    {"max_size_too = 1\nmax_sizes\n", 2097152, 3, TRUE},
    {"max_size = much\n", 0, 0, FALSE},
    {"max_backups = -1\n", 0, 0, FALSE},
    {"max_backups = 99999999999999999999\n", 0, 0, FALSE},
};

static const struct {
    const char *text;
    int used;
} handlers[] = {
    {"", PST_TRI_YES},
    {"#stdio_handler = \"file\"\n", PST_TRI_YES},
    {"stdio_handler = \"logd\"\nstdio_handler = \"file\"\n", PST_TRI_YES},
    {" stdio_handler=\"file\" # as before\n", PST_TRI_NO},
};

static void
test_virtlogd(Sysroot *sysroot, gconstpointer data G_GNUC_UNUSED)
{
    for (guint i = 0; i < G_N_ELEMENTS(limits); i++) {
        if (limits[i].text != NULL)
            lay(sysroot, "/etc/libvirt/virtlogd.conf", limits[i].text);
        PstDoctorVirtlogd *virtlogd = pst_doctor_host_virtlogd(sysroot->root);
        g_test_message("%s", limits[i].text);
        g_assert_cmpint((int)virtlogd->socket, ==, PST_TRI_NO);
        g_assert_cmpint((int)virtlogd->used, ==, PST_TRI_YES);
        g_assert_true(limits[i].good == (virtlogd->problem == NULL));
        if (limits[i].good) {
            g_assert_cmpint(virtlogd->max_size, ==, limits[i].max_size);
            g_assert_cmpint(virtlogd->max_backups, ==, limits[i].max_backups);
        }
        pst_fields_free(&pst_report_doctor_virtlogd_fields, virtlogd);
    }
    lay_socket(sysroot, "/run/libvirt/virtlogd-sock", 0600);
    PstDoctorVirtlogd *virtlogd = pst_doctor_host_virtlogd(sysroot->root);
    g_assert_cmpint((int)virtlogd->socket, ==, PST_TRI_YES);
    pst_fields_free(&pst_report_doctor_virtlogd_fields, virtlogd);
    for (guint i = 0; i < G_N_ELEMENTS(handlers); i++) {
        lay(sysroot, "/etc/libvirt/qemu.conf", handlers[i].text);
        virtlogd = pst_doctor_host_virtlogd(sysroot->root);
        g_assert_cmpint((int)virtlogd->used, ==, handlers[i].used);
        pst_fields_free(&pst_report_doctor_virtlogd_fields, virtlogd);
    }
    /* What can't be read is not the default. */
    g_autofree char *path = g_build_filename(sysroot->root, "etc/libvirt/qemu.conf", NULL);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_mkdir(path, 0755), ==, 0);
    lay(sysroot, "/etc/libvirt/virtlogd.conf", "");
    virtlogd = pst_doctor_host_virtlogd(sysroot->root);
    g_assert_cmpint((int)virtlogd->used, ==, PST_TRI_UNKNOWN);
    g_assert_nonnull(virtlogd->problem);
    pst_fields_free(&pst_report_doctor_virtlogd_fields, virtlogd);
}

/* The command that is told mends a file in which one of them stands already. */
static void
test_limits_mended(Sysroot *sysroot, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const faulty[] = {"max_size = 0\n", "  max_backups=0\n# max_size = 1\n",
                                         "max_size = 4096\nmax_size = 1\nlog_level = 3"};

    for (guint i = 0; i < G_N_ELEMENTS(faulty); i++) {
        g_autoptr(PstReport) report = pst_report_new(&pst_report_doctor_kind);
        PstDoctorData *facts = report->data;
        g_autofree char *path = g_build_filename(sysroot->root, "etc/libvirt/virtlogd.conf", NULL);
        int status = -1;

        lay(sysroot, "/etc/libvirt/virtlogd.conf", faulty[i]);
        facts->host = pst_fields_new(&pst_report_doctor_host_fields);
        facts->host->virtlogd = pst_doctor_host_virtlogd(sysroot->root);
        g_free(facts->host->virtlogd->config);
        facts->host->virtlogd->config = g_strdup(path);
        pst_doctor_judge(report);
        const PstFinding *finding = NULL;
        for (guint j = 0; j < report->findings->len; j++)
            if (g_str_equal(((PstFinding *)report->findings->pdata[j])->id,
                            "doctor.virtlogd-limits"))
                finding = report->findings->pdata[j];
        g_assert_nonnull(finding);
        g_auto(GStrv) commands = g_strsplit(finding->remedy, " && systemctl ", 2);
        const char *const argv[] = {"/bin/sh", "-c", commands[0], NULL};
        g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL,
                                   NULL, &status, NULL));
        g_assert_cmpint(status, ==, 0);
        PstDoctorVirtlogd *mended = pst_doctor_host_virtlogd(sysroot->root);
        g_assert_cmpint(mended->max_size, ==, 2097152);
        g_assert_cmpint(mended->max_backups, ==, 3);
        pst_fields_free(&pst_report_doctor_virtlogd_fields, mended);
    }
}

/* A number of parts beside which no size can be small, and one by which nothing can be divided. */
static void
test_large_limits(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_doctor_kind);
    PstDoctorData *data = report->data;

    data->host = pst_fields_new(&pst_report_doctor_host_fields);
    data->host->pool = pst_fields_new(&pst_report_doctor_pool_fields);
    data->host->virtlogd = pst_fields_new(&pst_report_doctor_virtlogd_fields);
    data->host->virtlogd->max_size = 1;
    data->host->virtlogd->max_backups = G_MAXINT64 / 2;
    pst_doctor_judge(report);
    g_assert_cmpuint(report->findings->len, ==, 0);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/doctor-virtlogd/facts", Sysroot, NULL, make, test_virtlogd, unmake);
    g_test_add("/doctor-virtlogd/limits-mended", Sysroot, NULL, make, test_limits_mended, unmake);
    g_test_add_func("/doctor-virtlogd/large-limits", test_large_limits);
    return g_test_run();
}
