// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>
#include <unistd.h>

#include "host-sidecar/doctor-commands.h"
#include "host-sidecar/doctor-guest.h"
#include "host-sidecar/doctor-host.h"
#include "host-sidecar/doctor-render.h"
#include "host-sidecar/doctor.h"
#include "protocol/error.h"
#include "protocol/report-file.h"
#include "protocol/report-list.h"
#include "protocol/report-security.h"
#include "protocol/report-services.h"
#include "protocol/report-storage.h"
#include "tests/unit/doctor-sysroot.h"

/* ---- the agent's lists ---- */

/* BLOCKED: the line's number, and what it blocks; NULL where nothing is. */
static const struct {
    const char *text;
    gint64 line;
    const char *blocked;
} lists[] = {
    /* As RHEL 8 ships it. */
    {"# Comma-separated blacklist of RPCs to disable, or empty list to enable all.\n#\n"
     "BLACKLIST_RPC=guest-file-open,guest-file-close,guest-file-read,guest-file-write,"
     "guest-file-seek,guest-file-flush,guest-exec,guest-exec-status\n",
     3,
     "guest-exec,guest-exec-status,guest-file-open,guest-file-close,guest-file-read,"
     "guest-file-write"},
    /* RHEL 9. */
    {"BLOCK_RPCS=guest-exec,guest-exec-status\n", 1, "guest-exec,guest-exec-status"},
    /* RHEL 10: all that is allowed. */
    {"FILTER_RPC_ARGS=\"--allow-rpcs=guest-sync-delimited,guest-sync,guest-ping,guest-get-time,"
     "guest-info,guest-network-get-interfaces,guest-get-osinfo,guest-get-host-name,"
     "guest-get-users,guest-get-fsinfo\"\n",
     1,
     "guest-exec,guest-exec-status,guest-file-open,guest-file-close,guest-file-read,"
     "guest-file-write"},
    {"\n[general]\nblock-rpcs = guest-exec\n", 3, "guest-exec"},
    {"  blacklist=guest-get-users;guest-exec-status", 1, "guest-exec-status,guest-get-users"},
    {"DAEMON_ARGS=\"--block-rpcs=guest-exec -v\"\n", 1, "guest-exec"},
    /* None that matters. */
    {"BLOCK_RPCS=\n", 0, NULL},
    {"BLOCK_RPCS=\"\"\n", 0, NULL},
    {"#BLOCK_RPCS=guest-exec\n; block-rpcs=guest-exec\n", 0, NULL},
    {"BLOCK_RPCS=guest-shutdown,guest-set-user-password\n", 0, NULL},
    {"BLOCK_RPCS guest-exec\nBLOCK_RPCS_TOO=guest-exec\n", 0, NULL},
    {"", 0, NULL},
    {"====\n--block-rpcs=\n", 0, NULL},
};

static void
test_lists(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        PstDoctorGuest *guest = pst_fields_new(&pst_report_doctor_guest_fields);

        g_test_message("%s", lists[i].text);
        pst_doctor_commands_read("/etc/x", lists[i].text, &guest->agent_lists);
        if (lists[i].blocked == NULL) {
            g_assert_null(guest->agent_lists);
        } else {
            const PstDoctorAgentList *list = guest->agent_lists->pdata[0];
            g_autofree char *blocked = g_strjoinv(",", list->blocked);
            g_assert_cmpuint(guest->agent_lists->len, ==, 1);
            g_assert_cmpstr(list->path, ==, "/etc/x");
            g_assert_cmpint(list->line, ==, lists[i].line);
            g_assert_cmpstr(blocked, ==, lists[i].blocked);
        }
        pst_fields_free(&pst_report_doctor_guest_fields, guest);
    }
}

/* ---- the host's files ---- */

#define SOCKET "/run/postern/diagnose.sock"
#define UNIT "postern-diagnose.socket"

