// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-address.h"

#include <string.h>

#include "guest-shim/address-filter.h"
#include "guest-shim/hosts-access.h"
#include "guest-shim/interface-filter.h"
#include "guest-shim/program.h"
#include "guest-shim/sshd-check.h"
#include "protocol/error.h"

#define DENIED "ssh.address-denied"
#define COULD_NOT_LOOK "ssh.could-not-look"
#define DEPENDS "ssh.depends-on-address"
#define DEFAULT_SLICE "system.slice"
#define ROOT_SLICE "-.slice"
#define MAX_PROGRAM (8 * 1024 * 1024)
#define WRAPPERS "libwrap.so"

static const char *
whom(const PstSshSubject *subject)
{
    return subject->asked->from != NULL ? subject->asked->from : "everybody";
}

static PstFinding *
add(const PstSshSubject *subject, PstTri allowed, const char *by, const char *path, guint line,
    const char *text)
{
    PstFinding *finding = NULL;

    if (allowed == PST_TRI_NO)
        finding = pst_report_add(subject->report, DENIED, PST_SEVERITY_CRITICAL,
                                 "%s is shut out before sshd says a word: by %s at %s:%u",
                                 whom(subject), by, path, line);
    else
        finding = pst_report_add(
            subject->report, DEPENDS,
            subject->asked->from != NULL ? PST_SEVERITY_UNKNOWN : PST_SEVERITY_INFORMATION,
            "who comes to sshd at all depends on the address, by %s at %s:%u", by, path, line);
    finding->evidence->path = g_strdup(path);
    finding->evidence->line = line;
    finding->evidence->text = g_strdup(text);
    return finding;
}

/* ---- the TCP wrappers ---- */

/* FALSE where it can't be looked at. *HAS: it is linked with their library. */
static gboolean
find_wrappers(const PstSysroot *sysroot, const char *path, gboolean *has, GError **error)
{
    g_autoptr(GError) cause = NULL;
    gsize len = 0;

    *has = FALSE;
    if (path == NULL || path[0] != '/')
        return TRUE;
    g_autofree char *bytes = pst_sysroot_read(sysroot, path, MAX_PROGRAM, &len, &cause);
    if (bytes != NULL)
        *has = memmem(bytes, len, WRAPPERS, strlen(WRAPPERS)) != NULL;
    else if (!g_error_matches(cause, PST_ERROR, PST_ERROR_ABSENT)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    return TRUE;
}

/* Since 9.8 another program takes the connections. */
static PstTri
obeys_wrappers(const PstSshSubject *subject, GError **error)
{
    const PstSysroot *sysroot = subject->context->sysroot;
    const char *paths[] = {pst_program_find(sysroot, pst_sshd_check_programs, NULL),
                           pst_sshd_effective_get(subject->effective, "sshdsessionpath")};
    g_autoptr(GError) cause = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        gboolean has;

        /* The first thing that could not be looked at is told of. */
        (void)find_wrappers(sysroot, paths[i], &has, cause == NULL ? &cause : NULL);
        if (has)
            return PST_TRI_YES;
    }
    if (cause == NULL)
        return PST_TRI_NO;
    g_propagate_error(error, g_steal_pointer(&cause));
    return PST_TRI_UNKNOWN;
}

static void
judge_wrappers(const PstSshSubject *subject)
{
    g_auto(PstHostsAccess) access = {PST_TRI_UNKNOWN};
    g_autoptr(GError) cause = NULL;
    PstFinding *finding;

    if (!pst_hosts_access_judge(subject->context->sysroot, "sshd", subject->asked->from, &access,
                                &cause)) {
        pst_probe_add_unlooked(subject->report, COULD_NOT_LOOK, "the TCP wrappers' lists", cause);
        return;
    }
    /* A program of a mebibyte is read only where that makes a difference. */
    if (access.allowed == PST_TRI_YES)
        return;
    PstTri obeys = obeys_wrappers(subject, &cause);
    if (obeys == PST_TRI_UNKNOWN)
        pst_probe_add_unlooked(subject->report, COULD_NOT_LOOK, "sshd's libraries", cause);
    if (obeys != PST_TRI_YES)
        return;
    finding =
        add(subject, access.allowed, "hosts_access(5)", access.path, access.line, access.text);
    finding->remedy =
        access.allowed == PST_TRI_NO
            ? g_strdup_printf("put sshd: %s into /etc/hosts.allow, above what denies "
                              "it there; it holds at once",
                              subject->asked->from != NULL ? subject->asked->from : "ALL")
            : g_strdup("name the address that the connection comes from");
}

/* ---- the unit ---- */

static void
free_file(gpointer file)
{
    pst_unit_file_free(file);
}

static const PstUnitFile *
add_file(GHashTable *files, const PstSysroot *sysroot, const char *unit, GError **error)
{
    PstUnitFile *file = g_hash_table_lookup(files, unit);

    if (file == NULL)
        file = pst_unit_file_load(sysroot, unit, error);
    if (file != NULL && !g_hash_table_contains(files, unit))
        g_hash_table_insert(files, g_strdup(unit), file);
    return file;
}

