// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* TEXT, a line or a column of fstab(5) or of the mount table, with asterisks in place of what could
 * let somebody in: the values of options such as password= (mount.cifs(8)) and the password in a
 * URL (mount.davfs(8), curlftpfs(1)). Free with g_free(). */
char *pst_mount_secrets_hide(const char *text);
