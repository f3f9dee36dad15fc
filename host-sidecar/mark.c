// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/mark.h"

#include <string.h>

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/report-journal.h"

#define PREFIX "mark1,"
#define MAX_TEXT 1024
#define MAX_CURSOR 256
#define ID_DIGITS 32
/* More than slewing takes from a clock, and two samples of two clocks lie apart. */
#define SET_BACK_US G_USEC_PER_SEC
/* Two samples of one boot that agree less than this with the host's clock: it stood still. */
#define STOOD_STILL_US (500 * G_GINT64_CONSTANT(1000))

void
pst_mark_free(PstMark *mark)
{
    g_free(mark->machine_id);
    g_free(mark->boot_id);
    g_free(mark->cursor);
    g_free(mark);
}

gboolean
pst_mark_is(const char *text)
{
    return g_str_has_prefix(text, "mark");
}

/* ---- as text ---- */

static char *
moment_to_text(gint64 moment_us)
{
    g_autoptr(GDateTime) moment = g_date_time_new_from_unix_utc(moment_us / G_USEC_PER_SEC);
    g_autofree char *seconds =
        moment != NULL ? g_date_time_format(moment, "%Y-%m-%dT%H:%M:%S") : NULL;

    return g_strdup_printf("%s.%06dZ", seconds != NULL ? seconds : "1970-01-01T00:00:00",
                           (int)(moment_us % G_USEC_PER_SEC));
}

char *
pst_mark_to_text(const PstMark *mark)
{
    GString *out = g_string_new(PREFIX);
    g_autofree char *clock = moment_to_text(mark->realtime_us);
    g_autofree char *host = moment_to_text(mark->host_us);

    if (mark->machine_id != NULL)
        g_string_append_printf(out, "machine=%s,", mark->machine_id);
    g_string_append_printf(out, "boot=%s,up=%" G_GINT64_FORMAT ".%06d,clock=%s", mark->boot_id,
                           mark->boottime_us / G_USEC_PER_SEC,
                           (int)(mark->boottime_us % G_USEC_PER_SEC), clock);
    if (mark->offset_ms != PST_INT_UNKNOWN)
        g_string_append_printf(out, ",offset_ms=%" G_GINT64_FORMAT, mark->offset_ms);
    if (mark->cursor != NULL)
        g_string_append_printf(out, ",cursor=%s", mark->cursor);
    /* Last, since no mark is without it: one that was cut off is none. */
    g_string_append_printf(out, ",host=%s", host);
    return g_string_free(out, FALSE);
}

JsonObject *
pst_mark_to_json(const PstMark *mark)
{
    JsonObject *json = json_object_new();
    g_autofree char *text = pst_mark_to_text(mark);

    pst_json_set_string(json, "mark", text);
    pst_json_set_string(json, "machine_id", mark->machine_id);
    pst_json_set_string(json, "boot_id", mark->boot_id);
    json_object_set_int_member(json, "boottime_us", mark->boottime_us);
    json_object_set_int_member(json, "realtime_us", mark->realtime_us);
    if (mark->offset_ms != PST_INT_UNKNOWN)
        json_object_set_int_member(json, "offset_ms", mark->offset_ms);
    json_object_set_int_member(json, "host_us", mark->host_us);
    pst_json_set_string(json, "cursor", mark->cursor);
    return json;
}

/* ---- from text ---- */

static gboolean
is_id(const char *text)
{
    return text != NULL && strlen(text) == ID_DIGITS &&
           strspn(text, "0123456789abcdef") == ID_DIGITS;
}

static gboolean
read_id(const char *text, char **id)
{
    if (!is_id(text) || *id != NULL)
        return FALSE;
    *id = g_strdup(text);
    return TRUE;
}

static gboolean
read_moment(const char *text, gint64 *moment_us)
{
    g_autoptr(GDateTime) moment =
        *moment_us == PST_INT_UNKNOWN ? g_date_time_new_from_iso8601(text, NULL) : NULL;

    if (moment == NULL || g_date_time_to_unix(moment) < 0)
        return FALSE;
    *moment_us = g_date_time_to_unix(moment) * G_USEC_PER_SEC + g_date_time_get_microsecond(moment);
    return TRUE;
}

static gboolean
read_up(const char *text, gint64 *up_us)
{
    const gint64 max_s = G_MAXINT64 / (2 * G_USEC_PER_SEC);
    g_auto(GStrv) parts = g_strsplit(text, ".", 3);
    guint64 seconds = 0, rest = 0;

    if (*up_us != PST_INT_UNKNOWN || g_strv_length(parts) != 2 || strlen(parts[1]) != 6 ||
        !g_ascii_string_to_unsigned(parts[0], 10, 0, (guint64)max_s, &seconds, NULL) ||
        !g_ascii_string_to_unsigned(parts[1], 10, 0, G_USEC_PER_SEC - 1, &rest, NULL))
        return FALSE;
    *up_us = (gint64)(seconds * G_USEC_PER_SEC + rest);
    return TRUE;
}

