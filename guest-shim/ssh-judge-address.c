// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-address.h"

#include <string.h>

#include "guest-shim/address-filter.h"
#include "guest-shim/hosts-access.h"
#include "guest-shim/program.h"
#include "guest-shim/sshd-check.h"

#define DENIED "ssh.address-denied"
#define DEPENDS "ssh.depends-on-address"
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

static gboolean
has_wrappers(const PstSysroot *sysroot, const char *path)
{
    gsize len = 0;
    g_autofree char *bytes = path != NULL && path[0] == '/'
                                 ? pst_sysroot_read(sysroot, path, MAX_PROGRAM, &len, NULL)
                                 : NULL;

    return bytes != NULL && memmem(bytes, len, WRAPPERS, strlen(WRAPPERS)) != NULL;
}

/* Since 9.8 another program takes the connections. */
static gboolean
obeys_wrappers(const PstSshSubject *subject)
{
    const PstSysroot *sysroot = subject->context->sysroot;

    return has_wrappers(sysroot, pst_program_find(sysroot, pst_sshd_check_programs, NULL)) ||
           has_wrappers(sysroot, pst_sshd_effective_get(subject->effective, "sshdsessionpath"));
}

static void
judge_wrappers(const PstSshSubject *subject)
{
    g_auto(PstHostsAccess) access = {PST_TRI_UNKNOWN};
    g_autoptr(GError) cause = NULL;
    PstFinding *finding;

    if (!pst_hosts_access_judge(subject->context->sysroot, "sshd", subject->asked->from, &access,
                                &cause)) {
        pst_probe_add_unlooked(subject->report, "ssh.could-not-look", "the TCP wrappers' lists",
                               cause);
        return;
    }
    /* A program of a mebibyte is read only where that makes a difference. */
    if (access.allowed == PST_TRI_YES || !obeys_wrappers(subject))
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
add_values(const PstSysroot *sysroot, const char *unit, const char *key, GPtrArray *all)
{
    g_autoptr(GPtrArray) values = pst_unit_file_values(sysroot, unit, key);

    while (values->len > 0)
        g_ptr_array_add(all, g_ptr_array_steal_index(values, 0));
}

static GPtrArray *
values_of(const PstSshSubject *subject, const char *key)
{
    const PstSysroot *sysroot = subject->context->sysroot;
    const char *units[] = {subject->unit, "system.slice", "-.slice", NULL, NULL};
    GPtrArray *all = g_ptr_array_new_with_free_func(pst_unit_file_value_free);

    /* What systemd listens on is filtered as its own unit wants. */
    if (subject->data->socket_activated == PST_TRI_YES)
        units[3] = g_str_equal(subject->unit, "ssh.service") ? "ssh.socket" : "sshd.socket";
    for (guint i = 0; units[i] != NULL; i++)
        add_values(sysroot, units[i], key, all);
    return all;
}

static void
judge_unit(const PstSshSubject *subject)
{
    g_autoptr(GPtrArray) deny = values_of(subject, "IPAddressDeny");
    g_autoptr(GPtrArray) allow = NULL;
    const PstUnitFileValue *place = NULL;

    if (deny->len == 0)
        return;
    allow = values_of(subject, "IPAddressAllow");
    PstTri passes = pst_address_filter_passes(allow, deny, subject->asked->from, &place);
    if (passes == PST_TRI_YES)
        return;
    g_autofree char *text = g_strdup_printf("IPAddressDeny=%.200s", place->value);
    PstFinding *finding = add(subject, passes, "systemd", place->path, place->line, text);
    finding->evidence->unit = g_strdup(subject->unit);
    finding->remedy = passes == PST_TRI_NO
                          ? g_strdup_printf("take that line away, or allow the address with "
                                            "IPAddressAllow=; then systemctl daemon-reload")
                          : g_strdup("name the address that the connection comes from");
}

void
pst_ssh_judge_address(const PstSshSubject *subject)
{
    judge_wrappers(subject);
    judge_unit(subject);
}
