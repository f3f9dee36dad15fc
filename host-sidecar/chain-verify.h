// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "host-sidecar/chain-check.h"

/* Whether the audit log in FILE and what was rotated out of it is as it was written, as far as its
 * chain tells. SOUGHT, which may be NULL, is the SHA-256 of a line that has to be there. Writers
 * wait only while the files are opened. NULL with PST_ERROR_UNAVAILABLE where nobody could look. */
PstChainOutcome *pst_chain_verify(const char *file, const char *sought, GError **error);

/* For people, and for programs. */
char *pst_chain_verify_to_text(const PstChainOutcome *result, const char *file);
JsonObject *pst_chain_verify_to_json(const PstChainOutcome *result, const char *file);
