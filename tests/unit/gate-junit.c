// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdio.h>

#include "tests/unit/gate-world.h"

/* Prints JUnit's XML of a verdict with an outcome of each kind, of a guest that writes whatever it
 * likes: for tests/component/test-gate.py, where another program reads it. */

#define HOSTILE "\x1b[2J]]></failure></testcase><testcase name=\"x\xff\"/>&amp;\x01\xef\xbf\xbf'"

static void
spoil(World *world)
{
    PstJournalLine *entry =
        pst_fields_append(&pst_report_journal_line_fields, &world->journal->entries);
    PstChecksCheck *check =
        pst_fields_append(&pst_report_checks_check_fields, &world->checks->checks);

    entry->identifier = g_strdup("nginx");
    entry->message = g_strdup(HOSTILE);
    check->name = g_strdup("backup");
    check->state = g_strdup("critical");
    check->message = g_strdup(HOSTILE);
    lock_out(world);
    world_silence(world_find(world, "network", NULL), HOSTILE);
    world_silence(world_find(world, "security", NULL), HOSTILE);
}

int
main(void)
{
    g_auto(World) world = {0};

    world_init(&world);
    world_set_policy(&world, "[policy]\nname=<hostile> & \"quoted\"\n"
                             "[reachable]\nroot=yes\n"
                             "[units]\nactive=nginx\n"
                             "[journal]\npriority=err\n"
                             "[ports]\nopen=443\n"
                             "[checks]\npass=*\n"
                             "[settings]\nselinux=enforcing\nunchecked=ignore\n");
    spoil(&world);
    g_autoptr(PstGateVerdict) verdict = world_judge(&world);
    g_autofree char *xml = pst_gate_to_junit(verdict, world.now, 1500000);
    fputs(xml, stdout);
    return 0;
}
