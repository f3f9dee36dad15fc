// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/volume-records.h"

#include <malloc.h>
#include <string.h>

#include "host-sidecar/recalled.h"
#include "host-sidecar/lifecycle.h"
#include "host-sidecar/record-dates.h"
#include "host-sidecar/render.h"
#include "protocol/json.h"
#include "protocol/limits.h"
#include "protocol/record-event.h"

/* What is told of a record on its line, in characters; --json has the whole. */
#define MAX_WORDS 500

/* Of what a guest recorded: threads come and go, and each may leave what it had in another arena.
 */
#define MANY (256 * 1024)

void
pst_volume_records_free(PstVolumeRecords *records)
{
    gboolean many = pst_record_set_weight(records->records) > MANY;

    g_clear_pointer(&records->records, g_ptr_array_unref);
    g_clear_pointer(&records->epochs, g_array_unref);
    g_clear_pointer(&records->live, g_ptr_array_unref);
    g_clear_pointer(&records->foreign, g_array_unref);
    g_free(records->unread);
    g_free(records->unkept);
    g_clear_pointer(&records->notes, g_ptr_array_unref);
    g_clear_pointer(&records->written, g_array_unref);
    g_clear_pointer(&records->order, g_hash_table_unref);
    g_free(records);
    if (many)
        malloc_trim(0);
}

PstVolumeRecords *
pst_volume_records_new(GPtrArray *records, const PstRecordCounters *counters, gint64 written_us,
                       guint n_parts)
{
    PstVolumeRecords *volume = g_new0(PstVolumeRecords, 1);

    volume->records = records;
    volume->epochs = pst_record_set_epochs(records);
    volume->live = pst_record_set_live(records, &volume->reverted);
    volume->foreign = pst_record_set_foreign(records, &volume->mixed);
    volume->notes = g_ptr_array_new_with_free_func(g_free);
    volume->counters = *counters;
    volume->written_us = volume->volume_us = written_us;
    volume->n_parts = n_parts;
    volume->order = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < records->len; i++)
        g_hash_table_insert(volume->order, records->pdata[i], GUINT_TO_POINTER(i + 1));
    pst_volume_records_date(volume, NULL, NULL);
    return volume;
}

void
pst_volume_records_note(PstVolumeRecords *records, const char *note)
{
    g_ptr_array_add(records->notes, g_strdup(note));
}

static gboolean
has_name(const PstRecord *record)
{
    return record->domain != NULL && *record->domain != '\0';
}

static gint
by_text(gconstpointer a, gconstpointer b, gpointer user_data G_GNUC_UNUSED)
{
    return strcmp(a, b);
}

static gboolean
has_its_name(const PstVolumeRecords *records, const PstRecord *record, const char *domain)
{
    return g_strcmp0(record->domain, domain) == 0 ||
           (records->adopted != NULL && g_hash_table_contains(records->adopted, record));
}

void
pst_volume_records_adopt(PstVolumeRecords *records, const GPtrArray *former)
{
    g_clear_pointer(&records->adopted, g_hash_table_unref);
    if (former == NULL)
        return;
    records->adopted = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < records->records->len; i++) {
        PstRecord *record = records->records->pdata[i];
        gint64 written_us = g_array_index(records->written, gint64, i);

        for (guint j = 0; j < former->len; j++) {
            const PstLifecycleName *name = former->pdata[j];
            if (g_strcmp0(record->domain, name->name) == 0 && written_us <= name->until_us)
                g_hash_table_add(records->adopted, record);
        }
    }
}

/* Machines and boots whose records carry the name, in one set; NULL where no record carries any. */
static GTree *
identities(const PstVolumeRecords *records, const char *domain)
{
    GTree *tree = g_tree_new_full(by_text, NULL, NULL, NULL);
    gboolean named = FALSE;

    for (guint i = 0; i < records->records->len; i++) {
        PstRecord *record = records->records->pdata[i];

        named |= has_name(record);
        if (!has_its_name(records, record, domain))
            continue;
        g_tree_insert(tree, record->boot_id, record);
        if (*record->machine_id != '\0')
            g_tree_insert(tree, record->machine_id, record);
    }
    if (!named)
        g_clear_pointer(&tree, g_tree_unref);
    return tree;
}

static gboolean
is_of(const PstVolumeRecords *records, const PstRecord *record, const char *domain, GTree *own)
{
    if (has_name(record))
        return has_its_name(records, record, domain);
    return own == NULL || g_tree_lookup(own, record->boot_id) != NULL ||
           g_tree_lookup(own, record->machine_id) != NULL;
}

