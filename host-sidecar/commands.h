// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/command.h"

/* The functions behind the rows of the table; each is what `postern VERB --help` says. */

#define PST_COMMAND(name)                                                                          \
    gboolean pst_command_##name##_run(const PstCommand *command, PstOptions *options, int argc,    \
                                      char **argv, int *exit_code, GError **error)

PST_COMMAND(audit);
PST_COMMAND(baseline);
PST_COMMAND(describe);
PST_COMMAND(diagnose);
PST_COMMAND(diff);
PST_COMMAND(doctor);
PST_COMMAND(enroll);
PST_COMMAND(exec);
PST_COMMAND(forced_command);
PST_COMMAND(forensics);
PST_COMMAND(gate);
PST_COMMAND(health);
PST_COMMAND(journal);
PST_COMMAND(known_hosts);
PST_COMMAND(list);
PST_COMMAND(ls);
PST_COMMAND(mark);
PST_COMMAND(power);
PST_COMMAND(probe);
PST_COMMAND(proxy);
PST_COMMAND(read);
PST_COMMAND(records);
PST_COMMAND(recover);
PST_COMMAND(services);
PST_COMMAND(snapshot);
PST_COMMAND(sudo);
PST_COMMAND(unenroll);
PST_COMMAND(wait);
PST_COMMAND(watch);
