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

/* What was found out before: the stacks of one guest name the same modules over and over. */
typedef struct PstPamMemory PstPamMemory;

PstPamMemory *pst_pam_module_memory_new(const PstSysroot *sysroot);
void pst_pam_module_memory_free(PstPamMemory *memory);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPamMemory, pst_pam_module_memory_free)

/* As pst_pam_module_path(), each name once; borrowed from MEMORY. */
const char *pst_pam_module_recall_path(PstPamMemory *memory, const char *module);

/* As pst_pam_module_check(), each file once. */
PstPamModuleState pst_pam_module_recall(PstPamMemory *memory, const char *path, char **reason);
