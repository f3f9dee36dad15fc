// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* Users and groups as the files say (passwd(5), group(5), shadow(5), nsswitch.conf(5)). No NSS:
 * getpwnam(3) can hang on a dead directory server. A damaged line is passed over, as glibc does,
 * and counted. Password hashes are looked at, and never kept. */

typedef struct {
    char *name;
    gint64 uid, gid;
    char *home;
    char *shell;
    gboolean shadowed; /* the password is in the shadow file */
    char *path;        /* the file that the entry is in, and its line, from 1; NULL where it is
                        * another source's */
    guint line;
} PstAccount;

typedef enum {
    PST_ACCOUNT_PASSWORD_UNKNOWN,
    PST_ACCOUNT_PASSWORD_SET,
    PST_ACCOUNT_PASSWORD_EMPTY,  /* none is asked for where nullok is allowed */
    PST_ACCOUNT_PASSWORD_LOCKED, /* `!` before a hash: passwd -l, usermod -L */
    PST_ACCOUNT_PASSWORD_NONE,   /* `*`, `!`, `!!`: no password can ever match */
} PstAccountPassword;

/* A shadow entry's facts; days since 1970-01-01, -1 where the field is empty. */
typedef struct {
    PstAccountPassword password;
    gint64 last_change, minimum, maximum, inactive, expire;
    guint line;
} PstAccountShadow;

/* What pam_unix(8) makes of the entry in its account phase (Linux-PAM, check_shadow_expiry()). */
typedef enum {
    PST_ACCOUNT_VALID,
    PST_ACCOUNT_EXPIRED,          /* the account: no way in */
    PST_ACCOUNT_CHANGE_PASSWORD,  /* a new password is asked for at the next login */
    PST_ACCOUNT_PASSWORD_EXPIRED, /* and the time to change it has run out as well */
    PST_ACCOUNT_NO_SHADOW,        /* passwd points to a shadow entry that is not there */
} PstAccountValidity;

typedef struct PstAccounts PstAccounts;

/* Reads passwd and group, and what nsswitch.conf says of them. NULL where /etc/passwd can't be
 * looked at; PST_ERROR_ABSENT where it is not there. */
PstAccounts *pst_accounts_load(const PstSysroot *sysroot, GError **error);

/* As above, but all that is sure to be there is the entry of that name, and the groups that have it
 * as a member: for who wants one user, and soon. */
PstAccounts *pst_accounts_load_one(const PstSysroot *sysroot, const char *name, GError **error);

/* As above, from the texts of the three files; each may be NULL. Never NULL. */
PstAccounts *pst_accounts_parse(const char *passwd, const char *group, const char *nsswitch);
void pst_accounts_free(PstAccounts *accounts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstAccounts, pst_accounts_free)

/* The first entry of that name, or of that number; NULL where there is none. Borrowed. */
const PstAccount *pst_accounts_find(const PstAccounts *accounts, const char *name);
const PstAccount *pst_accounts_find_uid(const PstAccounts *accounts, gint64 uid);

/* Takes an entry that another source than the files gave, as getent(1) prints it. NULL where LINE
 * is none. Borrowed. */
const PstAccount *pst_accounts_add(PstAccounts *accounts, const char *line);

/* All of them in the order of the files: of PstAccount, borrowed. */
const GPtrArray *pst_accounts_all(const PstAccounts *accounts);

/* The number of a group, or -1; the name of a group, or NULL. */
gint64 pst_accounts_gid(const PstAccounts *accounts, const char *group);
const char *pst_accounts_group_name(const PstAccounts *accounts, gint64 gid);

/* The group list that a login would give the account: its own group first, then every group that
 * names it, in the order of the file and without repetition (initgroups(3)). Of gid_t. */
GArray *pst_accounts_groups(const PstAccounts *accounts, const PstAccount *account);

/* Whether somebody else than UID is in the group of that number, by their own entry or by the
 * group's (whose members need not exist), or nobody is at all. */
gboolean pst_accounts_is_shared(const PstAccounts *accounts, gint64 gid, gint64 uid);

/* The sources that nsswitch.conf names for `passwd`, `group`, `shadow` or `sudoers`, or glibc's
 * default; for sudoers, sudo's. Free with g_strfreev(). */
char **pst_accounts_sources(const PstAccounts *accounts, const char *database);

/* What stands in brackets behind each of these sources (`NOTFOUND=return`), "" for nothing: as many
 * as there are sources. Free with g_strfreev(). */
char **pst_accounts_actions(const PstAccounts *accounts, const char *database);

/* The line of nsswitch.conf that names them, from 1; 0 for none. */
guint pst_accounts_line(const PstAccounts *accounts, const char *database);

/* Whether nsswitch.conf has the files asked for this database at all. */
gboolean pst_accounts_asks_files(const PstAccounts *accounts, const char *database);

/* Whether entries of this database can come from elsewhere than the files that were read (sss,
 * ldap, winbind …): an absent one is then unknown. The first such source, borrowed, or NULL. */
const char *pst_accounts_elsewhere(const PstAccounts *accounts, const char *database);

/* The account's shadow entry. NULL with PST_ERROR_ABSENT where it has none (or a damaged one, which
 * glibc treats the same), PST_ERROR_UNAVAILABLE where /etc/shadow can't be looked at. */
PstAccountShadow *pst_accounts_shadow(const PstSysroot *sysroot, const PstAccount *account,
                                      GError **error);

/* The same from TEXT, which stands in /etc/shadow and is taken to pieces; NULL where there is none
 * that can be read. */
PstAccountShadow *pst_accounts_parse_shadow(char *text, const char *name);

/* What pam_unix makes of it on DAY, in days since 1970-01-01 UTC. SHADOW NULL: it has none. */
PstAccountValidity pst_accounts_validity(const PstAccount *account, const PstAccountShadow *shadow,
                                         gint64 day);
