// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-package.h"

#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/error.h"

#define MAX_DEB 65536

static char *folder;

static char *
place(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static void
write_file(const char *name, const void *data, gsize len)
{
    g_autofree char *path = place(name);

    g_assert_true(g_file_set_contents(path, data, (gssize)len, NULL));
}

/* ---- packages, made as dpkg and rpmbuild make them ---- */

static void
add_entry(struct archive *archive, const char *name, const void *data, gsize len)
{
    struct archive_entry *entry = archive_entry_new();

    archive_entry_set_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, (la_int64_t)len);
    g_assert_cmpint(archive_write_header(archive, entry), ==, ARCHIVE_OK);
    g_assert_cmpint((int)archive_write_data(archive, data, len), ==, (int)len);
    archive_entry_free(entry);
}

static gsize
make_tar(const char *name, const char *control, guint8 *buffer)
{
    struct archive *archive = archive_write_new();
    size_t used = 0;

    g_assert_cmpint(archive_write_add_filter_xz(archive), ==, ARCHIVE_OK);
    g_assert_cmpint(archive_write_set_format_ustar(archive), ==, ARCHIVE_OK);
    g_assert_cmpint(archive_write_open_memory(archive, buffer, MAX_DEB, &used), ==, ARCHIVE_OK);
    add_entry(archive, "./md5sums", "x", 1);
    add_entry(archive, name, control, strlen(control));
    g_assert_cmpint(archive_write_close(archive), ==, ARCHIVE_OK);
    archive_write_free(archive);
    return used;
}

static void
write_deb(const char *name, const char *member, const char *control)
{
    g_autofree guint8 *tar = g_malloc(MAX_DEB), *deb = g_malloc(MAX_DEB);
    gsize len = make_tar(member, control, tar);
    struct archive *archive = archive_write_new();
    size_t used = 0;

    g_assert_cmpint(archive_write_set_format_ar_bsd(archive), ==, ARCHIVE_OK);
    g_assert_cmpint(archive_write_open_memory(archive, deb, MAX_DEB, &used), ==, ARCHIVE_OK);
    add_entry(archive, "debian-binary", "2.0\n", 4);
    add_entry(archive, "control.tar.xz", tar, len);
    add_entry(archive, "data.tar.xz", "x", 1);
    g_assert_cmpint(archive_write_close(archive), ==, ARCHIVE_OK);
    archive_write_free(archive);
    write_file(name, deb, used);
}

static void
write_rpm(const char *name, const char *called, guint8 type)
{
    guint8 lead[96] = {0xed, 0xab, 0xee, 0xdb, 3, 0, 0, type};

    memcpy(lead + 10, called, strlen(called));
    write_file(name, lead, sizeof lead);
}

#define CONTROL(name, version, architecture)                                                       \
    "Package: " name "\nVersion: " version "\nArchitecture: " architecture                         \
    "\nDescription: a shim\n Version: none\n"

/* ---- one that is named ---- */

static void
test_deb(void)
{
    g_autofree char *path = place("a.deb"), *digest = NULL;
    g_autoptr(GError) error = NULL;

    write_deb("a.deb", "./control", CONTROL("postern-shim", "1:0.1.0~rc1-2", "amd64"));
    g_autoptr(PstEnrollPackage) package = pst_enroll_package_read(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint((int)package->kind, ==, PST_ENROLL_PACKAGE_DEB);
    g_assert_cmpstr(package->version, ==, "1:0.1.0~rc1-2");
    g_assert_cmpstr(package->architecture, ==, "amd64");
    digest = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, package->bytes);
    g_assert_cmpstr(package->sha256, ==, digest);
}

static void
test_rpm(void)
{
    g_autofree char *path = place("a.rpm");

    write_rpm("a.rpm", "postern-shim-0.1.0-1.fc40", 0);
    g_autoptr(PstEnrollPackage) package = pst_enroll_package_read(path, NULL);
    g_assert_cmpint((int)package->kind, ==, PST_ENROLL_PACKAGE_RPM);
    g_assert_cmpstr(package->version, ==, "0.1.0-1.fc40");
    g_assert_null(package->architecture);
}

static void
refused(const char *name, const char *says)
{
    g_autofree char *path = place(name);
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_enroll_package_read(path, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, says));
    g_assert_nonnull(strstr(error->message, path));
}

