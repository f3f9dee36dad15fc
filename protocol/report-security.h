// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `security`: what hardening is on? What is absent was not looked at, or is
 * not there; findings are only made of what can bite access. */

typedef struct {
    char *user; /* whose authorized_keys has its label looked at, beside root's */
} PstSecurityArgs;

/* The label of a file that decides about access. */
typedef struct {
    char *path;
    char *context; /* as the kernel has it: user:role:type:level */
    char *problem; /* why confined programs are denied it; absent where nothing is wrong */
} PstSecurityLabel;

typedef struct {
    char *mode;       /* enforcing, permissive, disabled: what the kernel does now */
    char *configured; /* SELINUX= of /etc/selinux/config: what it does after the next boot */
    char *policy;     /* SELINUXTYPE= */
    char *boot_word;  /* of the kernel's command line, where it overrides the file: selinux=0 … */
    PstTri boot_word_lasting; /* the boot loader's files have that word too */
    PstTri policy_there;      /* the configured policy has a binary that can be loaded */
    PstTri relabel_pending;   /* the next boot relabels every file, and boots once more */
    GPtrArray *labels;        /* of PstSecurityLabel; absent where SELinux is off */
} PstSecuritySelinux;

typedef struct {
    char *name;
    char *mode; /* enforce, complain, kill, unconfined, prompt */
} PstSecurityProfile;

typedef struct {
    PstTri enabled;
    gint64 n_enforce;
    gint64 n_complain;
    GPtrArray *profiles; /* of PstSecurityProfile */
} PstSecurityApparmor;

/* All denials of one program by one mechanism. */
typedef struct {
    char *program; /* the kernel's name of it, at most 15 bytes */
    char *source;  /* selinux, apparmor, fapolicyd */
    char *domain;  /* the SELinux type or the AppArmor profile that it runs in */
    char *operation;
    char *target;
    gint64 count;
    gint64 first_us, last_us; /* microseconds since 1970 UTC by the guest's clock */
    PstTri enforced;          /* NO: only logged, in a permissive mode */
    PstTri decides_access;    /* a program that logins, sudo or this channel stand on */
} PstSecurityDenial;

typedef struct {
    PstTri kernel;           /* the kernel is in FIPS mode */
    PstTri marker;           /* /etc/system-fips is there */
    char *policy;            /* the crypto policy in force */
    char *policy_configured; /* and that of /etc/crypto-policies/config */
} PstSecurityFips;

/* The audit system. Bytes of room are those that auditd's log folder has left. */
typedef struct {
    char *daemon;   /* running, stuck, stopped, absent */
    gint64 enabled; /* 0 off, 1 on, 2 on and locked until the next boot (-e 2) */
    gint64 failure; /* 0 silent, 1 a kernel message, 2 a panic (-f 2) */
    gint64 backlog, backlog_limit;
    gint64 lost;
    char *log_folder;
    gint64 free_bytes, size_bytes;
    gint64 space_left_bytes, admin_space_left_bytes; /* below these the actions are taken */
    char *space_left_action;
    char *admin_space_left_action;
    char *disk_full_action;
    char *disk_error_action;
    char *max_log_file_action;
} PstSecurityAudit;

typedef struct {
    char *daemon; /* running, stuck, stopped, absent */
    PstTri permissive;
    char *integrity; /* none, size, ima, sha256 */
} PstSecurityFapolicyd;

typedef struct {
    char *name;
    char *value;
} PstSecuritySysctl;

typedef struct {
    PstTri required; /* a package asks for it */
    char **packages; /* which */
    char *running_kernel;
    char *newest_kernel;  /* of those whose modules are installed */
    PstTri modules_there; /* the running kernel's modules are installed */
} PstSecurityReboot;

typedef struct {
    char **modules; /* the kernel's security modules that are on: lockdown, apparmor … */
    PstSecuritySelinux *selinux;
    PstSecurityApparmor *apparmor;
    GPtrArray *denials;  /* of PstSecurityDenial */
    char **denials_from; /* where denials were looked for */
    PstSecurityFips *fips;
    PstSecurityAudit *audit;
    PstSecurityFapolicyd *fapolicyd;
    char *lockdown;     /* none, integrity, confidentiality */
    GPtrArray *sysctls; /* of PstSecuritySysctl */
    PstTri secure_boot;
    PstTri tmp_noexec;
    char *umask; /* of /etc/login.defs */
    PstSecurityReboot *reboot;
} PstSecurityData;

/* The settings of the kernel that are told, as sysctl(8) names them, NULL-terminated. */
extern const char *const pst_report_security_sysctl_names[];

extern const PstFields pst_report_security_label_fields;
extern const PstFields pst_report_security_selinux_fields;
extern const PstFields pst_report_security_profile_fields;
extern const PstFields pst_report_security_apparmor_fields;
extern const PstFields pst_report_security_denial_fields;
extern const PstFields pst_report_security_fips_fields;
extern const PstFields pst_report_security_audit_fields;
extern const PstFields pst_report_security_fapolicyd_fields;
extern const PstFields pst_report_security_sysctl_fields;
extern const PstFields pst_report_security_reboot_fields;
extern const PstReportKind pst_report_security_kind;
