// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* The one error domain of postern. A code is for programs, the message for people: one line that
 * names the thing and the way out. */
#define PST_ERROR (pst_error_quark())

typedef enum {
    /* What travels on the wire as a JSON-RPC error. */
    PST_ERROR_INTERNAL,
    PST_ERROR_PARSE,
    PST_ERROR_INVALID_REQUEST,
    PST_ERROR_UNKNOWN_METHOD,
    PST_ERROR_INVALID_PARAMS,
    PST_ERROR_NOT_ALLOWED,
    PST_ERROR_DEADLINE,
    PST_ERROR_BUSY,
    PST_ERROR_TOO_LARGE,
    PST_ERROR_UNAVAILABLE,
    /* What only one side of a guest's channel ever sees. */
    PST_ERROR_ABSENT,        /* the file or folder is not there */
    PST_ERROR_PROTOCOL,      /* the peer broke the protocol */
    PST_ERROR_PATH_SHUT,     /* this path to the guest is shut, another may be open */
    PST_ERROR_USAGE,         /* the caller's words are wrong */
    PST_ERROR_NO_DOMAIN,     /* libvirt knows no such domain */
    PST_ERROR_NO_HYPERVISOR, /* libvirt itself does not answer */
    PST_ERROR_NO_PERMISSION, /* libvirt or the kernel refuses the caller */
    PST_ERROR_OUTPUT,        /* the answer could not be written */
    PST_ERROR_LAST = PST_ERROR_OUTPUT
} PstErrorCode;

GQuark pst_error_quark(void);

/* The stable lower-case id of a code ("deadline", "too-large"), as in `data.reason`. Never NULL for
 * a valid code. */
const char *pst_error_reason(PstErrorCode code);

/* The code that has this reason; FALSE where none has. */
gboolean pst_error_from_reason(const char *reason, PstErrorCode *code);

/* The JSON-RPC number of a code; codes that do not travel map to -32603 (internal error). */
int pst_error_to_rpc(PstErrorCode code);

/* The code for a JSON-RPC number from a guest; PST_ERROR_PROTOCOL for a number that is not known.
 * What only a host can know is not known from there: no guest says that there is no such domain. */
PstErrorCode pst_error_from_rpc(gint64 number);