static void
test_door(Sysroot *sysroot, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *owner = g_strdup_printf("%u:%u", getuid(), getgid());
    PstDoctorDoor *none = pst_doctor_host_door(sysroot->root, SOCKET);
    PstDoctorDoor *unset = pst_doctor_host_door(sysroot->root, NULL);

    g_assert_cmpint((int)none->there, ==, PST_TRI_NO);
    g_assert_cmpint((int)none->enabled, ==, PST_TRI_UNKNOWN);
    g_assert_null(unset->path);
    lay_socket(sysroot, SOCKET, 0666);
    lay(sysroot, "/usr/lib/systemd/system/" UNIT, "[Socket]\n");
    PstDoctorDoor *idle = pst_doctor_host_door(sysroot->root, SOCKET);
    g_assert_cmpint((int)idle->there, ==, PST_TRI_YES);
    g_assert_cmpstr(idle->mode, ==, "0666");
    g_assert_cmpstr(idle->owner, ==, owner);
    g_assert_cmpint((int)idle->enabled, ==, PST_TRI_NO);
    lay(sysroot, "/etc/systemd/system/sockets.target.wants/" UNIT, "");
    PstDoctorDoor *sound = pst_doctor_host_door(sysroot->root, SOCKET);
    g_assert_cmpint((int)sound->enabled, ==, PST_TRI_YES);
    g_assert_cmpstr(sound->unit, ==, "postern-diagnose");
    lay(sysroot, "/usr/lib/systemd/system/postern-diagnose@.socket", "[Socket]\n");
    PstDoctorDoor *instance = pst_doctor_host_door(sysroot->root, "/run/postern/diagnose@hv3.sock");
    PstDoctorDoor *own = pst_doctor_host_door(sysroot->root, "/run/mine.sock");
    g_assert_cmpstr(instance->unit, ==, "postern-diagnose@hv3");
    g_assert_cmpint((int)instance->enabled, ==, PST_TRI_NO);
    g_assert_null(own->unit);
    pst_fields_free(&pst_report_doctor_door_fields, instance);
    pst_fields_free(&pst_report_doctor_door_fields, own);
    pst_fields_free(&pst_report_doctor_door_fields, none);
    pst_fields_free(&pst_report_doctor_door_fields, unset);
    pst_fields_free(&pst_report_doctor_door_fields, idle);
    pst_fields_free(&pst_report_doctor_door_fields, sound);
}

/* ---- the guest's answers ---- */

typedef struct {
    PstAnswer **answers;
    guint n;
} Guest;

static PstReport *
report_of(Guest *guest, const PstReportKind *kind, const char *path, PstVia via)
{
    for (guint i = 0; i < guest->n; i++) {
        PstAnswer *answer = guest->answers[i];
        const char *asked = json_object_get_string_member_with_default(answer->args, "path", NULL);

        if (!g_str_equal(answer->probe, kind->name) || g_strcmp0(asked, path) != 0)
            continue;
        answer->via = (int)via;
        if (answer->report == NULL)
            answer->report = pst_report_new(kind);
        return answer->report;
    }
    g_error("%s %s was not asked", kind->name, path);
}

/* The array frees none of its elements by itself. */
static void
empty(const PstFields *fields, GPtrArray *array)
{
    for (guint i = 0; i < array->len; i++)
        pst_fields_free(fields, array->pdata[i]);
    g_ptr_array_set_size(array, 0);
}

static void
conclude(PstReport *report)
{
    pst_report_conclude(report, "all is well");
}

static void
add_unit(PstServicesData *data, const char *name, const char *enabled)
{
    PstServicesUnit *unit = pst_fields_append(&pst_report_services_unit_fields, &data->units);

    unit->name = g_strdup(name);
    unit->load = g_strdup("loaded");
    unit->active = g_strdup("active");
    unit->sub = g_strdup("running");
    unit->enabled = g_strdup(enabled);
    unit->default_dependencies = PST_TRI_NO;
    unit->ignore_on_isolate = PST_TRI_YES;
}

