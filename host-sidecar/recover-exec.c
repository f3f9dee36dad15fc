// SPDX-License-Identifier: LGPL-2.1-or-later
/* `exec` and what is asked about the commands that it started. */
#include "host-sidecar/exec-act.h"
#include "host-sidecar/recover-methods.h"

static JsonObject *
run_start(gpointer guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    return pst_exec_act_start(guest, params, deadline_us, error);
}

static JsonObject *
run_page(gpointer guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    return pst_exec_act_page(guest, params, deadline_us, error);
}

static JsonObject *
run_signal(gpointer guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    return pst_exec_act_signal(guest, params, deadline_us, error);
}

static JsonObject *
run_send(gpointer guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    return pst_exec_act_send(guest, params, deadline_us, error);
}

static JsonObject *
run_list(gpointer guest, JsonObject *params, gint64 deadline_us, GError **error)
{
    return pst_exec_act_list(guest, params, deadline_us, error);
}

static gboolean
check_list(JsonObject *params G_GNUC_UNUSED, GError **error G_GNUC_UNUSED)
{
    return TRUE;
}

const PstRecoverMethod pst_recover_exec = {
    .name = "exec",
    .act = "exec",
    .right = PST_GRANT_EXEC,
    .params = pst_exec_act_start_params,
    .check = pst_exec_act_check_start,
    .run = run_start,
    .beside = TRUE,
};

const PstRecoverMethod pst_recover_exec_page = {
    .name = "exec-page",
    .act = "exec-page",
    .right = PST_GRANT_EXEC,
    .params = pst_exec_act_page_params,
    .check = pst_exec_act_check_page,
    .run = run_page,
    .beside = TRUE,
    .follows = TRUE,
};

const PstRecoverMethod pst_recover_exec_signal = {
    .name = "exec-signal",
    .act = "exec-signal",
    .right = PST_GRANT_EXEC,
    .params = pst_exec_act_signal_params,
    .check = pst_exec_act_check_signal,
    .run = run_signal,
    .beside = TRUE,
};

/* Pieces must not get between each other: so not beside another. */
const PstRecoverMethod pst_recover_exec_send = {
    .name = "exec-send",
    .act = "exec-send",
    .right = PST_GRANT_EXEC,
    .params = pst_exec_act_send_params,
    .check = pst_exec_act_check_send,
    .run = run_send,
};

const PstRecoverMethod pst_recover_exec_list = {
    .name = "exec-list",
    .act = "exec-list",
    .right = PST_GRANT_EXEC,
    .params = pst_exec_act_list_params,
    .check = check_list,
    .run = run_list,
    .beside = TRUE,
    .follows = TRUE,
};
