// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/security-facts.h"

#include <string.h>

#include "guest-shim/daemon-state.h"
#include "guest-shim/key-value.h"
#include "guest-shim/security-mount.h"
#include "protocol/error.h"

#define MAX_TEXT (64 * 1024)
#define MAX_PROFILES_TEXT (1024 * 1024)
#define MAX_PROFILES 500
#define MAX_PACKAGES 50
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static const char *const fapolicyd_units[] = {"fapolicyd.service", NULL};
static const char *const fapolicyd_programs[] = {"/usr/sbin/fapolicyd", "/sbin/fapolicyd", NULL};
static const PstDaemon fapolicyd = {fapolicyd_units, fapolicyd_programs, NULL};

void
pst_security_facts_fapolicyd_daemon(const PstSysroot *sysroot, PstSecurityData *data)
{
    data->fapolicyd = pst_fields_new(&pst_report_security_fapolicyd_fields);
    data->fapolicyd->daemon =
        g_strdup(pst_daemon_state_name(pst_daemon_state_read(sysroot, &fapolicyd)));
}

void
pst_security_facts_fapolicyd_config(const PstSysroot *sysroot, PstSecurityData *data)
{
    g_autofree char *text =
        pst_sysroot_read(sysroot, "/etc/fapolicyd/fapolicyd.conf", MAX_TEXT, NULL, NULL);

    if (text == NULL)
        return;
    g_autofree char *permissive = pst_key_value_get(text, "permissive", NULL);
    data->fapolicyd->permissive = PST_TRI(g_strcmp0(permissive, "1") == 0);
    data->fapolicyd->integrity = pst_key_value_get(text, "integrity", NULL);
}

/* `NAME (MODE)`; a name may hold spaces and parentheses itself. */
static void
add_profile(PstSecurityApparmor *apparmor, const char *line)
{
    const char *open = g_strrstr(line, " (");

    if (open == NULL || !g_str_has_suffix(line, ")") || strlen(open) < 3)
        return;
    g_autofree char *mode = g_strndup(open + 2, strlen(open) - 3);
    apparmor->n_enforce += g_str_equal(mode, "enforce") || g_str_equal(mode, "kill");
    apparmor->n_complain += g_str_equal(mode, "complain");
    if (apparmor->profiles != NULL && apparmor->profiles->len >= MAX_PROFILES)
        return;
    PstSecurityProfile *profile =
        pst_fields_append(&pst_report_security_profile_fields, &apparmor->profiles);
    profile->name = g_strndup(line, (gsize)(open - line));
    profile->mode = g_steal_pointer(&mode);
}

static void
read_profiles(const PstSysroot *sysroot, PstSecurityApparmor *apparmor, PstReport *report)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = pst_sysroot_read(sysroot, "/sys/kernel/security/apparmor/profiles",
                                             MAX_PROFILES_TEXT, NULL, &cause);

    if (text == NULL) {
        pst_probe_add_unlooked(report, "security.could-not-look", "AppArmor's profiles", cause);
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    apparmor->n_enforce = apparmor->n_complain = 0;
    for (guint i = 0; lines[i] != NULL; i++)
        add_profile(apparmor, lines[i]);
}

static void
read_apparmor(const PstSysroot *sysroot, PstReport *report)
{
    PstSecurityData *data = report->data;
    g_autofree char *enabled =
        pst_sysroot_read_line(sysroot, "/sys/module/apparmor/parameters/enabled", NULL);

    data->apparmor = pst_fields_new(&pst_report_security_apparmor_fields);
    data->apparmor->enabled = PST_TRI(g_strcmp0(enabled, "Y") == 0);
    if (data->apparmor->enabled == PST_TRI_YES)
        read_profiles(sysroot, data->apparmor, report);
}

static void
read_sysctl(const PstSysroot *sysroot, const char *name, PstSecurityData *data)
{
    g_autofree char *below = g_strdelimit(g_strdup(name), ".", '/');
    g_autofree char *path = g_strdup_printf("/proc/sys/%s", below);
    g_autofree char *value = pst_sysroot_read_line(sysroot, path, NULL);

    if (value == NULL)
        return;
    PstSecuritySysctl *sysctl =
        pst_fields_append(&pst_report_security_sysctl_fields, &data->sysctls);
    sysctl->name = g_strdup(name);
    sysctl->value = g_steal_pointer(&value);
}

/* `none [integrity] confidentiality`: the one in brackets holds. */
static char *
chosen(const char *text)
{
    const char *open = text != NULL ? strchr(text, '[') : NULL;

    return open != NULL ? g_strndup(open + 1, strcspn(open + 1, "]")) : NULL;
}

