// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* A domain's state, and why it is in it, in words: those of `virsh domstate --reason` where they
 * say enough. REASON is the number that goes with the state. */

/* running, paused, off, crashed … */
const char *pst_domain_state_name(int state);

/* NULL where libvirt gives none, or one that is not known here. */
const char *pst_domain_state_reason(int state, int reason);

/* Whether it is in it because it was reverted to a snapshot. */
gboolean pst_domain_state_is_revert(int state, int reason);
