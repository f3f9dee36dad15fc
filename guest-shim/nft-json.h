// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/filter-rules.h"

/* The reader of `nft -j list ruleset` (libnftables-json(5), schema version 1): a pure function over
 * bytes. The text is taken apart into its elements first, and each of them is validated and parsed
 * alone, so that what is held in memory at once is one rule's JSON and not the ruleset's. */

/* Fills RULES, which may be half filled where it returns FALSE: PST_ERROR_PARSE for what is not
 * nft's output, PST_ERROR_TOO_LARGE where an element is larger than any that is judged. */
gboolean pst_nft_json_read(const char *text, gsize len, PstFilterRules *rules, GError **error);
