// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "guest-shim/redact-parts.h"

#define MAX_AUTHORITY 512
#define TOKEN_AS_USER 20

/* Where the run of bytes that are none of STOP ends, and no white space. */
static gsize
run_end(const PstRedactScan *scan, gsize at, const char *stop)
{
    gsize max = MIN(scan->len, at + MAX_AUTHORITY);

    while (at < max && !g_ascii_isspace(scan->text[at]) && strchr(stop, scan->text[at]) == NULL)
        at++;
    return at;
}

static gsize
last_at_sign(const PstRedactScan *scan, gsize from, gsize to)
{
    const char *found = memrchr(scan->text + from, '@', to - from);

    return found != NULL ? (gsize)(found - scan->text) : 0;
}

/* A slash ends the host's part (RFC 3986), but who writes passwords by hand does not always know:
 * what follows the colon is a port, or such a password. */
static gsize
user_end(const PstRedactScan *scan, gsize from)
{
    gsize end = run_end(scan, from, "/?#\"<>");
    gsize at = last_at_sign(scan, from, end);
    const char *colon = memchr(scan->text + from, ':', end - from);

    if (at > 0 || colon == NULL || g_ascii_isdigit(colon[1]) || colon + 1 == scan->text + end)
        return at;
    return last_at_sign(scan, from, run_end(scan, from, "\"<>"));
}

static void
find_password(PstRedactScan *scan, gsize from, const PstRedactRule *rule)
{
    gsize at = user_end(scan, from);
    const char *colon = at > 0 ? memchr(scan->text + from, ':', at - from) : NULL;

    if (at == 0 || pst_redact_parts_is_done(scan, from))
        return;
    if (colon != NULL)
        pst_redact_parts_add(scan, (gsize)(colon - scan->text) + 1, at, rule);
    else if (at - from >= TOKEN_AS_USER)
        pst_redact_parts_add(scan, from, at, rule);
}

static const PstRedactRule *
url_rule(void)
{
    for (guint i = 0; i < pst_redact_rules_n; i++)
        if (pst_redact_rules[i].kind == PST_REDACT_URL)
            return &pst_redact_rules[i];
    return NULL;
}

/* Most addresses have no user: without an at sign in reach there is nothing to look for. */
void
pst_redact_urls(PstRedactScan *scan)
{
    const PstRedactRule *rule = url_rule();
    const char *end = scan->text + scan->len, *found = scan->text, *sign = scan->text;

    while (rule != NULL && sign != NULL &&
           (found = memmem(found, (gsize)(end - found), "://", 3)) != NULL) {
        found += 3;
        if (sign < found)
            sign = memchr(found, '@', (gsize)(end - found));
        if (sign != NULL && sign - found < MAX_AUTHORITY)
            find_password(scan, (gsize)(found - scan->text), rule);
    }
}
