// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/fstab.h"
#include "guest-shim/sysroot.h"
#include "protocol/report-system.h"

/* What the probe `system` reads from files and clocks, and what it was that it read. */

typedef struct {
    char *nologin_path;       /* the file that shuts users out; NULL for none */
    char *root_line;          /* of /proc/self/mountinfo */
    PstFstabMeant root_meant; /* looked at only where it is read-only */
    char *newest_path;        /* of the files that can't be younger than the clock */
    gint64 newest_us;
} PstSystemFacts;

/* Fills in DATA; what could not be read stays unknown. */
PstSystemFacts *pst_system_facts_read(const PstSysroot *sysroot, PstSystemData *data);
void pst_system_facts_free(PstSystemFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSystemFacts, pst_system_facts_free)

/* The kernel's letters for a taint mask, "" for none: tainted-kernels.rst of the kernel's docs.
 * Free with g_free(). */
char *pst_system_facts_taint_letters(gint64 mask);
