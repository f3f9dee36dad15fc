// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/lifecycle.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

/* More than libvirt has, or will have soon. */
#define MAX_NUMBER 1000
/* Of a domain's name. */
#define MAX_NAME PST_LIMIT_RECORD_NAME
/* Thirteen an entry, nine a date, five a part of the volume, and room for more of later versions.
 */
#define MAX_TOKENS 3000
/* How long one who has looked may need to note it. */
#define LATE_US (10 * G_USEC_PER_SEC)

static const PstField entry_rows[] = {
    PST_INT(PstLifecycleEntry, state, "virDomainState"),
    PST_INT(PstLifecycleEntry, reason, "that goes with it"),
    PST_INT(PstLifecycleEntry, id, "of the running domain"),
    PST_INT(PstLifecycleEntry, seen_us, "when it was first seen so"),
    PST_INT(PstLifecycleEntry, before_us, "when it was last seen as it was before"),
    PST_INT(PstLifecycleEntry, host_boot, "of the host that it runs on"),
};
static const PstFields entry_fields = PST_FIELDS(PstLifecycleEntry, entry_rows);

static const PstField name_rows[] = {
    PST_STRING(PstLifecycleName, name, "of the domain"),
    PST_INT(PstLifecycleName, until_us, "when it was first seen to have another"),
};
static const PstFields name_fields = PST_FIELDS(PstLifecycleName, name_rows);

static const PstField rows[] = {
    PST_STRING(PstLifecycle, domain, "its name"),
    PST_LIST(PstLifecycle, former, name_fields, "what it was called before, the oldest first"),
    PST_LIST(PstLifecycle, entries, entry_fields, "the oldest first"),
    PST_LIST(PstLifecycle, dates, pst_record_date_fields, "what its volume held when"),
    PST_OBJECT(PstLifecycle, place, pst_volume_place_fields, "how far its volume was read"),
};
static const PstFields fields = PST_FIELDS(PstLifecycle, rows);

PstLifecycle *
pst_lifecycle_new(void)
{
    return pst_fields_new(&fields);
}

void
pst_lifecycle_free(PstLifecycle *lifecycle)
{
    pst_fields_free(&fields, lifecycle);
}

static guint
count(const PstLifecycle *lifecycle)
{
    return lifecycle->entries != NULL ? lifecycle->entries->len : 0;
}

/* ---- as text ---- */

static gboolean
is_within(gint64 number, gint64 min, gint64 max)
{
    return number >= min && number <= max;
}

static gboolean
is_sound(const PstLifecycleEntry *entry, gint64 earliest_us)
{
    return is_within(entry->state, 0, MAX_NUMBER) && is_within(entry->reason, 0, MAX_NUMBER) &&
           (entry->id == PST_INT_UNKNOWN || is_within(entry->id, 0, G_MAXINT)) &&
           (entry->host_boot == PST_INT_UNKNOWN ||
            is_within(entry->host_boot, 0, PST_LIMIT_INTEGER)) &&
           is_within(entry->seen_us, earliest_us, PST_LIMIT_INTEGER) &&
           (entry->before_us == PST_INT_UNKNOWN ||
            is_within(entry->before_us, earliest_us, entry->seen_us));
}

static gboolean
are_dates_sound(const GPtrArray *dates)
{
    for (guint i = 0; dates != NULL && i < dates->len; i++) {
        const PstRecordDate *date = dates->pdata[i];

        if (date->boot_id == NULL || strlen(date->boot_id) > PST_LIMIT_RECORD_ID ||
            !is_within(date->seq, 0, PST_LIMIT_INTEGER) ||
            !is_within(date->boottime_us, 0, PST_LIMIT_INTEGER) ||
            !is_within(date->written_us, 1, PST_LIMIT_INTEGER))
            return FALSE;
    }
    return dates == NULL || dates->len <= PST_RECORD_DATES_MAX;
}

