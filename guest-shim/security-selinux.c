// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/security-selinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/xattr.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "guest-shim/accounts.h"
#include "guest-shim/key-value.h"
#include "guest-shim/security-mount.h"
#include "protocol/error.h"

#define COULD_NOT_LOOK "security.could-not-look"
#define ENFORCE "/sys/fs/selinux/enforce"
#define MAX_CONFIG (64 * 1024)
#define MAX_BOOT_FILE (1024 * 1024)
#define MAX_CONTEXT 512
#define UNLABELLED "it has no label of the policy's"
#define MOVED "it has the label of another place, from where it was moved or copied"

/* Types that no file which decides about access has: those of what was never labelled, and those
 * that a file keeps when it is moved (refpolicy's kernel.te, files.te, userdomain.if). */
static const struct {
    const char *type;
    const char *problem;
} wrong_types[] = {
    {"unlabeled_t", UNLABELLED},
    {"default_t", UNLABELLED},
    {"file_t", UNLABELLED},
    {"tmp_t", MOVED},
    {"user_tmp_t", MOVED},
    {"tmpfs_t", MOVED},
    {"mnt_t", MOVED},
    {"admin_home_t", MOVED},
    {"user_home_t", MOVED},
    {"user_home_dir_t", MOVED},
    {"var_t", MOVED},
    {"httpd_sys_content_t", MOVED},
};

/* REQUIRED: the one right type, where every policy agrees. */
static const struct {
    const char *path;
    const char *required;
} files[] = {
    {"/etc/passwd", NULL},
    {"/etc/group", NULL},
    {"/etc/shadow", "shadow_t"},
    {"/etc/gshadow", "shadow_t"},
    {"/etc/nsswitch.conf", NULL},
    {"/etc/sudoers", NULL},
    {"/etc/sudoers.d", NULL},
    {"/etc/pam.d/sshd", NULL},
    {"/etc/pam.d/sudo", NULL},
    {"/etc/ssh/sshd_config", NULL},
    {"/etc/ssh/ssh_host_rsa_key", NULL},
    {"/etc/ssh/ssh_host_ecdsa_key", NULL},
    {"/etc/ssh/ssh_host_ed25519_key", NULL},
    {"/usr/bin/sudo", NULL},
    {"/usr/sbin/sshd", NULL},
    {"/usr/sbin/unix_chkpwd", NULL},
    {"/usr/bin/qemu-ga", NULL},
    {"/usr/sbin/postern-shim", NULL},
};

/* Where a boot loader keeps the words that the next kernel gets. */
static const char *const boot_files[] = {"/etc/default/grub", "/etc/kernel/cmdline",
                                         "/boot/grub2/grubenv", "/boot/grub/grub.cfg"};
#define BOOT_ENTRIES "/boot/loader/entries"

static gboolean
is_authorized_keys(const char *path)
{
    return g_str_has_suffix(path, "/.ssh/authorized_keys");
}

const char *
pst_security_selinux_problem(const char *path, const char *type)
{
    for (guint i = 0; i < G_N_ELEMENTS(wrong_types); i++) {
        if (!g_str_equal(wrong_types[i].type, type))
            continue;
        /* Policies let sshd read the home folders of users. */
        if (is_authorized_keys(path) && g_str_equal(type, "user_home_t"))
            return NULL;
        return wrong_types[i].problem;
    }
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        if (files[i].required != NULL && g_str_equal(files[i].path, path))
            return g_str_equal(files[i].required, type) ? NULL : "its label is not shadow_t";
    return NULL;
}

/* The label of a file, asked by its descriptor: getxattr(2) takes none of O_PATH, so by that one's
 * name. NULL where there is none or it can't be read; *failed is errno, 0 for absent. */
static char *
read_context(const PstSysroot *sysroot, const char *path, int *failed)
{
    g_autoptr(GError) cause = NULL;
    int fd = pst_sysroot_open(sysroot, path, O_PATH, &cause);
    char context[MAX_CONTEXT + 1] = "";

    *failed = 0;
    if (fd < 0)
        return NULL;
    g_autofree char *own = g_strdup_printf("/proc/self/fd/%d", fd);
    gssize n = getxattr(own, XATTR_NAME_SELINUX, context, MAX_CONTEXT);
    *failed = n < 0 ? errno : 0;
    close(fd);
    return n > 0 ? g_strdup(context) : NULL;
}

static void
add_label(PstSecuritySelinux *selinux, const char *path, const char *context)
{
    PstSecurityLabel *label =
        pst_fields_append(&pst_report_security_label_fields, &selinux->labels);
    g_auto(GStrv) parts = g_strsplit(context, ":", 4);
    const char *type = g_strv_length(parts) >= 3 ? parts[2] : "unlabeled_t";

    label->path = g_strdup(path);
    label->context = g_strdup(context);
    label->problem = g_strdup(pst_security_selinux_problem(path, type));
}

/* A file system without labels, as that of a share, has one of its mount's: nothing is wrong. A
 * tree that was copied has lost them all. */
static void
look_at(const PstSysroot *sysroot, const char *path, PstSecuritySelinux *selinux)
{
    int failed = 0;
    g_autofree char *context = read_context(sysroot, path, &failed);

    if (context != NULL)
        add_label(selinux, path, context);
    else if (failed == ENODATA && pst_sysroot_is_live(sysroot))
        add_label(selinux, path, "");
}

static void
look_at_keys(const PstSysroot *sysroot, const PstAccounts *accounts, const char *user,
             PstSecuritySelinux *selinux)
{
    const PstAccount *account = pst_accounts_find(accounts, user);

    if (account == NULL || account->home[0] != '/')
        return;
    g_autofree char *path = g_build_filename(account->home, ".ssh/authorized_keys", NULL);
    if (!pst_security_mount_is_remote(sysroot, path))
        look_at(sysroot, path, selinux);
}

