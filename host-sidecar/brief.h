// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/answer.h"

/* A diagnosis for readers who pay by the word: whether one gets in and becomes root, the units that
 * were asked for, each root cause once with its evidence and its undo, and nothing twice. */

#define PST_BRIEF_MIN_BYTES 512
#define PST_BRIEF_DEFAULT_BYTES 2048

/* The brief as JSON whose text has at most MAX_BYTES (PST_BRIEF_MIN_BYTES at least): with less room
 * the consequences go first, then the causes that matter least, and `left_out` says how many.
 * UNITS (may be NULL) are those that the caller asked for. A pure function. */
JsonObject *pst_brief_to_json(const char *guest, PstAnswer *const *answers, guint n,
                              const char *const *units, gsize max_bytes);
