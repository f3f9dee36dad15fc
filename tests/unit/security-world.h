// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/boot-clock.h"
#include "guest-shim/probe-security.h"
#include "tests/unit/find-finding.h"
#include "tests/unit/world.h"

#define MEBI (G_GINT64_CONSTANT(1024) * 1024)
#define PROFILES "/sys/kernel/security/apparmor/profiles"
#define AUDIT_LOG "/var/log/audit/audit.log"
#define SLICE "/sys/fs/cgroup/system.slice"

static inline PstReport *
run_for(const World *world, const char *user)
{
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    PstSecurityArgs args = {(char *)user};
    PstReport *report = pst_report_new(&pst_report_security_kind);

    pst_probe_security_run(&context, &args, report);
    return report;
}

static inline PstReport *
run(const World *world)
{
    return run_for(world, NULL);
}

/* The only finding above information, which must have this id. */
static inline const PstFinding *
only_serious(const PstReport *report, const char *id)
{
    const PstFinding *found = NULL;

    for (guint i = 0; i < report->findings->len; i++) {
        const PstFinding *finding = report->findings->pdata[i];

        if (finding->severity == PST_SEVERITY_INFORMATION)
            continue;
        g_assert_null(found);
        g_assert_cmpstr(finding->id, ==, id);
        found = finding;
    }
    g_assert_nonnull(found);
    return found;
}

static inline void
put_process(const World *world, const char *unit, const char *pid, const char *state)
{
    g_autofree char *procs = g_strdup_printf(SLICE "/%s/cgroup.procs", unit);
    g_autofree char *stat = g_strdup_printf("/proc/%s/stat", pid);
    g_autofree char *line = g_strdup_printf("%s (a daemon) %s 1 2 3\n", pid, state);

    put_text(world, procs, pid);
    put_text(world, stat, line);
}

static inline void
put_kernel(const World *world, const char *lsm)
{
    put_text(world, "/sys/kernel/security/lsm", lsm);
    put_text(world, "/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    put_text(world, "/proc/sys/kernel/yama/ptrace_scope", "1\n");
    put_text(world, "/proc/sys/kernel/modules_disabled", "0\n");
    put_text(world, "/proc/self/mountinfo",
             "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
             "40 22 0:35 / /tmp rw,nosuid,nodev,noexec shared:9 - tmpfs tmpfs rw\n"
             "41 22 0:36 / /srv rw shared:10 - nfs4 far:/srv rw\n");
    put_text(world, "/proc/cmdline", "BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro quiet\n");
    put(world, "/dev/kmsg", "6,1,0,-;Linux version 5.14.0\n", -1, 0600);
    put_text(world, SLICE "/cgroup.procs", "");
}

/* Hardened by the STIG, and sound. */
static inline void
put_rhel9(const World *world)
{
    put_kernel(world, "lockdown,capability,landlock,yama,selinux,bpf\n");
    put_text(world, "/sys/fs/selinux/enforce", "1");
    put_text(world, "/etc/selinux/config",
             "# This file controls the state of SELinux on the system.\n# SELINUX= can take\n"
             "SELINUX=enforcing\nSELINUXTYPE=targeted\n");
    put_text(world, "/etc/selinux/targeted/policy/policy.33", "x");
    put_text(world, "/proc/sys/crypto/fips_enabled", "1\n");
    put_text(world, "/etc/system-fips", "");
    put_text(world, "/etc/crypto-policies/state/current", "FIPS:OSPP\n");
    put_text(world, "/etc/crypto-policies/config", "# comment\n\nFIPS:OSPP\n");
    put(world, "/etc/audit/auditd.conf",
        "log_file = /var/log/audit/audit.log\nspace_left = 25%\nspace_left_action = email\n"
        "admin_space_left = 5%\nadmin_space_left_action = SINGLE\ndisk_full_action = HALT\n"
        "disk_error_action = HALT\nmax_log_file_action = ROTATE\n",
        -1, 0640);
    put_process(world, "auditd.service", "700", "S");
    put_process(world, "fapolicyd.service", "701", "S");
    put_text(world, "/etc/fapolicyd/fapolicyd.conf", "permissive = 0\nintegrity = sha256\n");
    put_text(world, "/proc/sys/kernel/osrelease", "5.14.0-427.el9.x86_64\n");
    put_text(world, "/lib/modules/5.14.0-427.el9.x86_64/modules.dep", "");
    put_text(world, "/etc/login.defs", "#UMASK 022\nUMASK\t\t077\nUSERGROUPS_ENAB yes\n");
    put(world, "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
        "\x06\x00\x00\x00\x01", 5, 0644);
}
