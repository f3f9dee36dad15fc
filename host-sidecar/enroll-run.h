// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/enroll-do.h"
#include "host-sidecar/options.h"

/* `enroll` and `unenroll` from the command line, by this process alone: they need libvirt's right
 * to change definitions, which no door has (docs/decisions/0042-what-enroll-added.md). */

typedef struct {
    gboolean undo;
    PstEnrollWish wish;                  /* without the package and the configuration */
    const char *package, *configuration; /* paths; NULL: what is found; none */
} PstEnrollAsked;

/* Looks, and plans. NULL with the error. */
PstEnrollJob *pst_enroll_run_look(const PstOptions *options, const char *domain,
                                  const PstEnrollAsked *asked, GError **error);

/* Does it, with its records in the audit, and proves it. FALSE with the error as of
 * pst_enroll_do(). */
gboolean pst_enroll_run_do(const PstOptions *options, PstEnrollJob *job, GError **error);

/* What is to be told of the job before or after it is done; free with pst_enroll_told_free(). */
PstEnrollTold *pst_enroll_run_tell(const PstEnrollJob *job, gboolean dry_run);
