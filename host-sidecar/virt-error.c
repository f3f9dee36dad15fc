// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/virt-error.h"

#include <libvirt/virterror.h>

#include "protocol/error.h"

static const struct {
    int libvirt;
    PstErrorCode code;
} rows[] = {
    {VIR_ERR_NO_DOMAIN, PST_ERROR_NO_DOMAIN},
    {VIR_ERR_NO_CONNECT, PST_ERROR_NO_HYPERVISOR},
    {VIR_ERR_INVALID_CONN, PST_ERROR_NO_HYPERVISOR},
    {VIR_ERR_RPC, PST_ERROR_NO_HYPERVISOR},
    {VIR_ERR_ACCESS_DENIED, PST_ERROR_NO_PERMISSION},
    {VIR_ERR_AUTH_FAILED, PST_ERROR_NO_PERMISSION},
    {VIR_ERR_AUTH_CANCELLED, PST_ERROR_NO_PERMISSION},
    {VIR_ERR_AUTH_UNAVAILABLE, PST_ERROR_NO_PERMISSION},
    {VIR_ERR_OPERATION_DENIED, PST_ERROR_NO_PERMISSION},
    {VIR_ERR_INVALID_ARG, PST_ERROR_USAGE},
};

/* What the kernel refuses is of the connection only where libvirt's client has been refused it: a
 * driver calls it the same that a domain's disk is not there. */
static gboolean
is_of_connection(const virError *error)
{
    return error->code == VIR_ERR_SYSTEM_ERROR &&
           (error->domain == VIR_FROM_RPC || error->domain == VIR_FROM_REMOTE);
}

static PstErrorCode
code_of(const virError *error)
{
    if (error != NULL && is_of_connection(error))
        return PST_ERROR_NO_HYPERVISOR;
    for (guint i = 0; error != NULL && i < G_N_ELEMENTS(rows); i++)
        if (rows[i].libvirt == error->code)
            return rows[i].code;
    return PST_ERROR_PATH_SHUT;
}

gboolean
pst_virt_error_set(GError **error, const char *what)
{
    virErrorPtr last = virGetLastError();
    const char *message = last != NULL && last->message != NULL ? last->message : "no reason given";

    g_set_error(error, PST_ERROR, (int)code_of(last), "%s: %s", what, message);
    return FALSE;
}

static void
say_nothing(void *user_data G_GNUC_UNUSED, virErrorPtr error G_GNUC_UNUSED)
{
}

void
pst_virt_error_init(void)
{
    virSetErrorFunc(NULL, say_nothing);
}