static void
add_wanted(Guest *guest, const char *folder, PstVia via)
{
    PstReport *report = report_of(guest, &pst_report_list_kind, folder, via);
    PstListData *data = report->data;
    PstListEntry *entry = pst_fields_append(&pst_report_list_entry_fields, &data->entries);

    data->path = g_strdup(folder);
    entry->name = g_strdup("postern-shim.service");
    conclude(report);
}

static void
add_mount(PstStorageData *data, const char *path, PstTri noexec)
{
    PstStorageMount *mount = pst_fields_append(&pst_report_storage_mount_fields, &data->mounts);

    mount->path = g_strdup(path);
    mount->noexec = noexec;
}

static void
set_file(Guest *guest, const char *path, const char *mode, const char *text, PstVia via)
{
    PstReport *report = report_of(guest, &pst_report_file_kind, path, via);
    PstFileData *data = report->data;

    if (mode == NULL) {
        pst_report_add(report, "file.absent", PST_SEVERITY_WARNING, "%s: not there", path);
    } else {
        data->path = g_strdup(path);
        data->mode = g_strdup(mode);
        data->owner = g_strdup("0:0");
        data->text = g_strdup(text);
    }
    conclude(report);
}

/* A sound one, all of it answered by VIA. */
static void
set_up(Guest *guest, PstVia via)
{
    guest->answers = pst_doctor_guest_questions("web", &guest->n);
    PstReport *services = report_of(guest, &pst_report_services_kind, NULL, via);
    add_unit(services->data, "postern-shim.service", "enabled");
    add_unit(services->data, "qemu-guest-agent.service", "static");
    conclude(services);
    PstReport *storage = report_of(guest, &pst_report_storage_kind, NULL, via);
    add_mount(storage->data, "/", PST_TRI_NO);
    add_mount(storage->data, "/us", PST_TRI_YES);
    conclude(storage);
    PstReport *security = report_of(guest, &pst_report_security_kind, NULL, via);
    ((PstSecurityData *)security->data)->denials_from = g_strsplit("/dev/kmsg", ",", -1);
    conclude(security);
    add_wanted(guest, "/etc/systemd/system/emergency.target.wants", via);
    add_wanted(guest, "/etc/systemd/system/rescue.target.wants", via);
    set_file(guest, "/usr/sbin/postern-shim", "0755", NULL, via);
    set_file(guest, "/etc/postern/shim.conf", NULL, NULL, via);
    set_file(guest, "/etc/systemd/system/postern-shim.service", "0644", "x", via);
    set_file(guest, "/usr/lib/systemd/system/postern-shim.service", NULL, NULL, via);
    for (guint i = 0; pst_doctor_commands_files[i] != NULL; i++)
        set_file(guest, pst_doctor_commands_files[i], NULL, NULL, via);
}

static void
tear_down(Guest *guest)
{
    for (guint i = 0; i < guest->n; i++)
        pst_answer_free(guest->answers[i]);
    g_free(guest->answers);
}

static PstReport *
judge_guest(const Guest *guest)
{
    PstReport *report = pst_report_new(&pst_report_doctor_kind);

    ((PstDoctorData *)report->data)->guest = pst_doctor_guest_facts(guest->answers, guest->n);
    pst_doctor_judge(report);
    for (guint i = 0; i < report->findings->len; i++)
        g_test_message("%s", ((const PstFinding *)report->findings->pdata[i])->message);
    return report;
}

static const PstFinding *
only_finding(const PstReport *report, const char *id)
{
    const PstFinding *finding = report->findings->pdata[0];

    g_assert_cmpuint(report->findings->len, ==, 1);
    g_assert_cmpstr(finding->id, ==, id);
    return finding;
}

