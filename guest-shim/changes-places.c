// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/changes-places.h"

#include <fnmatch.h>
#include <string.h>

#include "guest-shim/accounts.h"
#include "guest-shim/pam-module.h"

#define MAX_HOMES 64
#define FIRST_PERSON 1000
#define NOBODY 65534

static void
free_place(gpointer data)
{
    PstChangesPlace *place = data;

    g_free(place->path);
    g_free(place);
}

static void
add(GPtrArray *places, const char *path, gboolean programs)
{
    PstChangesPlace *place = g_new0(PstChangesPlace, 1);

    place->path = g_strdup(path);
    place->programs = programs;
    g_ptr_array_add(places, place);
}

/* The parts of sudo and sshd that are not in a bin folder differ by distribution. */
static const char *const programs[] = {
    "/usr/bin/sudo",  "/usr/bin/doas",    "/usr/bin/su",           "/usr/bin/login",
    "/usr/sbin/sshd", "/usr/sbin/visudo", "/usr/sbin/unix_chkpwd", "/usr/libexec/sudo",
    "/usr/lib/sudo",  "/usr/lib/openssh", "/usr/libexec/openssh",  "/usr/lib/ssh",
};

/* Beside the folder of PAM modules. */
static const char *const libraries[] = {"libc.so.6", "libpam.so.0", "libcrypt.so.1"};

static void
add_libraries(const PstSysroot *sysroot, GPtrArray *places)
{
    g_autofree char *module = pst_pam_module_path(sysroot, "pam_unix.so");
    g_autofree char *modules = g_path_get_dirname(module);
    g_autofree char *folder = g_path_get_dirname(modules);

    add(places, modules, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(libraries); i++) {
        g_autofree char *path = g_build_filename(folder, libraries[i], NULL);
        g_autofree char *target = pst_sysroot_read_link(sysroot, path, NULL);
        g_autofree char *whole =
            target != NULL ? g_canonicalize_filename(target, folder) : g_strdup(path);

        add(places, whole, TRUE);
    }
}

static void
add_ssh_folder(GPtrArray *places, const char *home)
{
    g_autofree char *path = g_build_filename(home, ".ssh", NULL);

    if (home[0] == '/')
        add(places, path, FALSE);
}

static void
add_homes(const PstSysroot *sysroot, GPtrArray *places, const char *user)
{
    g_autoptr(PstAccounts) accounts = pst_accounts_load(sysroot, NULL);
    const GPtrArray *all = accounts != NULL ? pst_accounts_all(accounts) : NULL;
    const PstAccount *named =
        accounts != NULL && user != NULL ? pst_accounts_find(accounts, user) : NULL;
    guint n = 0;

    if (named != NULL)
        add_ssh_folder(places, named->home);
    for (guint i = 0; all != NULL && i < all->len && n < MAX_HOMES; i++) {
        const PstAccount *account = all->pdata[i];
        gboolean person = account->uid >= FIRST_PERSON && account->uid != NOBODY;

        if (account == named || (!person && account->uid != 0))
            continue;
        add_ssh_folder(places, account->home);
        n++;
    }
}

GPtrArray *
pst_changes_places_default(const PstSysroot *sysroot, const char *user)
{
    static const char *const folders[] = {"/usr/lib/systemd/system", "/lib/systemd/system",
                                          "/run/systemd/system", "/usr/lib/pam.d",
                                          "/var/spool/cron"};
    GPtrArray *places = g_ptr_array_new_with_free_func(free_place);

    add(places, "/etc", FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(programs); i++)
        add(places, programs[i], TRUE);
    add_libraries(sysroot, places);
    add_homes(sysroot, places, user);
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
        add(places, folders[i], FALSE);
    return places;
}

GPtrArray *
pst_changes_places_named(const char *const *paths)
{
    GPtrArray *places = g_ptr_array_new_with_free_func(free_place);

    for (guint i = 0; paths[i] != NULL; i++) {
        g_autofree char *path = paths[i][0] == '/' ? g_canonicalize_filename(paths[i], "/") : NULL;
        if (path != NULL)
            add(places, path, FALSE);
    }
    return places;
}

/* All that pst_changes_places_default() names outside of /etc. */
static gboolean
is_control_elsewhere(const char *path)
{
    static const char *const patterns[] = {"*/.ssh",
                                           "*/.ssh/*",
                                           "*/pam.d/*",
                                           "*/security/*",
                                           "*/systemd/system/*",
                                           "/var/spool/cron/*",
                                           "/usr/lib*/libc.so.*",
                                           "/usr/lib*/libpam.so.*",
                                           "/usr/lib*/libcrypt.so.*",
                                           "/lib*/lib*.so.*"};

    for (guint i = 0; i < G_N_ELEMENTS(programs); i++)
        if (g_str_has_prefix(path, programs[i]))
            return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(patterns); i++)
        if (fnmatch(patterns[i], path, 0) == 0)
            return TRUE;
    return FALSE;
}

gboolean
pst_changes_places_is_control(const char *path)
{
    static const char *const below_etc[] = {
        "audit",     "cron",        "crypto-policies", "doas",        "fapolicyd",
        "firewalld", "fstab",       "group",           "gshadow",     "hosts",
        "krb5",      "ld.so",       "login.defs",      "netplan",     "network",
        "nftables",  "nologin",     "nsswitch.conf",   "pam",         "passwd",
        "polkit-1",  "profile",     "resolv.conf",     "securetty",   "security",
        "selinux",   "shadow",      "shells",          "ssh",         "sssd",
        "sudo",      "sysctl",      "systemd",         "ufw",         "NetworkManager",
        "apparmor",  "iptables",    "modprobe.d",      "environment", "subuid",
        "subgid",    "default/ssh",
    };

    if (!g_str_has_prefix(path, "/etc/"))
        return is_control_elsewhere(path);
    for (guint i = 0; i < G_N_ELEMENTS(below_etc); i++)
        if (g_str_has_prefix(path + strlen("/etc/"), below_etc[i]))
            return TRUE;
    return FALSE;
}

gboolean
pst_changes_places_may_digest(const char *path, mode_t mode)
{
    static const char *const secrets[] = {
        "/etc/shadow*", "/etc/gshadow*", "*_key",       "*/id_*",     "*.key",     "*.pem",
        "*.p12",        "*.pfx",         "*.keytab",    "*password*", "*passwd?*", "*secret*",
        "*credential*", "*token*",       "*/private/*", "*.htpasswd", "*/.netrc",  "*/opasswd",
    };
    static const char *const rules[] = {"/etc/sudoers*",
                                        "/etc/ssh/sshd_config*",
                                        "/etc/pam.d/*",
                                        "/etc/security/*.conf",
                                        "/etc/cron*",
                                        "/etc/audit/*",
                                        "/etc/sysctl*",
                                        "/etc/nftables*",
                                        "/etc/systemd/system/*",
                                        "*/.ssh/authorized_keys"};

    for (guint i = 0; i < G_N_ELEMENTS(secrets); i++)
        if (fnmatch(secrets[i], path, FNM_CASEFOLD) == 0)
            return FALSE;
    if ((mode & S_IROTH) != 0)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
        if (fnmatch(rules[i], path, 0) == 0)
            return TRUE;
    return FALSE;
}
