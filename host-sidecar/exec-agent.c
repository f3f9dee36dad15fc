// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/exec-agent.h"

#include <string.h>

#include "host-sidecar/agent.h"
#include "host-sidecar/backend-agent.h"
#include "host-sidecar/client.h"
#include "host-sidecar/config.h"
#include "protocol/error.h"
#include "protocol/exec.h"

/* Where distributions put it. */
static const char *const paths[] = {"/usr/sbin/postern-exec", "/usr/local/sbin/postern-exec",
                                    "/run/current-system/sw/bin/postern-exec"};
/* A guest that is alive says so at once, even a slow one. */
#define ALIVE_US (3 * (gint64)G_USEC_PER_SEC)

gboolean
pst_exec_agent_is_allowed(void)
{
    /* Whoever needs more of a configuration that can't be read says so. */
    g_autoptr(GKeyFile) config = pst_config_load(NULL);

    g_autofree char *value =
        config != NULL ? g_key_file_get_string(config, "exec", "agent", NULL) : NULL;

    return g_strcmp0(value, "yes") == 0;
}

/* So that only what starts a program may have started one. */
static PstAgent *
open_agent(PstGuest *guest, gint64 deadline_us, GError **error)
{
    g_autoptr(PstAgent) agent = NULL;

    if (!pst_backend_agent_is_open(guest, error))
        return NULL;
    agent = pst_agent_open(guest, FALSE, deadline_us, error);
    if (agent == NULL ||
        !pst_agent_ping(agent, MIN(deadline_us, g_get_monotonic_time() + ALIVE_US), error))
        return NULL;
    return g_steal_pointer(&agent);
}

/* The agent itself has said that it started nothing: in libvirt's words for an answer of that kind.
 */
static gboolean
is_refusal(const GError *error)
{
    return strstr(error->message, "unable to execute QEMU agent command 'guest-exec'") != NULL;
}

/* What the first that is there prints. */
static GByteArray *
run(PstAgent *agent, const GByteArray *input, gint64 deadline_us, gboolean *maybe, GError **error)
{
    static const char *const argv[] = {"--once", NULL};
    g_autoptr(GError) first = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        const char *const path[] = {paths[i], NULL};
        g_autoptr(GError) cause = NULL;
        GByteArray *output = pst_agent_run(agent, path, argv, input, deadline_us, &cause);

        if (output != NULL)
            return output;
        if (!is_refusal(cause)) {
            *maybe = TRUE;
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
        if (first == NULL)
            first = g_steal_pointer(&cause);
    }
    g_propagate_error(error, g_steal_pointer(&first));
    return NULL;
}

/* What the agent is told late, as by a guest that was paused, is not to be started then. Without
 * the guest's time it may be: that is nothing to keep a guest from being mended for. */
static void
set_deadline(PstAgent *agent, JsonObject *params, gint64 deadline_us)
{
    gint64 now_us = 0;

    if (pst_agent_time(agent, MIN(deadline_us, g_get_monotonic_time() + ALIVE_US), &now_us, NULL) &&
        now_us > 0)
        json_object_set_int_member(params, "not_after_realtime_us",
                                   now_us + (deadline_us - g_get_monotonic_time()));
}

JsonObject *
pst_exec_agent_ask(PstGuest *guest, const char *method, JsonObject *params, gint64 deadline_us,
                   gboolean *maybe, GError **error)
{
    g_autoptr(PstAgent) agent = open_agent(guest, deadline_us, error);
    g_autoptr(PstClient) client = pst_client_new_one_shot();
    g_autoptr(GByteArray) input = g_byte_array_new();

    if (agent != NULL && g_str_equal(method, PST_EXEC_START))
        set_deadline(agent, params, deadline_us);
    gint64 number = agent != NULL ? pst_client_request(client, method, params, input, error) : -1;

    if (number < 0)
        return NULL;
    g_autoptr(GByteArray) output = run(agent, input, deadline_us, maybe, error);
    if (output == NULL)
        return NULL;
    pst_client_feed(client, output->data, output->len);
    g_autoptr(PstMessage) answer = pst_client_take(client, number);
    if (answer == NULL) {
        *maybe = TRUE;
        g_set_error(error, PST_ERROR, PST_ERROR_PROTOCOL,
                    "what postern-exec printed in the guest makes no sense");
        return NULL;
    }
    if (answer->type == PST_MESSAGE_RESULT)
        return json_object_ref(answer->result);
    *maybe = answer->error->code == PST_ERROR_INTERNAL;
    g_propagate_error(error, g_error_copy(answer->error));
    return NULL;
}