static void
test_guest_sound(void)
{
    static const PstVia vias[] = {PST_VIA_CHANNEL, PST_VIA_AGENT};

    for (guint i = 0; i < G_N_ELEMENTS(vias); i++) {
        Guest guest;

        set_up(&guest, vias[i]);
        g_autoptr(PstReport) report = judge_guest(&guest);
        const PstDoctorGuest *facts = ((const PstDoctorData *)report->data)->guest;
        g_assert_cmpuint(report->findings->len, ==, 0);
        g_assert_cmpstr(facts->via, ==, pst_answer_via_names[vias[i]]);
        g_assert_cmpstr(((const PstDoctorFile *)facts->files->pdata[0])->mount, ==, "/");
        tear_down(&guest);
    }
}

/* What was recorded while it was well says nothing of now. */
static void
test_guest_recorded(void)
{
    Guest guest;

    set_up(&guest, PST_VIA_VOLUME);
    g_autoptr(PstReport) report = judge_guest(&guest);
    g_assert_nonnull(strstr(only_finding(report, "doctor.could-not-look")->message, "recorded"));
    tear_down(&guest);
}

static void
test_guest_silent(void)
{
    Guest guest;

    guest.answers = pst_doctor_guest_questions("web", &guest.n);
    for (guint i = 0; i < guest.n; i++)
        guest.answers[i]->error =
            g_error_new(PST_ERROR, PST_ERROR_UNAVAILABLE, "no path to the guest answered");
    g_autoptr(PstReport) report = judge_guest(&guest);
    g_assert_nonnull(strstr(only_finding(report, "doctor.could-not-look")->message,
                            "no path to the guest answered"));
    tear_down(&guest);
}

/* A door that gives a file to nobody, and a probe that had no time. */
static void
test_guest_partly(void)
{
    Guest guest;

    set_up(&guest, PST_VIA_CHANNEL);
    PstReport *denied =
        report_of(&guest, &pst_report_file_kind, "/etc/postern/shim.conf", PST_VIA_CHANNEL);
    empty(&pst_finding_fields, denied->findings);
    pst_report_add(denied, "file.denied", PST_SEVERITY_UNKNOWN, "it may not be read");
    conclude(denied);
    g_autoptr(PstReport) report = judge_guest(&guest);
    g_assert_cmpstr(only_finding(report, "doctor.could-not-look")->message, ==,
                    "could not look at the modes of postern's files: it may not be read");
    tear_down(&guest);
}

/* A configuration that does not count shuts the door for every file. */
static void
test_guest_config(void)
{
    Guest guest;

    set_up(&guest, PST_VIA_CHANNEL);
    PstReport *shut =
        report_of(&guest, &pst_report_file_kind, "/usr/sbin/postern-shim", PST_VIA_CHANNEL);
    PstFileData *data = shut->data;
    g_clear_pointer(&data->mode, g_free);
    pst_report_add(shut, "file.denied", PST_SEVERITY_UNKNOWN,
                   "what may be read is not known, because the configuration is faulty: "
                   "/etc/postern/shim.conf:2: no such key");
    conclude(shut);
    g_autoptr(PstReport) report = judge_guest(&guest);
    const PstDoctorGuest *facts = ((const PstDoctorData *)report->data)->guest;
    g_assert_cmpstr(facts->config, ==, "/etc/postern/shim.conf:2: no such key");
    g_assert_cmpuint(report->findings->len, ==, 2);
    tear_down(&guest);
}

