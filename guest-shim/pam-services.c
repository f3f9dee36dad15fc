// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-services.h"

#include <string.h>

#define MAX_PLUGIN (16 * 1024 * 1024)
#define NOT PST_PAM_UNASKED
#define WARN PST_SEVERITY_WARNING
#define SHUT PST_SEVERITY_CRITICAL

/* A key needs no auth phase, nor does NOPASSWD; without the other two nobody comes in. Whoever has
 * lost the console or a cron job can still come in and mend it. */
const PstPamService pst_pam_services[] = {
    {"sshd", "/usr/sbin/sshd", NULL, {WARN, SHUT, NOT, SHUT}, PST_PAM_FROM_AFAR, FALSE, FALSE},
    {"sudo", "/usr/bin/sudo", "", {WARN, SHUT, NOT, SHUT}, PST_PAM_FROM_WORD, TRUE, FALSE, TRUE},
    {"doas", NULL, "", {WARN, SHUT, NOT, SHUT}, PST_PAM_FROM_WORD, TRUE, FALSE, TRUE},
    {"login", NULL, NULL, {WARN, WARN, NOT, WARN}, PST_PAM_FROM_TERMINAL, FALSE, FALSE},
    {"sudo-i", NULL, "", {WARN, WARN, NOT, WARN}, PST_PAM_FROM_WORD, TRUE, FALSE, TRUE},
    {"su", NULL, NULL, {WARN, WARN, NOT, WARN}, PST_PAM_FROM_TERMINAL, TRUE, TRUE},
    {"su-l", NULL, NULL, {WARN, WARN, NOT, WARN}, PST_PAM_FROM_TERMINAL, TRUE, TRUE},
    {"systemd-user", NULL, "systemd-user", {NOT, WARN, NOT, WARN}, PST_PAM_FROM_WORD, FALSE, FALSE},
    {"cron", NULL, "cron", {NOT, WARN, NOT, WARN}, PST_PAM_FROM_WORD, FALSE, FALSE},
    {"crond", NULL, "cron", {NOT, WARN, NOT, WARN}, PST_PAM_FROM_WORD, FALSE, FALSE},
    {"polkit-1", NULL, "polkit-1", {WARN, WARN, NOT, NOT}, PST_PAM_FROM_WORD, FALSE, FALSE},
    {"cockpit", NULL, NULL, {WARN, WARN, NOT, WARN}, PST_PAM_FROM_AFAR, FALSE, FALSE},
};
const guint pst_pam_services_n = G_N_ELEMENTS(pst_pam_services);

PstPamService
pst_pam_services_row(const char *name)
{
    for (guint i = 0; i < pst_pam_services_n; i++)
        if (g_str_equal(pst_pam_services[i].name, name))
            return pst_pam_services[i];
    return (PstPamService){
        .name = name, .harm = {WARN, WARN, NOT, WARN}, .from = PST_PAM_FROM_WORD, .word = name};
}

/* A plugin that can't be read says nothing. */
gboolean
pst_pam_services_sudo_is_without(const PstSysroot *sysroot)
{
    static const char *const plugins[] = {"/usr/libexec/sudo/sudoers.so",
                                          "/usr/lib/sudo/sudoers.so", "/usr/libexec/sudoers.so",
                                          "/usr/lib64/sudo/sudoers.so"};
    static const char needed[] = "libpam.so";

    for (guint i = 0; i < G_N_ELEMENTS(plugins); i++) {
        gsize len;
        g_autofree char *bytes = pst_sysroot_read(sysroot, plugins[i], MAX_PLUGIN, &len, NULL);

        if (bytes != NULL)
            return memmem(bytes, len, needed, strlen(needed)) == NULL;
    }
    return FALSE;
}

gboolean
pst_pam_services_has(const PstSysroot *sysroot, const PstPamService *service)
{
    g_autofree char *file = pst_pam_stack_find(sysroot, service->name);

    if (file != NULL)
        return TRUE;
    if (g_str_equal(service->name, "sudo") && pst_pam_services_sudo_is_without(sysroot))
        return FALSE;
    return service->program != NULL && pst_sysroot_exists(sysroot, service->program);
}