/* Four bytes of attributes, then the variable's one (efivarfs.rst, UEFI 3.3). */
static PstTri
read_secure_boot(const PstSysroot *sysroot)
{
    gsize len = 0;
    g_autofree char *bytes = pst_sysroot_read(sysroot, SECURE_BOOT, MAX_TEXT, &len, NULL);

    return bytes != NULL && len == 5 ? PST_TRI(bytes[4] == 1) : PST_TRI_UNKNOWN;
}

void
pst_security_facts_kernel(const PstSysroot *sysroot, PstReport *report)
{
    PstSecurityData *data = report->data;
    g_autofree char *modules = pst_sysroot_read_line(sysroot, "/sys/kernel/security/lsm", NULL);
    g_autofree char *lockdown =
        pst_sysroot_read_line(sysroot, "/sys/kernel/security/lockdown", NULL);

    if (modules != NULL)
        data->modules = g_strsplit(modules, ",", -1);
    data->lockdown = chosen(lockdown);
    read_apparmor(sysroot, report);
    for (const char *const *name = pst_report_security_sysctl_names; *name != NULL; name++)
        read_sysctl(sysroot, *name, data);
    data->secure_boot = read_secure_boot(sysroot);
}

/* The name of a policy is the first line that is no comment. */
static char *
read_policy(const PstSysroot *sysroot, const char *path)
{
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_TEXT, NULL, NULL);
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++)
        if (*g_strstrip(lines[i]) != '\0' && lines[i][0] != '#')
            return g_strdup(lines[i]);
    return NULL;
}

void
pst_security_facts_system(const PstSysroot *sysroot, PstSecurityData *data)
{
    PstSecurityFips *fips = pst_fields_new(&pst_report_security_fips_fields);
    g_autofree char *kernel = pst_sysroot_read_line(sysroot, "/proc/sys/crypto/fips_enabled", NULL);
    g_autofree char *login = pst_sysroot_read(sysroot, "/etc/login.defs", MAX_TEXT, NULL, NULL);

    data->fips = fips;
    if (kernel != NULL)
        fips->kernel = PST_TRI(g_str_equal(kernel, "1"));
    fips->marker = PST_TRI(pst_sysroot_exists(sysroot, "/etc/system-fips"));
    fips->policy = read_policy(sysroot, "/etc/crypto-policies/state/current");
    fips->policy_configured = read_policy(sysroot, "/etc/crypto-policies/config");
    data->tmp_noexec = pst_security_mount_has(sysroot, "/tmp", "noexec");
    data->umask = login != NULL ? pst_key_value_get(login, "UMASK", NULL) : NULL;
}

/* A kernel whose modules are whole: a folder can be left over from one that was taken away. */
static gboolean
is_installed(const PstSysroot *sysroot, const char *release)
{
    g_autofree char *path = g_strdup_printf("/lib/modules/%s/modules.dep", release);

    return pst_sysroot_exists(sysroot, path);
}

static void
read_kernels(const PstSysroot *sysroot, PstSecurityReboot *reboot)
{
    g_auto(GStrv) names = pst_sysroot_list(sysroot, "/lib/modules", NULL);

    reboot->running_kernel = pst_sysroot_read_line(sysroot, "/proc/sys/kernel/osrelease", NULL);
    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        if (!is_installed(sysroot, names[i]) ||
            (reboot->newest_kernel != NULL && strverscmp(names[i], reboot->newest_kernel) < 0))
            continue;
        g_free(reboot->newest_kernel);
        reboot->newest_kernel = g_strdup(names[i]);
    }
    if (reboot->running_kernel != NULL && strchr(reboot->running_kernel, '/') == NULL &&
        reboot->newest_kernel != NULL)
        reboot->modules_there = PST_TRI(is_installed(sysroot, reboot->running_kernel));
}

/* The files of Debian's update-notifier and needrestart. */
void
pst_security_facts_reboot(const PstSysroot *sysroot, PstSecurityData *data)
{
    PstSecurityReboot *reboot = pst_fields_new(&pst_report_security_reboot_fields);
    g_autofree char *packages = pst_sysroot_read_line(sysroot, "/run/reboot-required.pkgs", NULL);

    data->reboot = reboot;
    reboot->required = PST_TRI(pst_sysroot_exists(sysroot, "/run/reboot-required"));
    if (packages != NULL)
        reboot->packages = g_strsplit(packages, "\n", MAX_PACKAGES);
    read_kernels(sysroot, reboot);
}
