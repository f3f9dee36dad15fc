// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "protocol/report-security.h"

/* The hardening that small files tell of. Each fills in its part of the report's data; what is not
 * there stays absent. */

/* The daemon that is asked before any file is opened. It is to be read first: where it is stuck,
 * whoever opens a file waits for ever. */
void pst_security_facts_fapolicyd_daemon(const PstSysroot *sysroot, PstSecurityData *data);
void pst_security_facts_fapolicyd_config(const PstSysroot *sysroot, PstSecurityData *data);

/* The kernel's security modules, AppArmor's profiles (securityfs), lockdown, settings, firmware. */
void pst_security_facts_kernel(const PstSysroot *sysroot, PstReport *report);

/* FIPS mode and crypto policy, /tmp, umask. */
void pst_security_facts_system(const PstSysroot *sysroot, PstSecurityData *data);

/* Whether a reboot is waited for, or the running kernel is not the newest one installed. */
void pst_security_facts_reboot(const PstSysroot *sysroot, PstSecurityData *data);
