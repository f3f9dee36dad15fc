// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/report-security.h"

/* What decides who may look at, load or trace what, or whether packets find their way back. */
const char *const pst_report_security_sysctl_names[] = {
    "kernel.modules_disabled",
    "kernel.kexec_load_disabled",
    "kernel.yama.ptrace_scope",
    "kernel.unprivileged_bpf_disabled",
    "kernel.unprivileged_userns_clone",
    "kernel.apparmor_restrict_unprivileged_userns",
    "kernel.dmesg_restrict",
    "kernel.kptr_restrict",
    "kernel.panic",
    "kernel.panic_on_oops",
    "kernel.sysrq",
    "user.max_user_namespaces",
    "fs.protected_hardlinks",
    "fs.protected_symlinks",
    "fs.protected_fifos",
    "fs.protected_regular",
    "fs.suid_dumpable",
    "net.ipv4.ip_forward",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.default.rp_filter",
    "net.ipv4.icmp_echo_ignore_all",
    "net.ipv6.conf.all.disable_ipv6",
    NULL,
};

static const PstField label_rows[] = {
    PST_REQUIRED_STRING(PstSecurityLabel, path, "a file that decides about access", PST_KEY),
    PST_STRING(PstSecurityLabel, context, "its label, as user:role:type:level"),
    PST_STRING(PstSecurityLabel, problem,
               "why confined programs are denied the file, absent where nothing is wrong"),
};
const PstFields pst_report_security_label_fields = PST_FIELDS(PstSecurityLabel, label_rows);

static const PstField selinux_rows[] = {
    PST_STRING(PstSecuritySelinux, mode, "enforcing, permissive or disabled, as the kernel is now"),
    PST_STRING(PstSecuritySelinux, configured, "SELINUX= of /etc/selinux/config"),
    PST_STRING(PstSecuritySelinux, policy, "SELINUXTYPE= of /etc/selinux/config"),
    PST_STRING(PstSecuritySelinux, boot_word, "what the kernel's command line says instead"),
    PST_BOOL(PstSecuritySelinux, boot_word_lasting, "the boot loader's files have that word too"),
    PST_BOOL(PstSecuritySelinux, policy_there, "the configured policy can be loaded"),
    PST_BOOL(PstSecuritySelinux, relabel_pending, "the next boot relabels every file"),
    PST_LIST(PstSecuritySelinux, labels, pst_report_security_label_fields,
             "labels of files that decide about access"),
};
const PstFields pst_report_security_selinux_fields = PST_FIELDS(PstSecuritySelinux, selinux_rows);

static const PstField profile_rows[] = {
    PST_REQUIRED_STRING(PstSecurityProfile, name, "the profile's name, often a program's path",
                        PST_KEY),
    PST_STRING(PstSecurityProfile, mode, "enforce, complain, kill, unconfined or prompt"),
};
const PstFields pst_report_security_profile_fields = PST_FIELDS(PstSecurityProfile, profile_rows);

static const PstField apparmor_rows[] = {
    PST_BOOL(PstSecurityApparmor, enabled, "the kernel runs it"),
    PST_INT(PstSecurityApparmor, n_enforce, "number of profiles that deny", PST_PASSING),
    PST_INT(PstSecurityApparmor, n_complain, "number of profiles that only log", PST_PASSING),
    PST_LIST(PstSecurityApparmor, profiles, pst_report_security_profile_fields,
             "the loaded profiles"),
};
const PstFields pst_report_security_apparmor_fields =
    PST_FIELDS(PstSecurityApparmor, apparmor_rows);

static const PstField denial_rows[] = {
    PST_REQUIRED_STRING(PstSecurityDenial, program, "the kernel's name of what was denied"),
    PST_STRING(PstSecurityDenial, source, "selinux, apparmor or fapolicyd"),
    PST_STRING(PstSecurityDenial, domain, "the SELinux type or AppArmor profile that it runs in"),
    PST_STRING(PstSecurityDenial, operation, "what was denied, of the latest one"),
    PST_STRING(PstSecurityDenial, target, "on what, of the latest one"),
    PST_INT(PstSecurityDenial, count, "how many"),
    PST_INT(PstSecurityDenial, first_us, "the first, microseconds since 1970 UTC"),
    PST_INT(PstSecurityDenial, last_us, "the latest, microseconds since 1970 UTC"),
    PST_BOOL(PstSecurityDenial, enforced, "denied, not only logged"),
    PST_BOOL(PstSecurityDenial, decides_access, "logins, sudo or this channel stand on it"),
};
const PstFields pst_report_security_denial_fields = PST_FIELDS(PstSecurityDenial, denial_rows);

static const PstField fips_rows[] = {
    PST_BOOL(PstSecurityFips, kernel, "the kernel is in FIPS mode"),
    PST_BOOL(PstSecurityFips, marker, "/etc/system-fips is there"),
    PST_STRING(PstSecurityFips, policy, "the crypto policy in force"),
    PST_STRING(PstSecurityFips, policy_configured, "the one of /etc/crypto-policies/config"),
};
const PstFields pst_report_security_fips_fields = PST_FIELDS(PstSecurityFips, fips_rows);

