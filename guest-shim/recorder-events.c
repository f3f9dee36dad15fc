// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-events.h"

#include <string.h>
#include <sys/inotify.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/careful-stat.h"
#include "guest-shim/changes-places.h"
#include "guest-shim/probe.h"
#include "guest-shim/recorder-changes.h"
#include "guest-shim/recorder-folders.h"
#include "guest-shim/recorder-kernel.h"
#include "guest-shim/recorder-news.h"

/* systemd makes INVOCATION UNIT for each unit that runs something (services, mounts, swaps, scopes)
 * and takes it away when the unit is inactive or has failed: unit_notify() of its core/unit.c. */
#define UNITS "/run/systemd/units"
#define INVOCATION "invocation:"
#define PLANE (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_CREATE)

static const PstRecorderFolder watched[] = {
    /* Those of the control plane: each file in them is judged by its path. */
    {"/etc", PLANE},
    {"/etc/nftables.d", PLANE},
    {"/etc/pam.d", PLANE},
    {"/etc/security", PLANE},
    {"/etc/ssh", PLANE},
    {"/etc/ssh/sshd_config.d", PLANE},
    {"/etc/sudoers.d", PLANE},
    {"/etc/systemd", PLANE},
    {"/etc/systemd/system", PLANE},
    {UNITS, IN_DELETE | IN_MOVED_TO},
};

typedef enum {
    DUE_ALL,
    DUE_UNITS,
    DUE_MEMORY,
    DUE_TROUBLE,
    N_DUE,
} Due;

static const char *const of_units[] = {"services", NULL};
static const char *const of_memory[] = {"memory", "system", "services", NULL};
/* A unit that fails may do so for want of room or memory. */
static const char *const of_trouble[] = {"system", "storage", "memory", "journal", NULL};

static const struct {
    const char *const *probes;
    guint settle_s, burst;
    gint64 each_s;
} dues[N_DUE] = {
    /* A package manager changes many files at once: what follows within this is of one change. */
    [DUE_ALL] = {NULL, 5, 6, 60},
    /* A unit that ends may be about to be started again. */
    [DUE_UNITS] = {of_units, 1, 10, 20},
    [DUE_MEMORY] = {of_memory, 1, 6, 60},
    [DUE_TROUBLE] = {of_trouble, 1, 6, 60},
};

struct PstRecorderEvents {
    const PstSysroot *sysroot;
    PstRecorderEvent event;
    gpointer user_data;
    PstRecorderKinds *kinds;
    PstRecorderKernel *kernel;
    PstRecorderFolders *folders;
    PstRecorderChanges *changes;
    PstRecorderNews *news;
    PstRecorderDue dues[N_DUE];
    gboolean started;
    gboolean suspended; /* the last look was given up */
};

static void
emit(PstRecorderEvents *events, PstEventKind kind, const PstEventFacts *facts)
{
    g_autoptr(JsonObject) json =
        pst_recorder_kinds_make(events->kinds, kind, facts, pst_boot_clock_us());

    if (json != NULL)
        events->event(kind, json, events->user_data);
}

static void
on_kernel(PstEventKind kind, const PstEventFacts *facts, gpointer user_data)
{
    PstRecorderEvents *events = user_data;

    emit(events, kind, facts);
    if (kind == PST_EVENT_OOM_KILL)
        pst_recorder_due_ask(&events->dues[DUE_MEMORY]);
}

static void
on_news(PstEventKind kind, const PstEventFacts *facts, gpointer user_data)
{
    PstRecorderEvents *events = user_data;

    emit(events, kind, facts);
    if (kind == PST_EVENT_UNIT_FAILED)
        pst_recorder_due_ask(&events->dues[DUE_TROUBLE]);
}

/* ---- the control plane ---- */

static void
on_change(const char *path, guint32 mask, gpointer user_data)
{
    PstRecorderEvents *events = user_data;
    g_autofree char *words = pst_recorder_changes_words(mask);
    PstEventFacts facts = {.message = words, .path = path};

    emit(events, PST_EVENT_CONTROL_PLANE, &facts);
    pst_recorder_due_ask(&events->dues[DUE_ALL]);
}

static void
take_change(PstRecorderEvents *events, const char *folder, const char *name, guint32 mask)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    if (pst_changes_places_is_control(path))
        pst_recorder_changes_take(events->changes, path, mask);
}

/* ---- units ---- */

static const char *
mode_of(const char *unit)
{
    if (g_str_equal(unit, "emergency.service"))
        return "emergency mode";
    return g_str_equal(unit, "rescue.service") ? "rescue mode" : NULL;
}

static void
tell_mode(PstRecorderEvents *events, const char *unit, const char *words)
{
    g_autofree char *message = g_strconcat(words, mode_of(unit), NULL);
    PstEventFacts facts = {.message = message, .unit = unit};

    emit(events, PST_EVENT_EMERGENCY, &facts);
    pst_recorder_due_ask(&events->dues[DUE_ALL]);
}

