// SPDX-License-Identifier: LGPL-2.1-or-later
/* What who looks at the guest from outside is told of those that ask it. */
#include "tests/unit/make-inquiry.h"
#include "tests/unit/make-report.h"

/* Who waits for its turn has asked nothing; what was sent only after the watch began says nothing
 * of it; alive is who has said something meanwhile, and silent who did so before. */
static void
test_pulse(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(60 * G_USEC_PER_SEC);
    gint64 start_us = g_get_monotonic_time();

    g_assert_cmpint(pst_inquiry_pulse(inquiry, start_us), ==, PST_INQUIRY_PULSE_NOBODY);
    pst_inquiry_rung_started(inquiry, PST_VIA_AGENT);
    g_assert_cmpint(pst_inquiry_pulse(inquiry, start_us), ==, PST_INQUIRY_PULSE_WAITING);
    pst_inquiry_guest_is_asked(inquiry, PST_VIA_AGENT);
    gint64 asked_us = g_get_monotonic_time();
    g_assert_cmpint(pst_inquiry_pulse(inquiry, start_us - 1), ==, PST_INQUIRY_PULSE_WAITING);
    g_assert_cmpint(pst_inquiry_pulse(inquiry, asked_us), ==, PST_INQUIRY_PULSE_SILENT);
    pst_inquiry_progress(inquiry, PST_VIA_AGENT);
    g_assert_cmpint(pst_inquiry_pulse(inquiry, asked_us), ==, PST_INQUIRY_PULSE_ALIVE);
    /* In the middle of an answer, of which nothing more comes. */
    g_assert_cmpint(pst_inquiry_pulse(inquiry, g_get_monotonic_time() + 1), ==,
                    PST_INQUIRY_PULSE_SILENT);
    g_usleep(1000);
    gint64 later_us = g_get_monotonic_time();
    pst_inquiry_heard(inquiry);
    g_assert_cmpint(pst_inquiry_pulse(inquiry, later_us), ==, PST_INQUIRY_PULSE_ALIVE);
    pst_inquiry_rung_ended(inquiry, PST_VIA_AGENT);
    g_assert_cmpint(pst_inquiry_pulse(inquiry, g_get_monotonic_time() + 1), ==,
                    PST_INQUIRY_PULSE_NOBODY);
    pst_inquiry_answer(inquiry, 0, PST_VIA_AGENT, make_report(-1, NULL, NULL));
    g_assert_cmpint(pst_inquiry_pulse(inquiry, start_us), ==, PST_INQUIRY_PULSE_ALIVE);
    g_assert_cmpint(pst_inquiry_pulse(inquiry, g_get_monotonic_time() + 1), ==,
                    PST_INQUIRY_PULSE_NOBODY);
    free_answers(pst_inquiry_close(inquiry));
}

/* A guest that owes who asked it an answer is silent, also when nobody waits for it any more. */
static void
test_mute(void)
{
    g_autoptr(PstInquiry) inquiry = make_inquiry(60 * G_USEC_PER_SEC);

    pst_inquiry_rung_started(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_guest_is_asked(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_progress(inquiry, PST_VIA_CHANNEL);
    gint64 asked_us = g_get_monotonic_time();
    g_assert_cmpint(pst_inquiry_pulse(inquiry, asked_us - 1000), ==, PST_INQUIRY_PULSE_ALIVE);
    asked_us++;
    pst_inquiry_rung_started(inquiry, PST_VIA_AGENT);
    pst_inquiry_guest_is_mute(inquiry, PST_VIA_CHANNEL);
    pst_inquiry_rung_ended(inquiry, PST_VIA_CHANNEL);
    g_assert_cmpint(pst_inquiry_pulse(inquiry, asked_us), ==, PST_INQUIRY_PULSE_SILENT);
    pst_inquiry_rung_ended(inquiry, PST_VIA_AGENT);
    g_assert_cmpint(pst_inquiry_pulse(inquiry, asked_us), ==, PST_INQUIRY_PULSE_MUTE);
    g_usleep(1000);
    pst_inquiry_answer(inquiry, 0, PST_VIA_AGENT, make_report(-1, NULL, NULL));
    g_assert_cmpint(pst_inquiry_pulse(inquiry, asked_us), ==, PST_INQUIRY_PULSE_ALIVE);
    free_answers(pst_inquiry_close(inquiry));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/inquiry-pulse/pulse", test_pulse);
    g_test_add_func("/inquiry-pulse/mute", test_mute);
    return g_test_run();
}
