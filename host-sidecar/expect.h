// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "host-sidecar/health-sight.h"

/* What is expected of domains, by the host's configuration, so that a sweep calls for nobody where
 * all is as it should be:
 *
 *   [expect night batch]
 *   guests=batch-*,build?      names or UUIDs; without it the group's own name
 *   may_be=off,saved,paused
 *   at=Mon-Fri 20:00-06:00, Sat, Sun    when it may be so; always without it
 *   allow=services.failed@certbot.service,journal.errors
 *   downgrade=storage.read-only@/mnt?    a warning at most
 *   acknowledge=ssh.not-running until 2026-12-01 ticket 4711; sudo.* until 2026-11-30
 *   silent=15min               silent for longer is critical
 *   job=30min                  a job of libvirt's is no problem for so long
 *   storage=95%                a file system is nearly full from there on
 *
 * All groups whose guests match hold; of numbers and hours the last one. In names and findings *
 * and ? stand for what is not known. */

/* How the groups of the configuration begin that say what is expected. */
#define PST_EXPECT_GROUP "expect "

typedef struct PstExpect PstExpect;

/* NULL with PST_ERROR_USAGE that names group and key. */
PstExpect *pst_expect_read(GKeyFile *config, GError **error);
void pst_expect_free(PstExpect *expect);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExpect, pst_expect_free)

/* What all groups together say of one domain, at one moment. */
typedef struct PstExpectation PstExpectation;

/* NOW in the time zone in which hours and days are meant. UUID may be NULL. */
PstExpectation *pst_expect_find(const PstExpect *expect, const char *name, const char *uuid,
                                GDateTime *now);
void pst_expect_release(PstExpectation *expectation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstExpectation, pst_expect_release)

typedef enum {
    PST_EXPECTATION_NO,
    PST_EXPECTATION_YES,
    PST_EXPECTATION_NOT_NOW, /* at other hours */
} PstExpectationLeave;

/* Whether it may be in that condition now. */
PstExpectationLeave pst_expect_may_be(const PstExpectation *expectation, PstCondition condition);

/* Sets what the problem counts as, and why where that is less than it was found. */
void pst_expect_weigh(const PstExpectation *expectation, PstProblem *problem, gint64 job_ms);

/* How long it may be silent before that is critical, microseconds; PST_INT_UNKNOWN where nobody
 * says. */
gint64 pst_expect_silent_us(const PstExpectation *expectation);

/* The acknowledgements for it that have expired, a sentence each; NULL-terminated, free with
 * g_strfreev(). */
char **pst_expect_expired(const PstExpectation *expectation);
