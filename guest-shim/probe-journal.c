// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-journal.h"

#include <string.h>
#include <time.h>

#include "guest-shim/config.h"
#include "guest-shim/handshake-record.h"
#include "guest-shim/journal-after.h"
#include "guest-shim/journal-group.h"
#include "guest-shim/journal-judge.h"
#include "guest-shim/journal.h"
#include "guest-shim/units.h"
#include "protocol/error.h"
#include "protocol/report-journal.h"

#define READ_MS 8000
#define FIND_MS 3000
#define DEFAULT_LINES 200
#define MAX_LINES 1000
#define MAX_ASKED 64
#define MAX_CURSOR 256
#define DEFAULT_PRIORITY 3
/* So that page and groups fit into one frame whole: the next page's cursor must stand behind what
 * was really told. */
#define PAGE_BYTES (120 * 1024)
#define ENTRY_BYTES 180 /* of an entry's JSON besides its strings */
#define MAX_GROUPS 100
#define MAX_MESSAGE 2000

static void
refuse(PstReport *report, const char *id, const char *what, const char *why)
{
    pst_report_add(report, id, PST_SEVERITY_UNKNOWN, "'%.80s' %s", what, why);
}

static gboolean
is_boot(const char *boot)
{
    gsize len = strlen(boot);

    if (len == 32 && strspn(boot, "0123456789abcdef") == 32)
        return TRUE;
    if (*boot == '-')
        boot++;
    return *boot != '\0' && strlen(boot) <= 4 && strspn(boot, "0123456789") == strlen(boot);
}

static gboolean
is_cursor(const char *cursor)
{
    gint64 monotonic_us;
    g_autofree char *boot = NULL;

    if (strlen(cursor) > MAX_CURSOR || strspn(cursor, "0123456789abcdefimtsx;=") != strlen(cursor))
        return FALSE;
    boot = pst_journal_cursor_boot(cursor, &monotonic_us);
    return boot != NULL;
}

/* The units as journalctl takes them; NULL with a finding where one can't be a unit. */
static char **
unit_names(char **asked, PstReport *report)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; asked != NULL && asked[i] != NULL; i++) {
        g_autofree char *name = pst_units_is_name(asked[i])
                                    ? g_strdup(asked[i])
                                    : g_strconcat(asked[i], ".service", NULL);

        if (!pst_units_is_name(name) || i >= MAX_ASKED) {
            refuse(report, "journal.could-not-look", asked[i],
                   i >= MAX_ASKED ? "is one unit too many" : "can't be the name of a unit");
            return NULL;
        }
        g_strv_builder_add(builder, name);
    }
    return g_strv_builder_end(builder);
}

/* A negative one is a time before 1970, or a span into the future. One that is too large means
 * everything, or nothing. */
static gboolean
check_number(const char *name, gint64 number, PstReport *report)
{
    if (number == PST_INT_UNKNOWN || number >= 0)
        return TRUE;
    pst_report_add(report, "journal.could-not-look", PST_SEVERITY_UNKNOWN,
                   "%s=%" G_GINT64_FORMAT " can't be asked for: give a number from 0 on", name,
                   number);
    return FALSE;
}

/* What would be taken in silence by journalctl, or refused without saying why. */
static gboolean
check(const PstJournalArgs *args, PstReport *report)
{
    if (!check_number("since_us", args->since_us, report) ||
        !check_number("until_us", args->until_us, report) ||
        !check_number("since_s", args->since_s, report))
        return FALSE;
    if (args->boot != NULL && !g_str_equal(args->boot, "all") && !is_boot(args->boot)) {
        refuse(report, "journal.no-such-boot", args->boot,
               "is no boot: give its 32 digits, an offset such as -1, or all");
        return FALSE;
    }
    if (args->cursor != NULL && !is_cursor(args->cursor)) {
        refuse(report, "journal.foreign-cursor", args->cursor, "is no cursor of a journal");
        return FALSE;
    }
    if (args->after != NULL && !is_cursor(args->after)) {
        refuse(report, "journal.foreign-cursor", args->after, "is no cursor of a journal");
        return FALSE;
    }
    return TRUE;
}

static gint64
or_default(gint64 number, gint64 otherwise)
{
    return number != PST_INT_UNKNOWN ? number : otherwise;
}

