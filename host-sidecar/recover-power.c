// SPDX-License-Identifier: LGPL-2.1-or-later
/* `power`: a guest is reset, stopped, started, or both; and its evidence is sealed before. */
#include "host-sidecar/power-act.h"
#include "host-sidecar/recover-methods.h"
#include "protocol/error.h"
#include "protocol/json.h"

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "%s", why);
    return FALSE;
}

static gboolean
read_wish(JsonObject *params, PstPowerWish *wish, GError **error)
{
    const char *name = NULL;
    g_autoptr(GError) cause = NULL;

    if (!pst_json_get_string(params, "action", PST_JSON_REQUIRED, &name, error) ||
        !pst_json_get_bool(params, "graceful", PST_JSON_OPTIONAL, &wish->graceful, error) ||
        !pst_json_get_string(params, "without_forensics", PST_JSON_OPTIONAL,
                             &wish->without_forensics, error))
        return FALSE;
    if (!pst_power_parse(name, &wish->action, &cause))
        return refuse(error, "'action' is reset, stop, start or cycle");
    return pst_power_check_reason(wish->without_forensics, error);
}

static gboolean
check(JsonObject *params, GError **error)
{
    PstPowerWish wish = {.graceful = FALSE};

    return read_wish(params, &wish, error);
}

static JsonObject *
run(gpointer guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    PstPowerWish wish = {.graceful = FALSE};

    return read_wish(params, &wish, error) ? pst_power_act(guest, &wish, deadline_us, error) : NULL;
}

static const char *const params[] = {"action", "graceful", "without_forensics", NULL};

const PstRecoverMethod pst_recover_power = {
    .name = "power",
    .act = "power",
    .right = PST_GRANT_POWER,
    .params = params,
    .check = check,
    .run = run,
};