/* What is above a-b.slice is a.slice, and above that the slice of all. */
static gboolean
add_slices(GHashTable *files, const PstSysroot *sysroot, const char *slice, GError **error)
{
    g_autofree char *name = g_strdup(slice);
    char *dash;

    if (add_file(files, sysroot, slice, error) == NULL)
        return FALSE;
    while ((dash = strrchr(name, '-')) != NULL && dash != name) {
        *dash = '\0';
        g_autofree char *above = g_strconcat(name, ".slice", NULL);
        if (add_file(files, sysroot, above, error) == NULL)
            return FALSE;
    }
    return add_file(files, sysroot, ROOT_SLICE, error) != NULL;
}

static gboolean
add_unit(GHashTable *files, const PstSysroot *sysroot, const char *unit, GError **error)
{
    const PstUnitFile *file = add_file(files, sysroot, unit, error);
    g_autoptr(GPtrArray) slices = file != NULL ? pst_unit_file_values(file, "Slice") : NULL;

    if (file == NULL)
        return FALSE;
    const PstUnitFileValue *last = slices->len > 0 ? slices->pdata[slices->len - 1] : NULL;
    return add_slices(files, sysroot, last != NULL ? last->value : DEFAULT_SLICE, error);
}

/* Name → PstUnitFile: of sshd's unit and of what is above it. NULL where one can't be read. */
static GHashTable *
load_units(const PstSshSubject *subject, GError **error)
{
    const PstSysroot *sysroot = subject->context->sysroot;
    g_autoptr(GHashTable) files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_file);

    if (!add_unit(files, sysroot, subject->unit, error))
        return NULL;
    /* What systemd listens on is filtered as its own unit wants. */
    if (subject->data->socket_activated == PST_TRI_YES &&
        !add_unit(files, sysroot,
                  g_str_equal(subject->unit, "ssh.service") ? "ssh.socket" : "sshd.socket", error))
        return NULL;
    return g_steal_pointer(&files);
}

static void
add_place(const PstSshSubject *subject, PstTri passes, const char *key,
          const PstUnitFileValue *place, const char *way_out)
{
    g_autofree char *text = g_strdup_printf("%s=%.200s", key, place->value);
    PstFinding *finding = add(subject, passes, "systemd", place->path, place->line, text);

    finding->evidence->unit = g_strdup(subject->unit);
    finding->remedy = passes == PST_TRI_NO
                          ? g_strdup_printf("take that line away, or %s", way_out)
                          : g_strdup("name the address that the connection comes from");
}

static GPtrArray *
values_of(GHashTable *files, const char *key)
{
    g_autoptr(GList) all = g_hash_table_get_values(files);
    GPtrArray *values = g_ptr_array_new();

    for (GList *at = all; at != NULL; at = at->next) {
        GPtrArray *some = pst_unit_file_values(at->data, key);

        g_ptr_array_extend_and_steal(values, some);
    }
    return values;
}

static void
judge_addresses(const PstSshSubject *subject, GHashTable *files)
{
    g_autoptr(GPtrArray) deny = values_of(files, "IPAddressDeny");
    g_autoptr(GPtrArray) allow = values_of(files, "IPAddressAllow");
    const PstUnitFileValue *place = NULL;
    PstTri passes = pst_address_filter_passes(allow, deny, subject->asked->from, &place);

    if (passes != PST_TRI_YES)
        add_place(subject, passes, "IPAddressDeny", place,
                  "allow the address with IPAddressAllow=; then systemctl daemon-reload");
}

/* Each unit filters by itself; the worst of them is told of. */
static void
judge_interfaces(const PstSshSubject *subject, GHashTable *files)
{
    g_autoptr(GList) all = g_hash_table_get_values(files);
    const PstUnitFileValue *worst = NULL;
    PstTri passes = PST_TRI_YES;

    for (GList *at = all; at != NULL; at = at->next) {
        g_autoptr(GPtrArray) values = pst_unit_file_values(at->data, "RestrictNetworkInterfaces");
        const PstUnitFileValue *place = NULL;
        PstTri one = pst_interface_filter_passes(subject->context->sysroot, values,
                                                 subject->asked->from, &place);

        if (one == PST_TRI_YES || (one == PST_TRI_UNKNOWN && passes != PST_TRI_YES))
            continue;
        passes = one;
        worst = place;
    }
    if (passes != PST_TRI_YES)
        add_place(subject, passes, "RestrictNetworkInterfaces", worst,
                  "name the interface there; then systemctl daemon-reload, and restart the unit");
}

/* What a program of somebody's in the kernel lets in is not known. */
static void
judge_programs(const PstSshSubject *subject, GHashTable *files)
{
    g_autoptr(GPtrArray) values = values_of(files, "IPIngressFilterPath");

    if (values->len > 0)
        add_place(subject, PST_TRI_UNKNOWN, "IPIngressFilterPath", values->pdata[0], NULL);
}

static void
judge_unit(const PstSshSubject *subject)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GHashTable) files = load_units(subject, &cause);

    if (files == NULL) {
        pst_probe_add_unlooked(subject->report, COULD_NOT_LOOK, "the unit's files", cause);
        return;
    }
    judge_addresses(subject, files);
    judge_interfaces(subject, files);
    judge_programs(subject, files);
}

void
pst_ssh_judge_address(const PstSshSubject *subject)
{
    judge_wrappers(subject);
    judge_unit(subject);
}
