// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

#include "protocol/error.h"

/* The params and results of the methods `exec.*`, by which a command is run in a guest;
 * docs/protocol.md is the text. Pure. What comes from the other side is checked here, whichever
 * side this is. */

#define PST_EXEC_START "exec.start"
#define PST_EXEC_PAGE "exec.page"
#define PST_EXEC_SIGNAL "exec.signal"
#define PST_EXEC_LIST "exec.list"
#define PST_EXEC_PREFIX "exec."

#define PST_EXEC_ID_DIGITS 32 /* 128 random bits in lower-case hex */

/* Which stream of a command's output. */
typedef enum { PST_EXEC_OUT, PST_EXEC_ERR, PST_EXEC_N_STREAMS } PstExecStream;

/* Its name in JSON: "out", "err". */
extern const char *const pst_exec_stream_names[];

/* A piece of the input, which begins at byte AT of it. */
typedef struct {
    gint64 at;
    GBytes *data; /* NULL: none */
    gboolean end; /* nothing comes after it */
} PstExecInput;

typedef struct {
    char id[PST_EXEC_ID_DIGITS + 1]; /* the caller's choice: one id is started at most once */
    char *boot_id;                   /* of the guest, as its hello told; NULL: whichever it is */
    char **argv;                     /* at least the program */
    char **env;                      /* of KEY=VALUE; may be NULL */
    char *user;                      /* NULL: root */
    char *cwd;                       /* NULL: the user's home */
    char *caller;                    /* who asks, as the host names it; may be NULL */
    gint64 timeout_ms;               /* then it is killed; 1 … PST_LIMIT_EXEC_TIMEOUT_MS */
    gint64 not_after_us;             /* not started after that, on CLOCK_BOOTTIME; 0: any time */
    gint64 not_after_realtime_us;    /* the same on CLOCK_REALTIME, where that is all one knows */
    gint64 wait_ms;                  /* how long the answer may wait for the end */
    gboolean detach;                 /* goes on without a caller; what it writes is kept */
    gint64 input_bytes;              /* all that it will be fed; -1: not known, where it is open */
    char *input_sha256;              /* of all that; NULL: not known */
    gboolean has_input;              /* FALSE: its standard input is empty */
    PstExecInput input;              /* the first piece */
} PstExecStart;

void pst_exec_start_free(PstExecStart *start);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExecStart, pst_exec_start_free)

/* What of a command is asked for next. */
typedef struct {
    char id[PST_EXEC_ID_DIGITS + 1];
    gint64
        from[PST_EXEC_N_STREAMS]; /* so much of each stream has arrived and is not needed again */
    gint64 wait_ms;               /* how long the answer may wait for something new */
    gboolean joins;               /* from what is held first, where that is later */
    PstExecInput input;
} PstExecAsk;

void pst_exec_ask_clear(PstExecAsk *ask);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstExecAsk, pst_exec_ask_clear)

/* A piece of a stream of output. */
typedef struct {
    gint64 at;    /* its first byte's place in the stream; of a detached command's later than what
                   * was asked for where that is no longer kept */
    GBytes *data; /* NULL: none */
    gboolean end; /* nothing comes after it */
} PstExecPiece;

typedef enum {
    PST_EXEC_RUNNING,
    PST_EXEC_EXITED,  /* with a status */
    PST_EXEC_KILLED,  /* by a signal */
    PST_EXEC_FAILED,  /* it could not be started, and never was */
    PST_EXEC_LOST,    /* it was started, and nobody knows what came of it */
    PST_EXEC_UNKNOWN, /* none of this id: it never was started, or its end was long ago */
} PstExecState;

extern const char *const pst_exec_state_names[];

/* How a command is. */
typedef struct {
    char id[PST_EXEC_ID_DIGITS + 1];
    int state;  /* PstExecState */
    gint64 pid; /* 0: not known */
    int status; /* of EXITED: 0 … 255; of FAILED: 127 (no such program), 126 (may not be run) or
                 * 125 */
    int signal; /* of KILLED */
    char *why;  /* of KILLED, where postern did it: deadline, abandoned, input-differs; of FAILED,
                 * LOST: in words. NULL: nothing to be said */
    gint64 took_ms; /* since it began, or until it ended */
    gint64 input;   /* how many bytes of its input it was given, or wait for it */
    PstExecPiece piece[PST_EXEC_N_STREAMS];
} PstExecPage;

void pst_exec_page_free(PstExecPage *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExecPage, pst_exec_page_free)

/* Whether nothing can come any more: it has ended, and the pieces are the last. */
gboolean pst_exec_page_is_last(const PstExecPage *page);

typedef struct {
    char id[PST_EXEC_ID_DIGITS + 1];
    int signal; /* 1 … 64 */
} PstExecSignal;

/* Whether TEXT is an id. */
gboolean pst_exec_is_id(const char *text);

/* A new random one, from getrandom(2). */
void pst_exec_new_id(char id[PST_EXEC_ID_DIGITS + 1]);

/* Params and results; those read are checked against every bound in limits.h. FALSE or NULL with
 * PST_ERROR_INVALID_PARAMS. */
JsonObject *pst_exec_start_params(const PstExecStart *start);
PstExecStart *pst_exec_start_read(JsonObject *params, GError **error);
JsonObject *pst_exec_ask_params(const PstExecAsk *ask);
gboolean pst_exec_ask_read(JsonObject *params, PstExecAsk *ask, GError **error);
JsonObject *pst_exec_page_result(const PstExecPage *page);
PstExecPage *pst_exec_page_read(JsonObject *result, GError **error);
JsonObject *pst_exec_signal_params(const PstExecSignal *wish);
gboolean pst_exec_signal_read(JsonObject *params, PstExecSignal *wish, GError **error);

/* The params' `id`, which every method but exec.list has. */
gboolean pst_exec_read_id(JsonObject *params, char id[PST_EXEC_ID_DIGITS + 1], GError **error);

/* Words as people read them: quoted where a shell would need it, on one line, cut at MAX bytes.
 * Free with g_free(). */
char *pst_exec_words_text(char *const *words, gsize max);
