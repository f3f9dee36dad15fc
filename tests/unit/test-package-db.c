// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/bdb-hash.h"
#include "guest-shim/ndb-table.h"
#include "guest-shim/package-db.h"
#include "guest-shim/package-rpm.h"
#include "guest-shim/rpm-header.h"
#include "guest-shim/sqlite-table.h"
#include "protocol/error.h"
#include "tests/unit/memory-source.h"
#include "tests/unit/world.h"

#define MD5 "0123456789abcdef0123456789abcdef"
#define OTHER_MD5 "fedcba9876543210fedcba9876543210"

static PstPackageDb *
ask(const World *world, const char *const *paths)
{
    PstPackageDb *db = pst_package_db_new(world->sysroot, 0, G_MAXINT64);

    for (guint i = 0; paths[i] != NULL; i++)
        pst_package_db_ask(db, paths[i]);
    return db;
}

static PstPackageDb *
read_all(const World *world, const char *const *paths)
{
    g_autoptr(GError) error = NULL;
    PstPackageDb *db = ask(world, paths);

    pst_package_db_read(db, &error);
    g_assert_no_error(error);
    return db;
}

static void
assert_file(const PstPackageDb *db, const char *path, const char *package, const char *digest)
{
    const PstPackageFile *file = pst_package_db_find(db, path);

    g_test_message("%s", path);
    g_assert_nonnull(file);
    g_assert_cmpstr(file->package, ==, package);
    g_assert_cmpstr(file->digest, ==, digest);
}

/* ---- dpkg ---- */

static void
put_dpkg(const World *world)
{
    g_autofree char *link = place(world, "/bin");

    g_assert_cmpint(symlink("usr/bin", link), ==, 0);
    put_text(world, "/var/lib/dpkg/status",
             "Package: sudo\nStatus: install ok installed\nArchitecture: amd64\n"
             "Version: 1.9.13p3-1+deb12u1\nConffiles:\n"
             " /etc/pam.d/sudo " MD5 "\n /etc/old " MD5 " obsolete\n /etc/new newconffile\n"
             "Description: a\n /etc/pam.d/su " MD5 "\n\n"
             "Package: libpam-modules\nVersion: 1.5\n\nPackage: login\nVersion: 3\n");
    put_text(world, "/var/lib/dpkg/info/sudo.list",
             "/.\n/usr\n/usr/bin\n/usr/bin/sudo\n/etc\n/etc/pam.d\n/etc/pam.d/sudo\n");
    put_text(world, "/var/lib/dpkg/info/sudo.md5sums",
             MD5 "  usr/bin/sudo\nrubbish\n" MD5 " usr/bin/x\n");
    put_text(world, "/var/lib/dpkg/info/libpam-modules:amd64.list",
             "/usr/lib/security/pam_unix.so\n");
    put_text(world, "/var/lib/dpkg/info/login.list", "/bin/login\n/bin/su\n");
    put_text(world, "/var/lib/dpkg/info/login.md5sums", OTHER_MD5 "  bin/login\n");
    put_text(world, "/var/lib/dpkg/info/sudo.postinst", "/usr/bin/nobody\n");
}

