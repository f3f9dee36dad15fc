// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* The sudoers policy as sudo reads it (sudoers(5); its plugins/sudoers/toke.l and gram.y): the
 * files with all that they include, the rules, aliases and Defaults in them, and every line and
 * file that sudo does not accept. What sudo passes over is read all the same, and marked: a rule in
 * it is the likely cause of a refusal. */

typedef enum {
    PST_SUDOERS_COUNTS,         /* sudo reads it */
    PST_SUDOERS_WRONG_OWNER,    /* it is not root's */
    PST_SUDOERS_WORLD_WRITABLE, /* everybody can write to it */
    PST_SUDOERS_GROUP_WRITABLE, /* a group other than root's can write to it */
    PST_SUDOERS_WRONG_TYPE,     /* neither a regular file nor, where one is wanted, a folder */
    PST_SUDOERS_SKIPPED_NAME,   /* in an included folder, with a dot or a ~ at the end */
    PST_SUDOERS_MISSING,
    PST_SUDOERS_UNLOOKED, /* could not be looked at */
} PstSudoersFileState;

typedef struct {
    char *path;
    PstSudoersFileState state;
    gboolean folder;
    gboolean counts;       /* sudo reads it: its own state and those of what leads to it are good */
    gint64 mode, uid, gid; /* -1 where not known */
    char *error;           /* where it could not be looked at */
    char *from;            /* the file that includes it, NULL for the first one, and the line */
    guint from_line;
} PstSudoersFile;

typedef enum {
    PST_SUDOERS_MEMBER_ALL,
    PST_SUDOERS_MEMBER_WORD,  /* a name, or #UID */
    PST_SUDOERS_MEMBER_ALIAS, /* or a name in capitals, where there is no such alias */
    PST_SUDOERS_MEMBER_GROUP, /* %name, %#gid, %:name */
    PST_SUDOERS_MEMBER_NETGROUP,
    PST_SUDOERS_MEMBER_ADDRESS,
    PST_SUDOERS_MEMBER_COMMAND,
    PST_SUDOERS_MEMBER_MYSELF, /* empty runas parentheses: the user itself */
} PstSudoersMemberKind;

typedef struct {
    PstSudoersMemberKind kind;
    gboolean negated;
    gboolean digest; /* only if the command's file has a digest that stands before it */
    char *name;
    char *args; /* of a command, NULL where none stand there */
} PstSudoersMember;

typedef enum { PST_SUDOERS_NOT_SAID, PST_SUDOERS_NO, PST_SUDOERS_YES } PstSudoersTag;

typedef struct {
    GPtrArray *runas_users; /* of PstSudoersMember; NULL: not said, so root */
    GPtrArray *runas_groups;
    PstSudoersTag nopasswd;
    gboolean conditional; /* NOTBEFORE, NOTAFTER, CHROOT …: holds only under a condition */
    PstSudoersMember *command;
} PstSudoersCommand;

typedef struct {
    GPtrArray *hosts;    /* of PstSudoersMember */
    GPtrArray *commands; /* of PstSudoersCommand */
} PstSudoersPrivilege;

typedef struct {
    const PstSudoersFile *file;
    guint line;
    char *text;
    GPtrArray *users;      /* of PstSudoersMember */
    GPtrArray *privileges; /* of PstSudoersPrivilege */
} PstSudoersRule;

typedef enum {
    PST_SUDOERS_USER_ALIAS,
    PST_SUDOERS_RUNAS_ALIAS,
    PST_SUDOERS_HOST_ALIAS,
    PST_SUDOERS_COMMAND_ALIAS,
} PstSudoersAliasKind;

typedef struct {
    PstSudoersAliasKind kind;
    char *name;
    GPtrArray *members;
    const PstSudoersFile *file;
    guint line;
} PstSudoersAlias;

typedef enum {
    PST_SUDOERS_SCOPE_ALL,
    PST_SUDOERS_SCOPE_USER,
    PST_SUDOERS_SCOPE_RUNAS,
    PST_SUDOERS_SCOPE_HOST,
    PST_SUDOERS_SCOPE_COMMAND,
} PstSudoersScope;

typedef struct {
    PstSudoersScope scope;
    GPtrArray *members; /* NULL for SCOPE_ALL */
    char *name;
    char sign;   /* 0 for `name`, '!' for `!name`, else '=', '+' or '-' before the value */
    char *value; /* NULL where it has none */
    const PstSudoersFile *file;
    guint line;
} PstSudoersDefault;

typedef struct {
    const PstSudoersFile *file;
    guint line;
    char *text;
    char *fault; /* what is wrong with the line; sudo goes on with the next one */
} PstSudoersFault;

typedef struct {
    GPtrArray *files; /* each in the order of reading */
    GPtrArray *rules;
    GPtrArray *aliases;
    GPtrArray *defaults;
    GPtrArray *faults;
} PstSudoers;

/* Reads the policy that begins with PATH. HOST is the system's name, for `%h` in a path. */
PstSudoers *pst_sudoers_read(const PstSysroot *sysroot, const char *path, const char *host);
void pst_sudoers_free(PstSudoers *sudoers);

/* One without files and rules, for pst_sudoers_parse_line(). */
PstSudoers *pst_sudoers_new(void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSudoers, pst_sudoers_free)

/* Whether a file with this owner and mode is one that sudo reads (sudo's sudo_check_secure(), with
 * the uid and gid 0 that it is built with everywhere): this is not visudo's rule. */
PstSudoersFileState pst_sudoers_judge(const struct stat *st, gboolean folder);
