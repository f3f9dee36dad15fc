// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/* For how long a command of libvirt's has waited for the domain's QEMU, in milliseconds; 0 where
 * none does. This asks nobody but libvirt. */
gint64 pst_domain_busy_ms(virDomainPtr domain);

/* Whether anything is under way with the domain that libvirt was asked for, by whoever it was: what
 * a client began that is gone since goes on. FALSE too where libvirt does not tell. */
gboolean pst_domain_busy_is(virDomainPtr domain);
