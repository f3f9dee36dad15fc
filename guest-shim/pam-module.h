// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* Whether a PAM module could be loaded, from its file alone: no dlopen(3), which would run its code
 * and dies of SIGBUS on a truncated file. */

typedef enum {
    PST_PAM_MODULE_SOUND,
    PST_PAM_MODULE_MISSING,
    PST_PAM_MODULE_DAMAGED, /* no ELF shared object for this machine, or a library that it needs is
                             * not there: loading it fails */
    PST_PAM_MODULE_TRUNCATED, /* ends before its segments do: loading it kills the program */
    PST_PAM_MODULE_UNKNOWN,   /* could not be looked at */
} PstPamModuleState;

/* The file that libpam would load for MODULE as a stack names it: as it is where it is absolute
 * (`$ISA` taken out), else below the folder where this system keeps its modules. Free with
 * g_free(). */
char *pst_pam_module_path(const PstSysroot *sysroot, const char *module);

/* *reason, where it is not NULL and the module is not sound, becomes a line on why; free with
 * g_free(). */
PstPamModuleState pst_pam_module_check(const PstSysroot *sysroot, const char *path, char **reason);

/* As above, each file once: MEMORY, of pst_pam_module_memory_new(), keeps what was found. The
 * stacks of one guest name the same modules over and over. */
PstPamModuleState pst_pam_module_recall(GHashTable *memory, const PstSysroot *sysroot,
                                        const char *path, char **reason);
GHashTable *pst_pam_module_memory_new(void);
