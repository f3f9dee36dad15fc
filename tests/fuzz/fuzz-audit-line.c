// SPDX-License-Identifier: LGPL-2.1-or-later
/* Every line is a denial or is not, its names are bounded, and the groups that many lines make are
 * too. The input is cut at its line ends. */
#include <string.h>

#include "guest-shim/security-denials.h"
#include "tests/fuzz/fuzz.h"

#define MAX_GROUPS 64
#define MAX_NAME 512

static void
check_name(const char *name)
{
    if (name != NULL)
        g_assert_cmpuint(strlen(name), <=, MAX_NAME);
}

static void
take(const guint8 *bytes, gsize len, PstSecurityData *data)
{
    /* Of the exact size, so that the address sanitizer sees a read beyond it. */
    g_autofree guint8 *copy = len > 0 ? g_memdup2(bytes, len) : g_new(guint8, 1);
    g_autoptr(PstAuditLine) line = pst_audit_line_parse((const char *)copy, len);

    if (line == NULL)
        return;
    check_name(line->program);
    check_name(line->domain);
    check_name(line->operation);
    check_name(line->target);
    g_assert_cmpint(line->time_us, >=, 0);
    if (line->source != NULL)
        pst_security_denials_add(data, line);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_security_kind);
    PstSecurityData *seen = report->data;

    while (len > 0) {
        const guint8 *end = memchr(data, '\n', len);
        gsize n = end != NULL ? (gsize)(end - data) : len;

        take(data, n, seen);
        n += end != NULL ? 1 : 0;
        data += n;
        len -= n;
    }
    if (seen->denials != NULL)
        g_assert_cmpuint(seen->denials->len, <=, MAX_GROUPS);
    return 0;
}