static PstJournalQuery
query_of(const PstProbeContext *context, const PstJournalArgs *args, char **units,
         const char *this_boot)
{
    PstJournalQuery query = {
        .units = (const char *const *)units,
        .by_name = TRUE,
        .kernel = args->kernel == PST_TRI_YES,
        .max_priority = (int)CLAMP(or_default(args->priority, DEFAULT_PRIORITY), 0, 7),
        .boot = args->boot,
        .since_us = or_default(args->since_us, 0),
        .until_us = or_default(args->until_us, 0),
        .since_ago_s = or_default(args->since_s, 0),
        .cursor = args->cursor,
        .lines = (guint)CLAMP(or_default(args->lines, DEFAULT_LINES), 1, MAX_LINES),
        .timeout_ms = pst_probe_time_left_ms(context, READ_MS),
    };

    if (args->boot == NULL && args->after == NULL)
        query.boot = this_boot;
    else if (g_strcmp0(args->boot, "all") == 0)
        query.boot = NULL;
    if (args->cursor != NULL)
        query.lines++; /* its own entry comes first */
    return query;
}

/* journalctl takes a cursor that it does not know in silence and begins somewhere near. Where the
 * first entry is not the cursor's own, its boot must at least be one of this journal. */
static gboolean
is_foreign(const char *cursor, const GPtrArray *entries, const char *this_boot)
{
    gint64 monotonic_us;
    g_autofree char *boot = pst_journal_cursor_boot(cursor, &monotonic_us);

    if (g_strcmp0(boot, this_boot) == 0)
        return FALSE;
    for (guint i = 0; i < entries->len; i++)
        if (g_strcmp0(((PstJournalEntry *)entries->pdata[i])->boot_id, boot) == 0)
            return FALSE;
    return TRUE;
}

static void
leave_out_cursor(const char *cursor, PstJournalPage *page, const char *this_boot, PstReport *report)
{
    const PstJournalEntry *first = page->entries->len > 0 ? page->entries->pdata[0] : NULL;

    if (first != NULL && g_strcmp0(first->cursor, cursor) == 0)
        g_ptr_array_remove_index(page->entries, 0);
    else if (is_foreign(cursor, page->entries, this_boot))
        refuse(report, "journal.foreign-cursor", cursor,
               "is of another journal, or of entries that are gone: the page begins elsewhere");
}

/* Of a guest that was reverted the journal goes on from before that entry, and never had it. */
static void
look_for(const PstProbeContext *context, const char *after, const char *this_boot,
         PstReport *report)
{
    const PstJournalQuery query = {
        .max_priority = 7,
        .cursor = after,
        .lines = 1,
        .timeout_ms = pst_probe_time_left_ms(context, FIND_MS),
    };
    PstJournalData *data = report->data;
    g_autoptr(PstJournalPage) page = pst_journal_read(context->sysroot, &query, NULL);

    data->after_found = page != NULL ? pst_journal_judge_is_there(page, after) : PST_TRI_UNKNOWN;
    if (data->after_found == PST_TRI_NO)
        pst_journal_judge_gone(page, after, this_boot, report);
}

/* How far the real time is ahead of the one of the boot. */
static gint64
ahead_us(const PstSysroot *sysroot)
{
    struct timespec real, monotonic;

    if (!pst_sysroot_is_live(sysroot) || clock_gettime(CLOCK_REALTIME, &real) < 0 ||
        clock_gettime(CLOCK_MONOTONIC, &monotonic) < 0)
        return PST_INT_UNKNOWN;
    return ((gint64)real.tv_sec - monotonic.tv_sec) * G_USEC_PER_SEC +
           (real.tv_nsec - monotonic.tv_nsec) / 1000;
}

static void
leave_out_older(const PstProbeContext *context, const char *cursor, PstJournalPage *page,
                const char *this_boot, PstReport *report)
{
    const PstJournalData *data = report->data;
    const PstJournalAfter after = {.cursor = cursor,
                                   .is_there = data->after_found == PST_TRI_YES,
                                   .this_boot = this_boot,
                                   .ahead_us = ahead_us(context->sysroot)};

    if (data->after_found == PST_TRI_UNKNOWN && is_foreign(cursor, page->entries, this_boot) &&
        page->entries->len > 0 && !page->more)
        refuse(report, "journal.foreign-cursor", cursor,
               "is of another journal, or of entries that are gone");
    pst_journal_after_leave_out(page, &after, report);
}