static void
test_dpkg(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const paths[] = {
        "/usr/bin/sudo",  "/etc/pam.d/sudo", "/usr/lib/security/pam_unix.so",
        "/usr/bin/login", "/usr/bin/nobody", "/etc/pam.d/su",
        "/etc/old",       "/etc/new",        NULL};

    put_dpkg(world);
    g_autoptr(PstPackageDb) db = read_all(world, paths);
    assert_file(db, "/usr/bin/sudo", "sudo", MD5);
    assert_file(db, "/bin/sudo", "sudo", MD5);
    assert_file(db, "/etc/pam.d/sudo", "sudo", MD5);
    assert_file(db, "/usr/lib/security/pam_unix.so", "libpam-modules", NULL);
    assert_file(db, "/usr/bin/login", "login", OTHER_MD5);
    assert_file(db, "/usr/bin/nobody", NULL, NULL);
    assert_file(db, "/etc/pam.d/su", NULL, NULL);
    assert_file(db, "/etc/old", "sudo", MD5);
    assert_file(db, "/etc/new", NULL, NULL);
    const PstPackageFile *conffile = pst_package_db_find(db, "/etc/pam.d/sudo");
    g_assert_cmpint(conffile->config, ==, PST_TRI_YES);
    g_assert_cmpstr(conffile->version, ==, "1.9.13p3-1+deb12u1");
    g_assert_cmpint(conffile->mode, ==, -1);
    const PstPackageFile *program = pst_package_db_find(db, "/usr/bin/sudo");
    g_assert_cmpint(program->config, ==, PST_TRI_NO);
    g_assert_cmpint(program->installed_us, <=, g_get_real_time());
    g_assert_cmpint(program->installed_us, >, 0);
    g_assert_null(pst_package_db_find(db, "/usr/bin/never-asked"));
    g_assert_cmpstr(pst_package_db_names(db)[0], ==, "dpkg");
    g_assert_null(pst_package_db_names(db)[1]);
}

/* A diverted file is the diverter's under its own name, and its package's under the new one. */
static void
test_dpkg_diversion(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const paths[] = {"/usr/bin/sudo", "/usr/bin/sudo.distrib", "/usr/bin/login",
                                 "/usr/bin/login.mine", NULL};

    put_dpkg(world);
    put_text(world, "/var/lib/dpkg/diversions",
             "/usr/bin/sudo\n/usr/bin/sudo.distrib\nwrapper\n/bin/login\n/bin/login.mine\n:\n");
    put_text(world, "/var/lib/dpkg/info/wrapper.list", "/usr/bin/sudo\n");
    put_text(world, "/var/lib/dpkg/info/wrapper.md5sums", OTHER_MD5 "  usr/bin/sudo\n");
    g_autoptr(PstPackageDb) db = read_all(world, paths);
    assert_file(db, "/usr/bin/sudo", "wrapper", OTHER_MD5);
    assert_file(db, "/usr/bin/sudo.distrib", "sudo", MD5);
    assert_file(db, "/usr/bin/login", NULL, NULL);
    assert_file(db, "/usr/bin/login.mine", "login", OTHER_MD5);
}

static void
test_dpkg_override(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const paths[] = {"/usr/bin/sudo", "/usr/bin/login", "/usr/bin/su", NULL};

    put_dpkg(world);
    put_text(world, "/var/lib/dpkg/statoverride",
             "root sudo 4750 /usr/bin/sudo\n#0 #27 750 /bin/su\nroot root 99 /usr/bin/login\nx\n");
    g_autoptr(PstPackageDb) db = read_all(world, paths);
    g_assert_cmpint(pst_package_db_find(db, "/usr/bin/sudo")->mode, ==, 04750);
    g_assert_cmpstr(pst_package_db_find(db, "/usr/bin/sudo")->owner, ==, "root:sudo");
    g_assert_cmpint(pst_package_db_find(db, "/usr/bin/su")->mode, ==, 0750);
    g_assert_cmpstr(pst_package_db_find(db, "/usr/bin/su")->owner, ==, "0:27");
    g_assert_cmpint(pst_package_db_find(db, "/usr/bin/login")->mode, ==, -1);
}

/* A list that is a link is read; one that is no file is not opened, and said. */
static void
test_dpkg_strange(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const paths[] = {"/usr/bin/moved", "/usr/bin/sudo", NULL};
    g_autofree char *link = place(world, "/var/lib/dpkg/info/moved.list");
    g_autofree char *fifo = place(world, "/var/lib/dpkg/info/odd.list");
    g_autoptr(GError) error = NULL;

    put_dpkg(world);
    put_text(world, "/var/lib/elsewhere", "/usr/bin/moved\n");
    g_assert_cmpint(symlink("../../elsewhere", link), ==, 0);
    g_autoptr(PstPackageDb) db = read_all(world, paths);
    assert_file(db, "/usr/bin/moved", "moved", NULL);

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_autoptr(PstPackageDb) damaged = ask(world, paths);
    g_assert_false(pst_package_db_read(damaged, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, "/odd.list: not a regular file"));
}

