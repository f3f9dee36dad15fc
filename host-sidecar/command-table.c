// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/commands.h"
#include "protocol/error.h"
#include "protocol/nearest.h"

const PstCommand pst_command_table[] = {
    {"list", "", "Every domain: its state and which paths into it are open.", pst_command_list_run,
     TRUE},
    {"describe", "[PROBE]", "The vocabulary: probes, their arguments and findings.",
     pst_command_describe_run},
    {"probe", "DOMAIN NAME [KEY=VALUE…]", "One report.", pst_command_probe_run, TRUE},
    {"diagnose", "DOMAIN", "All probes side by side, the thing to mend first.",
     pst_command_diagnose_run, TRUE},
    {"health", "[DOMAIN…]", "Which guests are in trouble? A sweep over all of them.",
     pst_command_health_run, TRUE},
    {"services", "DOMAIN [UNIT…]", "What runs, what failed?", pst_command_services_run, TRUE},
    {"journal", "DOMAIN", "What went wrong, since when?", pst_command_journal_run, TRUE},
    {"read", "DOMAIN PATH", "What is in this file?", pst_command_read_run, TRUE},
    {"ls", "DOMAIN PATH", "What is in this folder?", pst_command_ls_run, TRUE},
    {"sudo", "DOMAIN", "Can this user become root, and if not, why?", pst_command_sudo_run, TRUE},
    {"mark", "DOMAIN", "Print a point in its own time, for --since.", pst_command_mark_run, TRUE},
    {"baseline", "DOMAIN", "All that it tells in one file, to hold it against later.",
     pst_command_baseline_run, TRUE},
    {"diff", "OLD [NEW]", "What differs between two baselines, or one and the guest.",
     pst_command_diff_run, TRUE},
    {"wait", "DOMAIN --for STATE", "Until its shim, a user's access or its target is there.",
     pst_command_wait_run},
    {"watch", "[DOMAIN…]", "What happens to and in them, as it does.", pst_command_watch_run, TRUE},
    {"gate", "DOMAIN --policy POLICY", "Does it hold what a policy expects, after a change?",
     pst_command_gate_run, TRUE},
    {"records", "[DOMAIN]", "What its recorder wrote, the newest first.", pst_command_records_run},
    {"forensics", "DOMAIN", "All evidence in a sealed bundle, and a page to read it by.",
     pst_command_forensics_run},
    {"power", "DOMAIN ACTION", "Reset, stop, start or cycle it, with the evidence kept.",
     pst_command_power_run},
    {"exec", "DOMAIN -- PROGRAM…", "Run a command in it, where it allows that.",
     pst_command_exec_run},
    {"snapshot", "DOMAIN ACTION [NAME]", "List, create, or revert to one, with the evidence kept.",
     pst_command_snapshot_run},
    {"recover", "DOMAIN --policy POLICY", "Undo, or revert, once, until it holds what it should.",
     pst_command_recover_run},
    {"known-hosts", "DOMAIN", "Its SSH host keys, as lines of known_hosts.",
     pst_command_known_hosts_run, TRUE},
    {"audit", "", "Who asked what of which guest, and is that record whole?",
     pst_command_audit_run},
    {"doctor", "[DOMAIN]", "What stands in its way, or will, and what mends that.",
     pst_command_doctor_run},
    {"enroll", "DOMAIN", "Put into a guest that runs all that postern needs.",
     pst_command_enroll_run},
    {"unenroll", "DOMAIN", "Take away from it what enroll had added, and nothing else.",
     pst_command_unenroll_run},
    {"forced-command", "--grant NAME", "What sshd runs for a key that may ask for a few things.",
     pst_command_forced_command_run},
    {"proxy", "", "This host's daemon over standard input and output.", pst_command_proxy_run},
};
const guint pst_command_table_n = G_N_ELEMENTS(pst_command_table);

const PstCommand *
pst_command_find(const char *name, GError **error)
{
    const char *names[G_N_ELEMENTS(pst_command_table)];

    for (guint i = 0; i < pst_command_table_n; i++) {
        names[i] = pst_command_table[i].name;
        if (g_str_equal(names[i], name))
            return &pst_command_table[i];
    }

    g_autofree char *hint = pst_nearest_hint(name, names, pst_command_table_n);
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "unknown verb '%.64s'%s", name, hint);
    return NULL;
}
