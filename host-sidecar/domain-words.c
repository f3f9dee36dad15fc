// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/domain-words.h"

#include <libvirt/libvirt.h>

static const char *const events[] = {
    [VIR_DOMAIN_EVENT_DEFINED] = "defined",   [VIR_DOMAIN_EVENT_UNDEFINED] = "undefined",
    [VIR_DOMAIN_EVENT_STARTED] = "started",   [VIR_DOMAIN_EVENT_SUSPENDED] = "paused",
    [VIR_DOMAIN_EVENT_RESUMED] = "resumed",   [VIR_DOMAIN_EVENT_STOPPED] = "stopped",
    [VIR_DOMAIN_EVENT_SHUTDOWN] = "shutdown", [VIR_DOMAIN_EVENT_PMSUSPENDED] = "suspended",
    [VIR_DOMAIN_EVENT_CRASHED] = "crashed",
};

static const struct {
    int event, detail;
    const char *words;
} details[] = {
#define DETAIL(event, detail, words)                                                               \
    {                                                                                              \
        VIR_DOMAIN_EVENT_##event, VIR_DOMAIN_EVENT_##event##_##detail, words                       \
    }
    DETAIL(DEFINED, ADDED, "it is new"),
    DETAIL(DEFINED, UPDATED, "its XML was changed"),
    DETAIL(DEFINED, RENAMED, "it was renamed"),
    DETAIL(DEFINED, FROM_SNAPSHOT, "as its snapshot was"),
    DETAIL(UNDEFINED, REMOVED, "it is no domain any more"),
    DETAIL(UNDEFINED, RENAMED, "it has another name"),
    DETAIL(STARTED, BOOTED, "it boots"),
    DETAIL(STARTED, MIGRATED, "it came from another host"),
    DETAIL(STARTED, RESTORED, "where it had been saved"),
    DETAIL(STARTED, FROM_SNAPSHOT, "it was reverted to a snapshot"),
    DETAIL(STARTED, WAKEUP, "it woke up"),
    DETAIL(SUSPENDED, PAUSED, "by somebody"),
    DETAIL(SUSPENDED, MIGRATED, "for a migration"),
    DETAIL(SUSPENDED, IOERROR, "by an I/O error"),
    DETAIL(SUSPENDED, WATCHDOG, "by its watchdog"),
    DETAIL(SUSPENDED, RESTORED, "where it had been saved"),
    DETAIL(SUSPENDED, FROM_SNAPSHOT, "it was reverted to a snapshot"),
    DETAIL(SUSPENDED, API_ERROR, "a libvirt operation failed"),
    DETAIL(SUSPENDED, POSTCOPY, "for a post-copy migration"),
    DETAIL(SUSPENDED, POSTCOPY_FAILED, "a post-copy migration failed"),
    DETAIL(RESUMED, UNPAUSED, "by somebody"),
    DETAIL(RESUMED, MIGRATED, "after a migration"),
    DETAIL(RESUMED, FROM_SNAPSHOT, "it was reverted to a snapshot"),
    DETAIL(RESUMED, POSTCOPY, "in a post-copy migration"),
    DETAIL(STOPPED, SHUTDOWN, "it had shut down"),
    DETAIL(STOPPED, DESTROYED, "by somebody"),
    DETAIL(STOPPED, CRASHED, "it crashed"),
    DETAIL(STOPPED, MIGRATED, "it went to another host"),
    DETAIL(STOPPED, SAVED, "it was saved"),
    DETAIL(STOPPED, FAILED, "QEMU failed, or was killed"),
    DETAIL(STOPPED, FROM_SNAPSHOT, "as its snapshot was"),
    DETAIL(SHUTDOWN, FINISHED, "the guest has shut down"),
    DETAIL(SHUTDOWN, GUEST, "by the guest itself"),
    DETAIL(SHUTDOWN, HOST, "by the host"),
    DETAIL(PMSUSPENDED, MEMORY, "to memory"),
    DETAIL(PMSUSPENDED, DISK, "to disk"),
    DETAIL(CRASHED, PANICKED, "its kernel panicked"),
    DETAIL(CRASHED, CRASHLOADED, "its kernel panicked and dumps itself"),
#undef DETAIL
};

const char *
pst_domain_words_event(int event)
{
    return (guint)event < G_N_ELEMENTS(events) ? events[event] : "changed";
}

const char *
pst_domain_words_detail(int event, int detail)
{
    for (guint i = 0; i < G_N_ELEMENTS(details); i++)
        if (details[i].event == event && details[i].detail == detail)
            return details[i].words;
    return NULL;
}