const PstRecord *
pst_volume_records_newest(const PstVolumeRecords *records, const char *domain)
{
    g_autoptr(GTree) own = identities(records, domain);

    for (guint i = records->live->len; i > 0; i--)
        if (is_of(records, records->live->pdata[i - 1], domain, own))
            return records->live->pdata[i - 1];
    return NULL;
}

GHashTable *
pst_volume_records_others(const PstVolumeRecords *records, const char *domain)
{
    GHashTable *others = g_hash_table_new(NULL, NULL);
    g_autoptr(GTree) own = identities(records, domain);

    for (guint i = 0; i < records->records->len; i++)
        if (!is_of(records, records->records->pdata[i], domain, own))
            g_hash_table_add(others, records->records->pdata[i]);
    return others;
}

static gboolean
is_report(const PstRecord *record, const char *probe, const char *user)
{
    const char *name = NULL;

    return record->kind == PST_RECORD_REPORT && g_strcmp0(record->user, user) == 0 &&
           pst_json_get_string(record->body, "probe", PST_JSON_REQUIRED, &name, NULL) &&
           g_str_equal(name, probe);
}

static const PstRecord *
find(const PstVolumeRecords *records, const char *probe, const char *user, const char *domain,
     gboolean told)
{
    g_autoptr(GTree) own = identities(records, domain);

    for (guint i = records->live->len; i > 0; i--) {
        const PstRecord *record = records->live->pdata[i - 1];

        if (is_report(record, probe, user) && is_of(records, record, domain, own) &&
            (!told || !pst_recalled_is_silence(record)))
            return record;
    }
    return NULL;
}

GPtrArray *
pst_volume_records_find_older(const PstVolumeRecords *records, const PstRecord *record,
                              const char *domain, guint n)
{
    GPtrArray *older = g_ptr_array_new();
    g_autoptr(GTree) own = identities(records, domain);
    const char *probe = NULL;
    guint at = 0;

    pst_json_get_string(record->body, "probe", PST_JSON_REQUIRED, &probe, NULL);
    g_ptr_array_find(records->live, record, &at);
    for (guint i = at; probe != NULL && i > 0 && older->len < n; i--) {
        PstRecord *before = records->live->pdata[i - 1];

        if (is_report(before, probe, record->user) && is_of(records, before, domain, own) &&
            !pst_recalled_is_silence(before))
            g_ptr_array_add(older, before);
    }
    return older;
}

const PstRecord *
pst_volume_records_find(const PstVolumeRecords *records, const char *probe, const char *user,
                        const char *domain)
{
    return find(records, probe, user, domain, FALSE);
}

const PstRecord *
pst_volume_records_find_told(const PstVolumeRecords *records, const char *probe, const char *user,
                             const char *domain)
{
    return find(records, probe, user, domain, TRUE);
}

static PstVolumeFound
find_both(const PstVolumeRecords *records, const char *probe, const char *user, const char *domain)
{
    return (PstVolumeFound){find(records, probe, user, domain, FALSE),
                            find(records, probe, user, domain, TRUE)};
}

PstVolumeFound
pst_volume_records_find_best(const PstVolumeRecords *records, const char *probe, const char *user,
                             const char *domain)
{
    PstVolumeFound about_user = find_both(records, probe, user, domain);

    if (about_user.told != NULL || user == NULL)
        return about_user;
    PstVolumeFound about_nobody = find_both(records, probe, NULL, domain);
    return about_nobody.told != NULL || about_user.last == NULL ? about_nobody : about_user;
}

static gboolean
is_unchanged(const PstRecord *record)
{
    const char *event = NULL;

    return record->kind == PST_RECORD_EVENT &&
           pst_json_get_string(record->body, "event", PST_JSON_REQUIRED, &event, NULL) &&
           g_str_equal(event, pst_record_event_names[PST_EVENT_UNCHANGED]);
}

