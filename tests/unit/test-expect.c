// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "host-sidecar/expect.h"
#include "host-sidecar/hours.h"
#include "protocol/error.h"

/* ---- hours ---- */

typedef struct {
    const char *text;
    int weekday, hour, minute;
    gboolean holds;
} Hour;

static const Hour hour_rows[] = {
    {"Mon-Fri 08:00-18:00", 1, 8, 0, TRUE},
    {"Mon-Fri 08:00-18:00", 5, 17, 59, TRUE},
    {"Mon-Fri 08:00-18:00", 5, 18, 0, FALSE},
    {"Mon-Fri 08:00-18:00", 6, 12, 0, FALSE},
    {"Mon-Fri 08:00-18:00", 1, 7, 59, FALSE},
    /* Over midnight it is of the day on which it starts, and over the week's end too. */
    {"Fri 22:00-06:00", 5, 21, 59, FALSE},
    {"Fri 22:00-06:00", 5, 22, 0, TRUE},
    {"Fri 22:00-06:00", 6, 5, 59, TRUE},
    {"Fri 22:00-06:00", 6, 6, 0, FALSE},
    {"Sun 22:00-06:00", 1, 3, 0, TRUE},
    {"Sun 22:00-06:00", 7, 3, 0, FALSE},
    {"sat , SUN", 6, 0, 0, TRUE},
    {"sat , SUN", 7, 23, 59, TRUE},
    {"sat , SUN", 1, 0, 0, FALSE},
    {"Sat-Mon", 7, 12, 0, TRUE},
    {"Sat-Mon", 1, 12, 0, TRUE},
    {"Sat-Mon", 2, 12, 0, FALSE},
    {"00:00-24:00", 3, 23, 59, TRUE},
    {"20:00-06:00, Sat", 3, 21, 0, TRUE},
    {"20:00-06:00, Sat", 3, 12, 0, FALSE},
    {"20:00-06:00, Sat", 6, 12, 0, TRUE},
    {"06:00-06:00", 4, 5, 0, TRUE},
};

static void
test_hours(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(hour_rows); i++) {
        const Hour *row = &hour_rows[i];
        g_autoptr(GError) error = NULL;
        g_autofree PstHours *hours = pst_hours_parse(row->text, &error);

        g_test_message("%s, day %d %02d:%02d", row->text, row->weekday, row->hour, row->minute);
        g_assert_no_error(error);
        g_assert_cmpint(pst_hours_hold(hours, row->weekday, row->hour * 60 + row->minute), ==,
                        row->holds);
    }
}

static void
test_no_hours(void)
{
    static const char *const texts[] = {
        "",
        ",",
        "Mon,",
        "Mon-",
        "-Fri",
        "Moon",
        "Mon-Fri-Sat",
        "8:00-18:00",
        "08:00",
        "08:00-",
        "08:00-25:00",
        "24:00-06:00",
        "08:60-09:00",
        "08:00-18:00 Mon",
        "Mon Tue",
        "Mon 08:00-09:00 10:00-11:00",
        "08:00-09:00 10:00-11:00",
        "08:00-24:01",
        "0a:00-10:00",
        "\xff",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree PstHours *hours = pst_hours_parse(texts[i], &error);

        g_assert_null(hours);
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
    }
}

/* ---- expectations ---- */

static PstExpect *
read_text(const char *text, GError **error)
{
    g_autoptr(GKeyFile) config = g_key_file_new();

    g_assert_true(g_key_file_load_from_data(config, text, (gsize)-1, G_KEY_FILE_NONE, NULL));
    return pst_expect_read(config, error);
}

static PstExpect *
read_sound(const char *text)
{
    g_autoptr(GError) error = NULL;
    PstExpect *expect = read_text(text, &error);

    g_assert_no_error(error);
    return expect;
}

static PstProblem *
problem_new(const char *id, PstSeverity severity, const char *subject, const char *cause)
{
    PstProblem *problem = pst_fields_new(&pst_problem_fields);

    problem->id = g_strdup(id);
    problem->severity = problem->counted = (int)severity;
    problem->message = g_strdup("m");
    problem->subject = g_strdup(subject);
    problem->cause = g_strdup(cause);
    return problem;
}

typedef struct {
    const char *config, *guest, *id, *subject, *cause;
    int severity, counted;
    const char *excuse; /* is in it */
} Weight;

#define C PST_SEVERITY_CRITICAL
#define U PST_SEVERITY_UNKNOWN
#define W PST_SEVERITY_WARNING
#define I PST_SEVERITY_INFORMATION

