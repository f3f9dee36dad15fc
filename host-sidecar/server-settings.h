// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/server.h"

/* What the group [daemon] of the host's configuration says: `callers`, `callers_of_user` and
 * `requests_of_user` for a door, `socket` and `recover_socket` for those who call at one; and each
 * group [daemon NAME] of another daemon: `uri`, the hypervisor that it serves, and `socket`. */

/* FALSE with PST_ERROR_USAGE that names the key. */
gboolean pst_server_settings_limits(GKeyFile *config, PstServerLimits *limits, GError **error);

/* Where callers look for the daemon that serves URI (NULL: none is named): POSTERN_DIAGNOSE_SOCKET,
 * else that of the group that names URI (where that says none, /run/postern/diagnose@NAME.sock),
 * else `socket` of [daemon], else /run/postern/diagnose.sock; NULL where the first that is set is
 * empty. CONFIG may be NULL. Free with g_free(). */
char *pst_server_settings_socket(GKeyFile *config, const char *uri);

/* The same of the recovery door, of which there is one: POSTERN_RECOVER_SOCKET, `recover_socket` of
 * [daemon], /run/postern-recover/recover.sock. */
char *pst_server_settings_recover_socket(GKeyFile *config);
