// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <elf.h>
#include <link.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/probe-sudo.h"
#include "protocol/report-sudo.h"
#include "tests/unit/find-finding.h"
#include "tests/unit/world.h"

#define DROP_IN "/etc/sudoers.d/harness"
#define SUDO "/usr/bin/sudo"
#define SECURITY "/usr/lib64/security/"

static inline void
put_modules(const World *world)
{
    static const char *const names[] = {"pam_unix.so", "pam_permit.so", "pam_deny.so",
                                        "pam_limits.so", "pam_radius.so"};
    g_autofree char *bytes = NULL;
    gsize len;

    g_assert_true(g_file_get_contents("/proc/self/exe", &bytes, &len, NULL));
    ((ElfW(Ehdr) *)(void *)bytes)->e_type = ET_DYN;
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strconcat(SECURITY, names[i], NULL);
        put(world, path, bytes, (gssize)len, 0644);
    }
}

/* A sound guest, as Debian 12 is one. */
static inline void
furnish(const World *world)
{
    put_text(world, "/etc/passwd",
             "root:x:0:0::/root:/bin/bash\nharness:x:1000:1000::/home/harness:/bin/bash\n");
    put_text(world, "/etc/group", "root:x:0:\nadm:x:4:harness\nsudo:x:27:\nharness:x:1000:\n");
    put(world, "/etc/shadow", "root:*:19000:0:99999:7:::\nharness:$y$x$y:19000:0:99999:7:::\n", -1,
        0640);
    put_text(world, "/etc/hosts", "127.0.0.1 localhost\n127.0.1.1 guest\n");
    put_text(world, "/etc/hostname", "guest\n");
    put_text(world, "/etc/resolv.conf", "nameserver 192.0.2.1\n");
    put_text(world, "/etc/nsswitch.conf", "passwd: files\nhosts: files dns\n");
    put(world, "/etc/sudoers",
        "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%sudo ALL=(ALL:ALL) ALL\n"
        "@includedir /etc/sudoers.d\n",
        -1, 0440);
    put(world, DROP_IN, "harness ALL=(ALL) NOPASSWD: ALL\n", -1, 0440);
    put(world, SUDO, "the program", -1, 04755);
    put_text(world, "/usr/bin/true", "");
    put_text(world, "/proc/self/mountinfo", "1 1 0:1 / / rw,relatime - ext4 /dev/vda rw\n");
    put_text(world, "/etc/pam.d/sudo",
             "session required pam_limits.so\nauth required pam_unix.so\n"
             "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
             "account requisite pam_deny.so\naccount required pam_permit.so\n");
    put_text(world, "/etc/pam.d/other",
             "auth required pam_deny.so\naccount required pam_deny.so\n"
             "session required pam_deny.so\n");
    put_modules(world);
}

static inline PstReport *
run(const World *world, const char *const *words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) json = pst_fields_from_words(pst_report_sudo_kind.args, words, &error);
    g_assert_no_error(error);
    gpointer args = pst_fields_decode_exact(pst_report_sudo_kind.args, json, &error);
    g_assert_no_error(error);
    const PstProbeContext context = {world->sysroot, pst_boot_clock_us() + 10 * G_USEC_PER_SEC};
    PstReport *report = pst_report_new(&pst_report_sudo_kind);

    pst_probe_sudo_run(&context, args, report);
    pst_fields_free(pst_report_sudo_kind.args, args);
    return report;
}

static inline gboolean
needs_root(void)
{
    if (geteuid() == 0)
        return FALSE;
    g_test_skip("not run: only root can make files that belong to root");
    return TRUE;
}
