// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The host's configuration: key files (GKeyFile), later ones over earlier ones, key by key:
 * /etc/postern/postern.conf, /etc/postern/postern.conf.d/NAME.conf in the order of their names, and
 * postern/postern.conf in the caller's own configuration folder ($XDG_CONFIG_HOME). POSTERN_CONFIG
 * names one file in place of all of them. What is not there is as if it were empty. */

/* NULL with PST_ERROR_USAGE, which names the file, where one can't be read or understood. Free with
 * g_key_file_unref(). */
GKeyFile *pst_config_load(GError **error);

/* Whether the caller's own file, or the one that POSTERN_CONFIG names, has a group whose name
 * begins with PREFIX: something that the configuration of others does not say. */
gboolean pst_config_own_has(const char *prefix);

/* Adds the keys of the file at PATH over those that CONFIG has; PST_ERROR_USAGE as above, also for
 * a key or a group that the file has twice. One that is not there is no error where it is not
 * REQUIRED. */
gboolean pst_config_add_file(GKeyFile *config, const char *path, gboolean required, GError **error);

/* The keys of FROM over those of TO. */
void pst_config_copy_keys(GKeyFile *to, GKeyFile *from);

/* The files in that folder whose names end in .conf, in the order of their names; none where it is
 * not there. NULL with PST_ERROR_USAGE, which names it, where it can't be read: what stands in it
 * may be what matters. Free with g_strfreev(). */
char **pst_config_list_folder(const char *path, GError **error);

/* Whether GROUP, which need not be there, has none but the N keys; else PST_ERROR_USAGE, which
 * names the key and the nearest one. */
gboolean pst_config_check_keys(GKeyFile *config, const char *group, const char *const *keys,
                               guint n, GError **error);
