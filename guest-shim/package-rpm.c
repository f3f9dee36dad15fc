// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/package-rpm.h"

#include "guest-shim/rpm-database.h"
#include "guest-shim/rpm-header.h"
#include "protocol/error.h"

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

static gboolean
take_header(gint64 id, const guint8 *bytes, gsize len, gpointer user_data, GError **error)
{
    PstPackageDb *db = user_data;

    if (!pst_package_db_check_time(db, error))
        return FALSE;
    if (!pst_package_rpm_take_header(db, bytes, len)) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "rpm's database is damaged: package %" G_GINT64_FORMAT " has no header", id);
        return FALSE;
    }
    return TRUE;
}

gboolean
pst_package_rpm_read(PstPackageDb *db, GError **error)
{
    return pst_rpm_database_each(pst_package_db_sysroot(db), take_header, db, error);
}
