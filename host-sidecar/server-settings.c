// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/server-settings.h"

#include <string.h>

#include "host-sidecar/config.h"
#include "protocol/error.h"

#define GROUP "daemon"
#define DIAGNOSE_SOCKET "/run/postern/diagnose.sock"
/* As postern-diagnose@.socket makes it. */
#define INSTANCE_SOCKET "/run/postern/diagnose@%s.sock"
#define RECOVER_SOCKET "/run/postern-recover/recover.sock"
#define MAX_OF_ANYTHING 4096

static gboolean
read_number(GKeyFile *config, const char *key, guint *number, GError **error)
{
    g_autofree char *value = g_key_file_get_string(config, GROUP, key, NULL);
    guint64 read = 0;

    if (value == NULL)
        return TRUE;
    if (!g_ascii_string_to_unsigned(value, 10, 1, MAX_OF_ANYTHING, &read, NULL)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "configuration: [" GROUP "] %s=%s: say a number from 1 to %d", key, value,
                    MAX_OF_ANYTHING);
        return FALSE;
    }
    *number = (guint)read;
    return TRUE;
}

gboolean
pst_server_settings_limits(GKeyFile *config, PstServerLimits *limits, GError **error)
{
    static const char *const keys[] = {"socket", "recover_socket", "callers", "callers_of_user",
                                       "requests_of_user"};
    PstServerLimits read = PST_SERVER_LIMITS_DEFAULT;

    if (!pst_config_check_keys(config, GROUP, keys, G_N_ELEMENTS(keys), error) ||
        !read_number(config, "callers", &read.callers, error) ||
        !read_number(config, "callers_of_user", &read.callers_of_user, error) ||
        !read_number(config, "requests_of_user", &read.requests_of_user, error))
        return FALSE;
    *limits = read;
    return TRUE;
}

/* Of the first daemon that the configuration names for that hypervisor; NULL: none is. */
static char *
socket_of(GKeyFile *config, const char *uri)
{
    static const char prefix[] = GROUP " ";
    g_auto(GStrv) groups = g_key_file_get_groups(config, NULL);

    for (char **group = groups; *group != NULL; group++) {
        g_autofree char *served = g_key_file_get_string(config, *group, "uri", NULL);

        if (!g_str_has_prefix(*group, prefix) || g_strcmp0(served, uri) != 0)
            continue;
        char *path = g_key_file_get_string(config, *group, "socket", NULL);
        return path != NULL ? path : g_strdup_printf(INSTANCE_SOCKET, *group + strlen(prefix));
    }
    return NULL;
}

/* Of the door to the hypervisor URI; NULL: of the one door that [daemon] is about. */
static char *
find_socket(GKeyFile *config, const char *uri, const char *variable, const char *key,
            const char *standard)
{
    g_autofree char *path = g_strdup(g_getenv(variable));

    if (path == NULL && config != NULL && uri != NULL)
        path = socket_of(config, uri);
    if (path == NULL && config != NULL)
        path = g_key_file_get_string(config, GROUP, key, NULL);
    if (path == NULL)
        return g_strdup(standard);
    return *path != '\0' ? g_steal_pointer(&path) : NULL;
}

char *
pst_server_settings_socket(GKeyFile *config, const char *uri)
{
    return find_socket(config, uri, "POSTERN_DIAGNOSE_SOCKET", "socket", DIAGNOSE_SOCKET);
}

char *
pst_server_settings_recover_socket(GKeyFile *config)
{
    return find_socket(config, NULL, "POSTERN_RECOVER_SOCKET", "recover_socket", RECOVER_SOCKET);
}
