// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Sets ERROR from the calling thread's last libvirt error, translated at this border: no domain, no
 * permission, no hypervisor, or, for everything that concerns one guest's path, path-shut. WHAT was
 * attempted stands before libvirt's own message. Always FALSE. */
gboolean pst_virt_error_set(GError **error, const char *what);

/* libvirt must not print errors: they are reported. Once, before any connection. */
void pst_virt_error_init(void);
