// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/host-words.h"

#include "host-sidecar/render.h"

/* Less says nothing: a guest that idles may need no processor for a second. */
#define MIN_WATCHED_MS 2000

gint64
pst_host_words_progress_ms(const PstHostData *data)
{
    gint64 total = 0;

    if (data->cpus == NULL || data->watched_ms == PST_INT_UNKNOWN ||
        data->watched_ms < MIN_WATCHED_MS)
        return PST_INT_UNKNOWN;
    for (guint i = 0; i < data->cpus->len; i++) {
        const PstHostCpu *cpu = data->cpus->pdata[i];
        if (cpu->progress_ms == PST_INT_UNKNOWN)
            return PST_INT_UNKNOWN;
        total += cpu->progress_ms;
    }
    return total;
}

char *
pst_host_words_cpus(const PstHostData *data)
{
    gint64 total = pst_host_words_progress_ms(data);

    if (total == PST_INT_UNKNOWN)
        return g_strdup("");
    return g_strdup_printf("; its processors did %" G_GINT64_FORMAT " ms of work in %.1f s", total,
                           (double)data->watched_ms / 1000);
}

/* The entry of the state that it is in; NULL where the last one is of another. */
static const PstHostLifecycle *
current(const PstHostData *data)
{
    guint n = data->lifecycle != NULL ? data->lifecycle->len : 0;
    const PstHostLifecycle *last = n > 0 ? data->lifecycle->pdata[n - 1] : NULL;

    if (last == NULL || g_strcmp0(last->state, data->state) != 0 ||
        g_strcmp0(last->reason, data->reason) != 0)
        return NULL;
    return last;
}

char *
pst_host_words_since(const PstHostData *data)
{
    const PstHostLifecycle *last = current(data);

    if (last == NULL)
        return g_strdup("");
    g_autofree char *when = pst_render_lifecycle_when(last);
    return g_strdup_printf(", %s%s", last->before_us != PST_INT_UNKNOWN ? "since " : "", when);
}

char *
pst_host_words_console_age(const PstHostData *data)
{
    if (data->console == NULL || data->console->age_ms == PST_INT_UNKNOWN)
        return g_strdup("");
    g_autofree char *age = pst_render_ago(data->console->age_ms * 1000);
    return g_strdup_printf(", which last grew %s", age);
}

/* ", 12.0 s before that", where it is known when it came into its state. */
static char *
before_that(const PstHostData *data, gint64 record_ms)
{
    const PstHostLifecycle *last = current(data);

    if (last == NULL || last->before_us == PST_INT_UNKNOWN || record_ms < last->age_ms)
        return g_strdup("");
    return g_strdup_printf(", %s%.1f s before that",
                           last->before_us < last->seen_us ? "at most " : "",
                           (double)(record_ms - last->age_ms) / 1000);
}

char *
pst_host_words_record(const PstHostData *data)
{
    const PstHostRecord *record = data->last_record;
    gint64 console_ms = data->console != NULL ? data->console->age_ms : PST_INT_UNKNOWN;

    if (record == NULL)
        return g_strdup("");
    if (console_ms != PST_INT_UNKNOWN && record->age_ms >= console_ms) {
        return g_strdup_printf("; its last record is %.1f s older than the console's last line",
                               (double)(record->age_ms - console_ms) / 1000);
    }
    g_autofree char *age = pst_render_ago(record->age_ms * 1000);
    g_autofree char *before = before_that(data, record->age_ms);
    return g_strdup_printf("; its last record: %s%s", age, before);
}
