// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which answers are still good for somebody who takes one of a moment ago, and which are not. */
#include <string.h>

#include "host-sidecar/recent.h"
#include "protocol/error.h"
#include "protocol/report.h"
#include "protocol/vocabulary.h"

#define WEB "5b0f2c1e-7d0a-4a54-9a67-3d1c6f2b8e90"
#define MAIL "5b0f2c1e-7d0a-4a54-9a67-3d1c6f2b8e91"
#define SECOND G_GINT64_CONSTANT(1000000)
#define MINUTE (60 * SECOND)

static PstAnswer *
make_answer(const char *uuid, PstVia via, const char *summary)
{
    PstAnswer *answer = pst_answer_new("web", "system", NULL);

    answer->uuid = g_strdup(uuid);
    answer->via = (int)via;
    answer->report = pst_report_new(pst_vocabulary_find("system"));
    pst_report_conclude(answer->report, summary);
    return answer;
}

static void
keep(PstRecent *recent, const char *key, const char *uuid, gint64 asked_us, gint64 now_us)
{
    g_autoptr(PstAnswer) answer = make_answer(uuid, PST_VIA_CHANNEL, key);

    pst_recent_keep(recent, key, answer, asked_us, now_us);
}

static gboolean
has(PstRecent *recent, const char *key, gint64 max_age_us, gint64 now_us)
{
    g_autoptr(PstAnswer) found = pst_recent_find(recent, key, max_age_us, now_us);

    if (found != NULL)
        g_assert_cmpstr(found->report->summary, ==, key);
    return found != NULL;
}

static void
test_age(void)
{
    g_autoptr(PstRecent) recent = pst_recent_new();

    pst_recent_watched(recent, SECOND);
    keep(recent, "k", WEB, 10 * SECOND, 12 * SECOND);
    /* From when it was asked on, not from when it was answered. */
    g_assert_true(has(recent, "k", 5 * SECOND, 15 * SECOND));
    g_assert_false(has(recent, "k", 5 * SECOND, 15 * SECOND + 1));
    g_assert_false(has(recent, "other", 5 * SECOND, 12 * SECOND));
    g_autoptr(PstAnswer) found = pst_recent_find(recent, "k", MINUTE, 14 * SECOND);
    g_assert_cmpint(found->age_ms, ==, 4000);
    g_assert_cmpint(found->via, ==, PST_VIA_CHANNEL);
    g_assert_cmpstr(found->uuid, ==, WEB);
    /* A later one is in its place. */
    keep(recent, "k", WEB, 20 * SECOND, 21 * SECOND);
    g_assert_true(has(recent, "k", 5 * SECOND, 25 * SECOND));
}

static void
test_unwatched(void)
{
    g_autoptr(PstRecent) recent = pst_recent_new();

    keep(recent, "k", WEB, 10 * SECOND, 11 * SECOND);
    g_assert_false(has(recent, "k", MINUTE, 11 * SECOND));
    /* What was asked before anybody watched, and answered later. */
    pst_recent_watched(recent, 12 * SECOND);
    keep(recent, "k", WEB, 11 * SECOND, 13 * SECOND);
    g_assert_false(has(recent, "k", MINUTE, 13 * SECOND));
    keep(recent, "k", WEB, 12 * SECOND, 13 * SECOND);
    g_assert_true(has(recent, "k", MINUTE, 13 * SECOND));
    pst_recent_unwatched(recent);
    g_assert_false(has(recent, "k", MINUTE, 13 * SECOND));
    keep(recent, "k", WEB, 13 * SECOND, 14 * SECOND);
    g_assert_false(has(recent, "k", MINUTE, 14 * SECOND));
}

