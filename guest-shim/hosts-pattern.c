// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/hosts-pattern.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "guest-shim/sshd-pattern.h"

#define BLANKS ", \t\r\n"
#define MAX_BITS_4 32
#define MAX_BITS_6 128
#define QUAD 4

typedef PstTri (*Matches)(char *pattern, gconstpointer what);

char *
pst_hosts_pattern_split(char *text, char delimiter)
{
    int depth = 0;

    for (char *at = text; *at != '\0'; at++) {
        if (*at == '[')
            depth++;
        else if (*at == ']')
            depth--;
        else if (*at == delimiter && depth == 0) {
            *at = '\0';
            return at + 1;
        }
    }
    return NULL;
}

static gboolean
is(const char *pattern, const char *word)
{
    return g_ascii_strcasecmp(pattern, word) == 0;
}

static gboolean
has_wildcard(const char *pattern)
{
    return strpbrk(pattern, "*?") != NULL;
}

/* Several stars at the end want one character at least. */
static gboolean
match_wildcard(const char *pattern, const char *text)
{
    g_autofree char *folded = g_ascii_strdown(pattern, -1);
    g_autofree char *what = g_ascii_strdown(text, -1);
    gsize len = strlen(folded);

    if (len >= 2 && folded[len - 1] == '*' && folded[len - 2] == '*') {
        while (len > 0 && folded[len - 1] == '*')
            len--;
        folded[len] = '?';
        folded[len + 2] = '\0';
    }
    return pst_sshd_pattern_match(what, folded);
}

/* Any text but an address in brackets. */
static gboolean
match_text(const char *pattern, const char *text)
{
    gsize len = strlen(pattern), whole = strlen(text);

    if (has_wildcard(pattern))
        return match_wildcard(pattern, text);
    if (pattern[0] == '.')
        return whole > len && is(text + whole - len, pattern);
    if (is(pattern, "ALL") || is(pattern, "KNOWN"))
        return TRUE;
    if (len > 0 && pattern[len - 1] == '.')
        return g_ascii_strncasecmp(pattern, text, len) == 0;
    return is(pattern, text);
}

/* ---- addresses ---- */

/* Four numbers, or nothing: inet_addr(3) takes fewer for something else. */
static guint32
parse_quad(const char *text)
{
    g_auto(GStrv) fields = g_strsplit(text, ".", -1);
    guint n_fields = 0;

    for (guint i = 0; fields[i] != NULL; i++)
        n_fields += fields[i][0] != '\0';
    return n_fields == QUAD ? inet_addr(text) : INADDR_NONE;
}

/* The bits that a net's length leaves; 0 for what is no mask, such as a length of 0. */
static guint32
parse_length(const char *text)
{
    gint64 bits = g_ascii_strtoll(text, NULL, 10);

    return bits < 1 || bits > MAX_BITS_4 ? 0 : htonl(G_MAXUINT32 << (MAX_BITS_4 - bits));
}

/* N.N.N.N/M.M.M.M or N.N.N.N/LENGTH. A net with bits behind its mask is nobody's. */
static PstTri
match_net_4(const char *net_text, const char *mask_text, const PstPeer *peer)
{
    guint32 net = parse_quad(net_text), mask = parse_quad(mask_text), address = 0;
    const guint8 *first = (const guint8 *)&net;

    if (mask == INADDR_NONE) {
        mask = parse_length(mask_text);
        if (mask == 0)
            return PST_TRI_NO;
    }
    if (peer->family != AF_INET || net == INADDR_NONE || (net & mask) != net)
        return PST_TRI_NO;
    memcpy(&address, peer->bytes, sizeof(address));
    if (peer->known)
        return PST_TRI((address & mask) == net);
    if (mask == 0)
        return PST_TRI_YES;
    return pst_peer_is_within(peer, AF_INET, first,
                              *(const guint8 *)&mask == G_MAXUINT8 ? MAX_BITS_4 : 1);
}

/* "[ADDRESS]", with BITS of it. */
static PstTri
match_net_6(const char *pattern, gint64 bits, const PstPeer *peer)
{
    gsize len = strlen(pattern);
    guint8 net[sizeof(struct in6_addr)] = {0};

    if (len < 2 || pattern[0] != '[' || pattern[len - 1] != ']' || bits < 0 || bits > MAX_BITS_6)
        return PST_TRI_NO;
    g_autofree char *text = g_strndup(pattern + 1, len - 2);
    text[strcspn(text, "%")] = '\0';
    if (inet_pton(AF_INET6, text, net) != 1)
        return PST_TRI_NO;
    return pst_peer_is_within(peer, AF_INET6, net, (guint)bits);
}

