// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/record-event.h"

const char *const pst_record_event_names[PST_EVENT_KINDS + 1] = {
    [PST_EVENT_UNIT_FAILED] = "unit-failed",
    [PST_EVENT_UNIT_RESTARTING] = "unit-restarting",
    [PST_EVENT_EMERGENCY] = "emergency-entered",
    [PST_EVENT_DISK_FULL] = "disk-full",
    [PST_EVENT_DISK_NEARLY_FULL] = "disk-nearly-full",
    [PST_EVENT_KERNEL_WARNING] = "kernel-warning",
    [PST_EVENT_OOM_KILL] = "oom-kill",
    [PST_EVENT_CONTROL_PLANE] = "control-plane-changed",
    [PST_EVENT_LOOKS_SUSPENDED] = "looks-suspended",
    [PST_EVENT_LOOKS_RESUMED] = "looks-resumed",
    [PST_EVENT_UNCHANGED] = "unchanged",
    [PST_EVENT_SHIM_STARTED] = "shim-started",
};

const char *
pst_record_event_find(const char *name)
{
    for (guint i = 0; i < PST_EVENT_KINDS; i++)
        if (g_str_equal(pst_record_event_names[i], name))
            return pst_record_event_names[i];
    return NULL;
}
