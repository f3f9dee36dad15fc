// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/watch-event.h"

#include <string.h>

#include "host-sidecar/escape.h"
#include "protocol/error.h"

static const char *const sources[] = {
    [PST_WATCH_GUEST] = "guest",
    [PST_WATCH_LIBVIRT] = "libvirt",
    [PST_WATCH_POSTERN] = "postern",
    NULL,
};

#define REQUIRED(type, member, text, ...)                                                          \
    PST_ROW(type, PstWatchEvent, member, .doc = text, .required = TRUE, ##__VA_ARGS__)

static const PstField rows[] = {
    REQUIRED(PST_FIELD_INT, time_us, "the host's real time when it happened, microseconds"),
    REQUIRED(PST_FIELD_ENUM, source, "who says so", .names = sources),
    PST_STRING(PstWatchEvent, domain, "the domain's name"),
    PST_STRING(PstWatchEvent, uuid, "the domain's UUID"),
    REQUIRED(PST_FIELD_STRING, event, "its kind"),
    REQUIRED(PST_FIELD_STRING, message, "one line for people"),
    PST_STRING(PstWatchEvent, path, "of the file, or where the disk is mounted"),
    PST_STRING(PstWatchEvent, unit, "whose event it is"),
    PST_STRING(PstWatchEvent, text, "further lines"),
    PST_INT(PstWatchEvent, suppressed, "how many of its kind the guest left out before it"),
    PST_INT(PstWatchEvent, lost, "how many right before it were dropped on their way"),
    PST_INT(PstWatchEvent, since_us, "since when nothing was heard, real time in microseconds"),
    PST_BOOL(PstWatchEvent, late, "something that happened after it was told before it"),
};
const PstFields pst_watch_event_fields = PST_FIELDS(PstWatchEvent, rows);

PstWatchEvent *
pst_watch_event_new(gint64 time_us, PstWatchSource source, const char *event, const char *message)
{
    PstWatchEvent *made = pst_fields_new(&pst_watch_event_fields);

    made->time_us = time_us;
    made->source = (int)source;
    made->event = g_strdup(event);
    made->message = g_strdup(message);
    return made;
}

void
pst_watch_event_free(PstWatchEvent *event)
{
    pst_fields_free(&pst_watch_event_fields, event);
}

JsonObject *
pst_watch_event_to_json(const PstWatchEvent *event)
{
    PstFieldsCut cut = PST_FIELDS_CUT_DEFAULT;

    return pst_fields_encode(&pst_watch_event_fields, event, &cut);
}

PstWatchEvent *
pst_watch_event_from_json(JsonObject *json, GError **error)
{
    return pst_fields_decode(&pst_watch_event_fields, json, error);
}

/* ---- for people */

/* As a clock on the wall, to the millisecond. */
static char *
format_time(gint64 time_us)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(time_us / G_USEC_PER_SEC);
    g_autoptr(GDateTime) local = utc != NULL ? g_date_time_to_local(utc) : NULL;

    if (local == NULL)
        return g_strdup("(no time)");
    g_autofree char *seconds = g_date_time_format(local, "%Y-%m-%d %H:%M:%S");
    return g_strdup_printf("%s.%03d", seconds, (int)(time_us % G_USEC_PER_SEC / 1000));
}

static void
append_escaped(GString *out, const char *before, const char *text)
{
    g_autofree char *escaped = pst_escape_text(text, FALSE);

    g_string_append_printf(out, "%s%s", before, escaped);
}

static void
append_count(GString *out, gint64 n, const char *what)
{
    if (n != PST_INT_UNKNOWN && n > 0)
        g_string_append_printf(out, " (%" G_GINT64_FORMAT " %s)", n, what);
}

static void
append_lines(GString *out, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        if (**line == '\0')
            continue;
        append_escaped(out, "    ", *line);
        g_string_append_c(out, '\n');
    }
}

/* Where the message does not say it itself. */
static void
append_place(GString *out, const PstWatchEvent *event)
{
    const char *place = event->path != NULL ? event->path : event->unit;

    g_string_append(out, "  ");
    if (place == NULL || strstr(event->message, place) != NULL)
        return;
    append_escaped(out, "", place);
    g_string_append(out, ": ");
}

char *
pst_watch_event_render(const PstWatchEvent *event)
{
    GString *out = g_string_new(NULL);
    g_autofree char *time = format_time(event->time_us);

    g_string_append(out, time);
    append_escaped(out, "  ", event->domain != NULL ? event->domain : "-");
    append_escaped(out, "  ", event->event);
    append_place(out, event);
    append_escaped(out, "", event->message);
    append_count(out, event->suppressed, "like it were left out by the guest");
    append_count(out, event->lost, "before it were lost");
    if (event->late == PST_TRI_YES)
        g_string_append(out, " (told late)");
    g_string_append_c(out, '\n');
    if (event->text != NULL)
        append_lines(out, event->text);
    return g_string_free(out, FALSE);
}
