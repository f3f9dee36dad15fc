// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as a header of rpm's: nothing outside of them is read, and every value ends. */
#include "guest-shim/package-rpm.h"
#include "guest-shim/rpm-header.h"
#include "tests/fuzz/fuzz.h"

/* A value of any type, read as all that it could be. */
static void
read_value(const PstRpmHeader *header, PstRpmHeaderTag tag)
{
    PstRpmHeaderValue value = pst_rpm_header_get(header, tag);
    g_autoptr(GPtrArray) strings = pst_rpm_header_strings(header, tag);
    guint64 number;

    g_assert_cmpuint(strings->len, <=, value.n);
    for (guint32 i = 0; i < value.n && pst_rpm_header_number(&value, i, &number); i++)
        continue;
    g_assert_false(pst_rpm_header_number(&value, value.n, &number));
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new("/", NULL);
    g_autoptr(PstPackageDb) db = pst_package_db_new(sysroot, 0, G_MAXINT64);
    PstRpmHeader header;

    pst_package_db_ask(db, "/usr/bin/sudo");
    pst_package_db_ask(db, "/etc/pam.d/sudo");
    pst_package_rpm_take_header(db, data, len);
    if (!pst_rpm_header_open(data, len, &header))
        return 0;
    for (int tag = PST_RPM_HEADER_NAME; tag <= PST_RPM_HEADER_DIR_NAMES; tag++)
        read_value(&header, (PstRpmHeaderTag)tag);
    return 0;
}
