// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/doctor-guest.h"

#include <string.h>

#include "host-sidecar/doctor-commands.h"
#include "protocol/report-file.h"
#include "protocol/report-list.h"
#include "protocol/report-security.h"
#include "protocol/report-services.h"
#include "protocol/report-storage.h"

#define SHIM_UNIT "postern-shim.service"
#define AGENT_UNIT "qemu-guest-agent.service"
#define EMERGENCY "/etc/systemd/system/emergency.target.wants"
/* The worst come first; more of them say no more. */
#define MAX_DENIALS 16
#define RESCUE "/etc/systemd/system/rescue.target.wants"

/* Whose mode and owner matter. */
static const char *const files[] = {"/usr/sbin/postern-shim", "/etc/postern/shim.conf",
                                    "/etc/systemd/system/postern-shim.service",
                                    "/usr/lib/systemd/system/postern-shim.service", NULL};

/* ---- the questions ---- */

static void
add(GPtrArray *questions, const char *domain, const PstReportKind *kind, const char *member,
    const char *value)
{
    JsonObject *args = json_object_new();

    if (member != NULL)
        json_object_set_string_member(args, member, value);
    g_ptr_array_add(questions, pst_answer_new(domain, kind->name, args));
    json_object_unref(args);
}

static void
add_services(GPtrArray *questions, const char *domain)
{
    g_autoptr(JsonObject) args = json_object_new();
    JsonArray *units = json_array_new();

    json_array_add_string_element(units, SHIM_UNIT);
    json_array_add_string_element(units, AGENT_UNIT);
    json_object_set_array_member(args, "units", units);
    g_ptr_array_add(questions, pst_answer_new(domain, pst_report_services_kind.name, args));
}

PstAnswer **
pst_doctor_guest_questions(const char *domain, guint *n)
{
    GPtrArray *questions = g_ptr_array_new();

    add_services(questions, domain);
    add(questions, domain, &pst_report_security_kind, NULL, NULL);
    add(questions, domain, &pst_report_storage_kind, NULL, NULL);
    add(questions, domain, &pst_report_list_kind, "path", EMERGENCY);
    add(questions, domain, &pst_report_list_kind, "path", RESCUE);
    for (guint i = 0; files[i] != NULL; i++)
        add(questions, domain, &pst_report_file_kind, "path", files[i]);
    for (guint i = 0; pst_doctor_commands_files[i] != NULL; i++)
        add(questions, domain, &pst_report_file_kind, "path", pst_doctor_commands_files[i]);
    *n = questions->len;
    return (PstAnswer **)g_ptr_array_free(questions, FALSE);
}

/* ---- the answers ---- */

static gboolean
is_of_now(const PstAnswer *answer)
{
    return answer->report != NULL &&
           (answer->via == PST_VIA_CHANNEL || answer->via == PST_VIA_AGENT);
}

static const PstAnswer *
find(PstAnswer *const *answers, guint n, const PstReportKind *kind, const char *path)
{
    for (guint i = 0; i < n; i++)
        if (g_str_equal(answers[i]->probe, kind->name) &&
            (path == NULL ||
             g_strcmp0(json_object_get_string_member_with_default(answers[i]->args, "path", NULL),
                       path) == 0))
            return answers[i];
    return NULL;
}

/* Its data; NULL with *PROBLEM set, which is the caller's, where there is none of now. */
static gconstpointer
data_of(const PstAnswer *answer, char **problem)
{
    if (answer == NULL) {
        *problem = g_strdup("it was not asked");
        return NULL;
    }
    if (answer->report == NULL) {
        *problem = pst_answer_explain(answer);
        return NULL;
    }
    if (!is_of_now(answer) || answer->report->data == NULL) {
        *problem = g_strdup("the guest itself did not answer: only what was recorded earlier is "
                            "known");
        return NULL;
    }
    return answer->report->data;
}

static gboolean
has_finding(const PstReport *report, const char *end)
{
    for (guint i = 0; i < report->findings->len; i++)
        if (g_str_has_suffix(((const PstFinding *)report->findings->pdata[i])->id, end))
            return TRUE;
    return FALSE;
}

/* ---- units ---- */