/* Scopes are sessions of users, which come and go. */
static void
take_unit(PstRecorderEvents *events, const char *name, guint32 mask)
{
    const char *unit = name + strlen(INVOCATION);

    if (!g_str_has_prefix(name, INVOCATION) || g_str_has_suffix(name, ".scope"))
        return;
    if ((mask & IN_DELETE) != 0) {
        pst_recorder_news_ended(events->news, unit);
        pst_recorder_due_ask(&events->dues[DUE_UNITS]);
    } else if (mode_of(unit) != NULL) {
        tell_mode(events, unit, "the guest enters ");
    }
}

static void
on_folder(const char *folder, const char *name, guint32 mask, gpointer user_data)
{
    PstRecorderEvents *events = user_data;

    /* Some were lost: whatever they were, a look tells. */
    if (folder == NULL)
        pst_recorder_due_ask(&events->dues[DUE_ALL]);
    else if (g_str_equal(folder, UNITS))
        take_unit(events, name, mask);
    else
        take_change(events, folder, name, mask);
}

/* In which mode it is already, as it may be after a boot straight into it. */
static void
look_for_mode(PstRecorderEvents *events)
{
    static const char *const units[] = {"emergency.service", "rescue.service"};

    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autofree char *path = g_strconcat(UNITS "/" INVOCATION, units[i], NULL);
        struct stat st;

        if (pst_careful_stat(events->sysroot, path, &st, NULL))
            tell_mode(events, units[i], "the guest is in ");
    }
}

/* ---- */

/* Where from it is heard. */
static void
make_sources(PstRecorderEvents *events)
{
    events->kernel = pst_recorder_kernel_new(on_kernel, events);
    events->folders = pst_recorder_folders_new(events->sysroot, watched, G_N_ELEMENTS(watched),
                                               on_folder, events);
    events->changes = pst_recorder_changes_new(on_change, events);
    events->news = pst_recorder_news_new(on_news, events);
}

static void
free_sources(PstRecorderEvents *events)
{
    pst_recorder_folders_free(events->folders);
    pst_recorder_changes_free(events->changes);
    pst_recorder_kernel_free(events->kernel);
    pst_recorder_news_free(events->news);
}

static void
clear_dues(PstRecorderEvents *events)
{
    for (guint i = 0; i < N_DUE; i++)
        pst_recorder_due_clear(&events->dues[i]);
}

PstRecorderEvents *
pst_recorder_events_new(const PstSysroot *sysroot, PstRecorderEvent event, PstRecorderLookDue due,
                        gpointer user_data)
{
    PstRecorderEvents *events = g_new0(PstRecorderEvents, 1);

    events->sysroot = sysroot;
    events->event = event;
    events->user_data = user_data;
    events->kinds = pst_recorder_kinds_new();
    make_sources(events);
    for (guint i = 0; i < N_DUE; i++)
        events->dues[i] = (PstRecorderDue){
            .probes = dues[i].probes,
            .settle_s = dues[i].settle_s,
            .bucket = {.size = dues[i].burst, .each_us = dues[i].each_s * G_USEC_PER_SEC},
            .due = due,
            .user_data = user_data,
        };
    return events;
}

void
pst_recorder_events_start(PstRecorderEvents *events)
{
    if (pst_sysroot_is_live(events->sysroot))
        pst_recorder_kernel_start(events->kernel, events->sysroot);
    pst_recorder_folders_watch(events->folders);
    if (!events->started)
        look_for_mode(events);
    events->started = TRUE;
}

void
pst_recorder_events_stop(PstRecorderEvents *events)
{
    if (!events->started)
        return;
    clear_dues(events);
    free_sources(events);
    make_sources(events);
    events->started = events->suspended = FALSE;
}

void
pst_recorder_events_take_report(PstRecorderEvents *events, JsonObject *report)
{
    pst_recorder_news_take(events->news, report);
}

void
pst_recorder_events_unchanged(PstRecorderEvents *events)
{
    PstEventFacts facts = {.message = "a look at everything has found nothing new"};

    emit(events, PST_EVENT_UNCHANGED, &facts);
}

void
pst_recorder_events_look_given_up(PstRecorderEvents *events, gboolean given_up)
{
    PstEventFacts facts = {
        .message = given_up ? "too many earlier probes hang in the kernel and can't be killed: the "
                              "recorder asks no further ones"
                            : "the recorder asks all probes again that do not hang themselves"};

    if (given_up == events->suspended)
        return;
    events->suspended = given_up;
    emit(events, given_up ? PST_EVENT_LOOKS_SUSPENDED : PST_EVENT_LOOKS_RESUMED, &facts);
}

void
pst_recorder_events_free(PstRecorderEvents *events)
{
    clear_dues(events);
    free_sources(events);
    pst_recorder_kinds_free(events->kinds);
    g_free(events);
}
