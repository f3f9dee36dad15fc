// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report `access`: can this user get in, and how? It is derived from the other probes' reports
 * and asks nothing of its own. */

/* A vantage: who asks to get in, from where and how. Each member may be absent. */
typedef struct {
    char *user;
    char *from;
    gint64 port;
    char *key;
    char **kex, **ciphers, **macs, **hostkey;
    char **command;
    PstTri tty;
    PstTri passive;
} PstAccessArgs;

typedef enum {
    PST_ACCESS_UNKNOWN, /* somebody could not look, or it depends on what nobody said */
    PST_ACCESS_OPEN,
    PST_ACCESS_SHUT,
} PstAccessVerdict;

/* One thing that a way leads through. */
typedef struct {
    char *step;  /* network, firewall, sshd, algorithms, user, key, password, account, pam, sudo */
    int verdict; /* PstAccessVerdict */
    char *probe; /* whose report says so */
    char *finding; /* the id of the finding that shuts it, absent where none does */
    char *reason;  /* why it is shut or unknown, one line */
    char *note;    /* of an open one: for whom it may be otherwise, absent for nobody */
} PstAccessStep;

typedef struct {
    char *way;        /* ssh-key, ssh-password, console, sudo */
    int verdict;      /* shut where a step is, else unknown where a step is, else open */
    char *because;    /* the reason of the first step that decides, absent where it is open */
    GPtrArray *steps; /* of PstAccessStep, in the order of the way */
} PstAccessWay;

typedef struct {
    char *user;
    char *from;
    gint64 port;
    GPtrArray *ways; /* of PstAccessWay */
    int login;       /* PstAccessVerdict: by SSH, whichever way */
    int root;        /* by sudo */
} PstAccessData;

extern const char *const pst_report_access_verdicts[];
extern const PstFields pst_report_access_step_fields;
extern const PstFields pst_report_access_way_fields;
extern const PstReportKind pst_report_access_kind;
