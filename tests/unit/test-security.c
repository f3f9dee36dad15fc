// SPDX-License-Identifier: LGPL-2.1-or-later
#include <linux/xattr.h>
#include <string.h>
#include <sys/xattr.h>

#include "guest-shim/security-audit.h"
#include "guest-shim/security-judge.h"
#include "guest-shim/security-mount.h"
#include "guest-shim/security-selinux.h"
#include "tests/unit/security-world.h"

#define GIBI (1024 * MEBI)

static const char *
sysctl(const PstSecurityData *data, const char *name)
{
    for (guint i = 0; data->sysctls != NULL && i < data->sysctls->len; i++) {
        const PstSecuritySysctl *row = data->sysctls->pdata[i];
        if (g_str_equal(row->name, name))
            return row->value;
    }
    return NULL;
}

static void
test_rhel9(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_rhel9(world);
    g_autoptr(PstReport) report = run(world);
    const PstSecurityData *data = report->data;

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpstr(report->summary, ==,
                    "SELinux is enforcing, and nothing of the hardening is in the way");
    g_assert_cmpstr(data->selinux->configured, ==, "enforcing");
    g_assert_cmpstr(data->selinux->policy, ==, "targeted");
    g_assert_cmpint(data->selinux->policy_there, ==, PST_TRI_YES);
    g_assert_cmpint(data->fips->kernel, ==, PST_TRI_YES);
    g_assert_cmpstr(data->fips->policy, ==, "FIPS:OSPP");
    g_assert_cmpstr(data->audit->daemon, ==, "running");
    g_assert_cmpstr(data->audit->admin_space_left_action, ==, "single");
    g_assert_cmpstr(data->fapolicyd->integrity, ==, "sha256");
    g_assert_cmpstr(data->lockdown, ==, "integrity");
    g_assert_cmpstr(sysctl(data, "kernel.yama.ptrace_scope"), ==, "1");
    g_assert_cmpint(data->secure_boot, ==, PST_TRI_YES);
    g_assert_cmpint(data->tmp_noexec, ==, PST_TRI_YES);
    g_assert_cmpstr(data->umask, ==, "077");
    g_assert_cmpint(data->reboot->modules_there, ==, PST_TRI_YES);
    g_assert_cmpstr(data->denials_from[0], ==, "/dev/kmsg");
}

static void
test_ubuntu(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_kernel(world, "lockdown,capability,landlock,yama,apparmor\n");
    put_text(world, "/sys/module/apparmor/parameters/enabled", "Y\n");
    put_text(world, PROFILES,
             "/usr/sbin/cups (the browsed) (complain)\nlsb_release (enforce)\n"
             "vscode (unconfined)\nrsyslogd (enforce)\n");
    put_text(world, "/run/reboot-required", "*** System restart required ***\n");
    put_text(world, "/run/reboot-required.pkgs", "linux-image-6.8.0-50-generic\nlibc6\n");
    g_autoptr(PstReport) report = run(world);
    const PstSecurityData *data = report->data;

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpint(data->apparmor->n_enforce, ==, 2);
    g_assert_cmpint(data->apparmor->n_complain, ==, 1);
    const PstSecurityProfile *profile = data->apparmor->profiles->pdata[0];
    g_assert_cmpstr(profile->name, ==, "/usr/sbin/cups (the browsed)");
    g_assert_cmpstr(profile->mode, ==, "complain");
    g_assert_cmpstr(data->selinux->mode, ==, "disabled");
    g_assert_nonnull(find(report, "security.reboot-pending"));
    g_assert_cmpstr(data->reboot->packages[1], ==, "libc6");
}

/* Alpine, or a container: nothing of all that is there, and nobody is accused. */
static void
test_absent(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    g_autoptr(PstReport) report = run(world);
    const PstSecurityData *data = report->data;

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpuint(report->findings->len, ==, 0);
    g_assert_cmpint(data->apparmor->enabled, ==, PST_TRI_NO);
    g_assert_null(data->lockdown);
    g_assert_cmpint(data->secure_boot, ==, PST_TRI_UNKNOWN);
    g_assert_cmpint(data->tmp_noexec, ==, PST_TRI_UNKNOWN);
}