/* ---- apk ---- */

static void
test_apk(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const paths[] = {"/usr/bin/sudo", "/etc/sudoers", "/etc/motd", "/usr/bin/x", NULL};

    put_text(world, "/lib/apk/db/installed",
             "C:Q1x=\nP:sudo\nV:1.9.15-r0\nA:x86_64\nF:usr\nF:usr/bin\nR:sudo\na:0:0:4755\n"
             "Z:Q1AAECAwQFBgcICQoLDA0ODxAREhM=\nF:etc\nM:0:0:755\nR:sudoers\na:0:0:440\nZ:Q1short\n"
             "\nP:base\nV:3\nF:etc\nR:motd\nR:sudoers\nF:\nR:x\nZ:\n\nR:orphan\n::\n");
    g_autoptr(PstPackageDb) db = read_all(world, paths);
    assert_file(db, "/usr/bin/sudo", "sudo", "000102030405060708090a0b0c0d0e0f10111213");
    g_assert_cmpint(pst_package_db_find(db, "/usr/bin/sudo")->mode, ==, 04755);
    assert_file(db, "/etc/sudoers", "sudo", NULL);
    g_assert_cmpint(pst_package_db_find(db, "/etc/sudoers")->config, ==, PST_TRI_YES);
    g_assert_cmpstr(pst_package_db_find(db, "/etc/sudoers")->version, ==, "1.9.15-r0");
    assert_file(db, "/etc/motd", "base", NULL);
    g_assert_cmpint(pst_package_db_find(db, "/etc/motd")->mode, ==, 0644);
    assert_file(db, "/usr/bin/x", NULL, NULL);
}

/* ---- rpm ---- */

static char *
rpm_file(const char *name, gsize *len)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "rpm", name, NULL);
    g_autoptr(GError) error = NULL;
    char *bytes = NULL;

    g_file_get_contents(path, &bytes, len, &error);
    g_assert_no_error(error);
    return bytes;
}

static const char *const rpm_paths[] = {"/usr/bin/sudo",
                                        "/etc/pam.d/sudo",
                                        "/etc/shadow",
                                        "/usr/share/large/file-with-a-long-name-80",
                                        "/usr/share/large/file-with-a-long-name-81",
                                        NULL};

/* What all of rpm's databases here say of the package `tiny`. */
static void
assert_tiny(const PstPackageDb *db)
{
    assert_file(db, "/usr/bin/sudo", "tiny",
                "88c4ee420379194e423801885c3ee334927d7c9438b03df054d14bc8846d923f");
    const PstPackageFile *sudo = pst_package_db_find(db, "/usr/bin/sudo");
    g_assert_cmpint(sudo->digest_type, ==, G_CHECKSUM_SHA256);
    g_assert_cmpint(sudo->mode, ==, 04111);
    g_assert_cmpstr(sudo->owner, ==, "root:root");
    g_assert_cmpstr(sudo->version, ==, "1.2-3");
    g_assert_cmpint(sudo->config, ==, PST_TRI_NO);
    g_assert_cmpint(sudo->installed_us, >, G_GINT64_CONSTANT(1700000000000000));
    const PstPackageFile *pam = pst_package_db_find(db, "/etc/pam.d/sudo");
    g_assert_cmpint(pam->config, ==, PST_TRI_YES);
    /* rpm is told not to verify its content: it is meant to change. */
    assert_file(db, "/etc/shadow", "tiny", NULL);
    g_assert_cmpint(pst_package_db_find(db, "/etc/shadow")->mode, ==, 0);
}

static void
assert_large(const PstPackageDb *db)
{
    const PstPackageFile *last = pst_package_db_find(db, rpm_paths[3]);

    assert_file(db, rpm_paths[3], "large", last->digest);
    g_assert_cmpstr(last->version, ==, "2:7-1");
    g_assert_null(pst_package_db_find(db, rpm_paths[4])->package);
}

