// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/inquiry.h"

/* A diagnosis as a JSON text sequence (RFC 7464): each answer when it comes, then the verdict. What
 * is to go to a file is kept until the end, so that the file is never half of it. */

typedef struct PstSequence PstSequence;

/* OUTPUT: a file, or NULL for standard output. QUIET: nothing is printed of what is well. */
PstSequence *pst_sequence_new(const char *output, gboolean quiet);
void pst_sequence_free(PstSequence *sequence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSequence, pst_sequence_free)

/* What prints each answer as it comes; the sequence must outlive the inquiry. */
PstInquiryListener pst_sequence_listener(PstSequence *sequence);

/* The answers that were not printed yet, in their order, and the verdict on all of them, which is
 * the object of `diagnose --json` without `answers`. FALSE with PST_ERROR_OUTPUT, also where an
 * earlier one could not be printed. */
gboolean pst_sequence_end(PstSequence *sequence, const char *guest, PstAnswer *const *answers,
                          guint n, GError **error);