static void
test_garbage(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char garbage[] = "\xFF\xFE\n=\n \n(\n)\n[\n= =\n\0\x80type=AVC msg=audit(";
    static const char *const files[] = {"/sys/kernel/security/lsm",
                                        "/sys/kernel/security/lockdown",
                                        "/proc/cmdline",
                                        "/sys/fs/selinux/enforce",
                                        "/etc/selinux/config",
                                        "/proc/sys/crypto/fips_enabled",
                                        "/etc/crypto-policies/state/current",
                                        "/etc/audit/auditd.conf",
                                        "/etc/login.defs",
                                        "/etc/fapolicyd/fapolicyd.conf",
                                        "/proc/self/mountinfo",
                                        "/dev/kmsg",
                                        AUDIT_LOG,
                                        PROFILES,
                                        "/run/reboot-required.pkgs",
                                        "/sys/firmware/efi/efivars/"
                                        "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"};

    put_text(world, "/sys/module/apparmor/parameters/enabled", "Y\n");
    for (guint i = 0; i < G_N_ELEMENTS(files); i++)
        put(world, files[i], garbage, sizeof(garbage) - 1, 0644);
    g_autoptr(PstReport) report = run(world);
    const PstSecurityData *data = report->data;

    g_assert_null(data->denials);
    g_assert_null(data->selinux->configured);
    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
}

/* Folders and FIFOs in place of files: nothing hangs, and what can't be read is said. */
static void
test_wrong_kinds(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    static const char *const fifos[] = {"/etc/selinux/config", "/etc/audit/auditd.conf", AUDIT_LOG,
                                        "/dev/kmsg"};

    put_kernel(world, "selinux\n");
    put_text(world, "/sys/module/apparmor/parameters/enabled", "Y\n");
    put_text(world, PROFILES "/a-file", "x");
    remove_path(world, "/dev/kmsg");
    for (guint i = 0; i < G_N_ELEMENTS(fifos); i++) {
        g_autofree char *path = place(world, fifos[i]);
        g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    }
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
    g_assert_cmpuint(report->findings->len, ==, 4);
    for (guint i = 0; i < report->findings->len; i++)
        g_assert_cmpstr(((PstFinding *)report->findings->pdata[i])->id, ==,
                        "security.could-not-look");
}

static void
test_securityfs_missing(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_text(world, "/sys/module/apparmor/parameters/enabled", "Y\n");
    g_autoptr(PstReport) report = run(world);

    only_serious(report, "security.could-not-look");
    g_assert_cmpint(((PstSecurityData *)report->data)->apparmor->n_enforce, ==, PST_INT_UNKNOWN);
}

typedef struct {
    const char *name;
    const char *enforce; /* of the kernel, NULL for off */
    const char *configured;
    const char *lsm;
    const char *cmdline;
    const char *grub;
    int severity; /* -1: no finding */
} ModeRow;

static const ModeRow mode_rows[] = {
    {"alike", "1", "enforcing", "selinux", "", "", -1},
    {"off-and-configured-off", NULL, "disabled", "selinux", "", "", -1},
    {"set-permissive-by-hand", "0", "enforcing", "selinux", "", "", PST_SEVERITY_WARNING},
    {"laxer-after-a-boot", "1", "permissive", "selinux", "", "", PST_SEVERITY_INFORMATION},
    {"off-but-to-be-on", NULL, "enforcing", "selinux", "", "", PST_SEVERITY_WARNING},
    {"off-by-this-boot", NULL, "enforcing", "yama", "selinux=0", "", PST_SEVERITY_WARNING},
    {"off-by-every-boot", NULL, "enforcing", "yama", "selinux=0",
     "GRUB_CMDLINE_LINUX=\"quiet selinux=0\"\n", PST_SEVERITY_INFORMATION},
    {"permissive-by-every-boot", "0", "enforcing", "selinux", "enforcing=0",
     "GRUB_CMDLINE_LINUX=\"enforcing=0\"\n", PST_SEVERITY_INFORMATION},
    {"left-over-on-debian", NULL, "enforcing", "yama,apparmor", "", "", PST_SEVERITY_INFORMATION},
    {"a-word-that-is-none", "1", "enforced", "selinux", "", "", -1},
};

