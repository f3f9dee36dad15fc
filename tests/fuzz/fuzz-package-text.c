// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as each of the package managers' records: whoever was not asked for is not found, and
 * what was found is what the readers promise. */
#include <string.h>

#include "guest-shim/changes-log.h"
#include "guest-shim/package-apk.h"
#include "guest-shim/package-dpkg.h"
#include "tests/fuzz/fuzz.h"

static PstPackageDb *
new_db(const PstSysroot *sysroot)
{
    static const char *const paths[] = {"/usr/bin/sudo", "/etc/pam.d/sudo", "/etc/sudoers",
                                        "/usr/bin/login"};
    PstPackageDb *db = pst_package_db_new(sysroot, 0, G_MAXINT64);

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
        pst_package_db_ask(db, paths[i]);
    return db;
}

static void
check(const PstPackageDb *db)
{
    GHashTableIter iter;
    gpointer value;

    g_assert_cmpuint(g_hash_table_size(pst_package_db_files(db)), ==, 4);
    g_hash_table_iter_init(&iter, pst_package_db_files(db));
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const PstPackageFile *file = value;

        g_assert_cmpint(file->mode, >=, -1);
        g_assert_cmpint(file->mode, <=, 07777);
        g_assert_true(file->package != NULL || file->version == NULL);
        g_assert_true(file->digest == NULL || strspn(file->digest, "0123456789abcdef") >= 32);
    }
}

static void
read_dpkg(PstPackageDb *db, const char *text)
{
    g_autofree char *diverted = g_strdup(text), *list = g_strdup(text), *sums = g_strdup(text),
                    *status = g_strdup(text), *overrides = g_strdup(text);
    g_autoptr(GHashTable) diversions = pst_package_dpkg_parse_diversions(db, diverted);

    pst_package_dpkg_parse_list(db, "sudo:amd64", list, 1, diversions);
    pst_package_dpkg_parse_md5sums(db, "sudo:amd64", sums, diversions);
    g_autoptr(GHashTable) versions = pst_package_dpkg_parse_status(db, status);
    pst_package_dpkg_parse_overrides(db, overrides);
}

static void
read_log(const char *text)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_changes_kind);
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autofree char *copy = g_strdup(text);

    pst_changes_log_parse(copy, utc, 0, report->data);
    pst_changes_log_sort(report->data);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autofree char *text = g_strndup((const char *)data, len);
    g_autofree char *apk_text = g_strdup(text);
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new("/", NULL);
    g_autoptr(PstPackageDb) dpkg = new_db(sysroot);
    g_autoptr(PstPackageDb) apk = new_db(sysroot);

    read_dpkg(dpkg, text);
    check(dpkg);
    pst_package_apk_parse(apk, apk_text);
    check(apk);
    read_log(text);
    return 0;
}
