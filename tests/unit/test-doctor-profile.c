// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-profile.h"

#include <string.h>

#include "host-sidecar/doctor-render.h"
#include "host-sidecar/doctor.h"

/* CUTS: a word of what it does; NULL where it is no such line. */
static const struct {
    const char *line, *cuts;
    gboolean unsure;
} profile_lines[] = {
    {"systemctl mask --now postern-shim.service", "the shim's service", FALSE},
    {"systemctl mask --now postern-exec.socket", "exec and an undo", FALSE},
    {"systemctl disable postern-exec", "exec and an undo", FALSE},
    {"  /usr/bin/true && systemctl disable qemu-guest-agent", "the guest agent away", FALSE},
    {"apt-get -y purge 'qemu-guest-agent'", "removes the package", FALSE},
    {"rpm -e qemu-guest-agent", "removes the package", FALSE},
    {"echo install virtio_console /bin/true >/etc/modprobe.d/x.conf", "the driver", FALSE},
    {"/dev/vdb1 /usr ext4 defaults,nosuid,noexec 0 2", "noexec", FALSE},
    {"mount -o remount,noexec /usr", "noexec", FALSE},
    {"sed -i 's/^BLOCK_RPCS=.*/BLOCK_RPCS=guest-exec/' /etc/sysconfig/qemu-ga", "guest-exec",
     FALSE},
    {"echo 'blacklist=guest-exec,guest-exec-status' >>/etc/qemu/qemu-ga.conf", "guest-exec", FALSE},
    /* As RHEL 10 has it: all but these is blocked. */
    {"FILTER_RPC_ARGS=\"--allow-rpcs=guest-sync-delimited,guest-ping,guest-info\"", "guest-exec",
     FALSE},
    {"allow-rpcs = guest-ping;guest-exec;guest-exec-status", NULL, FALSE},
    {"sed -i '/allow-rpcs=/d' /etc/sysconfig/qemu-ga", NULL, FALSE},
    {"systemctl enable fapolicyd", "starts fapolicyd", TRUE},
    {"# systemctl mask postern-shim", NULL, FALSE},
    {"systemctl mask ctrl-alt-del.target", NULL, FALSE},
    {"systemctl enable --now postern-shim", NULL, FALSE},
    {"apt-get install -y qemu-guest-agent", NULL, FALSE},
    {"mount -o remount,noexec /tmp", NULL, FALSE},
    {"install usb-storage /bin/true", NULL, FALSE},
    {"BLOCK_RPCS=guest-shutdown", NULL, FALSE},
    {"echo guest-exec", NULL, FALSE},
    {"", NULL, FALSE},
};

static void
test_profile_lines(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(profile_lines); i++) {
        g_autofree char *text = g_strdup_printf("#!/bin/sh\n%s\ntrue\n", profile_lines[i].line);
        PstDoctorProfile *profile = pst_doctor_profile_read("/x", text);

        g_test_message("%s", profile_lines[i].line);
        if (profile_lines[i].cuts == NULL) {
            g_assert_null(profile->cuts);
        } else {
            const PstDoctorCut *cut = profile->cuts->pdata[0];
            g_assert_cmpuint(profile->cuts->len, ==, 1);
            g_assert_cmpint(cut->line, ==, 2);
            g_assert_nonnull(strstr(cut->cuts, profile_lines[i].cuts));
            g_assert_true(profile_lines[i].unsure == (cut->unsure != NULL));
        }
        pst_fields_free(&pst_report_doctor_profile_fields, profile);
    }
}

static int
judge_profile(const char *text)
{
    g_autoptr(PstDoctorRender) subject = pst_doctor_render_new(PST_DOCTOR_RENDER_PROFILE, "/x");
    PstDoctorData *data = subject->report->data;

    data->profile = pst_doctor_profile_read("/x", text);
    pst_doctor_judge(subject->report);
    return pst_doctor_render_exit_code(&subject, 1);
}

static void
test_profile(void)
{
    g_autoptr(GString) many = g_string_new("true\n");

    for (guint i = 0; i < 40; i++)
        g_string_append(many, "systemctl stop postern-shim\n");
    g_assert_cmpint(judge_profile("true\n"), ==, 0);
    g_assert_cmpint(judge_profile("systemctl stop postern-shim\n"), ==, 1);
    g_assert_cmpint(judge_profile("systemctl start fapolicyd\n"), ==, 3);
    g_assert_cmpint(judge_profile("systemctl start fapolicyd\nsystemctl stop postern-shim\n"), ==,
                    1);
    PstDoctorProfile *profile = pst_doctor_profile_read("/x", many->str);
    g_assert_cmpuint(profile->cuts->len, ==, 32);
    g_assert_nonnull(profile->problem);
    pst_fields_free(&pst_report_doctor_profile_fields, profile);

    /* A line that is too long to be told is cut between two letters. */
    g_string_assign(many, "systemctl stop postern-shim # ");
    while (many->len < 400)
        g_string_append(many, "\303\244");
    for (guint i = 0; i < 2; i++) {
        profile = pst_doctor_profile_read("/x", many->str);
        const char *text = ((const PstDoctorCut *)profile->cuts->pdata[0])->text;
        g_assert_true(g_utf8_validate(text, -1, NULL));
        g_assert_cmpuint(strlen(text), <=, 200);
        pst_fields_free(&pst_report_doctor_profile_fields, profile);
        g_string_append_c(g_string_truncate(many, 30), '#');
        while (many->len < 400)
            g_string_append(many, "\303\244");
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/doctor-profile/lines", test_profile_lines);
    g_test_add_func("/doctor-profile/whole", test_profile);
    return g_test_run();
}