static void
test_mode(World *world, gconstpointer data)
{
    const ModeRow *row = data;
    g_autofree char *config =
        g_strdup_printf("SELINUX = %s\nSELINUXTYPE=targeted\n", row->configured);
    g_autofree char *cmdline = g_strdup_printf("ro %s quiet\n", row->cmdline);

    put_kernel(world, row->lsm);
    if (row->enforce != NULL)
        put_text(world, "/sys/fs/selinux/enforce", row->enforce);
    put_text(world, "/etc/selinux/config", config);
    put_text(world, "/etc/selinux/targeted/policy/policy.33", "x");
    put_text(world, "/proc/cmdline", cmdline);
    put_text(world, "/etc/default/grub", row->grub);
    g_autoptr(PstReport) report = run(world);
    const PstFinding *finding = find(report, "security.selinux-mismatch");

    g_assert_cmpint(finding != NULL ? finding->severity : -1, ==, row->severity);
    g_assert_cmpuint(report->findings->len, ==, finding != NULL ? 1 : 0);
}

static void
test_policy_missing(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_rhel9(world);
    remove_path(world, "/etc/selinux/targeted");
    put_text(world, "/.autorelabel", "");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpstr(only_serious(report, "security.selinux-policy-missing")->evidence->path, ==,
                    "/etc/selinux/targeted/policy");
    g_assert_nonnull(find(report, "security.relabel-pending"));
}

static gboolean
put_label(const World *world, const char *path, const char *type)
{
    g_autofree char *whole = place(world, path);
    g_autofree char *context = g_strdup_printf("system_u:object_r:%s:s0", type);

    return setxattr(whole, XATTR_NAME_SELINUX, context, strlen(context) + 1, 0) == 0;
}

/* What rsync -X, mv and a time without SELinux leave. */
static void
test_labels(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_rhel9(world);
    put(world, "/etc/shadow", "", 0, 0000);
    put_text(world, "/etc/ssh/sshd_config", "");
    put_text(world, "/etc/sudoers", "");
    put_text(world, "/etc/passwd",
             "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n"
             "far:x:1001:1001::/srv/far:/bin/sh\n");
    put_text(world, "/home/ann/.ssh/authorized_keys", "");
    put_text(world, "/srv/far/.ssh/authorized_keys", "");
    if (!put_label(world, "/etc/shadow", "etc_t") ||
        !put_label(world, "/etc/ssh/sshd_config", "admin_home_t") ||
        !put_label(world, "/etc/sudoers", "etc_t") || !put_label(world, "/etc/passwd", "etc_t") ||
        !put_label(world, "/srv/far/.ssh/authorized_keys", "default_t") ||
        !put_label(world, "/home/ann/.ssh/authorized_keys", "default_t")) {
        g_test_skip("labels can't be set here");
        return;
    }
    g_autoptr(PstReport) report = run_for(world, "ann");
    const PstFinding *first = report->findings->pdata[0];
    const PstFinding *second = report->findings->pdata[1];

    g_assert_cmpuint(report->findings->len, ==, 3);
    g_assert_cmpstr(first->evidence->path, ==, "/home/ann/.ssh/authorized_keys");
    g_assert_cmpint(first->severity, ==, PST_SEVERITY_CRITICAL);
    g_assert_null(first->undo);
    g_assert_cmpstr(second->evidence->path, ==, "/etc/shadow");
    g_assert_cmpstr(second->undo->argv[0], ==, "/usr/sbin/restorecon");
    g_assert_cmpstr(second->undo->argv[1], ==, "/etc/shadow");
    /* Nobody looks at a share. */
    g_autoptr(PstReport) remote = run_for(world, "far");
    g_assert_cmpuint(remote->findings->len, ==, 2);
}

