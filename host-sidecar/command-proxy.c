// SPDX-License-Identifier: LGPL-2.1-or-later
#include <unistd.h>

#include "host-sidecar/api-client.h"
#include "host-sidecar/commands.h"
#include "host-sidecar/config.h"
#include "host-sidecar/relay.h"
#include "host-sidecar/server-settings.h"
#include "protocol/error.h"

gboolean
pst_command_proxy_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                      int *exit_code, GError **error)
{
    if (!pst_options_parse(options, command->name, command->arguments, command->summary, NULL, 0, 0,
                           &argc, &argv, error))
        return FALSE;
    /* A caller may not be let in on all of it; without it the socket is where it always is. */
    g_autoptr(GKeyFile) config = pst_config_load(NULL);
    g_autofree char *path = pst_server_settings_socket(config, options->connect);
    if (path == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_NO_HYPERVISOR,
                    "proxy: the configuration names no socket of a daemon ([daemon] socket=)");
        return FALSE;
    }
    int fd = pst_api_client_reach(path, error);
    if (fd < 0) {
        if (error != NULL && (*error)->code == PST_ERROR_UNAVAILABLE)
            (*error)->code = PST_ERROR_NO_HYPERVISOR;
        g_prefix_error(error, "proxy: no daemon answers at ");
        return FALSE;
    }
    gboolean done = pst_relay_run(STDIN_FILENO, STDOUT_FILENO, fd, error);
    close(fd);
    *exit_code = 0;
    return done;
}