static const PstServicesUnit *
find_unit(const PstServicesData *data, const char *name)
{
    for (guint i = 0; data->units != NULL && i < data->units->len; i++) {
        const PstServicesUnit *unit = data->units->pdata[i];
        if (pst_report_services_is(unit, name))
            return unit;
    }
    return NULL;
}

static PstDoctorUnit *
take_unit(const PstAnswer *answer, const char *name)
{
    PstDoctorUnit *unit = pst_fields_new(&pst_report_doctor_unit_fields);
    const PstServicesData *data = data_of(answer, &unit->problem);
    const PstServicesUnit *told = data != NULL ? find_unit(data, name) : NULL;

    unit->unit = g_strdup(name);
    if (told == NULL) {
        if (data != NULL)
            unit->problem = g_strdup(answer->report->summary);
        return unit;
    }
    unit->load = g_strdup(told->load);
    unit->active = g_strdup(told->active);
    unit->sub = g_strdup(told->sub);
    unit->enabled = g_strdup(told->enabled);
    unit->default_dependencies = told->default_dependencies;
    unit->ignore_on_isolate = told->ignore_on_isolate;
    return unit;
}

/* Whether the folder of what a target wants has the shim's unit. */
static PstTri
is_wanted(const PstAnswer *answer)
{
    g_autofree char *problem = NULL;
    const PstListData *data = data_of(answer, &problem);

    if (data == NULL)
        return PST_TRI_UNKNOWN;
    if (has_finding(answer->report, ".absent"))
        return PST_TRI_NO;
    for (guint i = 0; data->entries != NULL && i < data->entries->len; i++)
        if (g_strcmp0(((const PstListEntry *)data->entries->pdata[i])->name, SHIM_UNIT) == 0)
            return PST_TRI_YES;
    return data->path != NULL && data->cursor == NULL ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

/* ---- files ---- */

static gboolean
is_below(const char *path, const char *folder)
{
    gsize len = strlen(folder);

    return g_str_has_prefix(path, folder) &&
           (path[len] == '/' || path[len] == '\0' || g_str_equal(folder, "/"));
}

/* The mount that lies nearest to it. */
static void
take_mount(PstDoctorFile *file, const char *path, const PstStorageData *storage)
{
    const PstStorageMount *nearest = NULL;

    for (guint i = 0; storage->mounts != NULL && i < storage->mounts->len; i++) {
        const PstStorageMount *mount = storage->mounts->pdata[i];

        if (mount->path != NULL && is_below(path, mount->path) &&
            (nearest == NULL || strlen(mount->path) >= strlen(nearest->path)))
            nearest = mount;
    }
    if (nearest == NULL)
        return;
    file->noexec = nearest->noexec;
    file->mount = g_strdup(nearest->path);
}

static void
take_label(PstDoctorFile *file, const PstSecurityData *security)
{
    const GPtrArray *labels = security->selinux != NULL ? security->selinux->labels : NULL;

    for (guint i = 0; labels != NULL && i < labels->len; i++) {
        const PstSecurityLabel *label = labels->pdata[i];
        if (g_strcmp0(label->path, file->path) == 0)
            file->label = g_strdup(label->problem);
    }
}

/* NULL data with the report there is a file that is not, or that the door does not give. */
static void
take_file(PstDoctorGuest *guest, PstAnswer *const *answers, guint n, const char *path)
{
    PstDoctorFile *file = pst_fields_append(&pst_report_doctor_file_fields, &guest->files);
    const PstAnswer *answer = find(answers, n, &pst_report_file_kind, path);
    const PstFileData *data = data_of(answer, &file->problem);
    g_autofree char *none = NULL, *other = NULL;
    const PstStorageData *storage =
        data_of(find(answers, n, &pst_report_storage_kind, NULL), &none);
    const PstSecurityData *security =
        data_of(find(answers, n, &pst_report_security_kind, NULL), &other);

    file->path = g_strdup(path);
    if (data == NULL)
        return;
    if (data->mode == NULL && !has_finding(answer->report, ".absent")) {
        file->problem = g_strdup(answer->report->summary);
        return;
    }
    file->there = PST_TRI(data->mode != NULL);
    file->mode = g_strdup(data->mode);
    file->owner = g_strdup(data->owner);
    if (data->mode != NULL && storage != NULL)
        take_mount(file, data->path != NULL ? data->path : path, storage);
    if (security != NULL)
        take_label(file, security);
}

/* A door whose configuration does not count gives no file, and says which line is why. */
static void
take_config(PstDoctorGuest *guest, const PstAnswer *answer)
{
    static const char words[] = "because the configuration is faulty: ";
    g_autofree char *problem = NULL;
    const char *found =
        data_of(answer, &problem) != NULL ? strstr(answer->report->summary, words) : NULL;

    if (found != NULL)
        guest->config = g_strdup(found + strlen(words));
}

static void
take_agent_list(PstDoctorGuest *guest, PstAnswer *const *answers, guint n, const char *path)
{
    g_autofree char *problem = NULL;
    const PstAnswer *answer = find(answers, n, &pst_report_file_kind, path);
    const PstFileData *data = data_of(answer, &problem);

    if (data != NULL && data->text == NULL && !has_finding(answer->report, ".absent"))
        problem = g_strdup(answer->report->summary);
    if (data != NULL && data->text != NULL && data->next_offset != PST_INT_UNKNOWN)
        problem = g_strdup_printf("%s is longer than a page", path);
    if (data != NULL && data->text != NULL)
        pst_doctor_commands_read(path, data->text, &guest->agent_lists);
    if (problem != NULL && guest->agent_lists_problem == NULL)
        guest->agent_lists_problem = g_steal_pointer(&problem);
}

/* ---- what confines it ---- */

static gboolean
is_named(const char *text)
{
    return text != NULL &&
           (strstr(text, "postern-shim") != NULL || strstr(text, "qemu-ga") != NULL);
}

static void
take_security(PstDoctorGuest *guest, const PstAnswer *answer)
{
    const PstSecurityData *data = data_of(answer, &guest->security_problem);

    if (data == NULL)
        return;
    if (data->selinux != NULL) {
        guest->selinux = g_strdup(data->selinux->mode);
        guest->selinux_configured = g_strdup(data->selinux->configured);
    }
    if (data->denials_from == NULL || *data->denials_from == NULL)
        guest->security_problem = g_strdup("the guest has nowhere to look for denials");
    for (guint i = 0; data->denials != NULL && i < data->denials->len; i++) {
        const PstSecurityDenial *told = data->denials->pdata[i];

        if (!is_named(told->program) && !is_named(told->target))
            continue;
        if (guest->denials != NULL && guest->denials->len >= MAX_DENIALS)
            return;
        PstDoctorDenial *denial =
            pst_fields_append(&pst_report_doctor_denial_fields, &guest->denials);
        denial->program = g_strdup(told->program);
        denial->source = g_strdup(told->source);
        denial->target = g_strdup(told->target);
        denial->count = told->count;
        denial->enforced = told->enforced;
    }
}

/* ---- the whole ---- */

PstDoctorGuest *
pst_doctor_guest_facts(PstAnswer *const *answers, guint n)
{
    PstDoctorGuest *guest = pst_fields_new(&pst_report_doctor_guest_fields);
    const PstAnswer *services = find(answers, n, &pst_report_services_kind, NULL);
    const PstAnswer *first = NULL;

    for (guint i = 0; i < n && first == NULL; i++)
        if (is_of_now(answers[i]))
            first = answers[i];
    if (first == NULL) {
        data_of(n > 0 ? answers[0] : NULL, &guest->problem);
        return guest;
    }
    guest->via = g_strdup(pst_answer_via_names[first->via]);
    guest->shim_unit = take_unit(services, SHIM_UNIT);
    guest->agent_unit = take_unit(services, AGENT_UNIT);
    guest->shim_unit->in_emergency = is_wanted(find(answers, n, &pst_report_list_kind, EMERGENCY));
    guest->shim_unit->in_rescue = is_wanted(find(answers, n, &pst_report_list_kind, RESCUE));
    for (guint i = 0; files[i] != NULL; i++)
        take_file(guest, answers, n, files[i]);
    take_config(guest, find(answers, n, &pst_report_file_kind, files[0]));
    for (guint i = 0; pst_doctor_commands_files[i] != NULL; i++)
        take_agent_list(guest, answers, n, pst_doctor_commands_files[i]);
    take_security(guest, find(answers, n, &pst_report_security_kind, NULL));
    return guest;
}
