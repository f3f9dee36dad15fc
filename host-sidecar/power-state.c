// SPDX-License-Identifier: LGPL-2.1-or-later
#include <libvirt/libvirt.h>

#include "host-sidecar/power.h"
#include "protocol/error.h"

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT, "%s: nothing was changed", why);
    return FALSE;
}

static gboolean
is_off(int state)
{
    return state == VIR_DOMAIN_SHUTOFF;
}

gboolean
pst_power_may(PstPowerAction action, int state, gboolean *needed, GError **error)
{
    *needed = TRUE;
    switch (action) {
    case PST_POWER_STOP:
        *needed = !is_off(state);
        return TRUE;
    case PST_POWER_CYCLE:
        return TRUE;
    case PST_POWER_START:
        *needed = is_off(state);
        /* Its QEMU may need some time to end, and then it is off. */
        if (state == VIR_DOMAIN_SHUTDOWN)
            return refuse(error, "it is going off: say start again when it is");
        if (state == VIR_DOMAIN_PAUSED)
            return refuse(error, "it is paused, and not off: virsh resume lets it go on");
        if (state == VIR_DOMAIN_PMSUSPENDED)
            return refuse(error, "it sleeps, and is not off: virsh dompmwakeup wakes it");
        if (state == VIR_DOMAIN_CRASHED)
            return refuse(error, "it has crashed, and its QEMU is kept: say cycle");
        return TRUE;
    case PST_POWER_RESET:
        if (is_off(state))
            return refuse(error, "it is off: say start");
        /* libvirt resets the machine of a crashed guest and leaves it paused. */
        if (state == VIR_DOMAIN_CRASHED)
            return refuse(error, "it has crashed, and would be paused after a reset: say cycle");
        if (state == VIR_DOMAIN_PAUSED)
            return refuse(error, "it is paused, and would be paused after a reset: say cycle");
        if (state == VIR_DOMAIN_PMSUSPENDED)
            return refuse(error, "it sleeps: virsh dompmwakeup wakes it, or say cycle");
        return TRUE;
    }
    return refuse(error, "that is no way to use a power button");
}
