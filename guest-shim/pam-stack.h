// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-module.h"

/* The stacks of a PAM service as libpam reads them (pam.d(5), pam.conf(5); Linux-PAM's
 * pam_handlers.c): which file, which lines with all that they include, which modules. */

typedef enum {
    PST_PAM_AUTH,
    PST_PAM_ACCOUNT,
    PST_PAM_PASSWORD,
    PST_PAM_SESSION,
    PST_PAM_N_PHASES,
} PstPamPhase;

/* A module's return values, numbered as in Linux-PAM's _pam_types.h. */
#define PST_PAM_SUCCESS 0
#define PST_PAM_PERM_DENIED 6
#define PST_PAM_AUTH_ERR 7
#define PST_PAM_AUTHINFO_UNAVAIL 9
#define PST_PAM_NEW_AUTHTOK_REQD 12
#define PST_PAM_ACCT_EXPIRED 13
#define PST_PAM_SESSION_ERR 14
#define PST_PAM_IGNORE 25
#define PST_PAM_AUTHTOK_EXPIRED 27
#define PST_PAM_MODULE_UNKNOWN 28
#define PST_PAM_N_RETURNS 32
#define PST_PAM_ANY (-1) /* the module may answer yes or no: nobody can tell from files */

/* What a line's control does with a return value; a positive number skips so many modules. */
#define PST_PAM_DO_IGNORE 0
#define PST_PAM_DO_OK (-1)
#define PST_PAM_DO_DONE (-2)
#define PST_PAM_DO_BAD (-3)
#define PST_PAM_DO_DIE (-4)
#define PST_PAM_DO_RESET (-5)

typedef struct {
    char *file; /* where the line stands, from 1 */
    guint line;
    char *text;          /* as it stands there */
    guint level;         /* of substacks around it */
    gboolean substack;   /* not a module: the beginning of a substack */
    gboolean must_fail;  /* libpam could make no sense of it, and counts it as failed */
    char *fault;         /* why, where must_fail */
    gboolean no_include; /* and that is because it includes a file that is not there */
    int actions[PST_PAM_N_RETURNS];
    char *module; /* as it is named, NULL where substack or must_fail */
    char *path;   /* the file that it leads to */
    char *args;   /* the rest of the line, may be "" */
    PstPamModuleState state;
    char *reason; /* why it is not sound */
} PstPamLine;

/* Why libpam gives up on a service. */
typedef enum {
    PST_PAM_ABORT_NO_INCLUDE, /* @include of a file that is not there */
    PST_PAM_ABORT_LOOP,       /* files include each other without end */
    PST_PAM_ABORT_NO_FILE,    /* neither the service nor `other` has one */
} PstPamAbort;

typedef struct {
    char *service;
    char *file;                            /* the service's own file, NULL where it has none */
    GPtrArray *lines[PST_PAM_N_PHASES];    /* of PstPamLine; never NULL, may be empty */
    gboolean from_other[PST_PAM_N_PHASES]; /* the lines are those of the service `other` */
    GPtrArray *also_loaded; /* of PstPamLine: what libpam loads from `other` and never asks */
    gboolean aborts;        /* libpam gives up on the service: everything fails */
    PstPamAbort abort_kind;
    char *abort_file; /* the line that makes it */
    guint abort_line;
    char *abort_reason;
    char *abort_target; /* what is included and is not there, as that line has it; else NULL */
    gboolean unlooked;  /* a file could not be looked at: the stacks are incomplete */
    char *unlooked_reason;
} PstPamStack;

extern const char *const pst_pam_stack_phase_names[];

/* Reads the stacks of SERVICE with every module checked. Never NULL: what is wrong stands in it. */
PstPamStack *pst_pam_stack_read(const PstSysroot *sysroot, const char *service);

/* As above, with the MEMORY of pst_pam_module_recall(). */
PstPamStack *pst_pam_stack_read_with(const PstSysroot *sysroot, const char *service,
                                     PstPamMemory *memory);

/* The service's own file, in the first of PAM's folders that has one, or NULL. Free with g_free().
 */
char *pst_pam_stack_find(const PstSysroot *sysroot, const char *service);
void pst_pam_stack_free(PstPamStack *stack);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPamStack, pst_pam_stack_free)
