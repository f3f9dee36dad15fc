// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/call.h"

#include "protocol/json.h"

JsonObject *
pst_call_params(const PstCall *call)
{
    JsonObject *params = json_object_new();

    json_object_set_string_member(params, "name", call->name);
    if (call->args != NULL)
        json_object_set_object_member(params, "args", json_object_ref(call->args));
    if (call->not_after_us > 0)
        json_object_set_int_member(params, "not_after_us", call->not_after_us);
    if (call->not_after_realtime_us > 0)
        json_object_set_int_member(params, "not_after_realtime_us", call->not_after_realtime_us);
    pst_json_set_string(params, "caller", call->caller);
    return params;
}

gboolean
pst_call_read(JsonObject *params, PstCall *call, GError **error)
{
    *call = (PstCall){0};
    if (params == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'params' is missing");
        return FALSE;
    }
    if (!pst_json_get_string(params, "name", PST_JSON_REQUIRED, &call->name, error) ||
        !pst_json_get_object(params, "args", PST_JSON_OPTIONAL, &call->args, error) ||
        !pst_json_get_string(params, "caller", PST_JSON_OPTIONAL, &call->caller, error) ||
        !pst_json_get_int(params, "not_after_us", PST_JSON_OPTIONAL, &call->not_after_us, error) ||
        !pst_json_get_int(params, "not_after_realtime_us", PST_JSON_OPTIONAL,
                          &call->not_after_realtime_us, error))
        return FALSE;
    if ((call->not_after_us > 0) == (call->not_after_realtime_us > 0)) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "one of 'not_after_us' and 'not_after_realtime_us' is needed");
        return FALSE;
    }
    return TRUE;
}