static const PstField audit_rows[] = {
    PST_STRING(PstSecurityAudit, daemon, "auditd: running, stuck, stopped or absent"),
    PST_INT(PstSecurityAudit, enabled, "0 off, 1 on, 2 on and locked until the next boot"),
    PST_INT(PstSecurityAudit, failure, "what the kernel does then: 0 nothing, 1 a line, 2 panic"),
    PST_INT(PstSecurityAudit, backlog, "records that wait for auditd", PST_PASSING),
    PST_INT(PstSecurityAudit, backlog_limit, "how many may wait"),
    PST_INT(PstSecurityAudit, lost, "records that were lost", PST_PASSING),
    PST_STRING(PstSecurityAudit, log_folder, "where auditd writes"),
    PST_INT(PstSecurityAudit, free_bytes, "room left there, bytes", PST_PASSING),
    PST_INT(PstSecurityAudit, size_bytes, "size of its file system, bytes"),
    PST_INT(PstSecurityAudit, space_left_bytes, "below so many the first action is taken"),
    PST_INT(PstSecurityAudit, admin_space_left_bytes, "below so many the second one"),
    PST_STRING(PstSecurityAudit, space_left_action, "the first action"),
    PST_STRING(PstSecurityAudit, admin_space_left_action, "the second action"),
    PST_STRING(PstSecurityAudit, disk_full_action, "the action where no room is left"),
    PST_STRING(PstSecurityAudit, disk_error_action, "the action where writing fails"),
    PST_STRING(PstSecurityAudit, max_log_file_action, "the action where a log is full"),
};
const PstFields pst_report_security_audit_fields = PST_FIELDS(PstSecurityAudit, audit_rows);

static const PstField fapolicyd_rows[] = {
    PST_STRING(PstSecurityFapolicyd, daemon, "running, stuck, stopped or absent"),
    PST_BOOL(PstSecurityFapolicyd, permissive, "it only logs"),
    PST_STRING(PstSecurityFapolicyd, integrity, "how it tells a trusted file: none, size …"),
};
const PstFields pst_report_security_fapolicyd_fields =
    PST_FIELDS(PstSecurityFapolicyd, fapolicyd_rows);

static const PstField sysctl_rows[] = {
    PST_REQUIRED_STRING(PstSecuritySysctl, name, "as sysctl names it", PST_KEY),
    PST_STRING(PstSecuritySysctl, value, "its value"),
};
const PstFields pst_report_security_sysctl_fields = PST_FIELDS(PstSecuritySysctl, sysctl_rows);

static const PstField reboot_rows[] = {
    PST_BOOL(PstSecurityReboot, required, "a package asks for a reboot"),
    PST_STRINGS(PstSecurityReboot, packages, "which packages"),
    PST_STRING(PstSecurityReboot, running_kernel, "the running kernel's release"),
    PST_STRING(PstSecurityReboot, newest_kernel, "the newest one whose modules are installed"),
    PST_BOOL(PstSecurityReboot, modules_there, "the running kernel's modules are installed"),
};
const PstFields pst_report_security_reboot_fields = PST_FIELDS(PstSecurityReboot, reboot_rows);

static const PstField data_rows[] = {
    PST_STRINGS(PstSecurityData, modules, "the kernel's security modules that are on"),
    PST_OBJECT(PstSecurityData, selinux, pst_report_security_selinux_fields, "SELinux"),
    PST_OBJECT(PstSecurityData, apparmor, pst_report_security_apparmor_fields, "AppArmor"),
    PST_ROW(PST_FIELD_LIST, PstSecurityData, denials,
            .doc = "what SELinux, AppArmor and fapolicyd denied, by program",
            .fields = &pst_report_security_denial_fields, PST_PASSING),
    PST_STRINGS(PstSecurityData, denials_from, "where denials were looked for"),
    PST_OBJECT(PstSecurityData, fips, pst_report_security_fips_fields, "FIPS and crypto policy"),
    PST_OBJECT(PstSecurityData, audit, pst_report_security_audit_fields, "the audit system"),
    PST_OBJECT(PstSecurityData, fapolicyd, pst_report_security_fapolicyd_fields,
               "the file access policy daemon"),
    PST_STRING(PstSecurityData, lockdown, "the kernel's lockdown: none, integrity …"),
    PST_LIST(PstSecurityData, sysctls, pst_report_security_sysctl_fields,
             "kernel settings that matter to access"),
    PST_BOOL(PstSecurityData, secure_boot, "the firmware checked what it started"),
    PST_BOOL(PstSecurityData, tmp_noexec, "/tmp is mounted noexec"),
    PST_STRING(PstSecurityData, umask, "UMASK of /etc/login.defs"),
    PST_OBJECT(PstSecurityData, reboot, pst_report_security_reboot_fields, "a pending reboot"),
};
static const PstFields data_fields = PST_FIELDS(PstSecurityData, data_rows);

static const PstField args_rows[] = {
    PST_STRING(PstSecurityArgs, user, "whose authorized_keys has its label looked at"),
};
static const PstFields args_fields = PST_FIELDS(PstSecurityArgs, args_rows);

const PstReportKind pst_report_security_kind = {
    .name = "security",
    .question = "what hardening is on?",
    .footprint = "",
    .args = &args_fields,
    .data = &data_fields,
    .steady = TRUE,
};