/* Of the handshakes that were begun with sshd; NULL where none of the page's lines can be of one.
 */
static PstJournalPage *
read_records(const PstProbeContext *context, const PstJournalPage *page)
{
    const PstJournalQuery query = {
        .identifier = "postern-shim",
        .max_priority = 7,
        .lines = MAX_LINES,
        .timeout_ms = pst_probe_time_left_ms(context, FIND_MS),
    };

    return pst_handshake_record_are_wanted(page->entries)
               ? pst_journal_read(context->sysroot, &query, NULL)
               : NULL;
}

static void
leave_out_own(const PstProbeContext *context, PstJournalPage *page, PstJournalData *data)
{
    g_autoptr(PstJournalPage) records = read_records(context, page);

    data->n_own = 0;
    for (guint i = 0; i < page->entries->len;) {
        const PstJournalEntry *entry = page->entries->pdata[i];

        if (pst_journal_judge_is_own(entry) ||
            (records != NULL && pst_handshake_record_covers(records->entries, entry))) {
            g_ptr_array_remove_index(page->entries, i);
            data->n_own++;
        } else {
            i++;
        }
    }
}

static void
tell_private(const PstJournalPage *page, PstReport *report)
{
    ((PstJournalData *)report->data)->n_private = page->n_private;
    if (page->problem == NULL)
        return;
    PstFinding *finding =
        pst_report_add(report, "journal.config-faulty", PST_SEVERITY_WARNING,
                       "which units' lines are private is not wholly known: %s", page->problem);
    finding->evidence->error = g_strdup(page->problem);
    finding->remedy = g_strdup("mend the guest's " PST_CONFIG_FILE " and its drop-ins");
}

static char *
cut_message(const char *message)
{
    if (message == NULL || strlen(message) <= MAX_MESSAGE)
        return g_strdup(message);
    return g_strndup(message,
                     (gsize)(g_utf8_find_prev_char(message, message + MAX_MESSAGE + 1) - message));
}

static gsize
take_entry(const PstJournalEntry *from, const char *this_boot, PstJournalData *data)
{
    PstJournalLine *to = pst_fields_append(&pst_report_journal_line_fields, &data->entries);

    to->realtime_us = from->realtime_us;
    to->priority = from->priority >= 0 ? from->priority : PST_INT_UNKNOWN;
    to->identifier = g_strdup(from->identifier);
    to->unit = g_strdup(from->unit);
    to->pid = g_strdup(from->pid);
    to->message = cut_message(from->message);
    if (g_strcmp0(from->boot_id, this_boot) != 0)
        to->boot_id = g_strdup(from->boot_id);
    /* Quotes and line ends double. */
    return ENTRY_BYTES + (to->message != NULL ? 2 * strlen(to->message) : 0);
}

/* As many entries as fit; the rest waits for the next page. */
static void
take_page(PstJournalPage *page, const char *last_cursor, const char *this_boot, PstReport *report)
{
    PstJournalData *data = report->data;
    gsize bytes = 0;
    guint n = 0;

    while (n < page->entries->len && bytes < PAGE_BYTES)
        bytes += take_entry(page->entries->pdata[n++], this_boot, data);
    data->n_entries = n;
    if (n > 0)
        data->newest_cursor = g_strdup(((PstJournalEntry *)page->entries->pdata[0])->cursor);
    if (n < page->entries->len) {
        data->cursor = g_strdup(((PstJournalEntry *)page->entries->pdata[n - 1])->cursor);
        g_ptr_array_set_size(page->entries, (int)n);
    } else if (page->more || page->cut) {
        data->cursor = g_strdup(last_cursor);
    }
    report->truncated = data->cursor != NULL;
}

/* Of an entry of this boot: what another one left may have been written by a clock that was set. */
static PstJournalPage *
read_after(const PstProbeContext *context, const PstJournalArgs *args, const PstJournalQuery *query,
           const char *this_boot)
{
    gint64 monotonic_us;

    if (args->after == NULL || args->cursor != NULL || args->boot != NULL ||
        query->units[0] != NULL || query->kernel || query->since_us != 0 || query->until_us != 0 ||
        query->since_ago_s != 0)
        return NULL;
    g_autofree char *boot = pst_journal_cursor_boot(args->after, &monotonic_us);
    return g_strcmp0(boot, this_boot) == 0
               ? pst_journal_read_after(context->sysroot, query, args->after)
               : NULL;
}

