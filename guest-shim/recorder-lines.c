// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-lines.h"

#include <string.h>

#include "guest-shim/redact.h"

/* The first line, and the others. */
#define MAX_FIRST 8192
#define MAX_TEXT 4096
/* A key in lines is rarely longer; all of it is searched anew with each event. */
#define MAX_BEFORE (16 * 1024)
#define MAX_APART_US (5 * G_USEC_PER_SEC)

struct PstRecorderLines {
    GString *all; /* a line feed behind each line */
    /* In it: where the event begins, behind its first line, and behind the last that is told. */
    gsize begin, first, told;
    guint n_left_out;
    gint64 last_us;
    char *message, *text, *before, *after; /* of the last event */
};

PstRecorderLines *
pst_recorder_lines_new(void)
{
    PstRecorderLines *lines = g_new0(PstRecorderLines, 1);

    lines->all = g_string_new(NULL);
    return lines;
}

static void
clear_facts(PstRecorderLines *lines)
{
    g_clear_pointer(&lines->message, g_free);
    g_clear_pointer(&lines->text, g_free);
    g_clear_pointer(&lines->before, g_free);
    g_clear_pointer(&lines->after, g_free);
}

void
pst_recorder_lines_free(PstRecorderLines *lines)
{
    clear_facts(lines);
    g_string_free(lines->all, TRUE);
    g_free(lines);
}

/* Of what came before the event. */
static void
forget(PstRecorderLines *lines, gsize bytes)
{
    g_string_erase(lines->all, 0, (gssize)bytes);
    lines->begin -= bytes;
    lines->first -= bytes;
    lines->told -= bytes;
}

static gboolean
has_none(const PstRecorderLines *lines)
{
    return lines->all->len == lines->begin;
}

/* What is told has no gaps. */
static gboolean
is_told(const PstRecorderLines *lines, gsize len, gboolean continues)
{
    if (lines->n_left_out > 0)
        return FALSE;
    if (has_none(lines))
        return TRUE;
    if (continues && lines->told == lines->first)
        return lines->first - lines->begin + len < MAX_FIRST;
    return lines->told - lines->first + len < MAX_TEXT;
}

/* Of what is not told the beginning goes with this event and the end with the next one. */
static void
bound_rest(PstRecorderLines *lines)
{
    gsize keep = lines->told + PST_REDACT_AFTER;

    if (lines->all->len <= keep + 2 * (gsize)MAX_BEFORE)
        return;
    g_string_erase(lines->all, (gssize)keep, (gssize)(lines->all->len - MAX_BEFORE - keep));
    g_string_insert_c(lines->all, (gssize)keep, '\n');
}

void
pst_recorder_lines_add(PstRecorderLines *lines, const char *line, gboolean continues,
                       gint64 time_us)
{
    gsize len = strnlen(line, MAX_FIRST);

    if (has_none(lines) && ABS(time_us - lines->last_us) > MAX_APART_US)
        forget(lines, lines->begin);
    lines->last_us = time_us;
    gboolean told = is_told(lines, len, continues);
    gboolean in_first = told && (has_none(lines) || (continues && lines->told == lines->first));

    /* The event begins behind the line feed, if there is one. */
    if (continues && lines->all->len > 0 && (told || lines->n_left_out > 0)) {
        gboolean begins = has_none(lines);

        g_string_truncate(lines->all, lines->all->len - 1);
        lines->begin -= begins ? 1 : 0;
    }
    g_string_append_len(lines->all, line, (gssize)len);
    g_string_append_c(lines->all, '\n');
    if (!told) {
        lines->n_left_out++;
        bound_rest(lines);
        return;
    }
    lines->told = lines->all->len;
    if (in_first)
        lines->first = lines->told;
}

static char *
part(const PstRecorderLines *lines, gsize from, gsize to)
{
    return g_strndup(lines->all->str + from, to - from);
}

static void
set_facts(PstRecorderLines *lines)
{
    gsize end = MIN(lines->all->len, lines->told + PST_REDACT_AFTER);

    clear_facts(lines);
    lines->before = part(lines, 0, lines->begin);
    lines->message = part(lines, lines->begin, lines->first - 1);
    lines->text = lines->told > lines->first ? part(lines, lines->first, lines->told - 1) : NULL;
    lines->after = part(lines, lines->told, end);
}

gboolean
pst_recorder_lines_take(PstRecorderLines *lines, PstEventFacts *facts)
{
    if (has_none(lines))
        return FALSE;
    set_facts(lines);
    *facts = (PstEventFacts){.message = lines->message,
                             .text = lines->text,
                             .before = lines->before,
                             .after = lines->after,
                             .n_left_out = lines->n_left_out};
    if (lines->all->len > MAX_BEFORE)
        g_string_erase(lines->all, 0, (gssize)(lines->all->len - MAX_BEFORE));
    lines->begin = lines->first = lines->told = lines->all->len;
    lines->n_left_out = 0;
    return TRUE;
}