static gboolean
read_offset(const char *text, gint64 *offset_ms)
{
    const gint64 max = G_MAXINT64 / G_USEC_PER_SEC;

    return *offset_ms == PST_INT_UNKNOWN &&
           g_ascii_string_to_signed(text, 10, -max, max, offset_ms, NULL);
}

static gboolean
read_cursor(const char *text, char **cursor)
{
    if (*cursor != NULL || *text == '\0' || strlen(text) > MAX_CURSOR ||
        strspn(text, "0123456789abcdefimtsx;=") != strlen(text))
        return FALSE;
    *cursor = g_strdup(text);
    return TRUE;
}

static gboolean
read_part(const char *part, PstMark *mark)
{
    const char *value = strchr(part, '=');

    if (value == NULL)
        return FALSE;
    g_autofree char *name = g_strndup(part, (gsize)(value++ - part));
    if (g_str_equal(name, "boot"))
        return read_id(value, &mark->boot_id);
    if (g_str_equal(name, "machine"))
        return read_id(value, &mark->machine_id);
    if (g_str_equal(name, "up"))
        return read_up(value, &mark->boottime_us);
    if (g_str_equal(name, "clock"))
        return read_moment(value, &mark->realtime_us);
    if (g_str_equal(name, "host"))
        return read_moment(value, &mark->host_us);
    if (g_str_equal(name, "offset_ms"))
        return read_offset(value, &mark->offset_ms);
    return g_str_equal(name, "cursor") && read_cursor(value, &mark->cursor);
}

static PstMark *
mark_new(void)
{
    PstMark *mark = g_new0(PstMark, 1);

    mark->boottime_us = mark->realtime_us = mark->offset_ms = mark->host_us = PST_INT_UNKNOWN;
    return mark;
}

static gboolean
is_whole(const PstMark *mark)
{
    return mark->boot_id != NULL && mark->boottime_us != PST_INT_UNKNOWN &&
           mark->realtime_us != PST_INT_UNKNOWN && mark->host_us != PST_INT_UNKNOWN;
}

PstMark *
pst_mark_parse(const char *text, GError **error)
{
    g_autoptr(PstMark) mark = mark_new();
    gboolean fine = g_str_has_prefix(text, PREFIX) && strlen(text) <= MAX_TEXT;
    g_auto(GStrv) parts = g_strsplit(fine ? text + strlen(PREFIX) : "", ",", -1);

    for (guint i = 0; fine && parts[i] != NULL; i++)
        fine = read_part(parts[i], mark);
    if (fine && is_whole(mark))
        return g_steal_pointer(&mark);
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "'%.64s' is not a mark: give the whole line that postern mark printed", text);
    return NULL;
}

/* ---- from answers ---- */

PstAnswer **
pst_mark_questions(const char *guest, guint *n)
{
    PstAnswer **questions = g_new0(PstAnswer *, 2);
    g_autoptr(JsonObject) clock = json_object_new(), newest = json_object_new();

    json_object_set_int_member(clock, "host_realtime_us", g_get_real_time());
    json_object_set_int_member(newest, "priority", 7);
    json_object_set_int_member(newest, "lines", 1);
    json_object_set_boolean_member(newest, "own", TRUE);
    questions[0] = pst_answer_new(guest, pst_report_system_kind.name, clock);
    questions[1] = pst_answer_new(guest, pst_report_journal_kind.name, newest);
    *n = 2;
    return questions;
}

gboolean
pst_mark_is_own(const PstAnswer *answer)
{
    return answer->report != NULL &&
           (answer->via == PST_VIA_CHANNEL || answer->via == PST_VIA_AGENT);
}

const PstAnswer *
pst_mark_find(PstAnswer *const *answers, guint n, const char *probe)
{
    for (guint i = 0; i < n; i++)
        if (g_str_equal(answers[i]->probe, probe) && pst_mark_is_own(answers[i]))
            return answers[i];
    return NULL;
}

/* In an initramfs it is not the machine's own; a machine that has none yet says so in words. */
static const char *
machine_of(const PstSystemData *system)
{
    return system->initramfs != PST_TRI_YES && is_id(system->machine_id) ? system->machine_id
                                                                         : NULL;
}

static PstMark *
refuse(PstAnswer *const *answers, guint n, GError **error)
{
    const PstAnswer *system = answers[0];

    for (guint i = 1; i < n; i++)
        if (g_str_equal(answers[i]->probe, pst_report_system_kind.name))
            system = answers[i];
    g_autofree char *why =
        system->report == NULL
            ? pst_answer_explain(system)
            : g_strdup_printf("what it tells comes via %s", pst_answer_via_names[system->via]);
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                "%s: no mark is to be had, since the guest does not tell which boot this is: %s",
                system->guest, why);
    return NULL;
}

