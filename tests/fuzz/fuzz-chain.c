// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any bytes as the head of an audit log, up to the first line feed, and as its lines: what does not
 * hold is told within bounds, a line of the chain is made again as it was read, and a head too. */
#include <string.h>

#include "host-sidecar/chain-check.h"
#include "tests/fuzz/fuzz.h"

static void
check_made_again(const char *line, gsize len)
{
    PstChainLink link;

    if (!pst_chain_line_read(line, len, &link))
        return;
    g_autofree char *ends = pst_chain_line_make("{}", &link);
    gsize end_len = strlen(ends) - 1;
    g_assert_cmpuint(len, >=, end_len);
    g_assert_cmpmem(line + len - end_len, end_len, ends + 1, end_len);
}

static gboolean
read_head(const char *text, gsize len, PstChainHead *head)
{
    char again[PST_CHAIN_HEAD_BYTES + 1];
    PstChainHead other = {0};

    if (!pst_chain_head_parse(text, len, head))
        return FALSE;
    pst_chain_head_to_text(head, again);
    g_assert_true(pst_chain_head_parse(again, strlen(again), &other));
    g_assert_cmpuint(other.seq, ==, head->seq);
    g_assert_cmpint(other.bytes, ==, head->bytes);
    g_assert_cmpstr(other.sha256, ==, head->sha256);
    return TRUE;
}

/* The number of lines. */
static guint
walk(PstChainCheck *check, const char *at, gsize len)
{
    guint n = 0;

    for (; len > 0; n++) {
        const char *end = memchr(at, '\n', len);
        gsize line_len = end != NULL ? (gsize)(end - at) : len;

        check_made_again(at, line_len);
        pst_chain_check_line(check, at, line_len, end != NULL);
        line_len += end != NULL;
        at += line_len;
        len -= line_len;
    }
    return n;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    /* Of the exact size, so that the address sanitizer sees a read beyond it. */
    g_autofree char *copy = len > 0 ? g_memdup2(data, len) : g_new(char, 1);
    const char *end = memchr(copy, '\n', len);
    gsize head_len = end != NULL ? (gsize)(end - copy) + 1 : 0;
    PstChainHead head = {0};
    gboolean has_head = read_head(copy, head_len, &head);
    PstChainCheck *check = pst_chain_check_new(has_head ? &head : NULL, NULL);

    pst_chain_check_file(check, "audit.jsonl");
    guint n = walk(check, copy + head_len, len - head_len);
    g_autoptr(PstChainOutcome) result = pst_chain_check_end(check);
    g_assert_cmpuint(result->n_lines, <=, n);
    g_assert_cmpuint(result->faults->len, <=, PST_CHAIN_MAX_FAULTS);
    g_assert_cmpuint(result->faults->len, <=, result->n_faults);
    /* What has no fault is one chain, from where it begins to the line that the head names. */
    if (result->n_faults == 0) {
        g_assert_true(has_head || result->n_lines == 0);
        g_assert_cmpuint(result->last, >=, head.seq);
        g_assert_true(result->n_lines == 0 || result->last - result->first + 1 == result->n_lines);
    }
    return 0;
}
