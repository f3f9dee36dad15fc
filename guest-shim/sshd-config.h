// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/sshd-match.h"
#include "guest-shim/sysroot.h"

/* The directives of sshd_config(5) as the files say: in the order in which sshd reads them, Include
 * followed in place. What sshd makes of them it says itself; this is for finding out where they
 * stand, and for those that it does not tell. */

typedef struct {
    char *keyword; /* in lower case */
    char *value;   /* the rest of the line, without its quotation marks and comment */
    char *path;
    guint line; /* from 1 */
    char *text; /* the line as it stands there, without the white space around it */
    char *
        *conditions; /* the criteria of the Match blocks around it; NULL: it holds for everybody */
} PstSshdDirective;

typedef struct PstSshdConfig PstSshdConfig;

/* Reads /etc/ssh/sshd_config, or the vendor's below /usr/etc where there is none. NULL where it
 * can't be looked at. An included file that is absent is passed over, as sshd does; one that can't
 * be looked at leaves nothing certain (pst_sshd_config_for()). */
PstSshdConfig *pst_sshd_config_load(const PstSysroot *sysroot, GError **error);

/* As above, of one text that includes nothing. */
PstSshdConfig *pst_sshd_config_parse(const char *text, const char *path);
void pst_sshd_config_free(PstSshdConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PstSshdConfig, pst_sshd_config_free)

/* The file among them, the main one where CONFIG is NULL for want of it, that is a FIFO or a
 * device: whoever opens it as sshd does may wait for ever. NULL for none. Borrowed. */
const char *pst_sshd_config_waits(const PstSysroot *sysroot, const PstSshdConfig *config);

/* The N-th directive of that keyword (in lower case) outside of Match blocks, from 0, or NULL.
 * Borrowed. */
const PstSshdDirective *pst_sshd_config_get(const PstSshdConfig *config, const char *keyword,
                                            guint n);

/* The directives of that keyword that hold for the connection: those of the Match blocks that are
 * about it, which take the place of all others, or those outside. Of PstSshdDirective, borrowed.
 * *certain is FALSE where a block that has some may be about it or not; those are left out; and
 * where a file is missing from what was read. */
GPtrArray *pst_sshd_config_for(const PstSshdConfig *config, const PstSshdConnection *connection,
                               const char *keyword, gboolean *certain);

/* Whether a line with KEYWORD is in a block that may or may not be about the connection, by the
 * guest's own address that it comes to. */
gboolean pst_sshd_config_is_local(const PstSshdConfig *config, const PstSshdConnection *connection,
                                  const char *keyword);

/* Whether the files have sshd ask PAM: its own default is no; distributions ship yes in their file.
 * Unknown where they can't be read. */
PstTri pst_sshd_config_asks_pam(const PstSysroot *sysroot);

/* All of them: of PstSshdDirective, borrowed. */
const GPtrArray *pst_sshd_config_all(const PstSshdConfig *config);