PstMark *
pst_mark_make(PstAnswer *const *answers, guint n, gint64 host_us, GError **error)
{
    const PstAnswer *system = pst_mark_find(answers, n, pst_report_system_kind.name);
    const PstAnswer *journal = pst_mark_find(answers, n, pst_report_journal_kind.name);
    const PstSystemData *data = system != NULL ? system->report->data : NULL;
    g_autoptr(PstMark) mark = mark_new();

    if (data != NULL && is_id(data->boot_id) && data->clock != NULL) {
        mark->boot_id = g_strdup(data->boot_id);
        mark->machine_id = g_strdup(machine_of(data));
        mark->boottime_us = data->clock->boottime_us;
        mark->realtime_us = data->clock->realtime_us;
        mark->offset_ms = data->clock->drift_ms;
        mark->host_us = host_us;
    }
    if (!is_whole(mark) || mark->boottime_us < 0 || mark->realtime_us < 0)
        return refuse(answers, n, error);
    if (journal != NULL) {
        const char *cursor = ((const PstJournalData *)journal->report->data)->newest_cursor;

        (void)(cursor != NULL && read_cursor(cursor, &mark->cursor));
    }
    return g_steal_pointer(&mark);
}

/* ---- later ---- */

PstMarkRelation
pst_mark_compare(const PstMark *mark, const PstSystemData *now, gint64 asked_us, PstTri found)
{
    const char *machine_id = machine_of(now);

    if (machine_id != NULL && mark->machine_id != NULL &&
        !g_str_equal(machine_id, mark->machine_id))
        return PST_MARK_OTHER_MACHINE;
    if (!is_id(now->boot_id))
        return PST_MARK_UNTOLD;
    if (!g_str_equal(now->boot_id, mark->boot_id))
        return found == PST_TRI_NO ? PST_MARK_UNDONE : PST_MARK_OTHER_BOOT;
    if (now->clock == NULL || now->clock->boottime_us == PST_INT_UNKNOWN)
        return PST_MARK_UNTOLD;
    if (now->clock->boottime_us < mark->boottime_us)
        return PST_MARK_UNDONE;
    /* A pause and a revert both take from its time; a pause leaves the journal as it is. The mark
     * was told before HOST_US, and this after ASKED_US: it stood still for that long at least. */
    gint64 by_guest_us = now->clock->boottime_us - mark->boottime_us;
    gint64 by_host_us = asked_us != PST_INT_UNKNOWN ? asked_us - mark->host_us : by_guest_us;
    if (by_host_us - by_guest_us < STOOD_STILL_US || found == PST_TRI_YES)
        return PST_MARK_SAME_BOOT;
    return found == PST_TRI_NO ? PST_MARK_UNDONE : PST_MARK_DOUBTFUL;
}

PstTri
pst_mark_found(const PstAnswer *journal)
{
    const GPtrArray *findings = journal->report->findings;

    for (guint i = 0; i < findings->len; i++)
        if (g_str_equal(((PstFinding *)findings->pdata[i])->id, "journal.end-lost"))
            return PST_TRI_UNKNOWN;
    return ((const PstJournalData *)journal->report->data)->after_found;
}

PstMarkRelation
pst_mark_relate(const PstMark *mark, PstAnswer *const *answers, guint n)
{
    const PstAnswer *system = pst_mark_find(answers, n, pst_report_system_kind.name);
    const PstAnswer *journal = pst_mark_find(answers, n, pst_report_journal_kind.name);
    PstTri found = PST_TRI_UNKNOWN;
    gint64 asked_us = PST_INT_UNKNOWN;

    if (system == NULL)
        return PST_MARK_UNTOLD;
    (void)pst_json_get_int(system->args, "host_realtime_us", PST_JSON_OPTIONAL, &asked_us, NULL);
    if (journal != NULL && json_object_has_member(journal->args, "after"))
        found = pst_mark_found(journal);
    return pst_mark_compare(mark, system->report->data, asked_us, found);
}

gboolean
pst_mark_is_set_back(const PstMark *mark, PstAnswer *const *answers, guint n)
{
    const PstAnswer *system = pst_mark_find(answers, n, pst_report_system_kind.name);
    const PstSystemData *now = system != NULL ? system->report->data : NULL;

    if (now == NULL || now->clock == NULL || g_strcmp0(now->boot_id, mark->boot_id) != 0 ||
        now->clock->realtime_us == PST_INT_UNKNOWN || now->clock->boottime_us == PST_INT_UNKNOWN)
        return FALSE;
    /* Both by clocks of the guest, which only being set takes apart. */
    gint64 by_clock_us = now->clock->realtime_us - mark->realtime_us;
    gint64 by_boot_us = now->clock->boottime_us - mark->boottime_us;
    return by_boot_us - by_clock_us > SET_BACK_US;
}
