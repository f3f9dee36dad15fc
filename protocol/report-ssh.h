// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `ssh`: would sshd let somebody in? So far: is its configuration sound,
 * does it run, does it listen, are its host keys usable. */

typedef struct {
    char *unused; /* the probe takes no arguments; a table needs a row's type */
} PstSshArgs;

typedef struct {
    char *path;
    gint64 line; /* from 1 */
    char *text;  /* sshd's own words */
} PstSshConfigError;

typedef struct {
    char *path;
    char *type;  /* as the public key beside it says: ssh-ed25519 … */
    char *mode;  /* four octal digits */
    char *owner; /* numeric, as 0:0 */
} PstSshHostKey;

typedef struct {
    PstTri installed;
    PstTri config_ok; /* sshd's own word; unknown where it could not be asked */
    PstSshConfigError *config_error;
    PstTri running; /* an sshd that takes connections */
    gint64 pid;
    gint64 started_us;       /* CLOCK_BOOTTIME */
    PstTri socket_activated; /* systemd listens, and starts sshd for a connection */
    char **listen;           /* as 0.0.0.0:22 and [::]:22 */
    GPtrArray *host_keys;    /* of PstSshHostKey: the ones that are configured and there */
} PstSshData;

extern const PstFields pst_report_ssh_config_error_fields;
extern const PstFields pst_report_ssh_host_key_fields;
extern const PstReportKind pst_report_ssh_kind;