/* Could be no host's name. */
static gboolean
is_numeric(const char *pattern)
{
    return strspn(pattern, "0123456789.*?") == strlen(pattern);
}

/* Of somebody whose address is not known. */
static PstTri
match_unnamed(const char *pattern, const PstPeer *peer)
{
    if (is(pattern, "ALL") || g_str_equal(pattern, "*"))
        return PST_TRI_YES;
    if (!is_numeric(pattern))
        return PST_TRI_UNKNOWN;
    /* No IPv6 address has a dot in it that this is about. */
    if (peer->family == AF_INET6 && (strchr(pattern, '.') != NULL || !has_wildcard(pattern)))
        return PST_TRI_NO;
    return g_str_has_prefix(pattern, "127.") ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

static PstTri
match_host(char *pattern, const PstPeer *peer)
{
    if (pattern[0] == '@' || pattern[0] == '/' || is(pattern, "KNOWN") || is(pattern, "LOCAL"))
        return PST_TRI_UNKNOWN;
    const char *mask = pst_hosts_pattern_split(pattern, '/');
    if (mask != NULL)
        return pattern[0] == '[' ? match_net_6(pattern, g_ascii_strtoll(mask, NULL, 10), peer)
                                 : match_net_4(pattern, mask, peer);
    if (pattern[0] == '[')
        return has_wildcard(pattern) ? PST_TRI_NO : match_net_6(pattern, MAX_BITS_6, peer);
    if (!peer->known)
        return match_unnamed(pattern, peer);
    if (match_text(pattern, peer->text))
        return PST_TRI_YES;
    return is_numeric(pattern) ? PST_TRI_NO : PST_TRI_UNKNOWN;
}

/* ---- words of lists ---- */

static PstTri
both(PstTri a, PstTri b)
{
    if (a == PST_TRI_NO || b == PST_TRI_NO)
        return PST_TRI_NO;
    return a == PST_TRI_YES && b == PST_TRI_YES ? PST_TRI_YES : PST_TRI_UNKNOWN;
}

/* What is behind an @ of the pattern, which is not its first character; NULL where there is none.
 */
static char *
split_host(char *pattern)
{
    return pattern[0] != '\0' ? pst_hosts_pattern_split(pattern + 1, '@') : NULL;
}

/* daemon@host: by the guest's own address that is come to. */
static PstTri
match_daemon(char *pattern, gconstpointer what)
{
    const char *host = split_host(pattern);

    if (!match_text(pattern, what))
        return PST_TRI_NO;
    return host == NULL || is(host, "ALL") ? PST_TRI_YES : PST_TRI_UNKNOWN;
}

/* user@host: by whom the client's machine says that it is. */
static PstTri
match_client(char *pattern, gconstpointer what)
{
    char *host = split_host(pattern);

    if (host == NULL)
        return match_host(pattern, what);
    return both(match_host(host, what), is(pattern, "ALL") ? PST_TRI_YES : PST_TRI_UNKNOWN);
}

static PstTri
negate(PstTri value)
{
    return value == PST_TRI_UNKNOWN ? value : PST_TRI(value == PST_TRI_NO);
}

/* A list, and what it leaves out: EXCEPT binds to all that stands before it, the last one first. */
static PstTri
match_list(char **words, gconstpointer what, Matches matches)
{
    PstTri found = PST_TRI_NO;

    for (; *words != NULL; words++) {
        if (**words == '\0')
            continue;
        if (is(*words, "EXCEPT"))
            return both(found, negate(match_list(words + 1, what, matches)));
        PstTri one = matches(*words, what);
        if (one == PST_TRI_YES || (one == PST_TRI_UNKNOWN && found == PST_TRI_NO))
            found = one;
    }
    return found;
}

PstTri
pst_hosts_pattern_daemons(const char *list, const char *daemon)
{
    g_auto(GStrv) words = g_strsplit_set(list, BLANKS, -1);

    return match_list(words, daemon, match_daemon);
}

PstTri
pst_hosts_pattern_clients(const char *list, const PstPeer *peer)
{
    g_auto(GStrv) words = g_strsplit_set(list, BLANKS, -1);

    return match_list(words, peer, match_client);
}
