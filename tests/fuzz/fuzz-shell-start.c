// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any text as what a user's shell reads as it starts, and as what sshd runs for a login: the reader
 * ends, and what it says has a line of that file. */
#include <string.h>

#include "guest-shim/shell-start.h"
#include "tests/fuzz/fuzz.h"

#define SCRIPT "/script"

static void
check(const PstSysroot *sysroot, const char *text, PstShellStartKind kind)
{
    g_autoptr(GArray) groups = g_array_new(FALSE, FALSE, sizeof(gid_t));
    const PstShellUser user = {"harness", "/home/harness", 0, groups};
    g_auto(PstShellStart) start = {0};
    guint lines = 1;

    for (const char *p = text; *p != '\0'; p++)
        lines += *p == '\n';
    pst_shell_start_judge(sysroot, kind, SCRIPT, &user, &start);
    g_assert_cmpint(start.verdict == PST_SHELL_START_GOES_ON, ==, start.path == NULL);
    if (start.path == NULL)
        return;
    g_assert_cmpstr(start.path, ==, SCRIPT);
    g_assert_cmpuint(start.line, >=, 1);
    g_assert_cmpuint(start.line, <=, lines);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    static char *folder;
    static PstSysroot *sysroot;

    if (folder == NULL) {
        folder = g_dir_make_tmp("fuzz-shell-XXXXXX", NULL);
        sysroot = pst_sysroot_new(folder, NULL);
    }
    g_autofree char *path = g_build_filename(folder, SCRIPT, NULL);
    g_autofree char *text = g_strndup(len > 0 ? (const char *)data : "", len);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    check(sysroot, text, PST_SHELL_START_BASHRC);
    check(sysroot, text, PST_SHELL_START_SSHRC);
    return 0;
}
