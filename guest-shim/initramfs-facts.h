// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/report-system.h"

/* What an initramfs has come to: which root the kernel's command line names, whether its device is
 * there, what is on it, and what it waits for. From files alone: no device is opened. */

/* COMMAND_LINE: the kernel's, NULL where it is not known. Never NULL; free with
 * pst_fields_free() of pst_report_system_early_fields. */
PstSystemEarly *pst_initramfs_facts_read(const PstSysroot *sysroot, const char *command_line);

/* The value of the last word KEY (as "root=") on a kernel's command line; NULL for none. Free with
 * g_free(). */
char *pst_initramfs_facts_word(const char *command_line, const char *key);
