// SPDX-License-Identifier: LGPL-2.1-or-later
/* Any rules of access.conf, time.conf and limits.conf: there is an answer, and a rule for everybody
 * in front of them decides. */
#include "guest-shim/pam-access.h"
#include "guest-shim/pam-limits.h"
#include "guest-shim/pam-time.h"
#include "tests/fuzz/fuzz.h"

static int
judge(const PstPamSubject *subject, const char *first, const char *rules)
{
    g_autofree char *text = g_strconcat(first, rules, NULL);
    g_auto(PstPamRuling) ruling = {0};
    int answer =
        pst_pam_access_judge("/a", text, &PST_PAM_ACCESS_OPTIONS_DEFAULT, subject, &ruling);

    g_assert_cmpint(answer, ==, ruling.answer);
    g_assert_true(answer == PST_PAM_SUCCESS || answer == PST_PAM_PERM_DENIED ||
                  answer == PST_PAM_ANY);
    return answer;
}

static void
judge_others(const PstPamSubject *subject, const char *rules)
{
    g_autofree char *times = g_strdup(rules), *limits = g_strdup(rules);
    g_autoptr(PstPamLimits) taken = pst_pam_limits_new(subject);
    g_auto(PstPamRuling) ruling = {0};

    pst_pam_time_judge("/t", times, subject, &ruling);
    pst_pam_limits_take(taken, "/l", limits);
    g_assert_cmpint(pst_pam_limits_judge(taken, &ruling), !=, PST_PAM_SUCCESS);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
    g_autofree char *rules = g_strndup(len > 0 ? (const char *)data : "", len);
    g_autoptr(PstAccounts) accounts = pst_accounts_parse(
        "harness:x:1000:1000::/home/harness:/bin/sh\n", "adm:x:4:harness\n", NULL);
    const PstAccount *user = pst_accounts_find(accounts, "harness");
    g_autoptr(GArray) groups = pst_accounts_groups(accounts, user);
    g_autoptr(GDateTime) now = g_date_time_new_utc(2026, 11, 26, 10, 30, 0);
    PstPamSubject subject = {.accounts = accounts,
                             .user = user,
                             .groups = groups,
                             .now = now,
                             .service = "sshd",
                             .host = "guest",
                             .origin = {TRUE, "192.0.2.10", "ssh"}};

    judge(&subject, "", rules);
    g_assert_cmpint(judge(&subject, "+:ALL:ALL\n", rules), ==, PST_PAM_SUCCESS);
    g_assert_cmpint(judge(&subject, "-:harness:ALL\n", rules), ==, PST_PAM_PERM_DENIED);
    subject.origin = (PstPamOrigin){FALSE, NULL, NULL};
    judge(&subject, "", rules);
    judge_others(&subject, rules);
    return 0;
}
