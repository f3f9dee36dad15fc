// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sysroot.h"

/* What the guest's administrator decides: /etc/postern/shim.conf, then the drop-ins
 * /etc/postern/shim.conf.d/NAME.conf in the order of their names. No file at all means the shipped
 * defaults.
 *
 *     # a comment, as is a line that begins with a semicolon
 *     [read]
 *     deny = /srv/vault; *.kdbx
 *
 * A line gives a key one value, without the white space at its ends; there are no quotes, escapes
 * or continued lines. A list is separated by semicolons. It adds to the defaults and to what stood
 * before, in this file and in earlier ones; where it is empty or begins with a semicolon, it first
 * forgets all of that, the defaults too.
 *
 * A file counts only where it and the folders below /etc are the superuser's own and not to be
 * written by others. What does not count, or can't be understood, is a problem: an answer that
 * depends on the configuration has to say so, and a door stays shut. */

#define PST_CONFIG_FILE "/etc/postern/shim.conf"

typedef struct PstConfig PstConfig;

/* Never NULL; what could not be read is among the problems. */
PstConfig *pst_config_read(const PstSysroot *sysroot);
void pst_config_free(PstConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstConfig, pst_config_free)

/* An empty configuration, to which pst_config_add() adds the LEN bytes of a file called PATH. */
PstConfig *pst_config_new(void);
void pst_config_add(PstConfig *config, const char *path, const char *text, gsize len);

/* What could not be taken, each as "PATH:LINE: REASON" or "PATH: REASON"; NULL where all is well.
 * NULL-terminated, borrowed. */
const char *const *pst_config_problems(const PstConfig *config);

/* Makes a problem of each key of GROUP (NULL: of any) that it does not have, so that a typing
 * mistake is not taken for a default. */
void pst_config_check_keys(PstConfig *config, const char *group);

/* Makes a problem of the line that KEY of GROUP was last set in, for a value that makes no sense.
 */
void pst_config_complain(PstConfig *config, const char *group, const char *key, const char *reason);

/* The value that was given last; NULL where the key is not set. Borrowed. */
const char *pst_config_value(const PstConfig *config, const char *group, const char *key);

/* DEFAULTS (NULL-terminated, may be NULL), then what was added. Free with g_strfreev(). */
char **pst_config_list(const PstConfig *config, const char *group, const char *key,
                       const char *const *defaults);

/* The names NAME of all groups `[KIND NAME]`, in the order of their coming, each once. Free with
 * g_strfreev(). */
char **pst_config_names(const PstConfig *config, const char *kind);