static gboolean
are_names_sound(const GPtrArray *names)
{
    for (guint i = 0; names != NULL && i < names->len; i++) {
        const PstLifecycleName *former = names->pdata[i];

        if (former->name == NULL || strlen(former->name) > MAX_NAME ||
            !is_within(former->until_us, 0, PST_LIMIT_INTEGER))
            return FALSE;
    }
    return names == NULL || names->len <= PST_LIFECYCLE_MAX_FORMER;
}

static gboolean
check(const PstLifecycle *lifecycle, GError **error)
{
    gint64 earliest_us = 0;
    gboolean sound = count(lifecycle) <= PST_LIFECYCLE_MAX &&
                     (lifecycle->domain == NULL || strlen(lifecycle->domain) <= MAX_NAME) &&
                     are_names_sound(lifecycle->former) && are_dates_sound(lifecycle->dates) &&
                     (lifecycle->place == NULL || pst_volume_place_is_sound(lifecycle->place));

    for (guint i = 0; sound && i < count(lifecycle); i++) {
        const PstLifecycleEntry *entry = lifecycle->entries->pdata[i];

        sound = is_sound(entry, earliest_us);
        earliest_us = entry->seen_us;
    }
    if (!sound)
        g_set_error_literal(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                            "this is no list of a domain's states");
    return sound;
}

PstLifecycle *
pst_lifecycle_parse(const char *text, gsize len, GError **error)
{
    const PstValidateLimits limits = {
        .max_bytes = PST_LIFECYCLE_MAX_BYTES,
        .max_tokens = MAX_TOKENS,
    };
    g_autoptr(JsonObject) json = pst_json_parse(text, len, &limits, error);

    if (json == NULL)
        return NULL;
    g_autoptr(PstLifecycle) lifecycle = pst_fields_decode(&fields, json, error);
    if (lifecycle == NULL || !check(lifecycle, error))
        return NULL;
    return g_steal_pointer(&lifecycle);
}

char *
pst_lifecycle_to_text(const PstLifecycle *lifecycle, gsize *len)
{
    PstFieldsCut cut = {PST_LIFECYCLE_MAX, MAX_NAME, FALSE};
    g_autoptr(JsonObject) json = pst_fields_encode(&fields, lifecycle, &cut);

    return pst_json_to_text(json, len);
}

/* ---- noting ---- */

static PstLifecycleEntry *
last_of(const PstLifecycle *lifecycle)
{
    guint n = count(lifecycle);

    return n > 0 ? lifecycle->entries->pdata[n - 1] : NULL;
}

/* The clock was wrong then, or is now: where it was, this heals it; where it is, later entries are
 * right again. */
static gboolean
set_back(PstLifecycle *lifecycle, gint64 now_us)
{
    gboolean changed = FALSE;

    for (guint i = 0; i < count(lifecycle); i++) {
        PstLifecycleEntry *entry = lifecycle->entries->pdata[i];

        if (entry->seen_us <= now_us)
            continue;
        entry->seen_us = now_us;
        entry->before_us = PST_INT_UNKNOWN;
        changed = TRUE;
    }
    return changed;
}

gint64
pst_lifecycle_host_boot(const char *text)
{
    g_autofree char *id = g_strstrip(g_strdup(text));
    gsize len = 32;
    guint8 digest[32];

    if (!g_uuid_string_is_valid(id))
        return PST_INT_UNKNOWN;
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)id, -1);
    g_checksum_get_digest(checksum, digest, &len);
    guint64 number = 0;
    for (guint i = 0; i < sizeof(number); i++)
        number = number << 8 | digest[i];
    return (gint64)(number & PST_LIMIT_INTEGER);
}

static gboolean
are_different(gint64 number, gint64 other)
{
    return number != PST_INT_UNKNOWN && other != PST_INT_UNKNOWN && number != other;
}

static gboolean
is_another_run(const PstLifecycleEntry *entry, const PstLifecycleEntry *other)
{
    return are_different(entry->id, other->id) || are_different(entry->host_boot, other->host_boot);
}

