// SPDX-License-Identifier: LGPL-2.1-or-later
/* Loaded before libvirt by a program that is searched for leaks: what libvirt 9.0 itself loses is
 * not told, and nothing else is let pass.
 *
 * - virConnectClose(): an error object, where the end of the connection arrives with the answer to
 *   its being closed (virNetClientMarkClose()). A program of twenty lines that does nothing but
 *   connect and close loses it too.
 * - virConnectDomainQemuMonitorEventRegister(): a record of who wants the events, where the server
 *   refuses (remoteConnectDomainQemuMonitorEventRegister()), as libvirt's test driver does. */
#include <dlfcn.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/libvirt.h>
#include <sanitizer/lsan_interface.h>

int
virConnectClose(virConnectPtr connection)
{
    int (*real)(virConnectPtr) = (int (*)(virConnectPtr))dlsym(RTLD_NEXT, "virConnectClose");

    __lsan_disable();
    int result = real(connection);
    __lsan_enable();
    return result;
}

int
virConnectDomainQemuMonitorEventRegister(virConnectPtr connection, virDomainPtr domain,
                                         const char *event,
                                         virConnectDomainQemuMonitorEventCallback callback,
                                         void *user_data, virFreeCallback free_user_data,
                                         unsigned int flags)
{
    __typeof__(&virConnectDomainQemuMonitorEventRegister) real =
        (__typeof__(real))dlsym(RTLD_NEXT, "virConnectDomainQemuMonitorEventRegister");

    __lsan_disable();
    int result = real(connection, domain, event, callback, user_data, free_user_data, flags);
    __lsan_enable();
    return result;
}