static void
test_problems(void)
{
    g_assert_null(pst_security_selinux_problem("/etc/shadow", "shadow_t"));
    g_assert_nonnull(pst_security_selinux_problem("/etc/shadow", "etc_t"));
    g_assert_null(pst_security_selinux_problem("/etc/passwd", "passwd_file_t"));
    g_assert_null(pst_security_selinux_problem("/etc/passwd", "etc_t"));
    g_assert_nonnull(pst_security_selinux_problem("/usr/bin/sudo", "default_t"));
    g_assert_null(pst_security_selinux_problem("/usr/bin/sudo", "our_own_sudo_exec_t"));
    g_assert_null(pst_security_selinux_problem("/home/a/.ssh/authorized_keys", "ssh_home_t"));
    g_assert_null(pst_security_selinux_problem("/home/a/.ssh/authorized_keys", "user_home_t"));
    g_assert_nonnull(pst_security_selinux_problem("/home/a/.ssh/authorized_keys", "admin_home_t"));
}

static void
test_fapolicyd_stuck(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_rhel9(world);
    put_process(world, "fapolicyd.service", "701", "T");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(only_serious(report, "security.fapolicyd-stuck")->severity, ==,
                    PST_SEVERITY_CRITICAL);
    g_assert_null(((PstSecurityData *)report->data)->selinux);
}

static void
test_fips_mismatch(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_rhel9(world);
    put_text(world, "/etc/crypto-policies/state/current", "DEFAULT\n");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpstr(only_serious(report, "security.fips-mismatch")->evidence->text, ==, "DEFAULT");
}

static void
test_newer_kernel(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_rhel9(world);
    put_text(world, "/lib/modules/5.14.0-503.el9.x86_64/modules.dep", "");
    put_text(world, "/lib/modules/9.9.9/left-over", "");
    g_autoptr(PstReport) report = run(world);

    g_assert_cmpint(report->status, ==, PST_STATUS_OK);
    g_assert_cmpstr(find(report, "security.reboot-pending")->message, ==,
                    "the kernel 5.14.0-427.el9.x86_64 runs, and 5.14.0-503.el9.x86_64 is "
                    "installed");
}

typedef struct {
    const char *name;
    const char *daemon;
    gint64 free_bytes;
    const char *space_left_action, *admin_space_left_action, *disk_full_action;
    int severity; /* -1: no finding */
    const char *text;
} RoomRow;

/* A file system of 10 GiB, space_left 25%, admin_space_left 5% (512 MiB). */
static const RoomRow room_rows[] = {
    {"plenty", "running", 8 * GIBI, "email", "single", "halt", -1, NULL},
    {"below-a-mail", "running", 2 * GIBI, "email", "single", "halt", -1, NULL},
    {"near", "running", 600 * MEBI, "email", "single", "halt", PST_SEVERITY_WARNING,
     "admin_space_left_action = single"},
    {"below", "running", 500 * MEBI, "email", "single", "halt", PST_SEVERITY_CRITICAL,
     "admin_space_left_action = single"},
    {"nearly-full", "running", 30 * MEBI, "syslog", "suspend", "halt", PST_SEVERITY_WARNING,
     "disk_full_action = halt"},
    {"full", "running", 0, "syslog", "suspend", "halt", PST_SEVERITY_CRITICAL,
     "disk_full_action = halt"},
    {"full-and-harmless", "running", 0, "syslog", "suspend", "suspend", -1, NULL},
    {"not-running", "stopped", 0, "email", "single", "halt", -1, NULL},
    {"unknown-room", "running", PST_INT_UNKNOWN, "email", "single", "halt", -1, NULL},
};

static void
test_room(gconstpointer data)
{
    const RoomRow *row = data;
    g_autoptr(PstReport) report = pst_report_new(&pst_report_security_kind);
    PstSecurityAudit *audit = pst_fields_new(&pst_report_security_audit_fields);

    ((PstSecurityData *)report->data)->audit = audit;
    audit->daemon = g_strdup(row->daemon);
    audit->log_folder = g_strdup("/var/log/audit");
    audit->free_bytes = row->free_bytes;
    audit->space_left_bytes = pst_security_audit_amount("25%", 10 * GIBI);
    audit->admin_space_left_bytes = pst_security_audit_amount("512", 10 * GIBI);
    audit->space_left_action = g_strdup(row->space_left_action);
    audit->admin_space_left_action = g_strdup(row->admin_space_left_action);
    audit->disk_full_action = g_strdup(row->disk_full_action);
    pst_security_judge(report, 0);
    const PstFinding *finding = find(report, "security.audit-will-halt");

    g_assert_cmpint(finding != NULL ? finding->severity : -1, ==, row->severity);
    g_assert_cmpstr(finding != NULL ? finding->evidence->text : NULL, ==, row->text);
}