/* Each kind of database, written by rpm or by what it is written with. */
static void
test_rpm(World *world, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *file, *path;
        guint n; /* packages */
    } rows[] = {
        {"Packages", "/var/lib/rpm/Packages", 4},
        {"Packages-be", "/var/lib/rpm/Packages", 2},
        {"Packages.db", "/var/lib/rpm/Packages.db", 13},
        {"Packages.db", "/usr/lib/sysimage/rpm/Packages.db", 13},
        {"rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite", 14},
        {"rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite", 14},
    };

    /* The later ones go before those that are still there. */
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        gsize len;
        g_autofree char *bytes = rpm_file(rows[i].file, &len);

        g_test_message("%s", rows[i].file);
        put(world, rows[i].path, bytes, (gssize)len, 0644);
        g_autoptr(PstPackageDb) db = read_all(world, rpm_paths);
        assert_tiny(db);
        assert_large(db);
        g_assert_cmpuint(pst_package_db_recent(db)->len, ==, rows[i].n);
    }
}

static void
assert_unread(const World *world, int code)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstPackageDb) db = ask(world, rpm_paths);

    g_assert_false(pst_package_db_read(db, &error));
    g_assert_error(error, PST_ERROR, code);
}

static void
test_rpm_unread(World *world, gconstpointer data G_GNUC_UNUSED)
{
    gsize len;
    g_autofree char *bytes = rpm_file("rpmdb.sqlite", &len);
    g_autofree char *fifo = place(world, "/var/lib/rpm/rpmdb.sqlite");

    put_text(world, "/var/lib/rpm/Packages", "\x61\x15\x06");
    assert_unread(world, PST_ERROR_UNAVAILABLE);
    put_text(world, "/usr/lib/sysimage/rpm/Packages.db", "RpmP");
    assert_unread(world, PST_ERROR_UNAVAILABLE);
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    assert_unread(world, PST_ERROR_UNAVAILABLE);
    remove_path(world, "/var/lib/rpm/rpmdb.sqlite");
    put(world, "/var/lib/rpm/rpmdb.sqlite", bytes, (gssize)len, 0644);
    put_text(world, "/var/lib/rpm/rpmdb.sqlite-wal", "a frame");
    assert_unread(world, PST_ERROR_NOT_ALLOWED);
}

static gboolean
take_row(gint64 id G_GNUC_UNUSED, const guint8 *record, gsize len, gpointer user_data,
         GError **error G_GNUC_UNUSED)
{
    gsize header_len = 0;
    const guint8 *header = pst_sqlite_table_bytes(record, len, 1, &header_len);

    if (header != NULL)
        pst_package_rpm_take_header(user_data, header, header_len);
    return TRUE;
}

static gboolean
take_header(gint64 id G_GNUC_UNUSED, const guint8 *bytes, gsize len, gpointer user_data,
            GError **error G_GNUC_UNUSED)
{
    pst_package_rpm_take_header(user_data, bytes, len);
    return TRUE;
}

static gboolean
each_of(const char *name, const PstByteSource *source, PstPackageDb *db, GError **error)
{
    if (g_str_has_suffix(name, ".sqlite"))
        return pst_sqlite_table_each(source, "Packages", 1024 * 1024, take_row, db, error);
    if (g_str_has_suffix(name, ".db"))
        return pst_ndb_table_each(source, 1024 * 1024, take_header, db, error);
    return pst_bdb_hash_each(source, 1024 * 1024, take_header, db, error);
}

/* Whatever single bytes say, and wherever it is cut off: an end, and an error or rows. */
static void
test_rpm_damaged(World *world, gconstpointer data)
{
    const char *name = data;
    gsize len;
    g_autofree char *bytes = rpm_file(name, &len);
    guint n_failed = 0, n = 0;

    for (gsize at = 0; at < len; at += at < 2048 ? 1 : 97, n++) {
        g_autofree guint8 *copy = g_memdup2(bytes, at % 2 == 0 ? len : at);
        Memory memory = {copy, at % 2 == 0 ? len : at};
        const PstByteSource source = memory_source(&memory);
        g_autoptr(PstPackageDb) db = ask(world, rpm_paths);
        g_autoptr(GError) error = NULL;

        if (at % 2 == 0)
            copy[at] ^= (guint8)(1 + at % 255);
        gboolean done = each_of(name, &source, db, &error);
        g_assert_cmpint(done, ==, error == NULL);
        n_failed += !done;
    }
    /* Every one that is cut off, but for what lies behind the last thing of interest. */
    g_assert_cmpuint(n_failed, >, n / 3);
}

