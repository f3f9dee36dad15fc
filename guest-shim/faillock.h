// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/pam-stack.h"

/* pam_faillock(8): who has failed too often. Its settings come from faillock.conf(5) and, over
 * them, from the arguments in the stack; its records are those of Linux-PAM's faillock.h. */

typedef struct {
    char *conf;             /* the file of the settings, may not be there */
    char *folder;           /* of the tallies */
    gint64 deny;            /* attempts, 0 for never */
    gint64 fail_interval_s; /* only failures so close to the latest count */
    gint64 unlock_time_s;   /* 0: it never opens by itself */
    char *admin_group;      /* its members count as root; NULL for none */
    gboolean even_root;
    gint64 root_unlock_time_s;
} PstFaillockSettings;

typedef struct {
    char *path;
    guint failures;
    gint64 latest_s; /* real time; 0 where there is none */
} PstFaillockTally;

/* Whether a line of the service's auth stack asks pam_faillock; and, where it does and SETTINGS is
 * not NULL, by which settings. Clear them with pst_faillock_settings_clear(). */
gboolean pst_faillock_read_settings(const PstSysroot *sysroot, const PstPamStack *stack,
                                    PstFaillockSettings *settings);

/* As above, for the LINE that asks pam_faillock. */
void pst_faillock_read_line(const PstSysroot *sysroot, const PstPamLine *line,
                            PstFaillockSettings *settings);
void pst_faillock_settings_clear(PstFaillockSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstFaillockSettings, pst_faillock_settings_clear)

/* The user's tally; one without failures where there is no file. NULL where it could not be looked
 * at. */
PstFaillockTally *pst_faillock_read_tally(const PstSysroot *sysroot,
                                          const PstFaillockSettings *settings, const char *user,
                                          GError **error);
void pst_faillock_tally_free(PstFaillockTally *tally);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstFaillockTally, pst_faillock_tally_free)

/* Whether the user is shut out at NOW_S (real time), as pam_faillock.c's check_tally() decides. */
gboolean pst_faillock_is_shut(const PstFaillockSettings *settings, const PstFaillockTally *tally,
                              gboolean root, gint64 now_s);
