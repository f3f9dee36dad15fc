// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/filter-rules.h"

/* One rule of iptables(8) as steps. */

/* WORDS are its arguments behind "-A CHAIN", NULL-terminated. */
void pst_iptables_rule_read(PstFilterRule *rule, const char *const *words, gboolean six);
