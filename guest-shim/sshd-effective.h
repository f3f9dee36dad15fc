// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/probe.h"
#include "guest-shim/sshd-check.h"
#include "guest-shim/sshd-config.h"

/* What sshd makes of its configuration for one connection. It says so itself, with the lines where
 * that stands taken from the files; where it can't be asked, the files alone are read, and sshd's
 * own defaults (sshd_config(5)) stand for what they leave out. */

typedef struct PstSshdEffective PstSshdEffective;

/* Asks `sshd -T`, which opens no socket and logs nothing (sshd(8)). OPTIONS are given to it before
 * all others, and may be NULL. CONFIG (may be NULL) and CONNECTION are borrowed, and have to
 * outlive the result. NULL where it could not be asked; where it refused its configuration,
 * *refused says why, and is owned by the caller. */
PstSshdEffective *pst_sshd_effective_ask(const PstProbeContext *context,
                                         const PstSshdConnection *connection,
                                         const char *const *options, const PstSshdConfig *config,
                                         PstSshdCheck **refused, GError **error);

/* As above, from what `sshd -T` printed: `keyword value` lines; some keywords come once for each of
 * their values. */
PstSshdEffective *pst_sshd_effective_parse(const char *text, const PstSshdConnection *connection,
                                           const PstSshdConfig *config);

/* As above, from the files alone. */
PstSshdEffective *pst_sshd_effective_read(const PstSshdConnection *connection,
                                          const PstSshdConfig *config);

void pst_sshd_effective_free(PstSshdEffective *effective);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSshdEffective, pst_sshd_effective_free)

/* Whether sshd itself said it. */
gboolean pst_sshd_effective_is_said(const PstSshdEffective *effective);

/* Whether the keyword's value is certain: no Match block leaves it open, or sshd said it of an
 * address that was named. */
gboolean pst_sshd_effective_knows(const PstSshdEffective *effective, const char *keyword);

/* The value of that keyword (in lower case), or sshd's default, or NULL where it has none.
 * Borrowed. */
const char *pst_sshd_effective_get(const PstSshdEffective *effective, const char *keyword);

/* Whether that is VALUE, in whatever case. */
gboolean pst_sshd_effective_is(const PstSshdEffective *effective, const char *keyword,
                               const char *value);

/* The value as a number without a unit; PST_INT_UNKNOWN where it is none. */
gint64 pst_sshd_effective_number(const PstSshdEffective *effective, const char *keyword);

/* The words of all values of that keyword: several lines of AllowUsers add up. Free with
 * g_strfreev(). */
char **pst_sshd_effective_words(const PstSshdEffective *effective, const char *keyword);

/* The directive that says so: the one that has WORD in it, where WORD is not NULL. NULL where no
 * file has it: it is a default, or stands on a command line. Borrowed. */
const PstSshdDirective *pst_sshd_effective_where(const PstSshdEffective *effective,
                                                 const char *keyword, const char *word);
