// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/domain-state.h"

#include <libvirt/libvirt.h>

static const char *const state_names[] = {
    [VIR_DOMAIN_NOSTATE] = "of unknown state", [VIR_DOMAIN_RUNNING] = "running",
    [VIR_DOMAIN_BLOCKED] = "running",          [VIR_DOMAIN_PAUSED] = "paused",
    [VIR_DOMAIN_SHUTDOWN] = "shutting down",   [VIR_DOMAIN_SHUTOFF] = "off",
    [VIR_DOMAIN_CRASHED] = "crashed",          [VIR_DOMAIN_PMSUSPENDED] = "suspended",
};

static const struct {
    int state;
    int reason;
    const char *words;
} reasons[] = {
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED, "booted"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATED, "migrated"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_RESTORED, "restored"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_FROM_SNAPSHOT, "from snapshot"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED, "unpaused"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATION_CANCELED, "migration canceled"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_SAVE_CANCELED, "save canceled"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_WAKEUP, "event wakeup"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_CRASHED, "crashed"},
    {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY, "post-copy migration"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, "by somebody"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION, "for a migration"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SAVE, "to be saved"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_DUMP, "to be dumped"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, "I/O error"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_WATCHDOG, "by its watchdog"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_FROM_SNAPSHOT, "as its snapshot was"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SHUTTING_DOWN, "while it shuts down"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_SNAPSHOT, "for a snapshot"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_CRASHED, "panicked"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_STARTING_UP, "starting"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY, "for a post-copy migration"},
    {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY_FAILED, "a post-copy migration failed"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SHUTDOWN, "shut down from within"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED, "destroyed"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_CRASHED, "crashed"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_MIGRATED, "migrated to elsewhere"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_SAVED, "saved"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_FAILED, "it failed to start"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT, "as its snapshot was"},
    {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DAEMON, "libvirt lost it"},
    {VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_PANICKED, "panicked"},
};

const char *
pst_domain_state_name(int state)
{
    return (guint)state < G_N_ELEMENTS(state_names) ? state_names[state] : state_names[0];
}

const char *
pst_domain_state_reason(int state, int reason)
{
    for (guint i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (reasons[i].state == state && reasons[i].reason == reason)
            return reasons[i].words;
    return NULL;
}

gboolean
pst_domain_state_is_revert(int state, int reason)
{
    return (state == VIR_DOMAIN_RUNNING && reason == VIR_DOMAIN_RUNNING_FROM_SNAPSHOT) ||
           (state == VIR_DOMAIN_PAUSED && reason == VIR_DOMAIN_PAUSED_FROM_SNAPSHOT) ||
           (state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT);
}
