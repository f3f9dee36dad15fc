// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <libvirt/libvirt-qemu.h>

/* QEMU's own event (VSERPORT_CHANGE), for which libvirt has none: a process in the guest opens or
 * closes a port. DOMAIN: NULL for all. Returns the callback's id; -1 where it is not to be had, and
 * then FREE is never called.
 *
 * libvirt's access control wants `connect.write` for it, with which the host's memory may be
 * changed too, and writes errors into its log for who is denied: it is not asked again by this
 * process at a hypervisor that has denied it once. */
int pst_port_events_listen(virConnectPtr connection, virDomainPtr domain,
                           virConnectDomainQemuMonitorEventCallback callback, void *user_data,
                           virFreeCallback release);
