// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/nss-ask.h"

#include <string.h>

#include "protocol/error.h"

#define ASK_MS 2000 /* sssd answers from its cache in a few, from a server in some hundred */
#define MAX_OUTPUT (64 * 1024)
#define NOT_FOUND 2 /* getent(1) */

static const char *const candidates[] = {"/usr/bin/getent", "/bin/getent",
                                         "/run/current-system/sw/bin/getent", NULL};

void
pst_nss_ask_free(PstNssAnswer *answer)
{
    g_free(answer->line);
    g_free(answer->reason);
    g_free(answer->command);
    g_free(answer);
}

PstNssOutcome
pst_nss_ask_judge(const PstProgramResult *result)
{
    if (result->timed_out)
        return result->took_ms >= ASK_MS ? PST_NSS_HANGS : PST_NSS_UNASKED;
    if (result->exit_status == 0 && result->out->len > 0)
        return PST_NSS_FOUND;
    return result->exit_status == NOT_FOUND ? PST_NSS_NOT_FOUND : PST_NSS_UNASKED;
}

/* getent takes what begins with a dash for an option, and a number for a uid. */
static gboolean
is_key(const char *key)
{
    return key[0] != '\0' && key[0] != '-' && !g_ascii_isdigit(key[0]) && strlen(key) < 256;
}

static void
take(PstNssAnswer *answer, const PstProgramResult *result)
{
    answer->outcome = pst_nss_ask_judge(result);
    answer->took_ms = result->took_ms;
    if (answer->outcome == PST_NSS_FOUND)
        answer->line = g_strndup(result->out->str, strcspn(result->out->str, "\n"));
    if (answer->outcome == PST_NSS_UNASKED && result->timed_out)
        answer->reason = g_strdup_printf(
            "getent did not end in the %" G_GINT64_FORMAT " ms that were left", result->took_ms);
    else if (answer->outcome == PST_NSS_UNASKED)
        answer->reason =
            g_strdup_printf("getent ended with %d, signal %d", result->exit_status, result->signal);
}

PstNssAnswer *
pst_nss_ask(const PstProbeContext *context, const char *database, const char *key)
{
    PstNssAnswer *answer = g_new0(PstNssAnswer, 1);
    const char *const argv[] = {database, key, NULL};
    const PstProgram program = {
        .candidates = candidates,
        .argv = argv,
        .timeout_ms = pst_probe_time_left_ms(context, ASK_MS),
        .max_output = MAX_OUTPUT,
    };
    g_autoptr(GError) cause = NULL;

    answer->outcome = PST_NSS_UNASKED;
    answer->command = g_strdup_printf("getent %s %s", database, key);
    if (!is_key(key)) {
        answer->reason = g_strdup("getent would not take it for a name");
        return answer;
    }
    g_autoptr(PstProgramResult) result = pst_program_run(context->sysroot, &program, &cause);
    if (result != NULL)
        take(answer, result);
    else
        answer->reason = g_strdup(cause->message);
    return answer;
}
