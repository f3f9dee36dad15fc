// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>

/* A guest's agent as enrolling uses it, and the programs that it runs. What it answers is the
 * guest's word, and is checked. Blocks. */

/* pst_agent_command(), or what is to be called in its place. */
typedef JsonObject *(*PstEnrollAsk)(gpointer agent, const char *command, JsonObject *arguments,
                                    gint64 deadline_us, GError **error);

typedef struct {
    PstEnrollAsk ask;
    gpointer agent;
    gint64 deadline_us; /* of all that is asked; monotonic clock */
} PstEnrollAgent;

/* An answer's member `return`, which is to be an object; owned by the caller. */
JsonObject *pst_enroll_agent_ask(const PstEnrollAgent *agent, const char *command,
                                 JsonObject *arguments, GError **error);

/* Sets the ERROR for an answer to COMMAND that makes no sense. Always FALSE. */
gboolean pst_enroll_agent_break_off(GError **error, const char *command);

/* ---- programs ---- */

/* What a program ended with. */
typedef struct {
    gint64 status;   /* 128 and its number for a signal */
    char *out, *err; /* valid UTF-8, cut where they are longer than below; never NULL */
} PstEnrollRan;

#define PST_ENROLL_AGENT_MAX_OUTPUT (64 * 1024)

void pst_enroll_agent_clear_ran(PstEnrollRan *ran);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstEnrollRan, pst_enroll_agent_clear_ran)

/* Runs ARGV, NULL-terminated, whose first is the program's name: in /usr/bin, /usr/sbin, /bin or
 * /sbin, where it is found first; without a shell, and with an environment of its own. FALSE with
 * the error where it was not started, or how it ended is not known. */
gboolean pst_enroll_agent_run(const PstEnrollAgent *agent, const char *const *argv,
                              PstEnrollRan *ran, GError **error);

/* The same of a program that has to end with 0; what it printed, freed with g_free(). NULL with
 * PST_ERROR_PATH_SHUT, which has the last it said. */
char *pst_enroll_agent_output(const PstEnrollAgent *agent, const char *const *argv, GError **error);
