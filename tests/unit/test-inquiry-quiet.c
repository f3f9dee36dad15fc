// SPDX-License-Identifier: LGPL-2.1-or-later
/* How an inquiry tells that the guest gives no sign of life. */
#include "host-sidecar/inquiry.h"
#include "tests/unit/make-inquiry.h"
#include "tests/unit/make-report.h"

#define QUIET_MS 60

typedef struct {
    PstInquiry *inquiry;
    guint n_told;
    gboolean quiet;
    gint64 at_us; /* of the last word */
} Hearer;

static void
note_quiet(gboolean quiet, gpointer user_data)
{
    Hearer *hearer = user_data;

    g_assert_true(hearer->quiet != quiet);
    hearer->quiet = quiet;
    hearer->n_told++;
    hearer->at_us = g_get_monotonic_time();
}

/* Waits LIMIT_MS for a rung that ASKED the guest, or did not, and LIVES from the first, or not. */
static Hearer
hear(gboolean asked, gboolean lives, gint64 limit_ms)
{
    gint64 begun_us = g_get_monotonic_time();
    g_autoptr(PstInquiry) inquiry = make_inquiry(limit_ms * 1000);
    Hearer hearer = {.inquiry = inquiry};
    const PstInquiryListener listener = {NULL, &hearer, note_quiet, QUIET_MS * 1000};

    pst_inquiry_listen(inquiry, &listener);
    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    if (asked)
        pst_inquiry_guest_is_asked(inquiry, PST_VIA_CHANNEL);
    if (lives)
        pst_inquiry_progress(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_wait_all(inquiry, 1);
    g_assert_cmpint(g_get_monotonic_time() - begun_us, >=, limit_ms * 1000);
    hearer.at_us -= begun_us;
    free_answers(pst_inquiry_close(inquiry));
    return hearer;
}

static void
test_quiet(void)
{
    Hearer silent = hear(TRUE, FALSE, 20 * QUIET_MS);
    g_assert_cmpuint(silent.n_told, ==, 1);
    g_assert_true(silent.quiet);
    g_assert_cmpint(silent.at_us, >=, QUIET_MS * 1000);
    /* It was not for the deadline that it was told. */
    g_assert_cmpint(silent.at_us, <, 20 * QUIET_MS * 1000);
    g_assert_cmpuint(hear(TRUE, TRUE, 2 * QUIET_MS).n_told, ==, 0);
    /* Who waits for a turn has asked nothing. */
    g_assert_cmpuint(hear(FALSE, FALSE, 2 * QUIET_MS).n_told, ==, 0);
}

static gpointer
live_then_end(gpointer inquiry)
{
    g_usleep(3 * QUIET_MS * 1000);
    pst_inquiry_progress(inquiry, PST_VIA_CHANNEL);
    g_usleep(QUIET_MS * 1000);
    for (guint i = 0; i < N_QUESTIONS; i++)
        pst_inquiry_answer(inquiry, i, PST_VIA_CHANNEL, make_report(-1, NULL, NULL));
    return NULL;
}

static void
test_quiet_no_more(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(30 * G_USEC_PER_SEC);
    Hearer hearer = {.inquiry = inquiry};
    const PstInquiryListener listener = {NULL, &hearer, note_quiet, QUIET_MS * 1000};

    pst_inquiry_listen(inquiry, &listener);
    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_guest_is_asked(inquiry, PST_VIA_CHANNEL);
    g_assert_true(pst_inquiry_has_silent(inquiry, PST_VIA_AGENT));
    g_assert_false(pst_inquiry_has_silent(inquiry, PST_VIA_CHANNEL));
    GThread *thread = g_thread_new("rung", live_then_end, inquiry);
    pst_inquiry_wait_all(inquiry, 1);
    g_thread_join(thread);
    g_assert_cmpuint(hearer.n_told, ==, 2);
    g_assert_false(hearer.quiet);
    g_assert_false(pst_inquiry_has_silent(inquiry, PST_VIA_AGENT));
    free_answers(pst_inquiry_close(inquiry));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/inquiry-quiet/silent", test_quiet);
    g_test_add_func("/inquiry-quiet/no-more", test_quiet_no_more);
    return g_test_run();
}
