// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/enroll-mark.h"
#include "host-sidecar/enroll-package.h"
#include "host-sidecar/enroll-sight.h"
#include "protocol/fields.h"

/* What it takes to set a running guest up for postern, and to undo that: the facts, the steps, and
 * what is told of them. Pure functions. */

/* ---- the steps ---- */

typedef enum {
    PST_ENROLL_CHANNEL,
    PST_ENROLL_RECORDER,
    PST_ENROLL_CONTROLLER, /* that libvirt made for these: of the way back */
    PST_ENROLL_PANIC,
    PST_ENROLL_VIDEO,
    PST_ENROLL_CONSOLE_LOG,
    PST_ENROLL_PACKAGE,
    PST_ENROLL_CONFIGURATION,
    PST_ENROLL_UNIT,
    PST_ENROLL_PROOF,
} PstEnrollKind;

extern const char *const pst_enroll_kind_names[];

typedef enum {
    PST_ENROLL_THERE,         /* it is as it should be: nothing is done */
    PST_ENROLL_DUE,           /* it is to be done */
    PST_ENROLL_DONE,          /* it was done now */
    PST_ENROLL_LATER,         /* it was done now, and takes effect with the next start */
    PST_ENROLL_CANNOT,        /* this machine can't have it, and does without */
    PST_ENROLL_ADMINISTRATOR, /* somebody else has to do it */
    PST_ENROLL_FAILED,
    PST_ENROLL_NOT_REACHED, /* something before it is missing */
} PstEnrollState;

extern const char *const pst_enroll_state_names[];

typedef struct {
    int step;       /* PstEnrollKind */
    int state;      /* PstEnrollState */
    char *detail;   /* what is there, would be done, was done, or why not */
    gint64 parts;   /* PstEnrollMark: what of it is due; not told */
    gboolean spare; /* where libvirt does not take it the machine does without; not told */
    gboolean later; /* it is there, or gone, with the next start only; not told */
    gint64 took_ms; /* PST_INT_UNKNOWN: nothing was done */
} PstEnrollStep;

typedef struct {
    char *guest;
    PstTri dry_run;   /* nothing was done, and what is due is only told */
    PstTri complete;  /* all is there, or as far away as it should be */
    PstTri changed;   /* something was done */
    GPtrArray *steps; /* of PstEnrollStep, in their order */
    char *bring;      /* what is to be brought into the guest before the lines; NULL: nothing */
    char **lines;     /* for the guest's administrator, as root in it; NULL: none are needed */
} PstEnrollTold;

extern const PstFields pst_enroll_step_fields;
extern const PstFields pst_enroll_told_fields;

void pst_enroll_told_free(PstEnrollTold *told);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstEnrollTold, pst_enroll_told_free)

/* ---- the facts ---- */

/* What the guest's agent tells of it. */
typedef struct {
    char *agent_problem; /* why nobody can be asked; NULL: the agent answers */
    char *exec_problem;  /* why it runs no programs; NULL: it does */
    char *file_problem;  /* why it takes no files; NULL: it does */
    int kind;            /* PstEnrollPackageKind, by its os-release */
    char *system;        /* its name there, as `debian`; NULL: not known */
    char *architecture;  /* as its packages call it; NULL: not known */
    char *version;       /* of the package postern-shim that is installed; NULL: none is */
    gboolean partly;     /* it is unpacked, or configured by half: dpkg did not come to its end */
    gboolean loaded;     /* there is a unit, whoever brought it */
    char *active;        /* ActiveState of it; NULL: not known */
    char *enabled;       /* UnitFileState of it; NULL: not known */
    char *configuration; /* SHA-256 of /etc/postern/shim.conf; NULL: it has none, or not looked */
} PstEnrollGuest;

typedef struct {
    gboolean runs;
    gboolean lasting;          /* it has a definition that outlives its end */
    PstEnrollSight live;       /* where it runs */
    PstEnrollSight definition; /* the lasting one */
    PstEnrollMark mark;        /* what enroll has added earlier */
    char *folder;              /* of the recorders' files; NULL: there is no pool for them */
    char *shim; /* version of the shim that answers by the channel; NULL: none does */
    PstEnrollGuest guest;
} PstEnrollFacts;

void pst_enroll_facts_free(PstEnrollFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstEnrollFacts, pst_enroll_facts_free)

/* ---- the wish ---- */

/* A device for evidence: where the machine can have it, unless somebody says no; where somebody
 * asks for it by name, not to get it is a failure. */
typedef enum {
    PST_ENROLL_USUAL,
    PST_ENROLL_WANTED,
    PST_ENROLL_UNWANTED,
} PstEnrollWanted;

typedef struct {
    PstEnrollWanted panic, video;
    gboolean no_recorder, console_log;
    const PstEnrollPackage *package; /* NULL: none was found, for the reason below */
    const char *package_problem;
    gboolean package_said;     /* it was named: it is put in the place of what no package brought */
    const char *configuration; /* SHA-256 of what is to be /etc/postern/shim.conf; NULL: nothing */
} PstEnrollWish;

/* ---- the plan ---- */

/* The steps of enrolling, each with its state before anything is done: PstEnrollStep, freed with
 * it. */
GPtrArray *pst_enroll_plan(const PstEnrollFacts *facts, const PstEnrollWish *wish);

/* The same of undoing it: what enroll has added, and nothing else. */
GPtrArray *pst_enroll_plan_undo(const PstEnrollFacts *facts);

/* Whether any of the STEPS is due. */
gboolean pst_enroll_is_due(const GPtrArray *steps);

/* Whether none is left that somebody has to do, failed, or was not come to. */
gboolean pst_enroll_is_complete(const GPtrArray *steps);

/* What of it is due, as it is noted before. */
PstEnrollMark pst_enroll_parts(const GPtrArray *steps);

PstEnrollStep *pst_enroll_find(const GPtrArray *steps, PstEnrollKind kind);