/* Today is Wednesday, 2026-11-25, 12:30. */
static const Weight weights[] = {
    {"", "web", "ssh.not-running", NULL, NULL, C, C, NULL},
    {"[expect web]\nallow=ssh.not-running\n", "web", "ssh.not-running", NULL, NULL, C, I,
     "allowed by [expect web]"},
    {"[expect web]\nallow=ssh.not-running\n", "web2", "ssh.not-running", NULL, NULL, C, C, NULL},
    {"[expect a]\nguests=db?,web*\nallow=ssh.*\n", "web2", "ssh.not-running", NULL, NULL, C, I,
     "[expect a]"},
    {"[expect a]\nguests=web*\nallow=ssh.*\n", "web", "sshx.y", NULL, NULL, C, C, NULL},
    /* What follows from it goes with it, what it follows from does not. */
    {"[expect web]\nallow=ssh.not-running\n", "web", "ssh.not-listening", NULL, "ssh.not-running",
     C, I, "allowed"},
    {"[expect web]\nallow=ssh.not-listening\n", "web", "ssh.not-running", NULL, NULL, C, C, NULL},
    /* Of one thing only. */
    {"[expect web]\nallow=services.failed@cert*.service\n", "web", "services.failed",
     "certbot.service", NULL, C, I, "allowed"},
    {"[expect web]\nallow=services.failed@cert*.service\n", "web", "services.failed", "ssh.service",
     NULL, C, C, NULL},
    {"[expect web]\nallow=services.failed@cert*.service\n", "web", "services.failed", NULL, NULL, C,
     C, NULL},
    {"[expect web]\nallow=services.failed@x\n", "web", "ssh.y", "x", "services.failed", C, C, NULL},
    {"[expect web]\ndowngrade=storage.*\n", "web", "storage.full", NULL, NULL, C, W, "a warning"},
    {"[expect web]\ndowngrade=storage.*\n", "web", "storage.x", NULL, NULL, U, W, "a warning"},
    {"[expect web]\ndowngrade=storage.*\n", "web", "storage.x", NULL, NULL, W, W, NULL},
    {"[expect web]\ndowngrade=storage.*\nallow=storage.full\n", "web", "storage.full", NULL, NULL,
     C, I, "allowed"},
    {"[expect web]\nacknowledge=ssh.* until 2026-11-25 ticket 7; a.b until 2026-01-01\n", "web",
     "ssh.x", NULL, NULL, C, I, "acknowledged until 2026-11-25: ticket 7"},
    {"[expect web]\nacknowledge=ssh.* until 2026-11-24\n", "web", "ssh.x", NULL, NULL, C, C, NULL},
    {"[expect 6695eb01-f6a4-8304-79aa-97f2502e193f]\nallow=*\n", "web", "ssh.x", NULL, NULL, C, I,
     "allowed"},
    {"[expect web]\njob=1h\n", "web", "host.job", NULL, NULL, W, I, "may be at it"},
    {"[expect web]\njob=1min\n", "web", "host.job", NULL, NULL, W, W, NULL},
    {"[expect *]\njob=1h\n[expect web]\njob=1min\n", "web", "host.job", NULL, NULL, W, W, NULL},
    {"[expect web]\nstorage=95%\n", "web", "storage.nearly-full", "/", NULL, W, I, "93% used"},
    {"[expect web]\nstorage=93%\n", "web", "storage.nearly-full", "/", NULL, W, W, NULL},
    {"[expect web]\nstorage=95%\n", "web", "storage.full", "/", NULL, C, C, NULL},
};

static GDateTime *
wednesday(void)
{
    return g_date_time_new_utc(2026, 11, 25, 12, 30, 0);
}

static void
test_weights(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(weights); i++) {
        const Weight *row = &weights[i];
        g_autoptr(PstExpect) expect = read_sound(row->config);
        g_autoptr(GDateTime) now = wednesday();
        g_autoptr(PstExpectation) expectation =
            pst_expect_find(expect, row->guest, "6695eb01-f6a4-8304-79aa-97f2502e193f", now);
        PstProblem *problem =
            problem_new(row->id, (PstSeverity)row->severity, row->subject, row->cause);

        g_test_message("row %u: %s", i, row->config);
        if (g_str_equal(row->id, "storage.nearly-full"))
            problem->used_percent = 93;
        pst_expect_weigh(expectation, problem, 30 * 60 * 1000);
        g_assert_cmpint(problem->counted, ==, row->counted);
        if (row->excuse == NULL)
            g_assert_null(problem->excuse);
        else
            g_assert_nonnull(strstr(problem->excuse, row->excuse));
        pst_fields_free(&pst_problem_fields, problem);
    }
}

