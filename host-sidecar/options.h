// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>

/* Of a verb that goes on until it is ended. */
#define PST_OPTIONS_NO_DEADLINE G_MAXINT64

/* The options that mean the same in every verb. */

typedef struct {
    char *connect;      /* libvirt's URI, or NULL for its own choice */
    char *host;         /* whose daemon is asked, by ssh, or NULL */
    gboolean by_daemon; /* the verb is one that a daemon can answer alone */
    gboolean json;
    gboolean quiet;
    gboolean no_daemon; /* all is done in this process */
    char *output;       /* a file in place of standard output, or NULL */
    gint64 deadline_us; /* how long the command may take, microseconds */
    gint64 max_age_us;  /* an answer that the daemon had so recently will do; 0: none */
    gboolean afresh;    /* that age was said to be 0, or the verb wants it so: nor one to a question
                           that began before */
    /* Of a verb that takes longer than others, set before its options are parsed; 0: as of all. */
    gint64 default_deadline_us, longest_deadline_us;
    char *deadline_text, *max_age_text;
    /* Of the guest that is meant, lent; NULL: whatever is called as the verb's argument says. Else
     * another one that is called so is none: PST_ERROR_NO_DOMAIN. */
    const char *uuid;
} PstOptions;

void pst_options_clear(PstOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstOptions, pst_options_clear)

/* Parses the words behind the verb VERB: the common options and the verb's own ENTRIES (may be
 * NULL). What is left are the verb's arguments, argv[1] onward; there must be MIN to MAX of them
 * (MAX < 0: any number). ARGUMENTS is their synopsis and SUMMARY a sentence, for --help. FALSE with
 * PST_ERROR_USAGE. */
gboolean pst_options_parse(PstOptions *options, const char *verb, const char *arguments,
                           const char *summary, const GOptionEntry *entries, int min, int max,
                           int *argc, char ***argv, GError **error);

/* Of a verb that tells how a guest is from now on, once its options are parsed: no answer of before
 * will do, nor one to a question that began before. FALSE with PST_ERROR_USAGE where the caller
 * says otherwise. */
gboolean pst_options_ask_afresh(PstOptions *options, const char *verb, GError **error);

/* A span of time in words, as 500ms, 10s, 2min, 1h, 3d, or a bare number of seconds, in
 * microseconds. FALSE with PST_ERROR_USAGE. */
gboolean pst_options_parse_span(const char *text, gint64 *span_us, GError **error);

/* The same of a span that is to be looked back over, which is more than 0: nothing came since now.
 */
gboolean pst_options_parse_past(const char *text, gint64 *span_us, GError **error);
