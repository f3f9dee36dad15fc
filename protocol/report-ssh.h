// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `ssh`: would sshd let this user in, and from where? Is its configuration
 * sound, does it run, does it listen, are its host keys usable; and for a user: do its lists allow
 * the user, does it take the key, which ways to log in are left; and for a client: do the two have
 * algorithms in common. What is seen inside never proves that somebody gets there from outside. */

typedef struct {
    char *user;
    char *from; /* the address that the connection comes from, in numbers */
    gint64 port;
    char *key; /* a public key's line, or its SHA256: fingerprint */
    char **kex, **ciphers, **macs, **hostkey;
    PstTri passive;        /* leave no trace in the guest's logs */
    PstTri host_keys_only; /* nothing but the host keys and where sshd listens */
} PstSshArgs;

typedef struct {
    char *path;
    gint64 line; /* from 1 */
    char *text;  /* sshd's own words */
} PstSshConfigError;

typedef struct {
    char *path;
    char *type;        /* ssh-ed25519 … */
    char *mode;        /* four octal digits */
    char *owner;       /* numeric, as 0:0 */
    char *fingerprint; /* SHA256:… */
    char *key;         /* the public key in base64 */
} PstSshHostKey;

typedef struct {
    char *path;      /* with the user's home folder and name put in */
    PstTri present;  /* there is such a file */
    PstTri accepted; /* the user can read it, and StrictModes is content with it */
    gint64 keys;     /* that it holds */
    PstTri has_key;  /* the key that was asked about is among them, and may be used */
    gint64 key_line; /* where, from 1 */
    char *refused;   /* why sshd passes the file over */
} PstSshKeyFile;

typedef struct {
    char *category; /* kex, ciphers, macs or hostkey */
    char **offered; /* by the sshd that runs, or by its configuration where that was not asked */
    char **client;  /* what was asked about; absent where nothing was */
    char **common;
} PstSshAlgorithms;

/* A setting that holds for such a connection, as sshd_config(5) names it. */
typedef struct {
    char *name;
    char *value; /* its words with a space between them; empty where it is not set */
    char *path;  /* the file that says so; absent for a default */
    gint64 line; /* in it, from 1 */
} PstSshSetting;

typedef struct {
    PstTri installed;
    char *version;    /* as sshd greets: SSH-2.0-OpenSSH_9.2p1 … */
    PstTri config_ok; /* sshd's own word; unknown where it could not be asked */
    PstSshConfigError *config_error;
    PstTri running; /* an sshd that takes connections */
    gint64 pid;
    gint64 started_us;       /* CLOCK_BOOTTIME */
    PstTri socket_activated; /* systemd listens, and starts sshd for a connection */
    char **listen;           /* as 0.0.0.0:22 and [::]:22 */
    char **listen_ipv6_only; /* of these on [::] those that take no IPv4; absent where that is not
                                known of one */
    PstTri port_open;        /* something listens on the port that was asked about */
    gint64 startups;         /* connections that have not logged in yet */
    gint64 startups_full;    /* so many of them, and every further one is refused */
    GPtrArray *host_keys;    /* of PstSshHostKey: the ones that are configured and there */

    char *user;          /* whom the rest is about */
    char *settings_from; /* sshd (its own word), or files */
    GPtrArray *settings; /* of PstSshSetting: those whose value is certain */
    PstTri user_allowed; /* by AllowUsers and the like, and by PermitRootLogin */
    GPtrArray *key_files;
    PstTri key_accepted;      /* the key asked about, or any key of the user's where none was */
    char **methods;           /* what is left to log in by; "publickey,password" takes both */
    GPtrArray *algorithms;    /* of PstSshAlgorithms */
    PstTri algorithms_common; /* unknown where no client's lists were given */
    PstTri restart_pending;   /* the sshd that runs does not do what the files say now */
} PstSshData;

/* The settings that are told, NULL-terminated. */
extern const char *const pst_report_ssh_setting_names[];

extern const PstFields pst_report_ssh_setting_fields;
extern const PstFields pst_report_ssh_config_error_fields;
extern const PstFields pst_report_ssh_host_key_fields;
extern const PstFields pst_report_ssh_key_file_fields;
extern const PstFields pst_report_ssh_algorithms_fields;
extern const PstReportKind pst_report_ssh_kind;
