// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* What an SSH key may ask for whose line in authorized_keys begins with
 * `restrict,command="postern forced-command --grant NAME"`: a few verbs, of one domain, as the
 * host's configuration says.
 *
 *     [key web-breakglass]
 *     domain=web
 *     verbs=status;forensics;cycle
 *
 * What the key's owner sent (SSH_ORIGINAL_COMMAND, sshd(8)) is hostile: it is split at spaces, no
 * shell sees it, and nothing in it becomes an argument but by a table. Pure functions. */

/* The words of the command of postern that ORIGINAL, which may be NULL, stands for;
 * NULL-terminated, to be freed with g_strfreev(). NULL with PST_ERROR_USAGE where the configuration
 * has no such key, or one that is not understood, and with PST_ERROR_NOT_ALLOWED, which names what
 * it may say, where ORIGINAL is anything else. *DOMAIN becomes the key's, where that is known: to
 * be freed with g_free(). */
char **pst_forced_argv(GKeyFile *config, const char *name, const char *original, char **domain,
                       GError **error);
