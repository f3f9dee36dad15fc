// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "protocol/report.h"

/* The one table of exit codes: monitoring plugins' for verdicts, sysexits.h's for everything else.
 */

enum {
    PST_EXIT_OK = 0,
    PST_EXIT_WARNING = 1,
    PST_EXIT_CRITICAL = 2,
    PST_EXIT_UNKNOWN = 3,
    PST_EXIT_NOT_CHECKABLE = 4, /* of gate and recover: the guest is off, paused, or being moved */
    PST_EXIT_HALTED = 5,        /* of recover: the gate does not pass, and nothing is left */
    PST_EXIT_MISUSE = 64,
    PST_EXIT_NO_INPUT = 66, /* of gate, diff and doctor: a file that they read is not there */
    PST_EXIT_NO_DOMAIN = 68,
    PST_EXIT_NO_HYPERVISOR = 69,
    PST_EXIT_OUTPUT = 74,
    PST_EXIT_NO_PERMISSION = 77,
};

int pst_exit_code_of_status(PstStatus status);

/* For an error that ended the whole command; one that only left a question open is
 * PST_EXIT_UNKNOWN. */
int pst_exit_code_of_error(const GError *error);
