// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/filter-rules.h"

/* The reader of what iptables-save(8) and ip6tables-save(8) print, of either make: a pure function
 * over bytes. The extensions are those of iptables-extensions(8) that decide about a connection's
 * first packet; another one becomes a step that says so. */

/* Adds the tables to RULES, for SOURCE and FAMILY (ip or ip6). PST_ERROR_PARSE for what is not such
 * a text; a rule that is not understood is one that is not modelled. */
gboolean pst_iptables_save_read(const char *text, gsize len, const char *source, const char *family,
                                PstFilterRules *rules, GError **error);
