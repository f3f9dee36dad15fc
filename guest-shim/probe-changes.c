// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/probe-changes.h"

#include "guest-shim/boot-clock.h"
#include "guest-shim/careful-open.h"
#include "guest-shim/changes-digest.h"
#include "guest-shim/changes-judge.h"
#include "guest-shim/changes-log.h"
#include "guest-shim/changes-places.h"
#include "guest-shim/changes-units.h"
#include "guest-shim/changes-walk.h"
#include "guest-shim/package-db.h"
#include "protocol/error.h"

#define COULD_NOT_LOOK "changes.could-not-look"
#define DAY_US (G_GINT64_CONSTANT(86400) * G_USEC_PER_SEC)
/* The percentage of the time that is left which each part may take: a slow guest gives part of the
 * answer rather than none. */
#define WALK_SHARE 40
#define RECORDS_SHARE 50
#define DIGESTS_SHARE 40
#define MAX_TIME_MS 60000
#define MAX_DIGESTED (64 * 1024 * 1024)
/* A frame has room for some hundreds, with all that is known of each. */
#define MAX_FILES 150
/* They tell only that something went from them, and take no file's place. */
#define MAX_FOLDERS 50
/* Making a file, writing it and setting its mode take so long together. */
#define ONE_ACT_US G_USEC_PER_SEC
/* Files are unpacked within moments of their package's being recorded. */
#define UNPACKING_US (120 * G_USEC_PER_SEC)

typedef struct {
    const PstProbeContext *context;
    const PstSysroot *sysroot;
    PstReport *report;
    PstChangesData *data;
    PstChangesWalk *walk;
    PstPackageDb *db;
    PstChangesDigest digest;
    gboolean by_name;     /* somebody named the paths, and wants to know of all below them */
    PstTri records_known; /* whether "no package has it" can be said */
    guint n_unheld;       /* that a package brought, and could not be held against its record */
    const char *unheld;   /* the first of them, borrowed from the walk */
    GPtrArray *odd; /* of PstChangesFile: programs that differ from their record, not recent */
} Probe;

/* ---- since when ---- */

/* The time that has passed since the boot, as the kernel says. */
static gint64
uptime_us(const PstSysroot *sysroot)
{
    g_autofree char *line = pst_sysroot_read_line(sysroot, "/proc/uptime", NULL);

    return line != NULL ? (gint64)(g_ascii_strtod(line, NULL) * (double)G_USEC_PER_SEC) : 0;
}

static void
choose_since(Probe *probe, const PstChangesArgs *asked)
{
    gint64 now_us = g_get_real_time(), up_us = uptime_us(probe->sysroot);

    if (asked->since_us != PST_INT_UNKNOWN || asked->since_s != PST_INT_UNKNOWN) {
        gint64 back_s = CLAMP(asked->since_s, 0, now_us / G_USEC_PER_SEC);
        probe->data->since = g_strdup("asked");
        probe->data->since_us =
            asked->since_us != PST_INT_UNKNOWN ? asked->since_us : now_us - back_s * G_USEC_PER_SEC;
        return;
    }
    probe->data->since = g_strdup(up_us > DAY_US ? "boot" : "a day ago");
    probe->data->since_us = now_us - MAX(up_us, DAY_US);
}

/* ---- the walk ---- */

/* The moment, on CLOCK_BOOTTIME, when so many percent of the time that is left now have passed. */
static gint64
after_share(const Probe *probe, gint64 percent)
{
    return pst_boot_clock_us() + pst_probe_time_left_ms(probe->context, MAX_TIME_MS) * 10 * percent;
}

static gboolean
is_repeated(const GPtrArray *places, guint i)
{
    for (guint j = 0; j < i; j++)
        if (g_str_equal(((PstChangesPlace *)places->pdata[j])->path,
                        ((PstChangesPlace *)places->pdata[i])->path))
            return TRUE;
    return FALSE;
}

static gboolean
has_paths(const PstChangesArgs *asked)
{
    return asked->paths != NULL && asked->paths[0] != NULL;
}

