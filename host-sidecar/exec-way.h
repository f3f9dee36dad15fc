// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "host-sidecar/options.h"

/* The command's way to a guest's commands: by the recovery door, or from this process; one or the
 * other for as long as it goes on. */

typedef struct PstExecWay PstExecWay;

/* Finds the way. NULL with the error where there is no such guest, or no hypervisor. DOMAIN is as
 * the caller names it; both must outlive it. */
PstExecWay *pst_exec_way_new(const PstOptions *options, const char *domain, gint64 deadline_us,
                             GError **error);
void pst_exec_way_free(PstExecWay *way);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExecWay, pst_exec_way_free)

/* METHOD (`exec`, `exec-page`, `exec-signal`, `exec-list`) with PARAMS, which are taken over. The
 * result is the caller's. NULL with the error; *LOST (NULL: not wanted) is set where the door was
 * lost on the way, and what became of it is not known: its next call finds it again, where it is
 * there again. */
JsonObject *pst_exec_way_call(PstExecWay *way, const char *method, JsonObject *params,
                              gint64 deadline_us, gboolean *lost, GError **error);
