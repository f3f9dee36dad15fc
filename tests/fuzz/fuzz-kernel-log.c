// SPDX-License-Identifier: LGPL-2.1-or-later
/* The readers of the kernel's log and of a process' stat line take any text. */
#include <string.h>

#include "guest-shim/kernel-log.h"
#include "guest-shim/oom-line.h"
#include "guest-shim/process-list.h"
#include "tests/fuzz/fuzz.h"

static void
check_message(const char *message)
{
    PstOomLine line = {0};

    if (pst_oom_line_parse(message, &line) != PST_OOM_LINE_NONE) {
        g_assert_cmpint(line.pid, >, 0);
        g_assert_cmpint(line.rss_bytes, >=, -1);
        if (line.name != NULL)
            g_assert_cmpuint(strlen(line.name), <=, 64);
        g_autofree char *unit =
            line.group != NULL ? pst_process_list_unit_of_group(line.group) : NULL;
    }
    pst_oom_line_clear(&line);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autofree char *text = g_strndup((const char *)data, len);
    PstProcess *process = pst_process_list_parse(text);
    gint64 time_us;
    const char *message = pst_kernel_log_parse(text, &time_us);

    if (process != NULL) {
        g_assert_cmpint(process->pid, >, 0);
        g_assert_cmpint(process->rss_bytes, >=, 0);
        pst_process_list_free_process(process);
    }
    guint64 seq;

    if (message != NULL) {
        g_assert_cmpint(time_us, >=, 0);
        pst_kernel_log_is_fragment(text, &seq);
    }
    check_message(message != NULL ? message : text);
    return 0;
}