static gboolean
differs(const PstLifecycleEntry *last, const PstLifecycleEntry *now)
{
    return last->state != now->state || last->reason != now->reason || is_another_run(now, last);
}

static gint64
date_before(const PstLifecycleEntry *last, const PstLifecycleSight *sight, gint64 looked_us)
{
    if (sight->exact)
        return sight->seen_us;
    if (last == NULL || looked_us > sight->seen_us)
        return PST_INT_UNKNOWN;
    return MAX(looked_us, last->seen_us);
}

static gboolean
learn(gint64 *known, gint64 seen)
{
    if (*known != PST_INT_UNKNOWN || seen == PST_INT_UNKNOWN)
        return FALSE;
    *known = seen;
    return TRUE;
}

/* Who hears of a change and who passes by after it may come in either order. */
static gboolean
date_exactly(PstLifecycleEntry *last, const PstLifecycleEntry *now, gboolean exact)
{
    if (!exact || last == NULL || differs(last, now) || last->before_us == PST_INT_UNKNOWN ||
        now->seen_us < last->before_us || now->seen_us >= last->seen_us)
        return FALSE;
    last->seen_us = last->before_us = now->seen_us;
    return TRUE;
}

PstLifecycleNote
pst_lifecycle_note(PstLifecycle *lifecycle, const PstLifecycleSight *sight, gint64 looked_us)
{
    PstLifecycleEntry *last = last_of(lifecycle);
    gint64 ahead_us = last != NULL ? MAX(looked_us, last->seen_us) - sight->seen_us : 0;
    PstLifecycleEntry entry = {sight->state,   sight->reason,   sight->id,
                               sight->seen_us, PST_INT_UNKNOWN, sight->host_boot};

    if (!is_sound(&entry, 0))
        return PST_LIFECYCLE_NOTHING;
    if (ahead_us > 0 && ahead_us < LATE_US)
        return date_exactly(last, &entry, sight->exact) ? PST_LIFECYCLE_NEWS
                                                        : PST_LIFECYCLE_NOTHING;
    gboolean changed = set_back(lifecycle, sight->seen_us);
    if (last == NULL || differs(last, &entry)) {
        entry.before_us = date_before(last, sight, looked_us);
        *(PstLifecycleEntry *)pst_fields_append(&entry_fields, &lifecycle->entries) = entry;
        if (lifecycle->entries->len > PST_LIFECYCLE_MAX)
            pst_fields_free(&entry_fields, g_ptr_array_remove_index(lifecycle->entries, 0));
        return PST_LIFECYCLE_NEWS;
    }
    /* One who looked while it was started knew no number yet, and an earlier version no boot. */
    changed |= learn(&last->id, sight->id) | learn(&last->host_boot, sight->host_boot);
    return changed ? PST_LIFECYCLE_NEWS : PST_LIFECYCLE_SAME;
}

gboolean
pst_lifecycle_call(PstLifecycle *lifecycle, const char *domain, gint64 seen_us)
{
    g_autofree char *name = pst_json_clean_cut(domain, MAX_NAME, NULL);

    if (g_strcmp0(lifecycle->domain, name) == 0)
        return FALSE;
    if (lifecycle->domain != NULL) {
        PstLifecycleName *former = pst_fields_append(&name_fields, &lifecycle->former);
        former->name = lifecycle->domain;
        former->until_us = seen_us;
        if (lifecycle->former->len > PST_LIFECYCLE_MAX_FORMER)
            pst_fields_free(&name_fields, g_ptr_array_remove_index(lifecycle->former, 0));
    }
    lifecycle->domain = g_steal_pointer(&name);
    return TRUE;
}

gboolean
pst_lifecycle_is_restart(const PstLifecycle *lifecycle, guint i)
{
    const PstLifecycleEntry *entry = lifecycle->entries->pdata[i];

    return i > 0 && is_another_run(entry, lifecycle->entries->pdata[i - 1]);
}
