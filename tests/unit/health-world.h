// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/health.h"
#include "protocol/report-host.h"

/* Sights of a sweep, and the verdict on them. */

#define SECOND G_GINT64_CONSTANT(1000000)
#define MINUTE (60 * SECOND)
#define NOW_S G_GINT64_CONSTANT(1795600000)
#define NOW (NOW_S * SECOND)

static inline PstHealthSight *
make_sight(const char *name, const char *state, const char *reason)
{
    PstHealthSight *sight = pst_health_sight_new(name);

    sight->uuid = g_strdup_printf("uuid-%s", name);
    sight->state = g_strdup(state);
    sight->reason = g_strdup(reason);
    sight->run = 7;
    return sight;
}

static inline PstHealthSight *
make_answering(const char *name)
{
    PstHealthSight *sight = make_sight(name, "running", "booted");
    const char *const looked[] = {"ssh", "storage", NULL};

    sight->asked = sight->answered = TRUE;
    sight->via = g_strdup("channel");
    sight->answered_us = NOW;
    sight->looked = g_strdupv((char **)looked);
    return sight;
}

static inline PstHealthSight *
make_silent(const char *name)
{
    PstHealthSight *sight = make_sight(name, "running", "booted");

    sight->asked = sight->missed = TRUE;
    pst_health_sight_add(sight, "host.no-answer", PST_SEVERITY_UNKNOWN, "nothing in it answers");
    return sight;
}

static inline PstHealthSight *
make_rushed(const char *name)
{
    PstHealthSight *sight = make_silent(name);

    pst_health_sight_rush(sight, "no time was left for its answer");
    return sight;
}

static inline PstExpect *
make_expect(const char *text)
{
    g_autoptr(GKeyFile) config = g_key_file_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(g_key_file_load_from_data(config, text, (gsize)-1, G_KEY_FILE_NONE, NULL));
    PstExpect *expect = pst_expect_read(config, &error);
    g_assert_no_error(error);
    return expect;
}

/* Judges SIGHTS as all that there are, SECONDS after NOW, and notes it in MEMORY. Takes SIGHTS. */
static inline PstHealth *
sweep_at(PstHealthMemory *memory, const char *expected, gint64 seconds, GPtrArray *sights)
{
    g_autoptr(PstExpect) expect = make_expect(expected);
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(NOW_S + seconds);
    const PstHealthView view = {memory, expect, now, TRUE};
    PstHealth *health = pst_health_judge(sights, &view);

    health->begun_us = NOW + seconds * SECOND;
    pst_health_note(memory, health, sights, TRUE, NOW + seconds * SECOND);
    g_ptr_array_unref(sights);
    return health;
}

static inline GPtrArray *
sights_of(PstHealthSight *first)
{
    GPtrArray *sights = g_ptr_array_new_with_free_func((GDestroyNotify)pst_health_sight_free);

    g_ptr_array_add(sights, first);
    return sights;
}

static inline const PstHealthRow *
row_at(const PstHealth *health, guint i)
{
    return health->domains->pdata[i];
}
