// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/nss-order.h"
#include "guest-shim/probe.h"

/* What the probe `account` says of a look-up that ends, or may end, before the files: both set the
 * three verdicts of REPORT's data. */

/* CONSEQUENCE is a clause for people. */
void pst_account_order_blame(PstReport *report, const char *database, const PstNssOrder *order,
                             const char *consequence);

/* REASON is why nobody knows. */
void pst_account_order_doubt(PstReport *report, const char *database, const PstNssOrder *order,
                             const char *reason);

/* A line of nsswitch.conf that can't be understood; SURE: nobody is known by it. */
void pst_account_order_fault(PstReport *report, guint line, gboolean sure);