static void
read_page(const PstProbeContext *context, const PstJournalArgs *args, char **units,
          PstReport *report)
{
    g_autofree char *this_boot = pst_journal_boot(context->sysroot);
    PstJournalQuery query = query_of(context, args, units, this_boot);
    g_autofree char *last_cursor = NULL;
    PstJournalData *data = report->data;
    g_autoptr(GError) cause = NULL;
    gboolean cut = FALSE;

    g_autoptr(PstJournalPage) page = read_after(context, args, &query, this_boot);
    gboolean is_after = page != NULL;
    if (!is_after) {
        query.timeout_ms = pst_probe_time_left_ms(context, READ_MS);
        page = pst_journal_read(context->sysroot, &query, &cause);
    }
    if (page == NULL) {
        pst_probe_add_unlooked(report, "journal.could-not-look", "the journal", cause);
        return;
    }
    /* journalctl has nothing to complain about where there is nothing at all. */
    if (page->complaint == NULL && page->entries->len == 0 && g_strcmp0(data->storage, "none") == 0)
        page->complaint = g_strdup("No journal files were found.");
    if (args->cursor != NULL)
        leave_out_cursor(args->cursor, page, this_boot, report);
    if (page->entries->len > 0)
        last_cursor =
            g_strdup(((PstJournalEntry *)page->entries->pdata[page->entries->len - 1])->cursor);
    if (is_after) {
        data->after_found = PST_TRI_YES;
    } else if (args->after != NULL) {
        look_for(context, args->after, this_boot, report);
        leave_out_older(context, args->after, page, this_boot, report);
    }
    pst_journal_judge_reading(page, report);
    if (args->own != PST_TRI_YES)
        leave_out_own(context, page, data);
    tell_private(page, report);
    take_page(page, last_cursor, this_boot, report);
    data->groups = pst_journal_group(page->entries, MAX_GROUPS, &cut);
    report->truncated |= cut;
    pst_journal_judge_entries(page->entries, report);
}

/* Where journald keeps its files: journald.conf(5), Storage=. It renames what it finds damaged, or
 * not closed in order, to a name with a tilde, and begins a new file. */
static void
look_at_files(const PstSysroot *sysroot, PstJournalData *data, PstReport *report)
{
    static const char *const folders[][2] = {{"/var/log/journal", "persistent"},
                                             {"/run/log/journal", "volatile"}};
    g_autofree char *machine_id = pst_sysroot_read_line(sysroot, "/etc/machine-id", NULL);
    guint set_aside = 0;

    data->storage = g_strdup("none");
    for (guint i = 0; machine_id != NULL && i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *folder = g_strdup_printf("%s/%s", folders[i][0], machine_id);
        g_auto(GStrv) names = pst_sysroot_list(sysroot, folder, NULL);

        for (guint j = 0; names != NULL && names[j] != NULL; j++) {
            set_aside += g_str_has_suffix(names[j], ".journal~");
            if (g_str_has_suffix(names[j], ".journal") && g_str_equal(data->storage, "none")) {
                g_free(data->storage);
                data->storage = g_strdup(folders[i][1]);
            }
        }
    }
    if (set_aside > 0)
        pst_report_add(report, "journal.set-aside", PST_SEVERITY_INFORMATION,
                       "journald set %u file%s aside that %s damaged or not closed in order",
                       set_aside, set_aside == 1 ? "" : "s", set_aside == 1 ? "was" : "were");
}

void
pst_probe_journal_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    PstDaemonState journald = pst_daemon_state_read(context->sysroot, &pst_daemon_state_journald);
    PstJournalData *data = report->data;
    const PstJournalArgs *wanted = args;
    g_auto(GStrv) units = unit_names(wanted->units, report);

    data->journald = g_strdup(pst_daemon_state_name(journald));
    pst_journal_judge_daemon(journald, report);
    look_at_files(context->sysroot, data, report);
    if (units != NULL && check(wanted, report))
        read_page(context, wanted, units, report);

    g_autofree char *summary = g_strdup_printf(
        "%" G_GINT64_FORMAT " entries, none that tells of known trouble", MAX(0, data->n_entries));
    pst_report_conclude(report, summary);
}
