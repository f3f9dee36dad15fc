// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-look.h"

#include <libvirt/libvirt.h>

#include "host-sidecar/doctor.h"

static PstGuest *
guest_in(PstHypervisor *hypervisor, int state)
{
    PstGuest *guest = g_new0(PstGuest, 1);

    guest->references = 1;
    guest->volume = pst_volume_share_new();
    guest->hypervisor = pst_hypervisor_ref(hypervisor);
    guest->uri = g_strdup("test:///default");
    guest->name = g_strdup("test");
    /* As libvirt has it for that domain of its test driver. */
    g_strlcpy(guest->uuid, "6695eb01-f6a4-8304-79aa-97f2502e193f", sizeof guest->uuid);
    guest->state = state;
    guest->xml.shim = PST_GUEST_XML_PORT_CONNECTED;
    guest->xml.agent = PST_GUEST_XML_PORT_CONNECTED;
    return guest;
}

static PstDoctorVerdict
verdict_of(const PstReport *report, const char *id)
{
    const PstDoctorData *data = report->data;

    for (guint i = 0; i < data->checks->len; i++)
        if (g_str_equal(((PstDoctorCheck *)data->checks->pdata[i])->id, id))
            return (PstDoctorVerdict)((PstDoctorCheck *)data->checks->pdata[i])->verdict;
    g_error("%s was not checked", id);
}

/* The ports of a guest that was paused read as connected. Nobody is asked there, and nothing is
 * said to be silent, nor to be well; of one that runs, as here, where the test driver has no
 * streams, it is. */
static void
test_paused(void)
{
    static const struct {
        int state;
        PstDoctorVerdict verdict;
    } rows[] = {
        {VIR_DOMAIN_PAUSED, PST_DOCTOR_UNKNOWN},
        {VIR_DOMAIN_PMSUSPENDED, PST_DOCTOR_UNKNOWN},
        {VIR_DOMAIN_RUNNING, PST_DOCTOR_STANDS},
    };
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new("test:///default");

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstGuest) guest = guest_in(hypervisor, rows[i].state);
        g_autoptr(PstReport) report = pst_report_new(&pst_report_doctor_kind);
        PstDoctorData *data = report->data;
        gint64 deadline_us = g_get_monotonic_time() + 10 * (gint64)G_USEC_PER_SEC;

        data->domain = pst_doctor_look_domain(guest, deadline_us);
        g_assert_nonnull(data->domain->live);
        pst_doctor_look_shim(guest, data->domain, deadline_us);
        pst_doctor_look_agent(guest, data->domain, deadline_us);
        pst_doctor_judge(report);
        g_assert_cmpint(verdict_of(report, "doctor.shim-silent"), ==, rows[i].verdict);
        g_assert_cmpint(verdict_of(report, "doctor.agent-silent"), ==, rows[i].verdict);
    }
}

/* A new recorder's file is to be in the pool, wherever that is. */
static void
test_folder(void)
{
    static const char pool[] = "<pool type='dir'><name>postern</name>"
                               "<target><path>/srv/records</path></target></pool>";
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new("test:///default");
    g_autoptr(PstGuest) guest = guest_in(hypervisor, VIR_DOMAIN_RUNNING);
    virConnectPtr connection = pst_hypervisor_connect(hypervisor, NULL);
    gint64 deadline_us = g_get_monotonic_time() + 10 * (gint64)G_USEC_PER_SEC;
    PstDoctorDomain *before = pst_doctor_look_domain(guest, deadline_us);
    virStoragePoolPtr made = virStoragePoolCreateXML(connection, pool, 0);
    PstDoctorDomain *after = pst_doctor_look_domain(guest, deadline_us);

    g_assert_nonnull(made);
    g_assert_null(before->folder);
    g_assert_cmpstr(after->folder, ==, "/srv/records");
    pst_fields_free(&pst_report_doctor_domain_fields, before);
    pst_fields_free(&pst_report_doctor_domain_fields, after);
    virStoragePoolFree(made);
    virConnectClose(connection);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/doctor-look/paused", test_paused);
    g_test_add_func("/doctor-look/folder", test_folder);
    return g_test_run();
}
