// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/audit.h"
#include "host-sidecar/server.h"

/* The recovery door: what its methods have in common. Whatever a method changes, it is allowed by a
 * grant, recorded on the disk before it begins and when it is over, and done once; two acts on one
 * guest do not meet. This knows no libvirt. */

/* A method of the door. A new one is a file with one of these, and a row in recover-methods.c. */
typedef struct {
    const char *name; /* as callers say it */
    const char *act;  /* as the audit calls what is done, as `recorder-heal` */
    PstGrant right;
    /* The params that it takes beside `domain`, `uuid` and `deadline_ms`, NULL-terminated: one that
     * is not known may be meant to keep it from doing something. */
    const char *const *params;
    /* Whether the params beside `domain` and `deadline_ms` are well; PST_ERROR_INVALID_PARAMS. In
     * the loop: asks nobody. */
    gboolean (*check)(JsonObject *params, GError **error);
    /* Does it to the guest that was found, in a task, and ends by the deadline; PARAMS have a
     * `caller` in words, too. Returns the result, which fits into a frame, or NULL with the error.
     */
    JsonObject *(*run)(gpointer guest, JsonObject *params, gint64 deadline_us, GError **error);
    /* It may meet others on the same guest. */
    gboolean beside;
    /* It goes on with what was recorded when it began: not recorded itself, but where it is
     * refused, fails, or tells by its result's `state` that what began has ended. */
    gboolean follows;
} PstRecoverMethod;

typedef struct {
    /* Finds the domain, and tells its name and UUID (to be freed with g_free()). In a task. */
    gpointer (*find)(const char *domain, gint64 deadline_us, char **name, char **uuid,
                     gpointer user_data, GError **error);
    void (*release)(gpointer guest);
    /* pst_audit_record(), or what is to be called in its place; from several threads. */
    gboolean (*record)(const PstAuditRecord *record, GError **error);
    /* Is told what keeps a record from being written; from any thread. */
    void (*complain)(const GError *error);
    gpointer user_data;
} PstRecoverBackend;

typedef struct PstRecover PstRecover;

/* Of the thread of CONTEXT, and for as long as the process lives. METHODS is NULL-terminated, and
 * lent as BACKEND's functions are. */
PstRecover *pst_recover_new(GMainContext *context, const char *uri, const PstServerLimits *limits,
                            const PstRecoverMethod *const *methods,
                            const PstRecoverBackend *backend);

PstServer *pst_recover_server(PstRecover *recover);

/* How many acts are not over. */
guint pst_recover_n_running(const PstRecover *recover);

/* Before the end: waits until the records of what was refused are written. FALSE where they were
 * not before DEADLINE_US (monotonic clock). */
gboolean pst_recover_flush(PstRecover *recover, gint64 deadline_us);