static void
test_rpm_no_table(void)
{
    gsize len;
    g_autofree char *bytes = rpm_file("rpmdb.sqlite", &len);
    Memory memory = {(const guint8 *)bytes, len};
    const PstByteSource source = memory_source(&memory);
    g_autoptr(GError) error = NULL, too_long = NULL;

    g_assert_false(pst_sqlite_table_each(&source, "Nothing", 1024, take_row, NULL, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_ABSENT);
    g_assert_false(pst_sqlite_table_each(&source, "Packages", 1024, take_row, NULL, &too_long));
    g_assert_error(too_long, PST_ERROR, PST_ERROR_UNAVAILABLE);
}

/* ---- any ---- */

static void
test_absent(World *world, gconstpointer data G_GNUC_UNUSED)
{
    assert_unread(world, PST_ERROR_ABSENT);
}

static void
test_garbage(World *world, gconstpointer data G_GNUC_UNUSED)
{
    const char *const files[] = {"/var/lib/dpkg/status",         "/var/lib/dpkg/diversions",
                                 "/var/lib/dpkg/statoverride",   "/var/lib/dpkg/info/a.list",
                                 "/var/lib/dpkg/info/a.md5sums", "/lib/apk/db/installed",
                                 "/var/lib/rpm/rpmdb.sqlite"};
    char garbage[4096];

    for (guint i = 0; i < sizeof(garbage); i++)
        garbage[i] = (char)(i * 31 + i / 7);
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        put(world, files[i], garbage, sizeof(garbage), 0644);
    assert_unread(world, PST_ERROR_UNAVAILABLE);
}

static void
test_no_time(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstPackageDb) db = pst_package_db_new(world->sysroot, 0, 1);
    g_autoptr(GError) error = NULL;

    put_dpkg(world);
    g_assert_false(pst_package_db_read(db, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_DEADLINE);
}

/* What is not a file where one was expected does not hold anybody up. */
static void
test_strange_files(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *fifo = place(world, "/var/lib/dpkg/status");
    g_autofree char *loop = place(world, "/var/lib/rpm/rpmdb.sqlite");

    g_assert_cmpint(mkfifo(fifo, 0644), ==, 0);
    g_assert_cmpint(symlink("rpmdb.sqlite", loop), ==, 0);
    assert_unread(world, PST_ERROR_UNAVAILABLE);
}

#define ADD_WITH(path, data, function) g_test_add(path, World, data, set_up, function, tear_down)
#define ADD(path, function) ADD_WITH(path, NULL, function)

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/package-db/dpkg", test_dpkg);
    ADD("/package-db/dpkg-diversion", test_dpkg_diversion);
    ADD("/package-db/dpkg-override", test_dpkg_override);
    ADD("/package-db/dpkg-strange", test_dpkg_strange);
    ADD("/package-db/apk", test_apk);
    ADD("/package-db/rpm", test_rpm);
    ADD("/package-db/rpm-unread", test_rpm_unread);
    ADD_WITH("/package-db/rpm-damaged/sqlite", "rpmdb.sqlite", test_rpm_damaged);
    ADD_WITH("/package-db/rpm-damaged/ndb", "Packages.db", test_rpm_damaged);
    ADD_WITH("/package-db/rpm-damaged/bdb", "Packages", test_rpm_damaged);
    ADD_WITH("/package-db/rpm-damaged/bdb-be", "Packages-be", test_rpm_damaged);
    g_test_add_func("/package-db/rpm-no-table", test_rpm_no_table);
    ADD("/package-db/absent", test_absent);
    ADD("/package-db/garbage", test_garbage);
    ADD("/package-db/no-time", test_no_time);
    ADD("/package-db/strange-files", test_strange_files);
    return g_test_run();
}
