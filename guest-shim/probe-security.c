// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-security.h"

#include "guest-shim/security-audit.h"
#include "guest-shim/security-denials.h"
#include "guest-shim/security-facts.h"
#include "guest-shim/security-judge.h"
#include "guest-shim/security-selinux.h"
#include "protocol/error.h"

#define COULD_NOT_LOOK "security.could-not-look"

static void
read_denials(const PstProbeContext *context, const char *log, PstReport *report)
{
    PstSecurityData *data = report->data;
    g_autoptr(GError) cause = NULL;

    if (!pst_security_denials_read(context->sysroot, log, data, &cause))
        pst_probe_add_unlooked(report, COULD_NOT_LOOK, "the denials", cause);
    else if (data->denials_from[0] == NULL && pst_sysroot_is_live(context->sysroot))
        pst_report_add(report, COULD_NOT_LOOK, PST_SEVERITY_UNKNOWN,
                       "neither the kernel's ring nor auditd's log is there to tell of denials");
}

static void
read_all(const PstProbeContext *context, const char *user, PstReport *report)
{
    const PstSysroot *sysroot = context->sysroot;
    PstSecurityData *data = report->data;

    pst_security_facts_fapolicyd_config(sysroot, data);
    pst_security_facts_kernel(sysroot, report);
    pst_security_facts_system(sysroot, data);
    pst_security_facts_reboot(sysroot, data);
    g_autofree char *log = pst_security_audit_read(context, report);
    read_denials(context, log, report);
    pst_security_selinux_read(context, user, report);
}

static char *
ok_summary(const PstSecurityData *data)
{
    const char *selinux = data->selinux != NULL ? data->selinux->mode : NULL;
    gboolean apparmor = data->apparmor != NULL && data->apparmor->enabled == PST_TRI_YES;
    g_autofree char *profiles =
        apparmor && data->apparmor->n_enforce > 0
            ? g_strdup_printf(" enforces %" G_GINT64_FORMAT " profiles", data->apparmor->n_enforce)
            : NULL;

    if (selinux != NULL && !g_str_equal(selinux, "disabled"))
        return g_strdup_printf("SELinux is %s, and nothing of the hardening is in the way",
                               selinux);
    if (apparmor)
        return g_strdup_printf("AppArmor%s, and nothing of the hardening is in the way",
                               profiles != NULL ? profiles : " is on");
    return g_strdup("nothing of the hardening is in the way");
}

void
pst_probe_security_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    const PstSecurityArgs *asked = args;
    PstSecurityData *data = report->data;

    pst_security_facts_fapolicyd_daemon(context->sysroot, data);
    /* What follows would wait for it. */
    if (g_strcmp0(data->fapolicyd->daemon, "stuck") != 0)
        read_all(context, asked != NULL ? asked->user : NULL, report);
    pst_security_judge(report, g_get_real_time());

    g_autofree char *summary = ok_summary(data);
    pst_report_conclude(report, summary);
}
