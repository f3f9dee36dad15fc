// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/filter-walk.h"
#include "guest-shim/probe.h"
#include "protocol/report-firewall.h"

/* The packet filters as the kernel has them: nftables by nft(8), the old iptables by
 * iptables-legacy-save(8). Both programs load kernel modules where these are not there yet, so
 * /proc and /sys are looked at first, and where nothing is loaded nothing is run. */

/* The rules, and what is loaded into the report's data. What can't be looked at becomes a finding
 * there, and *complete FALSE: then the rules are not all. Never NULL. */
PstFilterRules *pst_firewall_load(const PstProbeContext *context, gboolean *complete,
                                  PstReport *report);

/* Gives the rules that nft could not read because iptables' extensions are in them the meaning that
 * iptables-save says they have: those of the chains in FROM that have as many rules. */
void pst_firewall_load_overlay(PstFilterRules *rules, const PstFilterRules *from);

/* Where nft is: for what a reader is told to run. */
extern const char *const pst_firewall_load_nft[];