static void
test_panic(void)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_security_kind);
    PstSecurityAudit *audit = pst_fields_new(&pst_report_security_audit_fields);

    ((PstSecurityData *)report->data)->audit = audit;
    *audit = (PstSecurityAudit){.enabled = 2,
                                .failure = 2,
                                .backlog = 10,
                                .backlog_limit = 8192,
                                .lost = 0,
                                .free_bytes = PST_INT_UNKNOWN};
    pst_security_judge(report, 0);
    g_assert_cmpuint(report->findings->len, ==, 0);
    audit->backlog = 8000;
    pst_security_judge(report, 0);
    only_serious(report, "security.audit-will-panic");
}

static void
test_amount(void)
{
    g_assert_cmpint(pst_security_audit_amount("75", PST_INT_UNKNOWN), ==, 75 * MEBI);
    g_assert_cmpint(pst_security_audit_amount("5%", 1000), ==, 50);
    g_assert_cmpint(pst_security_audit_amount("5%", PST_INT_UNKNOWN), ==, PST_INT_UNKNOWN);
    g_assert_cmpint(pst_security_audit_amount("500%", 1000), ==, PST_INT_UNKNOWN);
    g_assert_cmpint(pst_security_audit_amount("-5", 1000), ==, PST_INT_UNKNOWN);
    g_assert_cmpint(pst_security_audit_amount("99999999999999", 1000), ==, PST_INT_UNKNOWN);
    g_assert_cmpint(pst_security_audit_amount("", 1000), ==, PST_INT_UNKNOWN);
    g_assert_cmpint(pst_security_audit_amount(NULL, 1000), ==, PST_INT_UNKNOWN);
}

static void
test_mounts(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    put_kernel(world, "");
    g_assert_true(pst_security_mount_is_remote(world->sysroot, "/srv/far/.ssh"));
    g_assert_false(pst_security_mount_is_remote(world->sysroot, "/srvfar"));
    g_assert_cmpint(pst_security_mount_has(world->sysroot, "/tmp", "nosuid"), ==, PST_TRI_YES);
    g_assert_cmpint(pst_security_mount_has(world->sysroot, "/var", "rw"), ==, PST_TRI_NO);
}

#define ADD(name, function) g_test_add("/security/" name, World, NULL, set_up, function, tear_down)

static void
add_rows(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(mode_rows); i++) {
        g_autofree char *path = g_strdup_printf("/security/mode/%s", mode_rows[i].name);
        g_test_add(path, World, &mode_rows[i], set_up, test_mode, tear_down);
    }
    for (guint i = 0; i < G_N_ELEMENTS(room_rows); i++) {
        g_autofree char *path = g_strdup_printf("/security/room/%s", room_rows[i].name);
        g_test_add_data_func(path, &room_rows[i], test_room);
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("rhel9", test_rhel9);
    ADD("ubuntu", test_ubuntu);
    ADD("absent", test_absent);
    ADD("garbage", test_garbage);
    ADD("wrong-kinds", test_wrong_kinds);
    ADD("securityfs-missing", test_securityfs_missing);
    ADD("policy-missing", test_policy_missing);
    ADD("labels", test_labels);
    ADD("fapolicyd-stuck", test_fapolicyd_stuck);
    ADD("fips-mismatch", test_fips_mismatch);
    ADD("newer-kernel", test_newer_kernel);
    ADD("mounts", test_mounts);
    g_test_add_func("/security/problems", test_problems);
    g_test_add_func("/security/panic", test_panic);
    g_test_add_func("/security/amount", test_amount);
    add_rows();
    return g_test_run();
}
