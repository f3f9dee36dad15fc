// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/ssh-judge-algorithms.h"

#include <string.h>

/* What the client of OpenSSH 7.4 or of 10.0 has by default (ssh_config(5)): a server that has none
 * of them shuts nearly everybody out. */
static const char default_kex[] =
    "curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,"
    "ecdh-sha2-nistp521,mlkem768x25519-sha256,sntrup761x25519-sha512,"
    "sntrup761x25519-sha512@openssh.com,diffie-hellman-group-exchange-sha256,"
    "diffie-hellman-group14-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512";
static const char default_ciphers[] =
    "chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,"
    "aes256-gcm@openssh.com";
static const char default_macs[] =
    "umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,"
    "hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-64@openssh.com,"
    "umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1";
static const char default_hostkeys[] =
    "ssh-ed25519,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
    "sk-ssh-ed25519@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256";

static const struct {
    const char *name, *keyword, *what, *defaults;
    PstSshKexinitList in, out; /* ciphers and MACs have a list for each direction */
    gsize asked;               /* the client's list in the arguments */
} categories[] = {
    {"kex", "kexalgorithms", "key exchange", default_kex, PST_SSH_KEXINIT_KEX, PST_SSH_KEXINIT_KEX,
     G_STRUCT_OFFSET(PstSshArgs, kex)},
    {"hostkey", "hostkeyalgorithms", "host key algorithm", default_hostkeys,
     PST_SSH_KEXINIT_HOSTKEY, PST_SSH_KEXINIT_HOSTKEY, G_STRUCT_OFFSET(PstSshArgs, hostkey)},
    {"ciphers", "ciphers", "cipher", default_ciphers, PST_SSH_KEXINIT_CIPHERS_IN,
     PST_SSH_KEXINIT_CIPHERS_OUT, G_STRUCT_OFFSET(PstSshArgs, ciphers)},
    {"macs", "macs", "MAC", default_macs, PST_SSH_KEXINIT_MACS_IN, PST_SSH_KEXINIT_MACS_OUT,
     G_STRUCT_OFFSET(PstSshArgs, macs)},
};

/* Signs of what a peer can do, and no key exchanges; those by Kerberos are switched on elsewhere.
 */
static gboolean
is_sign(const char *name)
{
    return g_str_has_prefix(name, "ext-info-") || g_str_has_prefix(name, "kex-strict-") ||
           g_str_has_prefix(name, "gss-");
}

/* Those of the client's that the server has, in the client's order, which decides. */
static char **
intersect(const char *const *client, const char *const *server)
{
    g_autoptr(GStrvBuilder) common = g_strv_builder_new();

    for (guint i = 0; client[i] != NULL; i++)
        if (!is_sign(client[i]) && g_strv_contains(server, client[i]))
            g_strv_builder_add(common, client[i]);
    return g_strv_builder_end(common);
}

/* Whether it authenticates by itself, so that no MAC is agreed on. */
static gboolean
is_aead(const char *cipher)
{
    return g_str_has_prefix(cipher, "chacha20-poly1305") || strstr(cipher, "-gcm") != NULL;
}

static void
blame(const PstSshSubject *subject, guint n, const PstSshAlgorithms *algorithms)
{
    gboolean asked = algorithms->client != NULL;
    g_autofree char *offered = g_strjoinv(",", algorithms->offered);
    g_autofree char *client =
        asked ? g_strjoinv(",", algorithms->client) : g_strdup(categories[n].defaults);
    PstFinding *finding = pst_ssh_subject_blame(
        subject, "ssh.no-common-algorithm", asked ? PST_SEVERITY_CRITICAL : PST_SEVERITY_WARNING,
        categories[n].keyword, NULL,
        asked ? g_strdup_printf("sshd and the client have no %s in common: it offers %s, the "
                                "client has %s",
                                categories[n].what, offered, client)
              : g_strdup_printf("sshd offers no %s that OpenSSH's client has by default: only %s",
                                categories[n].what, offered));

    g_free(finding->evidence->text);
    finding->evidence->text = g_steal_pointer(&offered);
    finding->evidence->expected = g_steal_pointer(&client);
    finding->remedy = g_strdup_printf("add one of the client's to %s of sshd_config, then "
                                      "systemctl restart %s",
                                      categories[n].keyword, subject->unit);
}

/* Whether there is one in common; *cipher is the one agreed on where N is that of ciphers. */
static gboolean
judge(const PstSshSubject *subject, const PstSshKexinit *offered, guint n, char **cipher)
{
    char **asked = G_STRUCT_MEMBER(char **, subject->asked, categories[n].asked);
    char **in = offered->lists[categories[n].in], **out = offered->lists[categories[n].out];
    g_auto(GStrv) client =
        asked != NULL ? g_strdupv(asked) : g_strsplit(categories[n].defaults, ",", -1);
    g_auto(GStrv) common = intersect((const char *const *)client, (const char *const *)in);
    g_auto(GStrv) back = intersect((const char *const *)client, (const char *const *)out);
    gboolean any = common[0] != NULL && back[0] != NULL;
    PstSshAlgorithms *algorithms =
        pst_fields_append(&pst_report_ssh_algorithms_fields, &subject->data->algorithms);

    algorithms->category = g_strdup(categories[n].name);
    algorithms->offered = g_strdupv(in);
    algorithms->client = g_strdupv(asked);
    if (asked != NULL)
        algorithms->common = g_strdupv(common);
    if (categories[n].in == PST_SSH_KEXINIT_CIPHERS_IN)
        *cipher = g_strdup(common[0]);
    if (!any && categories[n].in == PST_SSH_KEXINIT_MACS_IN && *cipher != NULL && is_aead(*cipher))
        return TRUE;
    if (!any)
        blame(subject, n, algorithms);
    return any;
}

void
pst_ssh_judge_algorithms(const PstSshSubject *subject, const PstSshKexinit *offered)
{
    const PstSshArgs *asked = subject->asked;
    gboolean known = asked->kex != NULL || asked->ciphers != NULL || asked->macs != NULL ||
                     asked->hostkey != NULL;
    g_autofree char *cipher = NULL;
    gboolean all = TRUE;

    for (guint i = 0; i < G_N_ELEMENTS(categories); i++)
        all &= judge(subject, offered, i, &cipher);
    if (known)
        subject->data->algorithms_common = PST_TRI(all);
}

/* The names that a configuration can have. */
static char **
configurable(char **names)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

    for (guint i = 0; names[i] != NULL; i++)
        if (!is_sign(names[i]))
            g_strv_builder_add(builder, names[i]);
    return g_strv_builder_end(builder);
}

gboolean
pst_ssh_judge_algorithms_hold(const PstSshSubject *subject, const PstSshKexinit *runs)
{
    if (!pst_sshd_effective_is_said(subject->effective))
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(categories); i++) {
        const char *list = pst_sshd_effective_get(subject->effective, categories[i].keyword);
        g_auto(GStrv) offered = configurable(runs->lists[categories[i].in]);
        g_auto(GStrv) names = g_strsplit(list != NULL ? list : "", ",", -1);

        /* Host keys are offered only by those algorithms that there are keys for. */
        if (list != NULL && categories[i].in != PST_SSH_KEXINIT_HOSTKEY &&
            !g_strv_equal((const char *const *)offered, (const char *const *)names))
            return FALSE;
    }
    return TRUE;
}
