// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "protocol/exec.h"

/* How a command that was run in a guest is told to people and to programs. Pure. */

enum {
    PST_EXEC_EXIT_FAILED = 125,      /* postern itself failed, or does not know */
    PST_EXEC_EXIT_NOT_ALLOWED = 126, /* or the program may not be executed */
};

/* What is kept of a stream for the JSON. */
#define PST_EXEC_WORDS_KEPT (1024 * 1024)

/* A stream that is kept, and how much of it there was. */
typedef struct {
    GByteArray *kept;
    guint64 bytes;
    gboolean missed; /* there was more, which was not to be had any more */
} PstExecWordsStream;

/* The exit code for a command that ended so: its own, or 128 and its signal's number. */
int pst_exec_words_exit_code(const PstExecPage *page);

/* The same for an error. */
int pst_exec_words_error_code(const GError *error);

/* What is to be said beside the exit code, on one line; NULL: nothing. Free with g_free(). */
char *pst_exec_words_note(const PstExecPage *page);

/* The whole: GUEST and VIA may be NULL, STREAMS are PST_EXEC_N_STREAMS. */
JsonObject *pst_exec_words_json(const PstExecPage *page, const char *guest, const char *via,
                                const PstExecWordsStream *streams);

/* An error as such an object: ID may be NULL. */
JsonObject *pst_exec_words_error_json(const char *id, const GError *error);

/* The number of a signal: of its name with or without SIG, or as it is; 0 where there is none. */
int pst_exec_words_signal(const char *text);

/* The result of exec.list, for people. Free with g_free(); NULL with the error where it is none. */
char *pst_exec_words_list(JsonObject *json, GError **error);