static void
test_guest_obstacles(void)
{
    Guest guest;

    set_up(&guest, PST_VIA_AGENT);
    PstReport *storage = report_of(&guest, &pst_report_storage_kind, NULL, PST_VIA_AGENT);
    add_mount(storage->data, "/usr", PST_TRI_YES);
    PstReport *security = report_of(&guest, &pst_report_security_kind, NULL, PST_VIA_AGENT);
    PstSecurityData *told = security->data;
    PstSecurityDenial *ours = pst_fields_append(&pst_report_security_denial_fields, &told->denials);
    ours->program = g_strdup("systemd");
    ours->source = g_strdup("fapolicyd");
    ours->target = g_strdup("/usr/sbin/postern-shim");
    ours->count = 1;
    PstSecurityDenial *other =
        pst_fields_append(&pst_report_security_denial_fields, &told->denials);
    other->program = g_strdup("nginx");
    other->source = g_strdup("selinux");
    other->target = g_strdup("index.html");
    PstReport *wanted = report_of(&guest, &pst_report_list_kind,
                                  "/etc/systemd/system/emergency.target.wants", PST_VIA_AGENT);
    empty(&pst_report_list_entry_fields, ((PstListData *)wanted->data)->entries);
    PstReport *conf =
        report_of(&guest, &pst_report_file_kind, "/etc/sysconfig/qemu-ga", PST_VIA_AGENT);
    empty(&pst_finding_fields, conf->findings);
    ((PstFileData *)conf->data)->text = g_strdup("BLOCK_RPCS=guest-exec\n");

    g_autoptr(PstReport) report = judge_guest(&guest);
    static const char *const ids[] = {"doctor.noexec", "doctor.fapolicyd-denies",
                                      "doctor.unit-ordering", "doctor.agent-will-block"};
    g_assert_cmpuint(report->findings->len, ==, G_N_ELEMENTS(ids));
    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        g_assert_cmpstr(((const PstFinding *)report->findings->pdata[i])->id, ==, ids[i]);
    tear_down(&guest);
}

/* ---- what is printed ---- */

static PstDoctorRender *
subject_of(const char *domain, const char *problem)
{
    PstDoctorRender *subject = pst_doctor_render_new(PST_DOCTOR_RENDER_DOMAIN, domain);
    PstDoctorData *data = subject->report->data;
    data->guest = pst_fields_new(&pst_report_doctor_guest_fields);
    data->guest->problem = g_strdup(problem);
    pst_doctor_judge(subject->report);
    return subject;
}

static void
test_render(void)
{
    g_autoptr(PstDoctorRender) sound = pst_doctor_render_new(PST_DOCTOR_RENDER_HOST, NULL);
    g_autoptr(PstDoctorRender) dark = subject_of("web\033[2J", "it is off");
    PstDoctorRender *both[] = {sound, dark};

    pst_doctor_judge(sound->report);
    g_autofree char *well = pst_doctor_render_whole(sound);
    g_autofree char *line = pst_doctor_render_line(dark);
    g_autofree char *whole = pst_doctor_render_whole(dark);
    g_autofree char *json = pst_doctor_render_json(both, 2);
    g_assert_cmpstr(well, ==, "host: nothing stands in the way\n");
    g_assert_null(strchr(whole, '\033'));
    g_assert_null(strchr(json, '\033'));
    g_assert_nonnull(strstr(line, "nothing stands in the way as far as is known; 14 could not be "
                                  "looked at; first: could not look at the shim's unit"));
    g_assert_nonnull(strstr(whole, "\nUNKNOWN   could not look at "));
    g_assert_true(g_str_has_prefix(json, "{\"status\":\"unknown\",\"reports\":[{\"subject\":"
                                         "\"host\",\"report\":{"));
    g_assert_cmpint(pst_doctor_render_exit_code(both, 1), ==, 0);
    g_assert_cmpint(pst_doctor_render_exit_code(both, 2), ==, 3);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/doctor-facts/lists", test_lists);
    g_test_add("/doctor-facts/door", Sysroot, NULL, make, test_door, unmake);
    g_test_add_func("/doctor-facts/guest-sound", test_guest_sound);
    g_test_add_func("/doctor-facts/guest-recorded", test_guest_recorded);
    g_test_add_func("/doctor-facts/guest-silent", test_guest_silent);
    g_test_add_func("/doctor-facts/guest-partly", test_guest_partly);
    g_test_add_func("/doctor-facts/guest-config", test_guest_config);
    g_test_add_func("/doctor-facts/guest-obstacles", test_guest_obstacles);
    g_test_add_func("/doctor-facts/render", test_render);
    return g_test_run();
}
