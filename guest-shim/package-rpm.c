// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/package-rpm.h"

#include <unistd.h>

#include "guest-shim/rpm-header.h"
#include "guest-shim/sqlite-table.h"
#include "protocol/error.h"

/* The largest headers are those of locales and firmware, of some 5 MiB. */
#define MAX_HEADER (32 * 1024 * 1024)
#define MAX_DATABASE (G_GINT64_CONSTANT(2) * 1024 * 1024 * 1024)

static const char format[] = "rpm";

/* rpmfiles.h: rpmfileAttrs, rpmVerifyFlags, rpmfileState */
#define FLAG_CONFIG (1U << 0)
#define FLAG_GHOST (1U << 6)
#define VERIFY_DIGEST (1U << 0)
#define VERIFY_OWNER (1U << 3 | 1U << 4)
#define VERIFY_MODE (1U << 6)
#define STATE_NORMAL 0

/* ---- a header ---- */

/* The lists of a header that have an element for each file. */
typedef struct {
    GPtrArray *users, *groups, *digests, *folders;
    PstRpmHeaderValue names, folder_indexes, modes, flags, verify, states;
    GChecksumType digest_type;
    gboolean digest_known;
} Files;

static void
clear_files(Files *files)
{
    g_ptr_array_unref(files->users);
    g_ptr_array_unref(files->groups);
    g_ptr_array_unref(files->digests);
    g_ptr_array_unref(files->folders);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Files, clear_files)

/* The numbers of OpenPGP (RFC 4880, 9.4); MD5 where none is named. */
static gboolean
find_digest_type(const PstRpmHeader *header, GChecksumType *type)
{
    static const struct {
        guint64 number;
        GChecksumType type;
    } rows[] = {
        {1, G_CHECKSUM_MD5},    {2, G_CHECKSUM_SHA1},    {8, G_CHECKSUM_SHA256},
        {9, G_CHECKSUM_SHA384}, {10, G_CHECKSUM_SHA512},
    };
    PstRpmHeaderValue value = pst_rpm_header_get(header, PST_RPM_HEADER_DIGEST_ALGORITHM);
    guint64 number = 1;

    pst_rpm_header_number(&value, 0, &number);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].number == number) {
            *type = rows[i].type;
            return TRUE;
        }
    }
    return FALSE;
}

static void
open_files(const PstRpmHeader *header, Files *files)
{
    files->names = pst_rpm_header_get(header, PST_RPM_HEADER_BASE_NAMES);
    files->folder_indexes = pst_rpm_header_get(header, PST_RPM_HEADER_DIR_INDEXES);
    files->modes = pst_rpm_header_get(header, PST_RPM_HEADER_FILE_MODES);
    files->flags = pst_rpm_header_get(header, PST_RPM_HEADER_FILE_FLAGS);
    files->verify = pst_rpm_header_get(header, PST_RPM_HEADER_FILE_VERIFY);
    files->states = pst_rpm_header_get(header, PST_RPM_HEADER_FILE_STATES);
    files->users = pst_rpm_header_strings(header, PST_RPM_HEADER_FILE_USERS);
    files->groups = pst_rpm_header_strings(header, PST_RPM_HEADER_FILE_GROUPS);
    files->digests = pst_rpm_header_strings(header, PST_RPM_HEADER_FILE_DIGESTS);
    files->folders = pst_rpm_header_strings(header, PST_RPM_HEADER_DIR_NAMES);
    files->digest_known = find_digest_type(header, &files->digest_type);
}

static guint64
number_or(const PstRpmHeaderValue *value, guint32 i, guint64 otherwise)
{
    guint64 number;

    return pst_rpm_header_number(value, i, &number) ? number : otherwise;
}

static void
note_digest(const Files *files, guint32 i, PstPackageFile *file)
{
    const char *digest = i < files->digests->len ? files->digests->pdata[i] : "";

    if (!files->digest_known || *digest == '\0')
        return;
    file->digest_type = files->digest_type;
    file->digest = g_ascii_strdown(digest, -1);
}

/* What `rpm -V` would not hold against a file is not kept of it. */
static void
note_file(const Files *files, guint32 i, PstPackageFile *file)
{
    guint64 flags = number_or(&files->flags, i, 0);
    guint64 verify = number_or(&files->verify, i, G_MAXUINT32);
    guint64 mode = number_or(&files->modes, i, 0);
    gboolean ghost = (flags & FLAG_GHOST) != 0;

    file->config = PST_TRI((flags & FLAG_CONFIG) != 0);
    if (ghost)
        return;
    if ((verify & VERIFY_MODE) != 0 && (S_ISREG(mode) || S_ISDIR(mode)))
        file->mode = (gint64)mode & 07777;
    if ((verify & VERIFY_OWNER) == VERIFY_OWNER && i < files->users->len && i < files->groups->len)
        file->owner = g_strdup_printf("%s:%s", (const char *)files->users->pdata[i],
                                      (const char *)files->groups->pdata[i]);
    if ((verify & VERIFY_DIGEST) != 0)
        note_digest(files, i, file);
}

