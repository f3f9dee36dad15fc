// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/chain-line.h"

#include <string.h>

#include "protocol/limits.h"

#define SEQ ",\"seq\":"
#define PREV ",\"prev\":\""
#define END "\"}"
#define MAX_SEQ_DIGITS 16

const char pst_chain_nothing[PST_CHAIN_DIGITS + 1] =
    "0000000000000000000000000000000000000000000000000000000000000000";

char *
pst_chain_line_make(const char *json, const PstChainLink *link)
{
    int len = (int)strlen(json) - 1;

    return g_strdup_printf("%.*s" SEQ "%" G_GUINT64_FORMAT PREV "%s" END, len, json, link->seq,
                           link->prev);
}

/* Takes WORD from the end of what is left of the line. */
static gboolean
take_end(const char *line, gsize *len, const char *word)
{
    gsize n = strlen(word);

    if (*len < n || memcmp(line + *len - n, word, n) != 0)
        return FALSE;
    *len -= n;
    return TRUE;
}

static gboolean
take_digest(const char *line, gsize *len, char digest[PST_CHAIN_DIGITS + 1])
{
    if (*len < PST_CHAIN_DIGITS)
        return FALSE;
    *len -= PST_CHAIN_DIGITS;
    memcpy(digest, line + *len, PST_CHAIN_DIGITS);
    digest[PST_CHAIN_DIGITS] = '\0';
    return strspn(digest, "0123456789abcdef") == PST_CHAIN_DIGITS;
}

/* A number has one spelling only. */
static gboolean
take_seq(const char *line, gsize *len, guint64 *seq)
{
    guint64 scale = 1;
    gsize n = 0;

    *seq = 0;
    for (; n < *len && n < MAX_SEQ_DIGITS && g_ascii_isdigit(line[*len - 1 - n]); n++) {
        *seq += (guint64)(line[*len - 1 - n] - '0') * scale;
        scale *= 10;
    }
    *len -= n;
    return n > 0 && line[*len] != '0' && *seq <= PST_LIMIT_INTEGER;
}

gboolean
pst_chain_line_read(const char *line, gsize len, PstChainLink *link)
{
    return take_end(line, &len, END) && take_digest(line, &len, link->prev) &&
           take_end(line, &len, PREV) && take_seq(line, &len, &link->seq) &&
           take_end(line, &len, SEQ) && len > 0 && line[0] == '{';
}

void
pst_chain_line_digest(const char *line, gsize len, char digest[PST_CHAIN_DIGITS + 1])
{
    g_autoptr(GChecksum) sha256 = g_checksum_new(G_CHECKSUM_SHA256);

    g_checksum_update(sha256, (const guchar *)line, (gssize)len);
    memcpy(digest, g_checksum_get_string(sha256), PST_CHAIN_DIGITS + 1);
}

gboolean
pst_chain_line_may_be_event(const char *bytes, gsize len)
{
    static const char begin[] = "{\"realtime_us\":";

    return memchr(bytes, '\n', len) == NULL &&
           memcmp(bytes, begin, MIN(len, sizeof(begin) - 1)) == 0;
}