static void
say_not_entered(const Probe *probe)
{
    const GPtrArray *paths = probe->walk->not_entered;

    for (guint i = 0; i < paths->len; i++) {
        const char *path = paths->pdata[i];
        PstFinding *finding = pst_report_add(
            probe->report, "changes.mount-not-entered", PST_SEVERITY_UNKNOWN,
            "what is below %s was not gone through: what is mounted there may not answer", path);

        finding->evidence->path = g_strdup(path);
    }
}

static void
walk_places(Probe *probe, const PstChangesArgs *asked)
{
    g_autoptr(GPtrArray) places = has_paths(asked)
                                      ? pst_changes_places_named((const char *const *)asked->paths)
                                      : pst_changes_places_default(probe->sysroot, asked->user);
    g_autoptr(GStrvBuilder) looked_at = g_strv_builder_new();

    for (guint i = 0; i < places->len; i++) {
        const PstChangesPlace *place = places->pdata[i];
        g_autoptr(GError) cause = NULL;

        if (is_repeated(places, i))
            continue;
        if (pst_changes_walk_place(probe->walk, place->path, place->programs, &cause))
            g_strv_builder_add(looked_at, place->path);
        else if (cause->code != PST_ERROR_ABSENT)
            pst_probe_add_unlooked(probe->report, COULD_NOT_LOOK, place->path, cause)
                ->evidence->path = g_strdup(place->path);
    }
    say_not_entered(probe);
    probe->data->looked_at = g_strv_builder_end(looked_at);
    probe->data->entries = probe->walk->n_seen;
    probe->data->complete = PST_TRI(probe->walk->complete);
    probe->data->incomplete = g_strdup(probe->walk->why_not);
}

static GPtrArray *
read_mounts(const Probe *probe)
{
    g_autoptr(GError) cause = NULL;
    GPtrArray *mounts = pst_careful_open_mounts(probe->sysroot, &cause);

    if (mounts == NULL)
        pst_probe_add_unlooked(probe->report, COULD_NOT_LOOK, "what is mounted", cause);
    return mounts;
}

/* ---- package records ---- */

static void
read_records(Probe *probe)
{
    const GPtrArray *entries = probe->walk->entries;
    g_autoptr(GError) cause = NULL;
    PstFinding *finding;

    for (guint i = 0; i < entries->len; i++) {
        const PstChangesEntry *entry = entries->pdata[i];
        if (!S_ISDIR(entry->mode))
            pst_package_db_ask(probe->db, entry->path);
    }
    gboolean read = pst_package_db_read(probe->db, &cause);
    probe->data->package_databases = g_strdupv((char **)pst_package_db_names(probe->db));
    probe->records_known = PST_TRI(read);
    if (read)
        return;
    probe->records_known = PST_TRI_UNKNOWN;
    if (cause->code == PST_ERROR_ABSENT || cause->code == PST_ERROR_NOT_ALLOWED ||
        cause->code == PST_ERROR_DEADLINE) {
        finding =
            pst_report_add(probe->report, "changes.records-unread", PST_SEVERITY_INFORMATION,
                           "which package a file belongs to is not known: %s", cause->message);
        finding->evidence->error = g_strdup(cause->message);
    } else {
        pst_probe_add_unlooked(probe->report, COULD_NOT_LOOK, "the packages' records", cause);
    }
}

/* ---- one file ---- */

static const char *
type_of(mode_t mode)
{
    return S_ISREG(mode) ? "file" : S_ISDIR(mode) ? "folder" : S_ISLNK(mode) ? "link" : "other";
}

/* What the latest change was: the one that its ctime tells of. */
static const char *
kind_of(const PstChangesEntry *entry)
{
    gint64 latest_us = S_ISDIR(entry->mode) ? entry->modified_us : entry->changed_us;

    if (entry->created_us != PST_INT_UNKNOWN && latest_us - entry->created_us < ONE_ACT_US)
        return "created";
    if (S_ISDIR(entry->mode))
        return "folder";
    return latest_us - entry->modified_us < ONE_ACT_US ? "written" : "status";
}

