// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/ssh-subject.h"
#include "guest-shim/sshd-authorized.h"

/* Whether sshd would take one key of an authorized_keys file. */

typedef struct {
    PstTri usable;
    const char *id; /* of the finding that says why not */
    char *why;      /* for people, where it is not usable */
} PstSshJudgedKey;

void pst_ssh_judge_key_clear(PstSshJudgedKey *judged);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PstSshJudgedKey, pst_ssh_judge_key_clear)

/* KEY's options, its type, and whether it was revoked. */
PstSshJudgedKey pst_ssh_judge_key(const PstSshSubject *subject, const PstSshdAuthorizedKey *key);
