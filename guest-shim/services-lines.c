// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/services-lines.h"

#include "guest-shim/journal.h"

#define JOURNAL_MS 4000
#define TRIES 3
#define LINES_OF_UNIT 20
#define LINES 200

PstServicesUnit *
pst_services_lines_find(const PstServicesData *data, const char *name)
{
    for (guint i = 0; data->units != NULL && name != NULL && i < data->units->len; i++) {
        PstServicesUnit *unit = data->units->pdata[i];
        if (g_str_equal(unit->name, name))
            return unit;
    }
    return NULL;
}

static void
take_line(PstServicesUnit *unit, const PstJournalEntry *entry)
{
    if (unit == NULL || (unit->lines != NULL && unit->lines->len >= LINES_OF_UNIT))
        return;
    PstServicesLine *line = pst_fields_append(&pst_report_services_line_fields, &unit->lines);
    line->realtime_us = entry->realtime_us;
    line->priority = entry->priority >= 0 ? entry->priority : PST_INT_UNKNOWN;
    line->identifier = g_strdup(entry->identifier);
    line->message = g_strdup(entry->message);
}

static void
say_unread(PstReport *report, const char *why)
{
    PstFinding *finding =
        pst_report_add(report, "services.no-journal-lines", PST_SEVERITY_INFORMATION,
                       "the units' journal lines could not be read: %s", why);
    finding->evidence->error = g_strdup(why);
}

/* One journalctl for NAMES; whether there may be more than it gave. */
static gboolean
read_some(const PstProbeContext *context, const GPtrArray *names, const char *boot,
          PstReport *report)
{
    g_autoptr(GPtrArray) units = g_ptr_array_new();
    g_autoptr(GError) cause = NULL;

    g_ptr_array_extend(units, (GPtrArray *)names, NULL, NULL);
    g_ptr_array_add(units, NULL);
    PstJournalQuery query = {
        .units = (const char *const *)units->pdata,
        .boot = boot,
        .max_priority = 7,
        .lines = MIN(LINES, LINES_OF_UNIT * names->len),
        .timeout_ms = pst_probe_time_left_ms(context, JOURNAL_MS),
    };
    g_autoptr(PstJournalPage) page = pst_journal_read(context->sysroot, &query, &cause);
    if (page == NULL) {
        say_unread(report, cause->message);
        return FALSE;
    }
    for (guint i = 0; i < page->entries->len; i++) {
        const PstJournalEntry *entry = page->entries->pdata[i];
        take_line(pst_services_lines_find(report->data, entry->unit), entry);
    }
    if (page->complaint != NULL)
        say_unread(report, page->complaint);
    else if (page->cut && page->entries->len == 0)
        say_unread(report, "journalctl gave no answer within its time");
    return page->more && page->complaint == NULL;
}

void
pst_services_lines_read(const PstProbeContext *context, GPtrArray *names, PstReport *report)
{
    g_autofree char *boot = pst_journal_boot(context->sysroot);

    for (guint tries = 0; names->len > 0 && tries < TRIES; tries++) {
        if (!read_some(context, names, boot, report))
            return;
        for (guint i = 0; i < names->len;) {
            const PstServicesUnit *unit = pst_services_lines_find(report->data, names->pdata[i]);
            if (unit->lines != NULL && unit->lines->len > 1)
                g_ptr_array_remove_index(names, i);
            else
                i++;
        }
    }
}