static PstChangesFile *
new_file(const Probe *probe, const PstChangesEntry *entry)
{
    PstChangesFile *file = pst_fields_new(&pst_report_changes_file_fields);

    file->path = g_strdup(entry->path);
    file->kind = g_strdup(kind_of(entry));
    file->type = g_strdup(type_of(entry->mode));
    if (S_ISLNK(entry->mode))
        file->target = pst_sysroot_read_link(probe->sysroot, entry->path, NULL);
    else
        file->mode = g_strdup_printf("%04o", entry->mode & 07777U);
    file->owner = g_strdup_printf("%u:%u", entry->uid, entry->gid);
    if (S_ISREG(entry->mode))
        file->size = entry->size;
    file->changed_us = entry->changed_us;
    file->modified_us = entry->modified_us;
    file->created_us = entry->created_us;
    file->control_plane = PST_TRI(pst_changes_places_is_control(entry->path));
    return file;
}

static void
compare_access(const PstChangesEntry *entry, const PstPackageFile *record, PstChangesFile *file)
{
    if (record->mode >= 0 && record->mode != (gint64)(entry->mode & 07777U) &&
        !S_ISLNK(entry->mode))
        file->former_mode = g_strdup_printf("%04o", (guint)record->mode);
    if (record->owner != NULL && !g_str_equal(record->owner, file->owner))
        file->former_owner = g_strdup(record->owner);
}

/* Not touched since its package was unpacked, unless within the same minutes. */
static gboolean
is_of_unpacking(const PstChangesEntry *entry, const PstPackageFile *record)
{
    return record->installed_us != PST_INT_UNKNOWN &&
           entry->changed_us <= record->installed_us + UNPACKING_US;
}

/* What a package unpacked and nobody touched since need not be read, but for configuration, which
 * may well be changed in these minutes. */
static gboolean
is_as_unpacked(const PstChangesEntry *entry, const PstPackageFile *record)
{
    return record->config == PST_TRI_NO && is_of_unpacking(entry, record);
}

/* Not even where somebody named it: they may have changed it in these minutes. */
static gboolean
needs_reading(const Probe *probe, const PstChangesEntry *entry, const PstPackageFile *record)
{
    return !is_as_unpacked(entry, record) ||
           (probe->by_name && pst_changes_walk_is_recent(probe->walk, entry));
}

/* dpkg and rpm give a file its mode and its name later than they write it. */
static void
correct_kind(const PstChangesEntry *entry, const PstPackageFile *record, PstChangesFile *file)
{
    if (record->installed_us == PST_INT_UNKNOWN || !g_str_equal(file->kind, "status") ||
        ABS(entry->changed_us - record->installed_us) > UNPACKING_US)
        return;
    g_free(file->kind);
    file->kind = g_strdup("created");
}

static void
compare_content(Probe *probe, const PstChangesEntry *entry, const PstPackageFile *record,
                PstChangesFile *file)
{
    if (record->digest == NULL || !S_ISREG(entry->mode) || !needs_reading(probe, entry, record))
        return;
    g_autofree char *digits =
        record->digest_type == G_CHECKSUM_SHA256 && file->digest != NULL
            ? g_strdup(file->digest)
            : pst_changes_digest_file(&probe->digest, entry->path, record->digest_type);
    if (digits == NULL)
        return;
    file->as_packaged = PST_TRI(g_str_equal(digits, record->digest));
    if (file->as_packaged == PST_TRI_NO)
        file->former_digest =
            g_strdup_printf("%s:%s", pst_changes_digest_name(record->digest_type), record->digest);
}

static void
add_record(Probe *probe, const PstChangesEntry *entry, PstChangesFile *file)
{
    const PstPackageFile *record = pst_package_db_find(probe->db, entry->path);

    if (record == NULL || record->package == NULL) {
        if (record != NULL && probe->records_known == PST_TRI_YES)
            file->packaged = PST_TRI_NO;
        return;
    }
    file->packaged = PST_TRI_YES;
    file->package = g_strdup(record->package);
    file->version = g_strdup(record->version);
    file->config = record->config;
    file->former_source = g_strdup(record->of);
    correct_kind(entry, record, file);
    compare_access(entry, record, file);
    compare_content(probe, entry, record, file);
}

static gboolean
wants_digest(Probe *probe, const PstChangesEntry *entry)
{
    const PstPackageFile *record = pst_package_db_find(probe->db, entry->path);

    return S_ISREG(entry->mode) && pst_changes_places_may_digest(entry->path, entry->mode) &&
           (record == NULL || record->package == NULL || needs_reading(probe, entry, record));
}

