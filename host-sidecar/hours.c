// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/hours.h"

#include <stdio.h>
#include <string.h>

#include "protocol/error.h"

#define DAY_MINUTES (24 * 60)

/* Both ends included, from 0 on; the second may be before the first. */
typedef struct {
    int first, last;
} Days;

typedef struct {
    int start, length; /* minutes */
} Span;

static gboolean
refuse(const char *part, GError **error)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "'%s' is no time of the week: say Mon-Fri 22:00-06:00, Sat or 08:00-18:00", part);
    return FALSE;
}

static int
find_day(const char *text, gsize len)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

    for (int i = 0; i < (int)G_N_ELEMENTS(names); i++)
        if (len == strlen(names[i]) && g_ascii_strncasecmp(text, names[i], len) == 0)
            return i;
    return -1;
}

static gboolean
read_days(const char *word, Days *days)
{
    const char *dash = strchr(word, '-');
    int first = find_day(word, dash != NULL ? (gsize)(dash - word) : strlen(word));
    int last = dash != NULL ? find_day(dash + 1, strlen(dash + 1)) : first;

    if (first < 0 || last < 0)
        return FALSE;
    *days = (Days){first, last};
    return TRUE;
}

static gboolean
read_clock(const char *text, int *minute)
{
    for (int i = 0; i < 5; i++)
        if (i == 2 ? text[i] != ':' : !g_ascii_isdigit(text[i]))
            return FALSE;
    int hour = g_ascii_digit_value(text[0]) * 10 + g_ascii_digit_value(text[1]);
    int past = g_ascii_digit_value(text[3]) * 10 + g_ascii_digit_value(text[4]);
    *minute = hour * 60 + past;
    return past < 60 && *minute <= DAY_MINUTES;
}

static gboolean
read_span(const char *word, Span *span)
{
    int end = 0;

    if (strlen(word) != 11 || word[5] != '-' || !read_clock(word, &span->start) ||
        !read_clock(word + 6, &end) || span->start >= DAY_MINUTES)
        return FALSE;
    span->length = end > span->start ? end - span->start : end + DAY_MINUTES - span->start;
    return TRUE;
}

static void
mark(PstHours *hours, const Days *days, const Span *span)
{
    for (int day = days->first;; day = (day + 1) % 7) {
        for (int i = 0; i < span->length; i++)
            hours->minutes[(day * DAY_MINUTES + span->start + i) % PST_HOURS_MINUTES] = TRUE;
        if (day == days->last)
            return;
    }
}

static gboolean
add_part(PstHours *hours, const char *part, GError **error)
{
    g_auto(GStrv) words = g_strsplit_set(part, " \t", -1);
    Days days = {0, 6};
    Span span = {0, DAY_MINUTES};
    guint n = 0;

    for (char **word = words; *word != NULL; word++) {
        if (**word == '\0')
            continue;
        /* Nothing comes behind the hours. */
        if (n == 2 || !((n == 0 && read_days(*word, &days)) || read_span(*word, &span)))
            return refuse(part, error);
        n = g_ascii_isdigit(**word) ? 2 : 1;
    }
    if (n == 0)
        return refuse(part, error);
    mark(hours, &days, &span);
    return TRUE;
}

PstHours *
pst_hours_parse(const char *text, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    g_autofree PstHours *hours = g_new0(PstHours, 1);

    if (parts[0] == NULL) {
        refuse(text, error);
        return NULL;
    }
    for (char **part = parts; *part != NULL; part++)
        if (!add_part(hours, g_strstrip(*part), error))
            return NULL;
    return g_steal_pointer(&hours);
}

gboolean
pst_hours_hold(const PstHours *hours, int weekday, int minute)
{
    return hours->minutes[(weekday - 1) * DAY_MINUTES + minute];
}
