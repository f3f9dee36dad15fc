// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>

/* For how long a command of libvirt's has waited for the domain's QEMU, in milliseconds; 0 where
 * none does. This asks nobody but libvirt. */
gint64 pst_domain_busy_ms(virDomainPtr domain);