static void
read_labels(const PstSysroot *sysroot, const char *user, PstSecuritySelinux *selinux)
{
    g_autoptr(PstAccounts) accounts = pst_accounts_load(sysroot, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        look_at(sysroot, files[i].path, selinux);
    if (accounts == NULL)
        return;
    look_at_keys(sysroot, accounts, "root", selinux);
    if (user != NULL && !g_str_equal(user, "root"))
        look_at_keys(sysroot, accounts, user, selinux);
}

static gboolean
has_word(const PstSysroot *sysroot, const char *path, const char *word)
{
    g_autofree char *text = pst_sysroot_read(sysroot, path, MAX_BOOT_FILE, NULL, NULL);
    g_auto(GStrv) words = g_strsplit_set(text != NULL ? text : "", " \t\n\"'=", -1);
    g_auto(GStrv) wanted = g_strsplit(word, "=", 2);

    for (guint i = 0; words[i] != NULL; i++)
        if (g_str_equal(words[i], wanted[0]) && g_strcmp0(words[i + 1], wanted[1]) == 0)
            return TRUE;
    return FALSE;
}

static gboolean
is_lasting(const PstSysroot *sysroot, const char *word)
{
    g_auto(GStrv) entries = pst_sysroot_list(sysroot, BOOT_ENTRIES, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(boot_files); i++)
        if (has_word(sysroot, boot_files[i], word))
            return TRUE;
    for (guint i = 0; entries != NULL && entries[i] != NULL && i < 32; i++) {
        g_autofree char *path = g_build_filename(BOOT_ENTRIES, entries[i], NULL);
        if (has_word(sysroot, path, word))
            return TRUE;
    }
    return FALSE;
}

/* The last of these words holds (kernel-parameters.rst). */
static void
read_boot_word(const PstSysroot *sysroot, PstSecuritySelinux *selinux)
{
    static const char *const known[] = {"selinux=0", "enforcing=0", "enforcing=1", NULL};
    g_autofree char *line = pst_sysroot_read_line(sysroot, "/proc/cmdline", NULL);
    g_auto(GStrv) words = g_strsplit_set(line != NULL ? line : "", " \t", -1);

    for (guint i = 0; words[i] != NULL; i++) {
        if (!g_strv_contains(known, words[i]))
            continue;
        g_free(selinux->boot_word);
        selinux->boot_word = g_strdup(words[i]);
    }
    if (selinux->boot_word != NULL)
        selinux->boot_word_lasting = PST_TRI(is_lasting(sysroot, selinux->boot_word));
}

static gboolean
has_policy(const PstSysroot *sysroot, const char *policy)
{
    g_autofree char *folder = g_strdup_printf("/etc/selinux/%s/policy", policy);
    g_auto(GStrv) names = pst_sysroot_list(sysroot, folder, NULL);

    for (guint i = 0; names != NULL && names[i] != NULL; i++)
        if (g_str_has_prefix(names[i], "policy."))
            return TRUE;
    return FALSE;
}

/* FALSE where there is a file that could not be read. */
static gboolean
read_config(const PstSysroot *sysroot, PstSecuritySelinux *selinux, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text =
        pst_sysroot_read(sysroot, PST_SECURITY_SELINUX_CONFIG, MAX_CONFIG, NULL, &cause);

    if (text == NULL) {
        if (cause->code == PST_ERROR_ABSENT)
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    selinux->configured = pst_key_value_get(text, "SELINUX", NULL);
    selinux->policy = pst_key_value_get(text, "SELINUXTYPE", NULL);
    if (selinux->policy != NULL && strchr(selinux->policy, '/') == NULL)
        selinux->policy_there = PST_TRI(has_policy(sysroot, selinux->policy));
    return TRUE;
}

static gboolean
read_mode(const PstSysroot *sysroot, PstSecuritySelinux *selinux, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *enforce = pst_sysroot_read_line(sysroot, ENFORCE, &cause);

    if (enforce != NULL)
        selinux->mode = g_strdup(g_str_equal(enforce, "1")   ? "enforcing"
                                 : g_str_equal(enforce, "0") ? "permissive"
                                                             : NULL);
    else if (cause->code == PST_ERROR_ABSENT)
        selinux->mode = g_strdup("disabled");
    else
        g_propagate_error(error, g_steal_pointer(&cause));
    return selinux->mode != NULL;
}

void
pst_security_selinux_read(const PstProbeContext *context, const char *user, PstReport *report)
{
    const PstSysroot *sysroot = context->sysroot;
    PstSecurityData *data = report->data;
    PstSecuritySelinux *selinux = pst_fields_new(&pst_report_security_selinux_fields);
    g_autoptr(GError) mode_cause = NULL, config_cause = NULL;

    data->selinux = selinux;
    if (!read_mode(sysroot, selinux, &mode_cause) && mode_cause != NULL)
        pst_probe_add_unlooked(report, COULD_NOT_LOOK, "SELinux's mode", mode_cause);
    if (!read_config(sysroot, selinux, &config_cause))
        pst_probe_add_unlooked(report, COULD_NOT_LOOK, "SELinux's configuration", config_cause);
    read_boot_word(sysroot, selinux);
    selinux->relabel_pending = PST_TRI(pst_sysroot_exists(sysroot, "/.autorelabel"));
    if (g_strcmp0(selinux->mode, "enforcing") == 0 || g_strcmp0(selinux->mode, "permissive") == 0)
        read_labels(sysroot, user, selinux);
}