static char *
version_of(const PstRpmHeader *header)
{
    const char *version = pst_rpm_header_string(header, PST_RPM_HEADER_VERSION);
    const char *release = pst_rpm_header_string(header, PST_RPM_HEADER_RELEASE);
    PstRpmHeaderValue value = pst_rpm_header_get(header, PST_RPM_HEADER_EPOCH);
    g_autofree char *epoch = NULL;
    guint64 number;

    if (version == NULL || release == NULL)
        return NULL;
    if (pst_rpm_header_number(&value, 0, &number))
        epoch = g_strdup_printf("%" G_GUINT64_FORMAT ":", number);
    return g_strdup_printf("%s%s-%s", epoch != NULL ? epoch : "", version, release);
}

static void
take_files(PstPackageDb *db, const PstRpmHeader *header, const char *name, const char *version,
           gint64 installed_us)
{
    g_auto(Files) files = {NULL};
    g_autoptr(GString) path = g_string_new(NULL);
    const char *base;

    open_files(header, &files);
    for (guint32 i = 0; (base = pst_rpm_header_next(&files.names)) != NULL; i++) {
        guint64 folder = number_or(&files.folder_indexes, i, G_MAXUINT64);

        if (folder >= files.folders->len ||
            number_or(&files.states, i, STATE_NORMAL) != STATE_NORMAL)
            continue;
        g_string_assign(path, files.folders->pdata[folder]);
        g_string_append(path, base);
        PstPackageFile *file = pst_package_db_wanted(db, path->str);
        if (file == NULL || !pst_package_db_claim(file, format, name, version))
            continue;
        file->installed_us = installed_us;
        note_file(&files, i, file);
    }
}

gboolean
pst_package_rpm_take_header(PstPackageDb *db, const guint8 *bytes, gsize len)
{
    PstRpmHeader header;

    if (!pst_rpm_header_open(bytes, len, &header))
        return FALSE;
    const char *name = pst_rpm_header_string(&header, PST_RPM_HEADER_NAME);
    g_autofree char *version = version_of(&header);
    PstRpmHeaderValue time = pst_rpm_header_get(&header, PST_RPM_HEADER_INSTALL_TIME);
    guint64 seconds = number_or(&time, 0, 0);
    gint64 installed_us = PST_INT_UNKNOWN;

    if (name == NULL || version == NULL)
        return FALSE;
    if (seconds > 0 && seconds <= G_MAXUINT32) {
        installed_us = (gint64)seconds * G_USEC_PER_SEC;
        pst_package_db_note_install(db, name, version, installed_us);
    }
    take_files(db, &header, name, version, installed_us);
    return TRUE;
}

/* ---- the database ---- */

/* Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL): lib/backend/sqlite.c. */
static gboolean
take_row(gint64 id, const guint8 *record, gsize len, gpointer user_data, GError **error)
{
    PstPackageDb *db = user_data;
    gsize header_len = 0;
    const guint8 *header = pst_sqlite_table_bytes(record, len, 1, &header_len);

    if (!pst_package_db_check_time(db, error))
        return FALSE;
    if (header == NULL || !pst_package_rpm_take_header(db, header, header_len)) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "rpm's database is damaged: package %" G_GINT64_FORMAT " has no header", id);
        return FALSE;
    }
    return TRUE;
}

static gboolean
read_at(gpointer data, guint64 offset, guint8 *bytes, gsize len)
{
    int fd = GPOINTER_TO_INT(data);

    while (len > 0) {
        gssize n = pread(fd, bytes, len, (off_t)offset);
        if (n <= 0)
            return FALSE;
        bytes += n;
        offset += (guint64)n;
        len -= (gsize)n;
    }
    return TRUE;
}

static gboolean
read_database(PstPackageDb *db, const char *path, GError **error)
{
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    struct stat st;
    gboolean done = FALSE;

    if (pst_sysroot_stat(pst_package_db_sysroot(db), log, &st, NULL) && st.st_size > 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                    "%s: rpm is at work, or did not end its last transaction", log);
        return FALSE;
    }
    int fd = pst_sysroot_open(pst_package_db_sysroot(db), path, 0, error);
    if (fd < 0)
        return FALSE;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > MAX_DATABASE) {
        g_set_error(error, PST_ERROR, PST_ERROR_TOO_LARGE, "%s: no file that can be read whole",
                    path);
    } else {
        const PstSqliteSource source = {read_at, GINT_TO_POINTER(fd), (guint64)st.st_size};
        done = pst_sqlite_table_each(&source, "Packages", MAX_HEADER, take_row, db, error);
        if (!done)
            g_prefix_error(error, "%s: ", path);
    }
    close(fd);
    return done;
}

gboolean
pst_package_rpm_read(PstPackageDb *db, GError **error)
{
    static const char *const sqlite[] = {"/usr/lib/sysimage/rpm/rpmdb.sqlite",
                                         "/var/lib/rpm/rpmdb.sqlite"};
    static const char *const others[] = {"/usr/lib/sysimage/rpm/Packages.db",
                                         "/var/lib/rpm/Packages.db", "/var/lib/rpm/Packages"};
    const PstSysroot *sysroot = pst_package_db_sysroot(db);

    for (guint i = 0; i < G_N_ELEMENTS(sqlite); i++)
        if (pst_sysroot_exists(sysroot, sqlite[i]))
            return read_database(db, sqlite[i], error);
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        if (pst_sysroot_exists(sysroot, others[i])) {
            g_set_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED,
                        "%s: this kind of rpm's databases is not read", others[i]);
            return FALSE;
        }
    }
    g_set_error(error, PST_ERROR, PST_ERROR_ABSENT, "rpm has no database here");
    return FALSE;
}
