// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/enroll-package.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/error.h"

/* Of a package's control archive, and of the file in it. */
#define MAX_CONTROL (1024 * 1024)
#define MAX_ENTRIES 64
#define STEP 65536
/* The lead of an RPM: its magic, its type, and, at 10, its name of 66 bytes.
 * https://rpm-software-management.github.io/rpm/manual/format_v4.html */
#define RPM_LEAD 96
#define RPM_NAME 10
#define RPM_NAME_BYTES 66

typedef struct archive Archive;

static void
free_archive(Archive *archive)
{
    archive_free(archive);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, free_archive)

void
pst_enroll_package_free(PstEnrollPackage *package)
{
    g_free(package->path);
    g_free(package->version);
    g_free(package->architecture);
    g_free(package->sha256);
    g_clear_pointer(&package->bytes, g_bytes_unref);
    g_free(package);
}

/* ---- the file ---- */

static GBytes *
read_open(int fd, const char *path, gsize max, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree guint8 *piece = g_malloc(STEP);
    struct stat st;

    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s is no file", path);
        return NULL;
    }
    for (;;) {
        ssize_t n = read(fd, piece, STEP);

        if (n == 0)
            return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || bytes->len + (gsize)n > max) {
            if (n < 0)
                g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s: %s", path, g_strerror(errno));
            else
                g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                            "%s is larger than %" G_GSIZE_FORMAT " KiB", path, max / 1024);
            return NULL;
        }
        g_byte_array_append(bytes, piece, (guint)n);
    }
}

GBytes *
pst_enroll_package_read_file(const char *path, gsize max, GError **error)
{
    /* A FIFO would wait for somebody to write to it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "%s: %s", path, g_strerror(errno));
        return NULL;
    }
    GBytes *bytes = read_open(fd, path, max, error);
    close(fd);
    return bytes;
}

/* ---- what a .deb says of itself ---- */

/* The data of the entry that the archive is at; NULL where there is more than MAX_CONTROL. */
static GByteArray *
read_entry(Archive *archive)
{
    g_autoptr(GByteArray) data = g_byte_array_new();
    g_autofree guint8 *piece = g_malloc(STEP);
    la_ssize_t n = 0;

    while ((n = archive_read_data(archive, piece, STEP)) > 0) {
        if (data->len + (gsize)n > MAX_CONTROL)
            return NULL;
        g_byte_array_append(data, piece, (guint)n);
    }
    return n == 0 ? g_steal_pointer(&data) : NULL;
}

/* The data of the first entry of which IS_IT holds. */
static GByteArray *
find_entry(Archive *archive, gboolean (*is_it)(const char *name))
{
    struct archive_entry *entry = NULL;

    for (guint i = 0; i < MAX_ENTRIES; i++) {
        if (archive_read_next_header(archive, &entry) != ARCHIVE_OK)
            return NULL;
        const char *name = archive_entry_pathname(entry);
        if (name != NULL && archive_entry_filetype(entry) == AE_IFREG && is_it(name))
            return read_entry(archive);
    }
    return NULL;
}

static gboolean
is_control_archive(const char *name)
{
    return g_str_has_prefix(name, "control.tar");
}

static gboolean
is_control(const char *name)
{
    return g_str_equal(name, "./control") || g_str_equal(name, "control");
}

/* Those by which dpkg packs, without a program of another's. */
static gboolean
add_filters(Archive *archive)
{
    return archive_read_support_filter_xz(archive) == ARCHIVE_OK &&
           archive_read_support_filter_gzip(archive) == ARCHIVE_OK &&
           archive_read_support_filter_zstd(archive) == ARCHIVE_OK;
}

static GByteArray *
read_deb_control(GBytes *bytes)
{
    g_autoptr(Archive) outer = archive_read_new();
    g_autoptr(Archive) inner = archive_read_new();
    gsize len = 0;
    const void *data = g_bytes_get_data(bytes, &len);

    if (archive_read_support_format_ar(outer) != ARCHIVE_OK ||
        archive_read_open_memory(outer, data, len) != ARCHIVE_OK)
        return NULL;
    g_autoptr(GByteArray) packed = find_entry(outer, is_control_archive);
    if (packed == NULL || archive_read_support_format_tar(inner) != ARCHIVE_OK ||
        !add_filters(inner) ||
        archive_read_open_memory(inner, packed->data, packed->len) != ARCHIVE_OK)
        return NULL;
    return find_entry(inner, is_control);
}

/* A name, a version or an architecture, as dpkg and rpm allow them. */
static gboolean
is_word(const char *text)
{
    static const char also[] = ".+-~:_^";
    gsize len = strlen(text);

    if (len == 0 || len > 128)
        return FALSE;
    for (const char *at = text; *at != '\0'; at++)
        if (!g_ascii_isalnum(*at) && strchr(also, *at) == NULL)
            return FALSE;
    return TRUE;
}

static char *
field_of(char *const *lines, const char *name)
{
    gsize len = strlen(name);

    for (guint i = 0; lines[i] != NULL; i++) {
        if (g_ascii_strncasecmp(lines[i], name, len) != 0 || lines[i][len] != ':')
            continue;
        g_autofree char *value = g_strstrip(g_strdup(lines[i] + len + 1));
        return is_word(value) ? g_steal_pointer(&value) : NULL;
    }
    return NULL;
}

static gboolean
read_deb(PstEnrollPackage *package)
{
    g_autoptr(GByteArray) control = read_deb_control(package->bytes);

    if (control == NULL)
        return FALSE;
    g_autofree char *text = g_strndup((const char *)control->data, control->len);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *name = field_of(lines, "Package");
    package->kind = PST_ENROLL_PACKAGE_DEB;
    package->version = field_of(lines, "Version");
    package->architecture = field_of(lines, "Architecture");
    return g_strcmp0(name, PST_ENROLL_PACKAGE_NAME) == 0 && package->version != NULL;
}

/* ---- what an .rpm says of itself ---- */

static gboolean
read_rpm(PstEnrollPackage *package)
{
    static const guint8 magic[] = {0xed, 0xab, 0xee, 0xdb};
    static const char begin[] = PST_ENROLL_PACKAGE_NAME "-";
    gsize len = 0;
    const guint8 *data = g_bytes_get_data(package->bytes, &len);

    /* Type 0 is a binary package. */
    if (len < RPM_LEAD || memcmp(data, magic, sizeof magic) != 0 || data[6] != 0 || data[7] != 0)
        return FALSE;
    g_autofree char *name = g_strndup((const char *)data + RPM_NAME, RPM_NAME_BYTES);
    if (!g_str_has_prefix(name, begin) || !is_word(name + strlen(begin)))
        return FALSE;
    package->kind = PST_ENROLL_PACKAGE_RPM;
    package->version = g_strdup(name + strlen(begin));
    /* Of those of the same begin, as postern-shim-debuginfo-0.1.0-1, it is none. */
    return g_ascii_isdigit(package->version[0]);
}

PstEnrollPackage *
pst_enroll_package_read(const char *path, GError **error)
{
    g_autoptr(PstEnrollPackage) package = g_new0(PstEnrollPackage, 1);

    package->path = g_strdup(path);
    package->bytes = pst_enroll_package_read_file(path, PST_ENROLL_PACKAGE_MAX, error);
    if (package->bytes == NULL)
        return NULL;
    if (!read_rpm(package) && !read_deb(package)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "%s is no package " PST_ENROLL_PACKAGE_NAME ", neither a .deb nor an .rpm",
                    path);
        return NULL;
    }
    package->sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, package->bytes);
    return g_steal_pointer(&package);
}