static void
keep(GPtrArray **list, PstChangesFile *file)
{
    if (*list == NULL)
        *list = g_ptr_array_new();
    g_ptr_array_add(*list, file);
}

static gboolean
has_recorded_access(const PstChangesEntry *entry, const PstPackageFile *record)
{
    gboolean by_root = entry->uid == 0 && entry->gid == 0;

    if (record->mode >= 0 && record->mode != (gint64)(entry->mode & 07777U))
        return FALSE;
    return record->owner == NULL || (by_root && (g_str_equal(record->owner, "root:root") ||
                                                 g_str_equal(record->owner, "0:0")));
}

/* dpkg records no modes. A file of these is as it was packaged, or harmless. */
static gboolean
has_usual_access(const PstChangesEntry *entry)
{
    mode_t mode = entry->mode & 07777U;

    return entry->uid == 0 && entry->gid == 0 && (mode == 0644 || mode == 0755);
}

static gboolean
is_untouched_config(Probe *probe, const PstChangesEntry *entry, const PstPackageFile *record)
{
    if (record->config != PST_TRI_YES || record->digest == NULL || !S_ISREG(entry->mode) ||
        !is_of_unpacking(entry, record) || !has_usual_access(entry))
        return FALSE;
    g_autofree char *digits =
        pst_changes_digest_file(&probe->digest, entry->path, record->digest_type);
    return g_strcmp0(digits, record->digest) == 0;
}

/* Whether it is what its package brought, by content and mode. What a folder holds stands for
 * itself, and where a link leads to is in no record but apk's, which digests that. */
static PstTri
is_as_packaged(Probe *probe, const PstChangesEntry *entry, const PstPackageFile *record)
{
    if (S_ISDIR(entry->mode) || (S_ISLNK(entry->mode) && g_strcmp0(record->of, "apk") == 0))
        return PST_TRI_YES;
    if (!S_ISREG(entry->mode))
        return PST_TRI(record->digest == NULL);
    if (record->digest == NULL)
        return PST_TRI_UNKNOWN;
    g_autofree char *digits =
        pst_changes_digest_file(&probe->digest, entry->path, record->digest_type);
    if (digits == NULL)
        return PST_TRI_UNKNOWN;
    if (!g_str_equal(digits, record->digest))
        return PST_TRI_NO;
    return record->mode >= 0 || has_usual_access(entry) ? PST_TRI_YES : PST_TRI_UNKNOWN;
}

/* It came with its package, and nobody touched it since: that is no news, the transaction is. Of
 * what can't be held against its record nobody knows. */
static gboolean
is_quiet(Probe *probe, const PstChangesEntry *entry)
{
    const PstPackageFile *record = pst_package_db_find(probe->db, entry->path);

    if (record == NULL || record->package == NULL || !has_recorded_access(entry, record))
        return FALSE;
    if (!is_as_unpacked(entry, record))
        return is_untouched_config(probe, entry, record);
    if (!needs_reading(probe, entry, record))
        return TRUE;
    PstTri same = is_as_packaged(probe, entry, record);
    if (same == PST_TRI_UNKNOWN && probe->n_unheld++ == 0)
        probe->unheld = entry->path;
    return same != PST_TRI_NO;
}

/* A recent file is listed; a program that is not recent is only held against its record. */
static void
take_entry(Probe *probe, const PstChangesEntry *entry, gboolean recent)
{
    PstChangesFile *file = new_file(probe, entry);

    if (recent && wants_digest(probe, entry))
        file->digest = pst_changes_digest_file(&probe->digest, entry->path, G_CHECKSUM_SHA256);
    add_record(probe, entry, file);
    if (recent)
        keep(&probe->data->files, file);
    else if (file->former_mode != NULL || file->former_owner != NULL || file->former_digest != NULL)
        keep(&probe->odd, file);
    else
        pst_fields_free(&pst_report_changes_file_fields, file);
}