static void
test_may_be(void)
{
    g_autoptr(PstExpect) expect =
        read_sound("[expect a]\nguests=night*\nmay_be=off, paused\nat=20:00-06:00, Sat\n"
                   "[expect b]\nguests=*x\nmay_be=off\n");
    g_autoptr(GDateTime) now = wednesday();
    g_autoptr(GDateTime) later = g_date_time_add_hours(now, 9);
    g_autoptr(PstExpectation) day = pst_expect_find(expect, "night", NULL, now);
    g_autoptr(PstExpectation) night = pst_expect_find(expect, "night", NULL, later);
    g_autoptr(PstExpectation) always = pst_expect_find(expect, "nightx", NULL, now);
    g_autoptr(PstExpectation) other = pst_expect_find(expect, "day", NULL, now);

    g_assert_cmpint(pst_expect_may_be(day, PST_CONDITION_OFF), ==, PST_EXPECTATION_NOT_NOW);
    g_assert_cmpint(pst_expect_may_be(night, PST_CONDITION_OFF), ==, PST_EXPECTATION_YES);
    g_assert_cmpint(pst_expect_may_be(night, PST_CONDITION_PAUSED), ==, PST_EXPECTATION_YES);
    g_assert_cmpint(pst_expect_may_be(night, PST_CONDITION_SAVED), ==, PST_EXPECTATION_NO);
    g_assert_cmpint(pst_expect_may_be(always, PST_CONDITION_OFF), ==, PST_EXPECTATION_YES);
    g_assert_cmpint(pst_expect_may_be(always, PST_CONDITION_PAUSED), ==, PST_EXPECTATION_NOT_NOW);
    g_assert_cmpint(pst_expect_may_be(other, PST_CONDITION_OFF), ==, PST_EXPECTATION_NO);
}

static void
test_expired_is_said(void)
{
    g_autoptr(PstExpect) expect =
        read_sound("[expect web]\nacknowledge=ssh.* until 2026-11-24 x; a.b until 2026-11-25\n");
    g_autoptr(GDateTime) now = wednesday();
    g_autoptr(PstExpectation) web = pst_expect_find(expect, "web", NULL, now);
    g_autoptr(PstExpectation) other = pst_expect_find(expect, "db", NULL, now);
    g_auto(GStrv) said = pst_expect_expired(web);
    g_auto(GStrv) nothing = pst_expect_expired(other);

    g_assert_cmpuint(g_strv_length(said), ==, 1);
    g_assert_cmpstr(said[0], ==,
                    "the acknowledgement of ssh.* expired after 2026-11-24 ([expect web])");
    g_assert_cmpuint(g_strv_length(nothing), ==, 0);
}

static void
test_refused(void)
{
    static const char *const texts[] = {
        "guests=\n",
        "guests=,\n",
        "may_be=on\n",
        "may_be=crashed\n",
        "at=whenever\n",
        "allow=Ssh.x\n",
        "allow=ssh.x@\n",
        "allow=@x\n",
        "downgrade=a b\n",
        "acknowledge=ssh.x\n",
        "acknowledge=ssh.x until\n",
        "acknowledge=ssh.x until tomorrow\n",
        "acknowledge=ssh.x until 2026-02-30\n",
        "acknowledge=ssh.x until 2026-2-3\n",
        "acknowledge=ssh.x till 2026-02-03\n",
        "silent=long\n",
        "job=-1\n",
        "storage=95\n",
        "storage=0%\n",
        "storage=101%\n",
        "alow=ssh.x\n",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = g_strdup_printf("[expect web]\n%s", texts[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(PstExpect) expect = read_text(text, &error);

        g_test_message("%s", texts[i]);
        g_assert_null(expect);
        g_assert_error(error, PST_ERROR, PST_ERROR_USAGE);
        g_assert_true(g_str_has_prefix(error->message, "configuration: [expect web] "));
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(PstExpect) expect = read_text("[expect web]\nalow=ssh.x\n", &error);
    g_assert_nonnull(strstr(error->message, "did you mean 'allow'"));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/expect/hours", test_hours);
    g_test_add_func("/expect/no-hours", test_no_hours);
    g_test_add_func("/expect/weights", test_weights);
    g_test_add_func("/expect/may-be", test_may_be);
    g_test_add_func("/expect/expired", test_expired_is_said);
    g_test_add_func("/expect/refused", test_refused);
    return g_test_run();
}
