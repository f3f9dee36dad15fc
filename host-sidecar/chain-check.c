// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/chain-check.h"

#include <string.h>

#include "protocol/json.h"

const char *const pst_chain_fault_names[] = {"changed", "missing",  "misplaced",
                                             "foreign", "headless", "absent"};

/* Of notes, so many are kept. */
#define MAX_NOTES 100

/* The last of the lines that are none of the chain, of which the next one may say what it is. */
typedef struct {
    char sha256[PST_CHAIN_DIGITS + 1];
    gsize len;
    guint64 line;
    gboolean whole;
    gboolean is_set;
} Stray;

struct PstChainCheck {
    PstChainOutcome *result;
    PstChainHead head;
    gboolean has_head;
    char *sought;
    gboolean found;
    GHashTable *old; /* name to SHA-256 */
    char *file;
    guint64 line;
    Stray stray;
    char *last_file; /* where the last line of the chain was */
    guint64 last_line;
};

static void
free_fault(gpointer data)
{
    g_free(((PstChainFault *)data)->file);
    g_free(data);
}

PstChainCheck *
pst_chain_check_new(const PstChainHead *head, const char *sought)
{
    PstChainCheck *check = g_new0(PstChainCheck, 1);

    check->result = g_new0(PstChainOutcome, 1);
    check->result->faults = g_ptr_array_new_with_free_func(free_fault);
    check->result->notes = g_ptr_array_new_with_free_func(g_free);
    g_strlcpy(check->result->sha256, pst_chain_nothing, sizeof(check->result->sha256));
    if (head != NULL)
        check->head = *head;
    check->has_head = head != NULL;
    check->sought = sought != NULL ? g_ascii_strdown(sought, -1) : NULL;
    check->old = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return check;
}

static void
add_fault_at(PstChainCheck *check, PstChainFaultKind kind, const char *file, guint64 line,
             guint64 seq, guint64 until)
{
    PstChainFault *fault = NULL;

    if (check->result->n_faults++ >= PST_CHAIN_MAX_FAULTS)
        return;
    fault = g_new0(PstChainFault, 1);
    *fault = (PstChainFault){kind, g_strdup(file), line, seq, until};
    g_ptr_array_add(check->result->faults, fault);
}

static void
add_fault(PstChainCheck *check, PstChainFaultKind kind, guint64 seq, guint64 until)
{
    add_fault_at(check, kind, check->file, check->line, seq, until);
}

static void G_GNUC_PRINTF(2, 3) add_note(PstChainCheck *check, const char *format, ...)
{
    va_list args;

    if (check->result->notes->len >= MAX_NOTES)
        return;
    va_start(args, format);
    g_ptr_array_add(check->result->notes, g_strdup_vprintf(format, args));
    va_end(args);
}

/* A line that is none of the chain stays one, whatever follows it. */
static void
drop_stray(PstChainCheck *check)
{
    if (check->stray.is_set)
        add_fault_at(check, PST_CHAIN_FOREIGN, check->file, check->stray.line, 0, 0);
    check->stray.is_set = FALSE;
}

void
pst_chain_check_file(PstChainCheck *check, const char *name)
{
    drop_stray(check);
    g_free(check->file);
    check->file = g_strdup(name);
    check->line = 0;
}

void
pst_chain_check_old(PstChainCheck *check, const char *name, const char *sha256, guint64 n_lines)
{
    g_hash_table_insert(check->old, g_strdup(name), g_strdup(sha256));
    add_note(check, "%s: %" G_GUINT64_FORMAT " lines of before there was a chain", name, n_lines);
}

/* ---- what the log says of itself */

