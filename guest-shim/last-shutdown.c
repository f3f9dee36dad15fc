// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/last-shutdown.h"

#include <string.h>
#include <unistd.h>
#include <utmp.h>

#define UTMP "/run/utmp"
#define WTMP "/var/log/wtmp"
#define MAX_UTMP (256 * 1024)
#define MAX_RECORDS 4000 /* of the end of wtmp */

/* The time of this boot as it was recorded in this boot; 0 for none. */
static gint64
boot_time(const PstSysroot *sysroot)
{
    gsize len = 0;
    g_autofree char *bytes = pst_sysroot_read(sysroot, UTMP, MAX_UTMP, &len, NULL);
    struct utmp record;

    for (gsize at = 0; bytes != NULL && at + sizeof(record) <= len; at += sizeof(record)) {
        memcpy(&record, bytes + at, sizeof(record));
        if (record.ut_type == BOOT_TIME)
            return record.ut_tv.tv_sec;
    }
    return 0;
}

/* systemd-update-utmp(8) writes a run-level record of the user "shutdown" as the last of a boot. */
static gboolean
is_shutdown(const struct utmp *record)
{
    return record->ut_type == RUN_LVL && strncmp(record->ut_user, "shutdown", UT_NAMESIZE) == 0;
}

/* Goes back from the end: this boot's record, then whatever ended the boot before it. */
static PstTri
search(int fd, off_t size, gint64 booted)
{
    off_t at = size - size % (off_t)sizeof(struct utmp);
    gboolean seen = FALSE;
    struct utmp record;

    for (int i = 0; i < MAX_RECORDS && at > 0; i++) {
        at -= (off_t)sizeof(record);
        if (pread(fd, &record, sizeof(record), at) != (ssize_t)sizeof(record))
            return PST_TRI_UNKNOWN;
        if (!seen && record.ut_type == BOOT_TIME && record.ut_tv.tv_sec != booted)
            return PST_TRI_UNKNOWN;
        if (!seen)
            seen = record.ut_type == BOOT_TIME;
        else if (is_shutdown(&record))
            return PST_TRI_YES;
        else if (record.ut_type == BOOT_TIME)
            return PST_TRI_NO;
    }
    return PST_TRI_UNKNOWN;
}

PstTri
pst_last_shutdown_was_clean(const PstSysroot *sysroot)
{
    gint64 booted = boot_time(sysroot);
    struct stat st;

    if (booted == 0)
        return PST_TRI_UNKNOWN;
    int fd = pst_sysroot_open_file(sysroot, WTMP, 0, NULL);
    if (fd < 0)
        return PST_TRI_UNKNOWN;
    PstTri clean = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? search(fd, st.st_size, booted)
                                                              : PST_TRI_UNKNOWN;
    close(fd);
    return clean;
}
