// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/exit-code.h"

#include "protocol/error.h"

static const struct {
    PstErrorCode code;
    int exit_code;
} rows[] = {
    {PST_ERROR_USAGE, PST_EXIT_MISUSE},
    {PST_ERROR_INVALID_PARAMS, PST_EXIT_MISUSE},
    {PST_ERROR_UNKNOWN_METHOD, PST_EXIT_MISUSE},
    {PST_ERROR_ABSENT, PST_EXIT_NO_INPUT},
    {PST_ERROR_NO_DOMAIN, PST_EXIT_NO_DOMAIN},
    {PST_ERROR_NO_HYPERVISOR, PST_EXIT_NO_HYPERVISOR},
    {PST_ERROR_OUTPUT, PST_EXIT_OUTPUT},
    {PST_ERROR_NO_PERMISSION, PST_EXIT_NO_PERMISSION},
    {PST_ERROR_NOT_ALLOWED, PST_EXIT_NO_PERMISSION},
};

int
pst_exit_code_of_status(PstStatus status)
{
    switch (status) {
    case PST_STATUS_OK:
        return PST_EXIT_OK;
    case PST_STATUS_WARNING:
        return PST_EXIT_WARNING;
    case PST_STATUS_CRITICAL:
        return PST_EXIT_CRITICAL;
    case PST_STATUS_UNKNOWN:
        break;
    }
    return PST_EXIT_UNKNOWN;
}

int
pst_exit_code_of_error(const GError *error)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_error_matches(error, PST_ERROR, (int)rows[i].code))
            return rows[i].exit_code;
    return PST_EXIT_UNKNOWN;
}
