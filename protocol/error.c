// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/error.h"

typedef struct {
    const char *reason;
    int rpc;
} ErrorRow;

#define RPC_INTERNAL (-32603)

static const ErrorRow rows[] = {
    [PST_ERROR_INTERNAL] = {"internal", RPC_INTERNAL},
    [PST_ERROR_PARSE] = {"parse", -32700},
    [PST_ERROR_INVALID_REQUEST] = {"invalid-request", -32600},
    [PST_ERROR_UNKNOWN_METHOD] = {"unknown-method", -32601},
    [PST_ERROR_INVALID_PARAMS] = {"invalid-params", -32602},
    [PST_ERROR_NOT_ALLOWED] = {"not-allowed", -32001},
    [PST_ERROR_DEADLINE] = {"deadline", -32002},
    [PST_ERROR_BUSY] = {"busy", -32003},
    [PST_ERROR_TOO_LARGE] = {"too-large", -32004},
    [PST_ERROR_UNAVAILABLE] = {"unavailable", -32005},
    [PST_ERROR_ABSENT] = {"absent", RPC_INTERNAL},
    [PST_ERROR_PROTOCOL] = {"protocol", RPC_INTERNAL},
    [PST_ERROR_PATH_SHUT] = {"path-shut", RPC_INTERNAL},
    [PST_ERROR_USAGE] = {"usage", RPC_INTERNAL},
    [PST_ERROR_NO_DOMAIN] = {"no-domain", -32006},
    [PST_ERROR_NO_HYPERVISOR] = {"no-hypervisor", -32007},
    [PST_ERROR_NO_PERMISSION] = {"no-permission", -32008},
    [PST_ERROR_OUTPUT] = {"output", RPC_INTERNAL},
};

G_STATIC_ASSERT(G_N_ELEMENTS(rows) == PST_ERROR_LAST + 1);

G_DEFINE_QUARK(pst - error, pst_error)

const char *
pst_error_reason(PstErrorCode code)
{
    return (guint)code < G_N_ELEMENTS(rows) ? rows[code].reason : rows[PST_ERROR_INTERNAL].reason;
}

int
pst_error_to_rpc(PstErrorCode code)
{
    return (guint)code < G_N_ELEMENTS(rows) ? rows[code].rpc : RPC_INTERNAL;
}

PstErrorCode
pst_error_from_rpc(gint64 number)
{
    for (guint i = 0; i <= PST_ERROR_UNAVAILABLE; i++)
        if (rows[i].rpc == number)
            return (PstErrorCode)i;

    return PST_ERROR_PROTOCOL;
}

gboolean
pst_error_from_reason(const char *reason, PstErrorCode *code)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!g_str_equal(rows[i].reason, reason))
            continue;
        *code = (PstErrorCode)i;
        return TRUE;
    }
    return FALSE;
}
