// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <elf.h>
#include <link.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "guest-shim/probe-pam.h"
#include "protocol/finding-catalogue.h"
#include "tests/unit/find-finding.h"
#include "tests/unit/world.h"

/* Guests whose PAM is as distributions ship it, and what the probe `pam` says of them. */

#define SECURITY "/usr/lib64/security/"

static inline void
put_module(const World *world, const char *name)
{
    static char *bytes;
    static gsize len;
    g_autofree char *path = g_strconcat(SECURITY, name, NULL);

    if (bytes == NULL) {
        g_assert_true(g_file_get_contents("/proc/self/exe", &bytes, &len, NULL));
        ((ElfW(Ehdr) *)(void *)bytes)->e_type = ET_DYN;
    }
    put(world, path, bytes, (gssize)len, 0644);
}

/* What Debian 12, and RHEL 9 put there, as far as it bears on anything. */
static inline void
put_debian(const World *world)
{
    static const char *const modules[] = {
        "pam_access.so",  "pam_deny.so",   "pam_env.so",      "pam_faillock.so",
        "pam_keyinit.so", "pam_limits.so", "pam_loginuid.so", "pam_nologin.so",
        "pam_permit.so",  "pam_rootok.so", "pam_selinux.so",  "pam_succeed_if.so",
        "pam_time.so",    "pam_umask.so",  "pam_unix.so",     "pam_localuser.so",
        "pam_exec.so",    "pam_own.so",    "pam_listfile.so", "pam_shells.so"};

    for (guint i = 0; i < G_N_ELEMENTS(modules); i++)
        put_module(world, modules[i]);
    put_text(world, "/etc/passwd",
             "root:x:0:0::/root:/bin/bash\nharness:x:1000:1000::/home/harness:/bin/bash\n");
    put_text(world, "/etc/group", "root:x:0:\nadm:x:4:harness\nharness:x:1000:\n");
    put(world, "/etc/shadow", "root:*:19000:0:99999:7:::\nharness:$y$x$y:19000:0:99999:7:::\n", -1,
        0640);
    put_text(world, "/etc/ssh/sshd_config", "UsePAM yes\n");
    put_text(world, "/usr/sbin/sshd", "");
    put_text(world, "/usr/bin/sudo", "");
    put_text(world, "/etc/pam.d/common-auth",
             "auth [success=1 default=ignore] pam_unix.so nullok\n"
             "auth requisite pam_deny.so\nauth required pam_permit.so\n");
    put_text(world, "/etc/pam.d/common-account",
             "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
             "account requisite pam_deny.so\naccount required pam_permit.so\n");
    put_text(world, "/etc/pam.d/common-session",
             "session [default=1] pam_permit.so\nsession requisite pam_deny.so\n"
             "session required pam_permit.so\nsession optional pam_umask.so\n"
             "session required pam_unix.so\n-session optional pam_systemd.so\n");
    put_text(world, "/etc/pam.d/sshd",
             "@include common-auth\naccount required pam_nologin.so\n@include common-account\n"
             "session [success=ok ignore=ignore module_unknown=ignore default=bad] pam_selinux.so\n"
             "session required pam_loginuid.so\n@include common-session\n"
             "session required pam_env.so\nsession required pam_limits.so\n");
    put_text(world, "/etc/pam.d/login",
             "auth optional pam_faildelay.so delay=3000000\nauth requisite pam_nologin.so\n"
             "@include common-auth\n@include common-account\nsession required pam_limits.so\n"
             "@include common-session\n");
    put_text(world, "/etc/pam.d/sudo",
             "session required pam_limits.so\n@include common-auth\n@include common-account\n"
             "@include common-session\n");
    put_text(world, "/etc/pam.d/su",
             "auth sufficient pam_rootok.so\n@include common-auth\n@include common-account\n"
             "@include common-session\n");
    put_text(world, "/etc/pam.d/cron",
             "@include common-auth\nsession required pam_loginuid.so\n@include common-account\n"
             "@include common-session\nsession required pam_limits.so\n");
    put_text(world, "/usr/lib/pam.d/systemd-user",
             "@include common-account\nsession required pam_selinux.so close\n"
             "@include common-session\nsession optional pam_systemd.so\n");
    put_text(world, "/etc/pam.d/other",
             "@include common-auth\n@include common-account\n@include common-session\n");
    put_module(world, "pam_faildelay.so");
}

static inline void
put_red_hat(const World *world)
{
    static const char stack[] =
        "auth required pam_env.so\nauth required pam_faillock.so preauth silent\n"
        "auth sufficient pam_unix.so nullok\nauth [default=die] pam_faillock.so authfail\n"
        "auth required pam_deny.so\n"
        "account required pam_faillock.so\naccount required pam_unix.so\n"
        "account sufficient pam_localuser.so\n"
        "account sufficient pam_succeed_if.so uid < 1000 quiet\n"
        "account required pam_permit.so\n"
        "session optional pam_keyinit.so revoke\nsession required pam_limits.so\n"
        "-session optional pam_systemd.so\n"
        "session [success=1 default=ignore] pam_succeed_if.so service in crond quiet use_uid\n"
        "session required pam_unix.so\n";

    put_debian(world);
    put_text(world, "/etc/nsswitch.conf", "passwd: sss files\ngroup: sss files\nshadow: files\n");
    put_text(world, "/etc/pam.d/password-auth", stack);
    put_text(world, "/etc/pam.d/system-auth", stack);
    put_text(world, "/etc/pam.d/sshd",
             "auth substack password-auth\naccount required pam_nologin.so\n"
             "account include password-auth\nsession required pam_loginuid.so\n"
             "session include password-auth\n");
    put_text(
        world, "/etc/pam.d/sudo",
        "auth include system-auth\naccount include system-auth\nsession include system-auth\n");
    put_text(world, "/etc/pam.d/crond",
             "auth include password-auth\naccount required pam_access.so\n"
             "account include password-auth\nsession required pam_loginuid.so\n"
             "session include password-auth\n");
    put_text(world, "/usr/lib/pam.d/systemd-user",
             "account include system-auth\nsession include system-auth\n");
    put_text(world, "/etc/pam.d/other",
             "auth required pam_deny.so\naccount required pam_deny.so\n"
             "password required pam_deny.so\nsession required pam_deny.so\n");
}

static inline PstReport *
run_with(const World *world, PstPamArgs args)
{
    PstProbeContext context = {world->sysroot, G_MAXINT64};
    PstReport *report = pst_report_new(&pst_report_pam_kind);

    pst_probe_pam_run(&context, &args, report);
    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];
        g_test_message("%d %s: %s", finding->severity, finding->id, finding->message);
        g_assert_nonnull(pst_finding_catalogue_find(finding->id));
        g_assert_nonnull(finding->remedy != NULL ? finding->remedy : finding->message);
    }
    return report;
}

static inline PstReport *
run(const World *world, const char *user)
{
    return run_with(world, (PstPamArgs){.user = (char *)user, .from = (char *)"192.0.2.10"});
}

static inline const PstPamServiceReport *
service_of(const PstReport *report, const char *name)
{
    const PstPamData *data = report->data;

    for (guint i = 0; data->services != NULL && i < data->services->len; i++) {
        const PstPamServiceReport *service = data->services->pdata[i];
        if (g_str_equal(service->service, name))
            return service;
    }
    return NULL;
}

#define COMMON "/etc/pam.d/common-account"
