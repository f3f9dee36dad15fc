// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

#include "protocol/exec.h"

/* What is known of each command in the running boot: a folder of its id below one folder, in /run.
 * To make it is to claim the id: so a command is started at most once, whoever asks how often. In
 * it are a socket, for as long as somebody serves the command, and files. */

#define PST_EXEC_STORE_FOLDER "/run/postern/exec"

/* Of the newest that have ended the results are kept: so many, of those that nobody has been told
 * yet so many besides, and so many bytes together, for which those that were told go first. It is
 * memory. */
#define PST_EXEC_STORE_KEPT 64
#define PST_EXEC_STORE_KEPT_UNTOLD 128
#define PST_EXEC_STORE_KEPT_BYTES (32 * 1024 * 1024)
/* Of the others, for how long the id stays claimed after their end, in seconds. */
#define PST_EXEC_STORE_FORGET_S 120

typedef struct PstExecStore PstExecStore;

/* The folder at PATH, which is made where it is not there; PST_ERROR_UNAVAILABLE. */
PstExecStore *pst_exec_store_open(const char *path, GError **error);
void pst_exec_store_free(PstExecStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExecStore, pst_exec_store_free)

/* Claims ID: a listening socket of its own, which is closed on exec. -1 with *TAKEN where it was
 * claimed before, or with PST_ERROR_UNAVAILABLE. */
int pst_exec_store_claim(const PstExecStore *store, const char *id, gboolean *taken,
                         GError **error);

/* Its descriptor, for a child process that closes all others. */
int pst_exec_store_fd(const PstExecStore *store);

/* Nothing was started by that id, or that was long ago: it may be claimed again. */
void pst_exec_store_forget(const PstExecStore *store, const char *id);

/* Nothing of it is kept but that it was claimed. */
void pst_exec_store_empty(const PstExecStore *store, const char *id);

/* Nobody serves ID any longer. */
void pst_exec_store_end(const PstExecStore *store, const char *id);

/* Puts TEXT in place of ID's file NAME, all of it or nothing. */
gboolean pst_exec_store_write(const PstExecStore *store, const char *id, const char *name,
                              const char *text, gsize len);

/* The file, of at most MAX bytes; NULL where there is none. Free with g_free(). */
char *pst_exec_store_read(const PstExecStore *store, const char *id, const char *name, gsize max,
                          gsize *len);

/* Opens ID's file NAME with open(2)'s FLAGS; -1. */
int pst_exec_store_file(const PstExecStore *store, const char *id, const char *name, int flags);

gboolean pst_exec_store_has(const PstExecStore *store, const char *id);

/* Notes that somebody was told all that there is to tell of ID. */
void pst_exec_store_tell(const PstExecStore *store, const char *id);

/* How much its files hold, its socket as one byte; 0 where nothing of it is kept. *TOLD: as above.
 */
gint64 pst_exec_store_bytes(const PstExecStore *store, const char *id, gboolean *told);

/* A connection to whoever serves ID, which does not block; -1 where nobody does, or too many want
 * to. */
int pst_exec_store_connect(const PstExecStore *store, const char *id);

/* Whether anybody does. */
gboolean pst_exec_store_is_served(const PstExecStore *store, const char *id);

/* The ids that are there, in the order of their claiming, NULL-terminated. Free with g_strfreev().
 */
char **pst_exec_store_ids(const PstExecStore *store);

/* Bounds what ended commands have left behind, whoever served them: of the newest all is kept, of
 * others only that they were claimed, and of those that ended long ago nothing. */
void pst_exec_store_sweep(const PstExecStore *store);
