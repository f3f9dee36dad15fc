// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/audit-line.h"
#include "guest-shim/key-value.h"

static void
assert_line(const char *text, const char *program, const char *operation, const char *target)
{
    g_autoptr(PstAuditLine) line = pst_audit_line_parse(text, strlen(text));

    g_assert_nonnull(line);
    g_assert_cmpstr(line->program, ==, program);
    g_assert_cmpstr(line->operation, ==, operation);
    g_assert_cmpstr(line->target, ==, target);
}

static void
test_lines(void)
{
    assert_line("type=USER_AVC msg=audit(1600385147.372:590): pid=1 uid=0 auid=4294967295 "
                "subj=system_u:system_r:init_t:s0 msg='avc:  denied  { start } for auid=1000 "
                "path=\"/usr/lib/systemd/system/sshd.service\" "
                "scontext=staff_u:staff_r:staff_t:s0 tcontext=x:y:z:s0 tclass=service "
                "permissive=0  exe=\"/usr/lib/systemd/systemd\" sauid=0 hostname=? terminal=?'",
                "systemd", "start", "/usr/lib/systemd/system/sshd.service");
    assert_line("node=web type=AVC msg=audit(1600385147.372:590): avc:  denied  { getattr } for "
                " pid=7 comm=6D79206C6F67696E name=\"x\" scontext=a:b:c tclass=file",
                "my login", "getattr", "x");
    assert_line("audit: type=1400 audit(1600385147.372:590): apparmor=\"DENIED\" "
                "operation=\"capable\" class=\"cap\" profile=\"x\" pid=1 comm=\"sshd\" "
                "capability=21  capname=\"sys_admin\"",
                "sshd", "capable", "sys_admin");
}

static void
test_not_lines(void)
{
    static const char *const lines[] = {
        "",
        "type=",
        "type=AVC",
        "type=AVC msg=audit(",
        "type=AVC msg=audit(1.2:3)",
        "type=AVC msg=audit(99999999999999999999.2:3): avc:  denied  { read } for comm=\"x\"",
        "type=AVC msg=audit(1.2:3): avc:  granted  { read } for comm=\"x\"",
        "type=AVC msg=audit(1.2:3): apparmor=\"ALLOWED\" comm=\"x\"",
        "type=FANOTIFY msg=audit(1.2:3): resp=1",
        "avc:  denied  { read } for comm=\"sshd\"",
    };

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        g_assert_null(pst_audit_line_parse(lines[i], strlen(lines[i])));
}

static void
test_key_value(void)
{
    const char *text = "# A = 1\nA=2\r\n  b = \"two words\" \nAB=9\na\t5\nA\n=\nC==\n";
    guint line = 0;
    g_autofree char *a = pst_key_value_get(text, "A", &line);
    g_autofree char *b = pst_key_value_get(text, "B", NULL);
    g_autofree char *c = pst_key_value_get(text, "C", NULL);
    g_autofree char *none = pst_key_value_get("\0", "C", NULL);

    g_assert_cmpstr(a, ==, "5");
    g_assert_cmpuint(line, ==, 5);
    g_assert_cmpstr(b, ==, "two words");
    g_assert_cmpstr(c, ==, "=");
    g_assert_null(none);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/audit-line/denials", test_lines);
    g_test_add_func("/audit-line/others", test_not_lines);
    g_test_add_func("/key-value", test_key_value);
    return g_test_run();
}