/* ---- one that nobody named ---- */

static gboolean
fits(const PstEnrollPackage *package, PstEnrollPackageKind kind, const char *architecture)
{
    return package->kind == kind && (architecture == NULL || package->architecture == NULL ||
                                     g_str_equal(package->architecture, architecture) ||
                                     g_str_equal(package->architecture, "all"));
}

PstEnrollPackage *
pst_enroll_package_find(const char *folder, PstEnrollPackageKind kind, const char *architecture,
                        GError **error)
{
    static const char *const ends[] = {NULL, ".deb", ".rpm"};

    if (kind == PST_ENROLL_PACKAGE_UNKNOWN) {
        g_set_error_literal(error, PST_ERROR, PST_ERROR_USAGE,
                            "which packages the guest takes is not known: say one with --package");
        return NULL;
    }
    g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
    g_autoptr(PstEnrollPackage) found = NULL;
    const char *name = NULL;

    while (files != NULL && (name = g_dir_read_name(files)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autoptr(PstEnrollPackage) package =
            g_str_has_prefix(name, PST_ENROLL_PACKAGE_NAME) && g_str_has_suffix(name, ends[kind])
                ? pst_enroll_package_read(path, NULL)
                : NULL;
        if (package == NULL || !fits(package, kind, architecture))
            continue;
        if (found != NULL) {
            g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                        "%s has several packages for it, as %s: say one with --package", folder,
                        path);
            return NULL;
        }
        found = g_steal_pointer(&package);
    }
    if (found == NULL)
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "%s has no package " PST_ENROLL_PACKAGE_NAME "%s%s%s for it: say one with "
                    "--package",
                    folder, ends[kind], architecture != NULL ? " of " : "",
                    architecture != NULL ? architecture : "");
    return g_steal_pointer(&found);
}