static void
test_happened(void)
{
    g_autoptr(PstRecent) recent = pst_recent_new();

    pst_recent_watched(recent, SECOND);
    keep(recent, "k", WEB, 10 * SECOND, 11 * SECOND);
    keep(recent, "m", MAIL, 10 * SECOND, 11 * SECOND);
    pst_recent_forget(recent, WEB, 12 * SECOND);
    g_assert_false(has(recent, "k", MINUTE, 12 * SECOND));
    g_assert_true(has(recent, "m", MINUTE, 12 * SECOND));
    /* It was under way when that happened. */
    keep(recent, "k", WEB, 12 * SECOND, 13 * SECOND);
    g_assert_false(has(recent, "k", MINUTE, 13 * SECOND));
    keep(recent, "k", WEB, 12 * SECOND + 1, 13 * SECOND);
    g_assert_true(has(recent, "k", MINUTE, 13 * SECOND));
}

/* What the guest did not say now, or of which nobody knows whose it is. */
static void
test_not_kept(void)
{
    g_autoptr(PstRecent) recent = pst_recent_new();
    const PstVia others[] = {PST_VIA_VOLUME, PST_VIA_HOST, PST_VIA_NONE};

    pst_recent_watched(recent, 0);
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autoptr(PstAnswer) answer = make_answer(WEB, others[i], "k");
        pst_recent_keep(recent, "k", answer, SECOND, SECOND);
    }
    keep(recent, "k", NULL, SECOND, SECOND);
    g_autoptr(PstAnswer) failed = pst_answer_new("web", "system", NULL);
    failed->uuid = g_strdup(WEB);
    failed->error = g_error_new(PST_ERROR, PST_ERROR_BUSY, "busy");
    pst_recent_keep(recent, "k", failed, SECOND, SECOND);
    g_assert_false(has(recent, "k", MINUTE, SECOND));
}

/* Whatever is kept, it is bounded: the oldest goes. */
static void
test_bounds(void)
{
    g_autoptr(PstRecent) recent = pst_recent_new();
    g_autofree char *padding = g_strnfill(64 * 1024, 'x');
    guint n = 2 * PST_RECENT_MAX_BYTES / (64 * 1024), kept = 0;

    pst_recent_watched(recent, 0);
    for (guint i = 0; i < n; i++) {
        g_autofree char *key = g_strdup_printf("%s%u", padding, i);
        g_autoptr(PstAnswer) answer = make_answer(WEB, PST_VIA_AGENT, "s");
        pst_recent_keep(recent, key, answer, SECOND, SECOND);
    }
    for (guint i = 0; i < n; i++) {
        g_autofree char *key = g_strdup_printf("%s%u", padding, i);
        g_autoptr(PstAnswer) found = pst_recent_find(recent, key, MINUTE, SECOND);
        g_assert_true(found != NULL || kept == 0);
        kept += found != NULL;
    }
    g_assert_cmpuint(kept, >, n / 4);
    g_assert_cmpuint(kept, <=, n / 2);
    /* Nor does it stay for ever. */
    keep(recent, "late", WEB, 10 * MINUTE, 10 * MINUTE);
    g_autofree char *last = g_strdup_printf("%s%u", padding, n - 1);
    g_assert_null(pst_recent_find(recent, last, G_MAXINT64, 10 * MINUTE));
}

/* More guests than are remembered one by one. */
static void
test_many_events(void)
{
    g_autoptr(PstRecent) recent = pst_recent_new();

    pst_recent_watched(recent, 0);
    pst_recent_forget(recent, WEB, 5 * SECOND);
    for (guint i = 0; i < 10000; i++) {
        g_autofree char *uuid = g_strdup_printf("%08x-7d0a-4a54-9a67-3d1c6f2b8e90", i);
        pst_recent_forget(recent, uuid, 6 * SECOND);
    }
    keep(recent, "k", WEB, 4 * SECOND, 7 * SECOND);
    g_assert_false(has(recent, "k", MINUTE, 7 * SECOND));
    keep(recent, "k", WEB, 8 * SECOND, 9 * SECOND);
    g_assert_true(has(recent, "k", MINUTE, 9 * SECOND));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recent/age", test_age);
    g_test_add_func("/recent/unwatched", test_unwatched);
    g_test_add_func("/recent/happened", test_happened);
    g_test_add_func("/recent/not-kept", test_not_kept);
    g_test_add_func("/recent/bounds", test_bounds);
    g_test_add_func("/recent/many-events", test_many_events);
    return g_test_run();
}
