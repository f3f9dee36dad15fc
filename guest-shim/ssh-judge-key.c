// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-key.h"

#include <string.h>

#include "guest-shim/sshd-pattern.h"

#define MAX_REVOKED (4 * 1024 * 1024)
#define KRL_MAGIC "SSHKRL\n" /* OpenSSH's PROTOCOL.krl */
#define RESTRICTED "ssh.key-restricted"

void
pst_ssh_judge_key_clear(PstSshJudgedKey *judged)
{
    g_clear_pointer(&judged->why, g_free);
}

static PstSshJudgedKey
refuse(const char *id, char *why)
{
    return (PstSshJudgedKey){PST_TRI_NO, id, why};
}

/* sshd prints its lists in full; one of a file can begin with a sign that adds to the default. */
static gboolean
is_type_accepted(const PstSshSubject *subject, const char *type)
{
    const char *list = pst_sshd_effective_get(subject->effective, "pubkeyacceptedalgorithms");
    const char *const *algorithms = pst_ssh_key_algorithms(type);

    if (list == NULL)
        list = pst_sshd_effective_get(subject->effective, "pubkeyacceptedkeytypes");
    if (list == NULL || strchr("+-^", list[0]) != NULL)
        return TRUE;
    for (guint i = 0; algorithms[i] != NULL; i++)
        if (pst_sshd_pattern_match_list(algorithms[i], list))
            return TRUE;
    return FALSE;
}

/* A list of keys can be read; whether a binary one has the key only sshd knows. */
static PstTri
is_revoked(const PstSshSubject *subject, const PstSshKey *key)
{
    const char *path = pst_sshd_effective_get(subject->effective, "revokedkeys");
    g_autofree char *text = NULL;
    guint n_bad;

    if (g_ascii_strcasecmp(path, "none") == 0)
        return PST_TRI_NO;
    text = pst_sysroot_read(subject->context->sysroot, path, MAX_REVOKED, NULL, NULL);
    if (text == NULL || g_str_has_prefix(text, KRL_MAGIC))
        return PST_TRI_UNKNOWN;
    g_autoptr(GPtrArray) revoked = pst_sshd_authorized_parse(text, &n_bad);
    for (guint i = 0; i < revoked->len; i++)
        if (g_str_equal(((const PstSshdAuthorizedKey *)revoked->pdata[i])->key->fingerprint,
                        key->fingerprint))
            return PST_TRI_YES;
    return PST_TRI_NO;
}

static PstSshJudgedKey
judge_options(const PstSshSubject *subject, const PstSshdAuthorizedKey *key)
{
    PstTri from = PST_TRI_YES;

    if (key->authority)
        return refuse(RESTRICTED, g_strdup("it may only sign others (cert-authority)"));
    if (key->bad_option)
        return refuse(RESTRICTED, g_strdup("it has an option that sshd does not know"));
    PstTri expired =
        key->expires != NULL
            ? pst_sshd_authorized_is_expired(key->expires, g_get_real_time() / G_USEC_PER_SEC)
            : PST_TRI_NO;
    if (expired == PST_TRI_UNKNOWN)
        return refuse(RESTRICTED, g_strdup_printf("sshd does not understand when it expires "
                                                  "(expiry-time %.20s)",
                                                  key->expires));
    if (expired == PST_TRI_YES)
        return refuse(RESTRICTED, g_strdup_printf("it expired (expiry-time %.20s)", key->expires));
    if (key->from != NULL)
        from = pst_sshd_pattern_match_address(subject->asked->from, key->from);
    if (from == PST_TRI_NO)
        return refuse(RESTRICTED, g_strdup_printf("it is taken from %.128s only, and not from %s",
                                                  key->from, subject->asked->from));
    return (PstSshJudgedKey){from, NULL, NULL};
}

PstSshJudgedKey
pst_ssh_judge_key(const PstSshSubject *subject, const PstSshdAuthorizedKey *key)
{
    PstSshJudgedKey judged = judge_options(subject, key);

    if (judged.usable == PST_TRI_NO)
        return judged;
    if (!is_type_accepted(subject, key->key->type))
        return refuse("ssh.key-type-refused",
                      g_strdup_printf("sshd takes no keys of the type %s", key->key->type));
    gint64 least = pst_sshd_effective_number(subject->effective, "requiredrsasize");
    guint bits = pst_ssh_key_rsa_bits(key->key);
    if (bits > 0 && least > bits)
        return refuse("ssh.key-type-refused",
                      g_strdup_printf("it has %u bits, and RequiredRSASize is %" G_GINT64_FORMAT,
                                      bits, least));
    PstTri revoked = is_revoked(subject, key->key);
    if (revoked == PST_TRI_YES)
        return refuse("ssh.key-revoked", g_strdup("RevokedKeys names it"));
    if (revoked == PST_TRI_UNKNOWN)
        judged.usable = PST_TRI_UNKNOWN;
    return judged;
}
