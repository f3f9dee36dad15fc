// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-subject.h"

/* sssd's NSS responder listens here (sssd's SSS_NSS_SOCKET_NAME); without it `sss` knows nobody. */
#define SSS_SOCKET "/var/lib/sss/pipes/nss"

PstTri
pst_pam_subject_and(PstTri a, PstTri b)
{
    if (a == PST_TRI_NO || b == PST_TRI_NO)
        return PST_TRI_NO;
    return a == PST_TRI_YES && b == PST_TRI_YES ? PST_TRI_YES : PST_TRI_UNKNOWN;
}

PstTri
pst_pam_subject_or(PstTri a, PstTri b)
{
    if (a == PST_TRI_YES || b == PST_TRI_YES)
        return PST_TRI_YES;
    return a == PST_TRI_NO && b == PST_TRI_NO ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

PstTri
pst_pam_subject_not(PstTri a)
{
    return a == PST_TRI_UNKNOWN ? PST_TRI_UNKNOWN : PST_TRI(a == PST_TRI_NO);
}

static gboolean
others_are_asked(const PstPamSubject *subject)
{
    const char *source = pst_accounts_elsewhere(subject->accounts, "group");

    if (source == NULL)
        return FALSE;
    return !g_str_equal(source, "sss") || subject->sysroot == NULL ||
           pst_sysroot_exists(subject->sysroot, SSS_SOCKET);
}

PstTri
pst_pam_subject_in_group(const PstPamSubject *subject, const GArray *groups, const char *group)
{
    gint64 wanted = pst_accounts_gid(subject->accounts, group);

    for (guint i = 0; wanted >= 0 && groups != NULL && i < groups->len; i++)
        if (g_array_index(groups, gid_t, i) == (gid_t)wanted)
            return PST_TRI_YES;
    return groups == NULL || others_are_asked(subject) ? PST_TRI_UNKNOWN : PST_TRI_NO;
}

PstTri
pst_pam_subject_is_in(const PstPamSubject *subject, const char *group)
{
    return pst_pam_subject_in_group(subject, subject->groups, group);
}