const PstRecord *
pst_volume_records_no_news(const PstVolumeRecords *records, const PstRecord *record,
                           const char *domain)
{
    g_autoptr(GTree) own = identities(records, domain);
    const PstRecord *unchanged = NULL;
    const char *probe = NULL;

    pst_json_get_string(record->body, "probe", PST_JSON_REQUIRED, &probe, NULL);
    for (guint i = records->live->len; probe != NULL && i > 0; i--) {
        const PstRecord *later = records->live->pdata[i - 1];

        if (later == record)
            return unchanged;
        if (!is_of(records, later, domain, own))
            continue;
        /* What was lost may have been another report. */
        if (later->kind == PST_RECORD_BOOT || later->lost > 0 ||
            !g_str_equal(later->boot_id, record->boot_id) || is_report(later, probe, record->user))
            return NULL;
        if (unchanged == NULL && is_unchanged(later))
            unchanged = later;
    }
    return NULL;
}

const char *
pst_volume_records_other_name(const PstVolumeRecords *records, const char *domain)
{
    for (guint i = records->live->len; i > 0; i--) {
        const PstRecord *record = records->live->pdata[i - 1];

        if (has_name(record) && !has_its_name(records, record, domain))
            return record->domain;
    }
    return NULL;
}

gboolean
pst_volume_records_is_undone(const PstVolumeRecords *records, gint64 before_us, gint64 seen_us)
{
    if (records->records->len == 0 || records->written_us > seen_us)
        return FALSE;
    if (before_us != PST_INT_UNKNOWN && records->written_us < before_us)
        return TRUE;
    return !records->reverted;
}

void
pst_volume_records_date(PstVolumeRecords *records, const GPtrArray *dates, const GArray *stills)
{
    g_clear_pointer(&records->written, g_array_unref);
    records->written =
        pst_record_dates_estimate(dates, stills, records->records, records->written_us);
}

gint64
pst_volume_records_age_us(const PstVolumeRecords *records, const PstRecord *record, gint64 now_us)
{
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(records->order, record));

    return MAX(0, now_us - g_array_index(records->written, gint64, place - 1));
}

JsonObject *
pst_volume_records_item(const PstVolumeRecords *records, guint i, gint64 now_us)
{
    const PstRecord *record = records->records->pdata[i];
    JsonObject *json = pst_record_to_json(record);
    gint64 age_us = pst_volume_records_age_us(records, record, now_us);

    json_object_set_int_member(json, "age_ms", age_us / 1000);
    json_object_set_int_member(json, "epoch", g_array_index(records->epochs, guint, i));
    if (g_array_index(records->foreign, gboolean, i))
        json_object_set_boolean_member(json, "other_machine", TRUE);
    return json;
}

/* The guest says so itself, whatever it says. */
static gint64
count_lost(const PstVolumeRecords *records)
{
    gint64 lost = 0;

    for (guint i = 0; i < records->records->len; i++) {
        const PstRecord *record = records->records->pdata[i];
        if (record->lost > 0)
            lost = MIN(lost + record->lost, PST_LIMIT_INTEGER);
    }
    return lost;
}

JsonObject *
pst_volume_records_to_json(const PstVolumeRecords *records, guint n, gint64 now_us)
{
    JsonObject *json = json_object_new();
    JsonArray *array = json_array_new(), *notes = json_array_new();

    for (guint i = records->records->len; i > 0 && records->records->len - i < n; i--)
        json_array_add_object_element(array, pst_volume_records_item(records, i - 1, now_us));
    json_object_set_array_member(json, "records", array);
    json_object_set_int_member(json, "whole", (gint64)records->counters.records);
    json_object_set_int_member(json, "dropped", (gint64)records->counters.dropped);
    json_object_set_int_member(json, "stray_bytes", (gint64)records->counters.stray_bytes);
    json_object_set_int_member(json, "parts", records->n_parts);
    json_object_set_int_member(json, "stored", records->n_stored);
    json_object_set_int_member(json, "missed", records->missed);
    json_object_set_int_member(json, "lost", count_lost(records));
    json_object_set_boolean_member(json, "mixed", records->mixed);
    for (guint i = 0; i < records->notes->len; i++)
        json_array_add_string_element(notes, records->notes->pdata[i]);
    json_object_set_array_member(json, "notes", notes);
    return json;
}

static const char *
string_of(JsonObject *body, const char *name)
{
    const char *value = "";

    pst_json_get_string(body, name, PST_JSON_NULLABLE, &value, NULL);
    return value;
}

static gboolean
is_set(JsonObject *body, const char *name)
{
    gboolean value = FALSE;

    pst_json_get_bool(body, name, PST_JSON_OPTIONAL, &value, NULL);
    return value;
}

static void
append_subject(GString *out, const char *name)
{
    pst_render_append(out, name);
    g_string_append(out, *name != '\0' ? ": " : "");
}