static void
take_begin(PstChainCheck *check, JsonObject *json)
{
    const char *file = NULL, *sha256 = NULL, *now = NULL;

    if (!pst_json_get_string(json, "file", PST_JSON_OPTIONAL, &file, NULL) ||
        !pst_json_get_string(json, "sha256", PST_JSON_OPTIONAL, &sha256, NULL) || file == NULL ||
        sha256 == NULL)
        return;
    now = g_hash_table_lookup(check->old, file);
    if (now == NULL)
        add_note(check, "%s, of before there was a chain, is not there any more", file);
    else if (!g_str_equal(now, sha256))
        add_fault_at(check, PST_CHAIN_CHANGED, file, 0, 0, 0);
}

static void
take_torn(PstChainCheck *check, JsonObject *json)
{
    const char *sha256 = NULL;
    gint64 bytes = -1;

    if (!check->stray.is_set ||
        !pst_json_get_string(json, "sha256", PST_JSON_REQUIRED, &sha256, NULL) ||
        !pst_json_get_int(json, "bytes", PST_JSON_REQUIRED, &bytes, NULL) ||
        bytes != (gint64)check->stray.len || !g_str_equal(sha256, check->stray.sha256))
        return;
    add_note(check,
             "%s: line %" G_GUINT64_FORMAT
             " is the beginning of one whose writer was stopped before it was acknowledged",
             check->file, check->stray.line);
    check->stray.is_set = FALSE;
}

static void
take_cut(PstChainCheck *check, JsonObject *json)
{
    gboolean restarted = FALSE;

    pst_json_get_bool(json, "restarted", PST_JSON_OPTIONAL, &restarted, NULL);
    add_note(check,
             "%s: line %" G_GUINT64_FORMAT
             " was written when the end of the log was found missing%s",
             check->file, check->line,
             restarted ? "; the machine had been started anew since, so a loss of power may have "
                         "taken it"
                       : "");
}

static void
take_event(PstChainCheck *check, const char *line, gsize len)
{
    const char *event = NULL;

    /* Most lines are questions, and need no parser to be told apart. */
    if (memmem(line, len, "\"event\":", strlen("\"event\":")) == NULL)
        return;
    g_autoptr(JsonObject) json = pst_json_parse(line, len, &pst_validate_from_guest, NULL);
    if (json == NULL || !pst_json_get_string(json, "event", PST_JSON_REQUIRED, &event, NULL))
        return;
    if (g_str_equal(event, "begin"))
        take_begin(check, json);
    else if (g_str_equal(event, "torn"))
        take_torn(check, json);
    else if (g_str_equal(event, "cut"))
        take_cut(check, json);
    else if (g_str_equal(event, "head-lost"))
        add_fault(check, PST_CHAIN_HEADLESS, 0, 0);
}

/* ---- lines */

static void
compare_head(PstChainCheck *check)
{
    const PstChainOutcome *result = check->result;

    if (check->has_head && result->last == check->head.seq &&
        !g_str_equal(result->sha256, check->head.sha256))
        add_fault(check, PST_CHAIN_CHANGED, result->last, 0);
}

/* When the line was written, as far as it says so: `{"realtime_us":N`. */
static char *
date_of(const char *line, gsize len)
{
    static const char member[] = "{\"realtime_us\":";
    const gsize n = sizeof(member) - 1;
    g_autofree char *number = len > n ? g_strndup(line + n, MIN(len - n, 20)) : NULL;
    gint64 us =
        number != NULL && strncmp(line, member, n) == 0 ? g_ascii_strtoll(number, NULL, 10) : 0;
    g_autoptr(GDateTime) date = us > 0 ? g_date_time_new_from_unix_utc(us / G_USEC_PER_SEC) : NULL;

    return date != NULL ? g_date_time_format(date, "%Y-%m-%dT%H:%M:%SZ") : g_strdup("unknown date");
}

/* The log is bounded: whoever makes it say much makes it forget. */
static void
note_forgotten(PstChainCheck *check, const PstChainLink *link, const char *line, gsize len)
{
    g_autofree char *date = date_of(line, len);

    add_note(check,
             "numbers 1 to %" G_GUINT64_FORMAT " are not kept any more: the oldest line is "
             "of %s",
             link->seq - 1, date);
}

