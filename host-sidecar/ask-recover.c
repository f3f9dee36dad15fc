// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/ask-recover.h"

#include "host-sidecar/ask-daemon.h"
#include "host-sidecar/config.h"
#include "host-sidecar/server-settings.h"
#include "protocol/error.h"
#include "protocol/json.h"

/* The door's last word comes some time after the deadline: it is written down before. */
#define LAST_WORD_US (3 * (gint64)G_USEC_PER_SEC)

static char *
socket_path(void)
{
    /* Whoever needs more of a configuration that can't be read says so. */
    g_autoptr(GKeyFile) config = pst_config_load(NULL);

    return pst_server_settings_recover_socket(config);
}

PstAskRecover
pst_ask_recover(const PstOptions *options, const char *method, JsonObject *params,
                gint64 deadline_us, JsonObject **result, GError **error)
{
    g_autofree char *path = socket_path();
    g_autoptr(GError) cause = NULL;
    gboolean shut = FALSE, lost = FALSE;
    g_autoptr(PstApiClient) client = pst_ask_daemon_reach(options, path, deadline_us, &shut);

    if (client == NULL)
        return shut ? PST_ASK_RECOVER_SHUT : PST_ASK_RECOVER_NONE;
    json_object_set_int_member(params, "deadline_ms",
                               MAX(1, (deadline_us - g_get_monotonic_time()) / 1000));
    pst_json_set_string(params, "uuid", options->uuid);
    *result = pst_api_client_call(client, method, params, deadline_us + LAST_WORD_US, NULL, NULL,
                                  &lost, &cause);
    if (*result != NULL)
        return PST_ASK_RECOVER_DONE;
    if (lost)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "the recovery door was lost on the way (%s): whether '%s' was done is not "
                    "known, and it was not asked for again",
                    cause->message, method);
    else
        g_propagate_error(error, g_steal_pointer(&cause));
    return PST_ASK_RECOVER_FAILED;
}

GError *
pst_ask_recover_explain(GError *cause)
{
    g_autofree char *path = socket_path();

    if (!g_error_matches(cause, PST_ERROR, PST_ERROR_NO_PERMISSION) &&
        !g_error_matches(cause, PST_ERROR, PST_ERROR_NO_HYPERVISOR))
        return cause;
    cause->code = PST_ERROR_NO_PERMISSION;
    g_prefix_error(&cause,
                   "the recovery door, %s, does not let this user in, and without it: ", path);
    return cause;
}