static void
test_wrong(void)
{
    static const char none[] = "is no package postern-shim";
    g_autofree char *fifo = place("fifo"), *big = place("big"), *long_version = NULL;
    g_autofree char *digits = g_strnfill(200, '1');

    refused("absent", "No such file");
    refused(".", "is no file");
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    refused("fifo", "is no file");
    write_file("empty", "", 0);
    refused("empty", none);
    write_file("text", "!<arch>\nnothing", 15);
    refused("text", none);
    write_deb("other", "./control", CONTROL("postern", "0.1.0", "amd64"));
    refused("other", none);
    write_deb("bare", "./control", "Package: postern-shim\n");
    refused("bare", none);
    write_deb("hostile", "./control", CONTROL("postern-shim", "0.1; reboot", "amd64"));
    refused("hostile", none);
    long_version = g_strconcat("Package: postern-shim\nVersion: ", digits, "\n", NULL);
    write_deb("long", "./control", long_version);
    refused("long", none);
    write_deb("elsewhere", "./etc/control", CONTROL("postern-shim", "0.1.0", "amd64"));
    refused("elsewhere", none);
    write_rpm("source", "postern-shim-0.1.0-1", 1);
    refused("source", none);
    write_rpm("debuginfo", "postern-shim-debuginfo-0.1.0-1", 0);
    refused("debuginfo", none);
    write_file("big", "", 0);
    g_assert_cmpint(truncate(big, PST_ENROLL_PACKAGE_MAX + 1), ==, 0);
    refused("big", "is larger than");
}

/* ---- one that is found ---- */

static char *
found(PstEnrollPackageKind kind, const char *architecture, GError **error)
{
    g_autofree char *shelf = place("shelf");
    g_autoptr(PstEnrollPackage) package = pst_enroll_package_find(shelf, kind, architecture, error);

    return package != NULL ? g_path_get_basename(package->path) : NULL;
}

static void
test_find(void)
{
    g_autofree char *shelf = place("shelf");
    g_autoptr(GError) none = NULL, several = NULL, other = NULL;

    g_assert_null(found(PST_ENROLL_PACKAGE_DEB, "amd64", &none));
    g_assert_nonnull(strstr(none->message, "has no package postern-shim.deb of amd64 for it: say "
                                           "one with --package"));
    g_assert_cmpint(g_mkdir(shelf, 0700), ==, 0);
    write_deb("shelf/postern-shim_0.1.0_amd64.deb", "./control",
              CONTROL("postern-shim", "0.1.0", "amd64"));
    write_deb("shelf/postern-shim_0.1.0_arm64.deb", "./control",
              CONTROL("postern-shim", "0.1.0", "arm64"));
    write_rpm("shelf/postern-shim-0.1.0-1.x86_64.rpm", "postern-shim-0.1.0-1", 0);
    write_file("shelf/postern-shim_broken.deb", "x", 1);
    write_file("shelf/notes", "x", 1);
    g_autofree char *deb = found(PST_ENROLL_PACKAGE_DEB, "amd64", NULL);
    g_autofree char *rpm = found(PST_ENROLL_PACKAGE_RPM, NULL, NULL);
    g_assert_cmpstr(deb, ==, "postern-shim_0.1.0_amd64.deb");
    g_assert_cmpstr(rpm, ==, "postern-shim-0.1.0-1.x86_64.rpm");
    g_assert_null(found(PST_ENROLL_PACKAGE_DEB, "s390x", &other));
    g_assert_error(other, PST_ERROR, PST_ERROR_USAGE);
    g_assert_null(found(PST_ENROLL_PACKAGE_DEB, NULL, &several));
    g_assert_nonnull(strstr(several->message, "several packages"));
}

static void
remove_all(const char *path)
{
    GDir *files = g_dir_open(path, 0, NULL);
    const char *name = NULL;

    while (files != NULL && (name = g_dir_read_name(files)) != NULL) {
        g_autofree char *inner = g_build_filename(path, name, NULL);
        remove_all(inner);
    }
    g_clear_pointer(&files, g_dir_close);
    g_remove(path);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("postern-enroll-XXXXXX", NULL);
    g_test_add_func("/enroll-package/deb", test_deb);
    g_test_add_func("/enroll-package/rpm", test_rpm);
    g_test_add_func("/enroll-package/wrong", test_wrong);
    g_test_add_func("/enroll-package/find", test_find);
    int code = g_test_run();
    remove_all(folder);
    g_free(folder);
    return code;
}
