// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `sudo`: can this user become root, and if not, why? */

typedef struct {
    char *user;
    char **command;
    PstTri tty;
    PstTri passive;
} PstSudoArgs;

typedef enum {
    PST_SUDO_UNKNOWN,
    PST_SUDO_GRANTED,
    PST_SUDO_GRANTED_WITH_PASSWORD,
    PST_SUDO_REFUSED,
} PstSudoVerdict;

typedef struct {
    char *path;
    char *real_path;
    char *implementation; /* sudo or sudo-rs */
    char *mode;
    char *owner;
    PstTri setuid;
    PstTri nosuid_mount;
} PstSudoProgram;

typedef struct {
    char *path;
    PstTri folder;
    char *mode;
    char *owner;
    PstTri obeyed;
    char *reason; /* why sudo passes over it */
} PstSudoFile;

typedef struct {
    char *path;
    gint64 line;
    char *text;
    PstTri allows;
    PstTri nopasswd;
} PstSudoRule;

typedef struct {
    char *name;
    char *value;
    char *path;
    gint64 line;
} PstSudoDefault;

typedef struct {
    gint64 uid;
    gint64 gid;
    char **groups;
    char **sources; /* of passwd, as nsswitch.conf has them */
    char *password; /* set, empty, locked, none */
    char *validity; /* valid, expired, … */
    gint64 expires_day;
    gint64 today;
} PstSudoAccount;

typedef struct {
    char *service;
    char *file;
    char **from_other; /* phases */
    char *auth;        /* passes, depends, fails, unknown */
    char *account;
    char *session;
} PstSudoPam;

typedef struct {
    char *command;
    char *skipped_because;
    gint64 exit_status;
    gint64 signal;
    PstTri timed_out;
    gint64 took_ms;
    char *error;
    char *word;
} PstSudoLive;

typedef struct {
    char *user;
    char **command;
    int verdict; /* PstSudoVerdict */
    PstSudoRule *rule;
    PstSudoProgram *program;
    GPtrArray *files;    /* of PstSudoFile */
    GPtrArray *defaults; /* of PstSudoDefault */
    PstSudoAccount *account;
    PstSudoPam *pam;
    PstSudoLive *live;
    char **sources; /* of sudoers, as nsswitch.conf has them */
    PstTri timestamps;
    char *doas;
    PstSudoRule *doas_rule; /* the one of doas.conf that decides */
} PstSudoData;

extern const char *const pst_report_sudo_verdicts[];
extern const PstFields pst_report_sudo_program_fields;
extern const PstFields pst_report_sudo_file_fields;
extern const PstFields pst_report_sudo_rule_fields;
extern const PstFields pst_report_sudo_default_fields;
extern const PstFields pst_report_sudo_account_fields;
extern const PstFields pst_report_sudo_pam_fields;
extern const PstFields pst_report_sudo_live_fields;
extern const PstReportKind pst_report_sudo_kind;
