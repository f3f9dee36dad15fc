// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"
#include "protocol/fields.h"

/* What the package managers' own records say of files: dpkg's, rpm's and apk's databases, read as
 * files. Nothing is run and nothing is locked, so a database that is being written to may be seen
 * half done; then it is damaged, and the next look is better.
 *
 * First the paths are named that are of interest, then every database that is there is read through
 * once; nothing is kept of other files. Where /bin, /lib and the like are links into /usr, a path
 * means the same by either name. */

typedef struct PstPackageDb PstPackageDb;

typedef struct {
    char *package;  /* NULL: no package has it */
    char *version;  /* with epoch and release */
    const char *of; /* the database: dpkg, rpm, apk */
    PstTri config;  /* a file that administrators are meant to change */
    gint64 mode;    /* permission bits as recorded; -1 where they are not */
    char *owner;    /* user:group as recorded, names or numbers; NULL where it is not */
    GChecksumType digest_type;
    char *digest;        /* of the content as it was packaged, lower-case hex; NULL: not recorded */
    gint64 installed_us; /* when the package was unpacked, real time; PST_INT_UNKNOWN */
} PstPackageFile;

/* A package that was installed or upgraded lately, by its own record. */
typedef struct {
    char *package;
    char *version;
    gint64 installed_us;
} PstPackageInstall;

/* RECENT_US: packages installed since are listed by pst_package_db_recent(), where the database has
 * the time of that. DEADLINE_US, on CLOCK_BOOTTIME, ends the reading. */
PstPackageDb *pst_package_db_new(const PstSysroot *sysroot, gint64 recent_us, gint64 deadline_us);
void pst_package_db_free(PstPackageDb *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstPackageDb, pst_package_db_free)

/* Names a path of interest: absolute, without links in its folders other than the merged ones. */
void pst_package_db_ask(PstPackageDb *db, const char *path);

/* Reads every database that is there. FALSE where one of them could not be read: PST_ERROR_ABSENT
 * where the system has none at all, PST_ERROR_NOT_ALLOWED where rpm is at work in
 * it, anything else where it is damaged or too large. What was found up to
 * then holds, but "no package has it" does not. */
gboolean pst_package_db_read(PstPackageDb *db, GError **error);

/* What was found of a path that was asked for; borrowed. NULL for one that was not. */
const PstPackageFile *pst_package_db_find(const PstPackageDb *db, const char *path);

/* The databases that were read: "dpkg", "rpm"…; a NULL-terminated list, borrowed. */
const char *const *pst_package_db_names(const PstPackageDb *db);

/* Of PstPackageInstall; borrowed. */
const GPtrArray *pst_package_db_recent(const PstPackageDb *db);

/* ---- for the readers of the formats ---- */

const PstSysroot *pst_package_db_sysroot(const PstPackageDb *db);

/* The entry of PATH, to be filled in, where it is of interest; NULL where it is not. */
PstPackageFile *pst_package_db_wanted(PstPackageDb *db, const char *path);

/* FALSE where PATH is certainly not of interest: quickly told, for a database names tens of
 * thousands of paths of which a few are wanted. */
gboolean pst_package_db_may_be_wanted(const PstPackageDb *db, const char *path);

/* Has the latter say yes to a path that stands for another. */
void pst_package_db_expect(PstPackageDb *db, const char *path);

/* Notes whose file it is, unless a package has it already: FALSE then. */
gboolean pst_package_db_claim(PstPackageFile *file, const char *of, const char *package,
                              const char *version);

/* Every entry: real path → PstPackageFile; borrowed. */
GHashTable *pst_package_db_files(const PstPackageDb *db);

void pst_package_db_note_install(PstPackageDb *db, const char *package, const char *version,
                                 gint64 installed_us);

/* FALSE with PST_ERROR_DEADLINE once the time is up. */
gboolean pst_package_db_check_time(const PstPackageDb *db, GError **error);