static void
take_entries(Probe *probe)
{
    GPtrArray *entries = probe->walk->entries;
    guint n_files = 0, n_folders = 0, n_unpacked = 0, n_left_out = 0;

    probe->digest =
        (PstChangesDigest){probe->sysroot, after_share(probe, DIGESTS_SHARE), MAX_DIGESTED};
    for (guint i = 0; i < entries->len; i++) {
        const PstChangesEntry *entry = entries->pdata[i];
        gboolean recent = pst_changes_walk_is_recent(probe->walk, entry);

        if (is_quiet(probe, entry)) {
            n_unpacked += recent;
            continue;
        }
        gboolean has_room = S_ISDIR(entry->mode) ? n_folders < MAX_FOLDERS : n_files < MAX_FILES;
        if (recent ? has_room : entry->program)
            take_entry(probe, entry, recent);
        if (!recent)
            continue;
        n_left_out += !has_room;
        if (S_ISDIR(entry->mode))
            n_folders++;
        else
            n_files++;
    }
    probe->data->unpacked = n_unpacked;
    probe->data->left_out = n_left_out;
    probe->report->truncated |= probe->data->left_out > 0 || !probe->walk->complete;
}

static void
say_unheld(Probe *probe)
{
    if (probe->n_unheld == 0)
        return;
    PstFinding *finding =
        pst_report_add(probe->report, COULD_NOT_LOOK, PST_SEVERITY_UNKNOWN,
                       "whether %u file%s that packages brought, %s first, %s as they came is not "
                       "known",
                       probe->n_unheld, probe->n_unheld == 1 ? "" : "s", probe->unheld,
                       probe->n_unheld == 1 ? "is" : "are");

    finding->evidence->path = g_strdup(probe->unheld);
    finding->remedy = g_strdup("dpkg --verify or rpm --verify tells of the content");
}

/* ---- the whole ---- */

static void
read_transactions(Probe *probe)
{
    g_autoptr(GError) cause = NULL;

    if (!pst_changes_log_read(probe->sysroot, probe->data->since_us, probe->data, &cause))
        pst_probe_add_unlooked(probe->report, COULD_NOT_LOOK, "the package manager's log", cause);
    pst_changes_log_add_installs(probe->db, probe->data);
    pst_changes_log_sort(probe->data);
}

static void
judge(Probe *probe)
{
    g_autoptr(PstAccounts) accounts = pst_accounts_load(probe->sysroot, NULL);
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    const GPtrArray *const lists[] = {probe->data->files, probe->odd};

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        for (guint j = 0; lists[i] != NULL && j < lists[i]->len; j++)
            g_ptr_array_add(all, lists[i]->pdata[j]);
    pst_changes_judge(all, accounts, probe->report);
    for (guint i = 0; probe->odd != NULL && i < probe->odd->len; i++)
        pst_fields_free(&pst_report_changes_file_fields, probe->odd->pdata[i]);
    g_clear_pointer(&probe->odd, g_ptr_array_unref);
}

static char *
summary_of(const PstChangesData *data)
{
    guint files = data->files != NULL ? data->files->len : 0;
    guint transactions = data->transactions != NULL ? data->transactions->len : 0;
    const char *since = g_str_equal(data->since, "asked") ? "the moment asked for" : data->since;

    return g_strdup_printf("%u files and %u packages changed since %s", files, transactions,
                           g_str_equal(since, "boot") ? "the boot" : since);
}

void
pst_probe_changes_run(const PstProbeContext *context, gconstpointer args, PstReport *report)
{
    Probe probe = {
        .context = context, .sysroot = context->sysroot, .report = report, .data = report->data};

    choose_since(&probe, args);
    gint64 since_us = probe.data->since_us;
    g_autoptr(GPtrArray) mounts = read_mounts(&probe);
    g_autoptr(PstChangesWalk) walk =
        pst_changes_walk_new(context->sysroot, mounts, since_us, after_share(&probe, WALK_SHARE));
    probe.walk = walk;
    probe.by_name = has_paths(args);
    walk->follows = probe.by_name;
    walk_places(&probe, args);
    pst_changes_walk_finish(walk);

    g_autoptr(PstPackageDb) db =
        pst_package_db_new(context->sysroot, since_us, after_share(&probe, RECORDS_SHARE));
    probe.db = db;
    read_records(&probe);
    take_entries(&probe);
    say_unheld(&probe);
    pst_changes_units_derive(probe.data);
    read_transactions(&probe);
    judge(&probe);

    g_autofree char *summary = summary_of(probe.data);
    pst_report_conclude(report, summary);
}
