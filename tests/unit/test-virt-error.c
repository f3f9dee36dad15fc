// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/virt-error.h"

#include <libvirt/libvirt.h>

#include "host-sidecar/hypervisor.h"
#include "protocol/error.h"

/* libvirt has one code for a connection that is refused, and for a file that a driver can't open:
 * of the other the hypervisor is there, and has said no. */
static void
test_system_error(void)
{
    g_autoptr(GError) refused = NULL, failed = NULL;
    virConnectPtr none = virConnectOpen("qemu+unix:///system?socket=/nonexistent");

    g_assert_null(none);
    pst_virt_error_set(&refused, "libvirt");
    g_assert_error(refused, PST_ERROR, PST_ERROR_NO_HYPERVISOR);

    virConnectPtr connection = virConnectOpen("test:///default");
    g_autoptr(virDomain) domain = virDomainLookupByName(connection, "test");
    g_assert_cmpint(virDomainSave(domain, "/nonexistent/x"), ==, -1);
    pst_virt_error_set(&failed, "libvirt");
    g_assert_error(failed, PST_ERROR, PST_ERROR_PATH_SHUT);
    g_assert_nonnull(g_strstr_len(failed->message, -1, "No such file"));
    g_clear_pointer(&domain, virDomainFree);
    virConnectClose(connection);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    pst_virt_error_init();
    g_test_add_func("/virt-error/system-error", test_system_error);
    return g_test_run();
}
