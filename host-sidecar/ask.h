// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/baseline.h"
#include "host-sidecar/guest.h"
#include "host-sidecar/inquiry.h"
#include "host-sidecar/since.h"
#include "host-sidecar/options.h"

/* Questions from the command line to a guest and back, with the audit record of each. */

/* Writes the answers' audit records; METHOD is the verb, GUEST may be NULL. That one can't be
 * written is said on standard error, once. */
void pst_ask_audit_guest(const PstGuest *guest, const char *method, PstAnswer *const *answers,
                         guint n);
void pst_ask_audit(const char *method, PstAnswer *const *answers, guint n);

/* What is done to a guest: as the audit calls it, and what was said of it, which may be NULL. */
typedef struct {
    const char *name;
    JsonObject *params;
    gboolean halted; /* as of PstAuditRecord */
} PstAskAct;

/* An ACT that changes something, before it begins: on the disk when this returns. FALSE with
 * PST_ERROR_UNAVAILABLE where it can't be written: it may not begin then. DOMAIN is "-" before it
 * is known whose, UUID may be NULL. */
gboolean pst_ask_audit_begin(const char *domain, const char *uuid, const char *method,
                             const PstAskAct *act, GError **error);

/* The same when it is over, or was refused: that it can't be written is said as above. ERROR is why
 * it failed. */
void pst_ask_audit_act(const char *domain, const char *uuid, const char *method,
                       const PstAskAct *act, gboolean done, const GError *error);

/* Where questions to one guest go: to the daemon, or to libvirt from this process; what comes of
 * them is the same. */
typedef struct PstAsk PstAsk;

/* DOMAIN is as the caller names it, METHOD the verb, for the audit; both must outlive it. Asks
 * nobody yet. */
PstAsk *pst_ask_new(const PstOptions *options, const char *method, const char *domain,
                    gint64 deadline_us);
void pst_ask_free(PstAsk *ask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstAsk, pst_ask_free)

/* Asks by way of the ladder. Takes the questions over, whoever's name they bear, and returns them
 * answered; the listener, which may be NULL, hears of each as it comes. *HOST (NULL: not wanted)
 * becomes what the host sees of the guest, or NULL where that is not worth a word. NULL with the
 * error where there is no such guest or no hypervisor: PST_ERROR_NO_HYPERVISOR also where libvirt
 * did not answer before the deadline. */
PstAnswer **pst_ask_questions(PstAsk *ask, PstAnswer **questions, guint n,
                              const PstInquiryListener *listener, PstReport **host, GError **error);

/* The guest's own name, once it was asked. */
const char *pst_ask_name(const PstAsk *ask);

/* Its hypervisor's, once it was asked; NULL where that is not known. */
const char *pst_ask_uri(const PstAsk *ask);

/* How the guest is now, as WISH says; EARLIER as of pst_baseline_questions(). NULL with the error
 * as of pst_ask_questions(). */
PstBaseline *pst_ask_baseline(PstAsk *ask, const PstBaselineWish *wish, const PstBaseline *earlier,
                              GError **error);

/* What `list` tells of each domain; free with pst_overview_free(). */
GPtrArray *pst_ask_list(const PstOptions *options, GError **error);

/* For what only this process can do: the guest called DOMAIN on the hypervisor that the options
 * name. */
PstGuest *pst_ask_open(const PstOptions *options, const char *method, const char *domain,
                       gint64 deadline_us, GError **error);

/* Asks the guest by way of the ladder, from this process, as above. An audit record that can't be
 * written is said on standard error. HOST as with pst_ladder_ask(). */
PstAnswer **pst_ask_guest(PstGuest *guest, const char *method, PstAnswer **questions, guint n,
                          gint64 deadline_us, const PstInquiryListener *listener, PstReport **host);

/* The whole of a verb that asks one question: opens, asks, prints, and sets *exit_code by the
 * table. FALSE with the error where there is nothing to print. */
gboolean pst_ask_one(const PstOptions *options, const char *method, const char *domain,
                     const char *probe, JsonObject *args, int *exit_code, GError **error);

/* As above, of a question about what came since SINCE, a span or a mark in words: with
 * PST_ERROR_USAGE where the probe takes neither, PST_ERROR_UNAVAILABLE where another machine
 * answers than the mark's. What else is wrong with the mark is said on standard error, in one line.
 */
gboolean pst_ask_since(const PstOptions *options, const char *method, const char *domain,
                       const PstReportKind *kind, JsonObject *args, const char *since,
                       int *exit_code, GError **error);

/* The end of such a verb: prints the answer, and sets *exit_code; an answer without a report is the
 * verb's error. */
gboolean pst_ask_conclude(const PstOptions *options, PstAnswer *answer, int *exit_code,
                          GError **error);

/* As pst_ask_one() for the probe `access`, which no guest is asked for: those that it is derived
 * from are.
 */
gboolean pst_ask_access(const PstOptions *options, const char *method, const char *domain,
                        JsonObject *args, int *exit_code, GError **error);

/* The answers to a question that come in pages. */
typedef struct {
    const char *probe;
    char *(*text)(const PstReport *report); /* a page for people */
    gboolean all; /* ask on for as long as there are pages, a deadline and 16 MiB of output */
} PstAskPages;

/* The whole of such a verb, with PST_ERROR_NOT_ALLOWED where the guest refuses. As JSON, each page
 * is a line. What is not told is said on standard error. */
gboolean pst_ask_pages(const PstOptions *options, const char *method, const char *domain,
                       const PstAskPages *pages, JsonObject *args, int *exit_code, GError **error);
