// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/grants-names.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

/* A group's entry holds the names of its members. */
#define FIRST_BYTES 4096
#define MAX_BYTES (1024 * 1024)

static int
look_up(const char *name, gboolean is_group, char *buffer, gsize len, gboolean *found,
        guint *number)
{
    struct passwd user, *user_found = NULL;
    struct group group, *group_found = NULL;
    int reason = is_group ? getgrnam_r(name, &group, buffer, len, &group_found)
                          : getpwnam_r(name, &user, buffer, len, &user_found);

    *found = user_found != NULL || group_found != NULL;
    if (*found)
        *number = is_group ? group.gr_gid : user.pw_uid;
    return reason;
}

gboolean
pst_grants_names_find(const char *name, gboolean is_group, guint *number)
{
    for (gsize len = FIRST_BYTES; len <= MAX_BYTES; len *= 4) {
        g_autofree char *buffer = g_malloc(len);
        gboolean found = FALSE;

        if (look_up(name, is_group, buffer, len, &found, number) != ERANGE)
            return found;
    }
    return FALSE;
}