/* What a record says, in a line. */
static void
append_words(GString *out, const PstRecord *record)
{
    switch (record->kind) {
    case PST_RECORD_BOOT:
        g_string_append(out, "postern-shim ");
        pst_render_append(out, string_of(record->body, "shim"));
        g_string_append(out, is_set(record->body, "initramfs") ? ", in the initramfs" : "");
        break;
    case PST_RECORD_REPORT:
        pst_render_append(out, string_of(record->body, "probe"));
        if (record->user != NULL) {
            g_string_append(out, " of ");
            pst_render_append(out, record->user);
        }
        g_string_append(out, ": ");
        pst_render_append(out, string_of(record->body, "summary"));
        break;
    case PST_RECORD_EVENT:
        pst_render_append(out, string_of(record->body, "event"));
        g_string_append(out, ": ");
        append_subject(out, string_of(record->body, "path"));
        append_subject(out, string_of(record->body, "unit"));
        pst_render_append(out, string_of(record->body, "message"));
        break;
    case PST_RECORD_SHUTDOWN:
        g_string_append(out, "the shim was told to end");
        break;
    }
}

/* A copy can have the machine's id, and what was set up anew the domain's name. */
static void
append_writer(GString *out, const PstRecord *record)
{
    pst_render_append(out, record->machine_id);
    if (record->domain != NULL && *record->domain != '\0') {
        g_string_append(out, ", domain ");
        pst_render_append(out, record->domain);
    }
}

/* Between the record at I and the one that was told before it, which is the newer one. */
static void
append_border(GString *out, const PstVolumeRecords *records, guint i)
{
    const PstRecord *newer = records->records->pdata[i + 1];
    const PstRecord *record = records->records->pdata[i];

    if (g_array_index(records->foreign, gboolean, i + 1)) {
        g_string_append(out, "---- above: the machine ");
        append_writer(out, newer);
        g_string_append(out, "; below: another one, ");
        append_writer(out, record);
        g_string_append(out, " ----\n");
    } else if (g_array_index(records->epochs, guint, i) !=
               g_array_index(records->epochs, guint, i + 1)) {
        g_string_append(out, "---- an earlier boot, or before a revert ----\n");
    }
}

static void
append_sum(GString *out, const PstVolumeRecords *records)
{
    g_string_append_printf(out, "%u records in %u parts, %" G_GUINT64_FORMAT " dropped",
                           records->records->len, records->n_parts, records->counters.dropped);
    if (records->n_stored > 0)
        g_string_append_printf(out, "; %u of them were kept from earlier readings",
                               records->n_stored);
    g_string_append_c(out, '\n');
    if (records->missed > 0)
        g_string_append_printf(out,
                               "note: %" G_GINT64_FORMAT " records were rolled away unread: "
                               "postern passed by too seldom\n",
                               records->missed);
    gint64 lost = count_lost(records);
    if (lost > 0)
        g_string_append_printf(out,
                               "note: %" G_GINT64_FORMAT " records never left the guest: its "
                               "recorder's port did not take them\n",
                               lost);
    if (records->mixed)
        g_string_append(out, "note: two machines write to this volume: give each domain a file "
                             "that is named by its own UUID\n");
    for (guint i = 0; i < records->notes->len; i++) {
        g_string_append(out, "note: ");
        pst_render_append(out, records->notes->pdata[i]);
        g_string_append_c(out, '\n');
    }
}

char *
pst_volume_records_words(const PstRecord *record)
{
    GString *out = g_string_new(NULL);

    append_words(out, record);
    return g_string_free(out, FALSE);
}

char *
pst_volume_records_to_text(const PstVolumeRecords *records, guint n, gint64 now_us)
{
    GString *out = g_string_new(NULL);
    guint len = records->records->len;

    for (guint i = len; i > 0 && len - i < n; i--) {
        const PstRecord *record = records->records->pdata[i - 1];
        g_autofree char *age = pst_render_ago(pst_volume_records_age_us(records, record, now_us));

        if (i < len)
            append_border(out, records, i - 1);
        g_string_append_printf(out, "%-14s %-9s ", age, pst_record_kind_names[record->kind]);
        g_autofree char *words = pst_volume_records_words(record);
        pst_render_append_cut(out, words, MAX_WORDS);
        g_string_append_c(out, '\n');
    }
    append_sum(out, records);
    return g_string_free(out, FALSE);
}
