// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <sys/stat.h>

#include <glib.h>

/* The one way to the guest's files. Every path that a probe names is absolute and is looked up
 * below a root folder: `/` in a guest, a folder of text files in a test. Symbolic links are
 * followed inside of that root and never out of it; magic links (/proc/PID/fd and the like) are not
 * followed.
 *
 * Errors: PST_ERROR_ABSENT where there is nothing of that name, PST_ERROR_UNAVAILABLE where it
 * could not be looked at. Absent is an answer, the other one is not. */

typedef struct PstSysroot PstSysroot;

PstSysroot *pst_sysroot_new(const char *folder, GError **error);
void pst_sysroot_free(PstSysroot *sysroot);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSysroot, pst_sysroot_free)

/* Whether the root is the running system's own: only there can programs be run, sockets be asked
 * and system calls be taken for the guest's word. */
gboolean pst_sysroot_is_live(const PstSysroot *sysroot);

/* The root folder's descriptor, for a child process that closes all others. */
int pst_sysroot_fd(const PstSysroot *sysroot);

/* From here on each small file is read once, but for those of /proc, /sys and /run: for a process
 * that asks one question and ends. What it says of a file is then of one moment too. */
void pst_sysroot_remember(const PstSysroot *sysroot);

/* Opens a file for reading (O_RDONLY, O_NONBLOCK, O_CLOEXEC and O_NOCTTY are added to FLAGS, such
 * as O_PATH or O_DIRECTORY). Returns the descriptor, or -1. */
int pst_sysroot_open(const PstSysroot *sysroot, const char *path, int flags, GError **error);

/* As above for a regular file, with FLAGS such as O_NOFOLLOW; anything else is
 * PST_ERROR_UNAVAILABLE and was not opened: to open a watchdog starts it, to open a FIFO lets its
 * writer go on, and a name below a folder that a user can write to may lead to either. */
int pst_sysroot_open_file(const PstSysroot *sysroot, const char *path, int flags, GError **error);

/* The whole of a regular file of at most MAX bytes, followed by a NUL; a larger one is
 * PST_ERROR_TOO_LARGE. *len may be NULL. Free with g_free(). */
char *pst_sysroot_read(const PstSysroot *sysroot, const char *path, gsize max, gsize *len,
                       GError **error);

/* As above, without the white space at its ends; for the one-line files of /proc, /sys and /etc. */
char *pst_sysroot_read_line(const PstSysroot *sysroot, const char *path, GError **error);

/* stat(2) of what the path leads to, or of a last symbolic link itself. */
gboolean pst_sysroot_stat(const PstSysroot *sysroot, const char *path, struct stat *st,
                          GError **error);
gboolean pst_sysroot_lstat(const PstSysroot *sysroot, const char *path, struct stat *st,
                           GError **error);

/* As the latter, but PST_ERROR_UNAVAILABLE where the way leads into another mount than the root's,
 * or where the kernel (before 5.6) can't tell: a mount that does not answer is not entered. */
gboolean pst_sysroot_lstat_same_mount(const PstSysroot *sysroot, const char *path, struct stat *st,
                                      GError **error);

gboolean pst_sysroot_exists(const PstSysroot *sysroot, const char *path);

/* The names in a folder without `.` and `..`, sorted by bytes (as the C locale does, which is the
 * order that sudo and systemd read drop-ins in). PST_ERROR_TOO_LARGE where there are more than
 * 100,000: half of them would be no answer. Free with g_strfreev(). */
char **pst_sysroot_list(const PstSysroot *sysroot, const char *path, GError **error);

/* The same without regular files, as far as the folder itself says what they are. */
char **pst_sysroot_list_folders(const PstSysroot *sysroot, const char *path, GError **error);

/* As the former, but at most MAX of them in the file system's own choice, where any are of use;
 * *CUT tells whether there are more. */
char **pst_sysroot_list_some(const PstSysroot *sysroot, const char *path, guint max, gboolean *cut,
                             GError **error);

/* As above, of one that is open already: FOLDER, of O_PATH, stays the caller's; PATH is for errors.
 */
char **pst_sysroot_list_folder(int folder, const char *path, guint max, gboolean *cut,
                               GError **error);

/* Where a symbolic link points, as it stands in the link. Free with g_free(). */
char *pst_sysroot_read_link(const PstSysroot *sysroot, const char *path, GError **error);
