// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The report of the probe `changes`: what was changed in the guest since a moment: files that
 * decide about its working, with what their packages' own records know of them; package
 * transactions; units that were enabled, masked or defined. Moments are microseconds of the guest's
 * real time. */

typedef struct {
    gint64 since_us; /* the moment */
    gint64 since_s;  /* or so many seconds before now */
    char **paths;    /* in place of what is looked at by default */
    char *user;      /* whose SSH folder is looked at in any case */
} PstChangesArgs;

typedef struct {
    char *path;
    char *kind; /* created, written, status, folder */
    char *type; /* file, folder, link, other */
    char *target;
    char *mode;
    char *owner;
    gint64 size;
    char *digest;
    gint64 changed_us, modified_us, created_us;
    PstTri control_plane;
    /* What the package's record says; absent where there is none. */
    PstTri packaged;
    char *package;
    char *version;
    PstTri config;
    PstTri as_packaged;
    char *former_digest;
    char *former_mode;
    char *former_owner;
    char *former_source;
} PstChangesFile;

typedef struct {
    gint64 when_us;
    char *action;
    char *package;
    char *version;
    char *former_version;
    char *source;
} PstChangesTransaction;

typedef struct {
    char *unit;
    char *change;
    char *path;
    gint64 changed_us;
} PstChangesUnit;

typedef struct {
    gint64 since_us;
    char *since;
    char **looked_at;
    gint64 entries;
    gint64 unpacked;
    gint64 left_out;
    PstTri complete;
    char *incomplete; /* why it is not */
    char **package_databases;
    GPtrArray *files;
    GPtrArray *units;
    GPtrArray *transactions;
} PstChangesData;

extern const PstFields pst_report_changes_file_fields;
extern const PstFields pst_report_changes_transaction_fields;
extern const PstFields pst_report_changes_unit_fields;
extern const PstReportKind pst_report_changes_kind;