static void
take_first(PstChainCheck *check, const PstChainLink *link, const char *line, gsize len)
{
    guint64 kept = check->has_head ? MAX(check->head.kept, 1) : 1;

    check->result->first = link->seq;
    if (link->seq > kept)
        add_fault(check, PST_CHAIN_MISSING, kept, link->seq - 1);
    if (link->seq > 1)
        note_forgotten(check, link, line, len);
    if (link->seq == 1 && !g_str_equal(link->prev, pst_chain_nothing))
        add_fault(check, PST_CHAIN_CHANGED, 1, 0);
}

static void
take_next(PstChainCheck *check, const PstChainLink *link)
{
    const PstChainOutcome *result = check->result;

    if (link->seq > result->last + 1)
        add_fault(check, PST_CHAIN_MISSING, result->last + 1, link->seq - 1);
    else if (!g_str_equal(link->prev, result->sha256))
        add_fault_at(check, PST_CHAIN_CHANGED, check->last_file, check->last_line, result->last, 0);
}

static void
take_link(PstChainCheck *check, const char *line, gsize len, const PstChainLink *link)
{
    PstChainOutcome *result = check->result;

    result->n_lines++;
    if (result->last > 0 && link->seq <= result->last) {
        add_fault(check, PST_CHAIN_MISPLACED, link->seq, 0);
        return;
    }
    if (result->last == 0)
        take_first(check, link, line, len);
    else
        take_next(check, link);
    take_event(check, line, len);
    drop_stray(check);
    result->last = link->seq;
    pst_chain_line_digest(line, len, result->sha256);
    check->found = check->found || g_strcmp0(check->sought, result->sha256) == 0;
    g_free(check->last_file);
    check->last_file = g_strdup(check->file);
    check->last_line = check->line;
    compare_head(check);
}

void
pst_chain_check_line(PstChainCheck *check, const char *line, gsize len, gboolean whole)
{
    PstChainLink link;

    check->line++;
    if (whole && pst_chain_line_read(line, len, &link)) {
        take_link(check, line, len, &link);
        return;
    }
    /* A torn line, and its seal whose writer was killed in its turn. */
    if (!whole && len > 0 && check->stray.is_set && pst_chain_line_may_be_event(line, len)) {
        check->stray.whole = FALSE;
        return;
    }
    drop_stray(check);
    check->stray = (Stray){.len = len, .line = check->line, .whole = whole, .is_set = TRUE};
    pst_chain_line_digest(line, len, check->stray.sha256);
}

/* ---- */

/* Who is killed while it writes has told nobody that it had written. */
static void
end_stray(PstChainCheck *check)
{
    gboolean acknowledged = !check->has_head || check->result->last < check->head.seq;

    if (check->stray.is_set && !check->stray.whole && !acknowledged) {
        add_note(check, "%s: the last line is the beginning of one whose writer was stopped",
                 check->file);
        check->stray.is_set = FALSE;
    }
    drop_stray(check);
}

PstChainOutcome *
pst_chain_check_end(PstChainCheck *check)
{
    PstChainOutcome *result = check->result;

    end_stray(check);
    if (check->has_head && result->last < check->head.seq)
        add_fault_at(check, PST_CHAIN_MISSING, NULL, 0, MAX(result->last + 1, check->head.kept),
                     check->head.seq);
    if (!check->has_head && result->last > 0)
        add_fault_at(check, PST_CHAIN_HEADLESS, NULL, 0, 0, 0);
    if (check->sought != NULL && !check->found)
        add_fault_at(check, PST_CHAIN_ABSENT, NULL, 0, 0, 0);
    g_hash_table_unref(check->old);
    g_free(check->sought);
    g_free(check->file);
    g_free(check->last_file);
    g_free(check);
    return result;
}

void
pst_chain_check_free(PstChainOutcome *result)
{
    g_ptr_array_unref(result->faults);
    g_ptr_array_unref(result->notes);
    g_free(result);
}
