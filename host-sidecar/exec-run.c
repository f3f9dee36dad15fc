// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/exec-run.h"

#include <signal.h>

#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

/* Of one request. */
#define CALL_US (10 * (gint64)G_USEC_PER_SEC)
/* For how long a guest may be out of reach, as while it is paused or libvirt is started anew: it
 * gives a command up that nobody asked about for a minute. */
#define OUT_OF_REACH_US (55 * (gint64)G_USEC_PER_SEC)
#define WAIT_MS 200
/* Between two requests, where nothing comes: others want to talk to the guest, too. */
#define MIN_PAUSE_US 10000
#define MAX_PAUSE_US 250000
#define RETRY_US 250000
/* How long a guest is not asked about a command whose output is held up here. */
#define HELD_UP_MS 20000

typedef struct {
    PstExecWay *way;
    const PstExecRunWish *wish;
    PstExecRunOutcome *outcome;
    char id[PST_EXEC_ID_DIGITS + 1];
    gint64 from[PST_EXEC_N_STREAMS];
    gint64 fed;        /* bytes of the input that were taken */
    gboolean fed_end;  /* and that there is no more */
    gint64 reached_us; /* when the guest answered last */
    gint64 pause_us;
    int passed_on;       /* the signal that was, 0: none */
    gboolean is_unheard; /* what it writes is for whoever comes later */
} Run;

/* ---- signals to this process ---- */

static const int passed[] = {SIGINT, SIGTERM, SIGHUP};
static volatile sig_atomic_t caught;

static void
on_signal(int number)
{
    caught = number;
}

static void
catch_signals(struct sigaction *former)
{
    struct sigaction action = {.sa_handler = on_signal};

    caught = 0;
    for (guint i = 0; i < G_N_ELEMENTS(passed); i++)
        sigaction(passed[i], &action, &former[i]);
}

static void
release_signals(const struct sigaction *former)
{
    for (guint i = 0; i < G_N_ELEMENTS(passed); i++)
        sigaction(passed[i], &former[i], NULL);
}

static gboolean
send_signal(Run *run, int number, GError **error)
{
    PstExecSignal wish = {.signal = number};

    g_strlcpy(wish.id, run->id, sizeof(wish.id));
    g_autoptr(JsonObject) result =
        pst_exec_way_call(run->way, "exec-signal", pst_exec_signal_params(&wish),
                          g_get_monotonic_time() + CALL_US, NULL, error);
    return result != NULL;
}

/* The first is the command's; with the second it is not waited for. */
static gboolean
pass_on(Run *run, GError **error)
{
    int number = caught;

    if (number == 0)
        return TRUE;
    caught = 0;
    if (run->passed_on == 0) {
        run->passed_on = number;
        return send_signal(run, number, error);
    }
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                "interrupted: the command may go on for a minute; exec attach %s", run->id);
    return FALSE;
}

/* ---- pages ---- */

static void
note_way(PstExecRunOutcome *outcome, JsonObject *result)
{
    const char *guest = NULL, *via = NULL;

    pst_json_get_string(result, "guest", PST_JSON_OPTIONAL, &guest, NULL);
    pst_json_get_string(result, "via", PST_JSON_OPTIONAL, &via, NULL);
    g_free(outcome->guest);
    g_free(outcome->via);
    outcome->guest = g_strdup(guest);
    outcome->via = g_strdup(via);
}

static PstExecPage *
ask_page(Run *run, const PstExecAsk *ask, gboolean *lost, GError **error)
{
    g_autoptr(JsonObject) result =
        pst_exec_way_call(run->way, "exec-page", pst_exec_ask_params(ask),
                          g_get_monotonic_time() + CALL_US, lost, error);

    if (result == NULL)
        return NULL;
    note_way(run->outcome, result);
    return pst_exec_page_read(result, error);
}

/* Asks for PAGE again, so that the guest does not take the caller for gone. */
static void
ask_again(Run *run, const PstExecPage *page)
{
    g_auto(PstExecAsk) ask = {0};

    g_strlcpy(ask.id, run->id, sizeof(ask.id));
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        ask.from[i] = page->piece[i].at;
    g_autoptr(PstExecPage) same = ask_page(run, &ask, NULL, NULL);
    if (same != NULL)
        run->reached_us = g_get_monotonic_time();
}

/* Until the sink takes some of it: it is held up for as long as it likes, as a pager is. */
static gboolean
await_sink(Run *run, const PstExecPage *page, PstExecStream stream, GError **error)
{
    while (run->wish->wait != NULL && !run->wish->wait(stream, HELD_UP_MS, run->wish->user_data)) {
        if (!pass_on(run, error))
            return FALSE;
        ask_again(run, page);
    }
    return TRUE;
}

static gboolean
hand_on(Run *run, const PstExecPage *page, PstExecStream stream, GError **error)
{
    const PstExecPiece *piece = &page->piece[stream];
    gsize len = 0;
    const guint8 *data = piece->data != NULL ? g_bytes_get_data(piece->data, &len) : NULL;

    for (gsize at = 0; at < len; at += PST_EXEC_RUN_BITE) {
        if (!await_sink(run, page, stream, error))
            return FALSE;
        if (run->wish->sink(stream, data + at, MIN(len - at, PST_EXEC_RUN_BITE),
                            run->wish->user_data))
            continue;
        g_set_error(error, PST_ERROR, PST_ERROR_OUTPUT, "nobody takes what the command writes");
        return FALSE;
    }
    run->outcome->missed[stream] |= piece->at > run->from[stream];
    run->from[stream] = MAX(run->from[stream], piece->at + (gint64)len);
    return TRUE;
}

/* Hands on what PAGE brings, and keeps it. *NEWS: it brings something. */
static gboolean
take_page(Run *run, PstExecPage *page, gboolean *news, GError **error)
{
    g_clear_pointer(&run->outcome->last, pst_exec_page_free);
    run->outcome->last = page;
    *news = page->input > run->fed;
    run->fed = MAX(run->fed, page->input);
    for (guint i = 0; !run->is_unheard && i < PST_EXEC_N_STREAMS; i++) {
        *news = *news || page->piece[i].data != NULL;
        if (!hand_on(run, page, (PstExecStream)i, error))
            return FALSE;
    }
    return TRUE;
}

/* The next piece of what it is to be fed. */
static void
add_input(Run *run, const PstExecPage *page, PstExecAsk *ask)
{
    gsize len = run->wish->input != NULL ? g_bytes_get_size(run->wish->input) : 0;
    gsize n = MIN(len - (gsize)MIN(run->fed, (gint64)len), PST_LIMIT_EXEC_INPUT);

    if (run->wish->input == NULL || run->fed_end || page->state != PST_EXEC_RUNNING)
        return;
    ask->input.at = run->fed;
    ask->input.data = n > 0 ? g_bytes_new_from_bytes(run->wish->input, (gsize)run->fed, n) : NULL;
    ask->input.end = (gsize)run->fed + n == len;
}

static gboolean
may_pass(const GError *error)
{
    switch (error->code) {
    case PST_ERROR_NOT_ALLOWED:
    case PST_ERROR_INVALID_PARAMS:
    case PST_ERROR_NO_DOMAIN:
    case PST_ERROR_NO_PERMISSION:
    case PST_ERROR_UNKNOWN_METHOD:
        return FALSE;
    default:
        return TRUE;
    }
}

/* One more page; bears it that the guest is out of reach. */
static gboolean
turn(Run *run, gboolean *news, GError **error)
{
    g_auto(PstExecAsk) ask = {.wait_ms = WAIT_MS};
    g_autoptr(GError) cause = NULL;
    gboolean lost = FALSE;

    g_strlcpy(ask.id, run->id, sizeof(ask.id));
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        ask.from[i] = run->from[i];
    ask.joins = run->wish->joins && run->outcome->last == NULL;
    if (run->outcome->last != NULL)
        add_input(run, run->outcome->last, &ask);
    PstExecPage *page = ask_page(run, &ask, &lost, &cause);
    if (page != NULL) {
        run->reached_us = g_get_monotonic_time();
        if (ask.input.end &&
            page->input ==
                ask.input.at +
                    (gint64)(ask.input.data != NULL ? g_bytes_get_size(ask.input.data) : 0))
            run->fed_end = TRUE;
        return take_page(run, page, news, error);
    }
    gint64 until_us = run->reached_us + MAX(OUT_OF_REACH_US, run->wish->patience_us);
    if ((!lost && !may_pass(cause)) || g_get_monotonic_time() > until_us) {
        g_propagate_prefixed_error(
            error, g_steal_pointer(&cause),
            "what became of the command is not known (exec attach %s): ", run->id);
        return FALSE;
    }
    g_usleep(RETRY_US);
    return TRUE;
}

static gboolean
is_over(const Run *run)
{
    const PstExecPage *page = run->outcome->last;

    if (page == NULL)
        return FALSE;
    return pst_exec_page_is_last(page) || page->state == PST_EXEC_LOST ||
           page->state == PST_EXEC_UNKNOWN;
}

/* At first at once, and then ever more seldom, for as long as nothing comes. */
static void
pause_for(Run *run, gboolean news)
{
    run->pause_us = news ? 0 : CLAMP(run->pause_us * 2, MIN_PAUSE_US, MAX_PAUSE_US);
    if (run->pause_us > 0)
        g_usleep((gulong)run->pause_us);
}

static gboolean
go_on(Run *run, GError **error)
{
    while (!is_over(run)) {
        gboolean news = FALSE;

        if (!pass_on(run, error) || !turn(run, &news, error))
            return FALSE;
        if (run->wish->end && !news)
            return TRUE;
        if (!is_over(run))
            pause_for(run, news);
    }
    return TRUE;
}

/* Where nobody wants to hear it any more, it is not to go on for a minute. */
static void
finish(Run *run, gboolean well, const GError *cause)
{
    if (!well && g_error_matches(cause, PST_ERROR, PST_ERROR_OUTPUT))
        send_signal(run, SIGPIPE, NULL);
}

static Run
new_run(PstExecWay *way, const char *id, const PstExecRunWish *wish, PstExecRunOutcome *outcome)
{
    Run run = {.way = way, .wish = wish, .outcome = outcome};

    g_strlcpy(run.id, id, sizeof(run.id));
    run.reached_us = g_get_monotonic_time();
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        run.from[i] = wish->from[i];
    return run;
}

void
pst_exec_run_outcome_clear(PstExecRunOutcome *outcome)
{
    g_clear_pointer(&outcome->guest, g_free);
    g_clear_pointer(&outcome->via, g_free);
    g_clear_pointer(&outcome->last, pst_exec_page_free);
}

/* Where the door was lost the command may have been started: whoever asks by its id learns it. */
static PstExecPage *
begin(Run *run, PstExecStart *start, gint64 deadline_us, GError **error)
{
    gboolean lost = FALSE;
    g_autoptr(GError) cause = NULL;
    g_autoptr(JsonObject) result = pst_exec_way_call(run->way, "exec", pst_exec_start_params(start),
                                                     deadline_us, &lost, &cause);

    if (result != NULL) {
        note_way(run->outcome, result);
        PstExecPage *page = pst_exec_page_read(result, &cause);
        /* It is the answer that is wrong: whoever gave it may have started it. */
        if (page == NULL)
            cause->code = PST_ERROR_PROTOCOL;
        if (page != NULL)
            return page;
    }
    if (lost)
        g_prefix_error(&cause,
                       "it may have been started, and was not asked for again (exec attach "
                       "%s tells): ",
                       start->id);
    g_propagate_error(error, g_steal_pointer(&cause));
    return NULL;
}

/* Where it is not known whether it was started: whether the guest knows it, which by now starts it
 * no more. Else the error stays as it is. */
static gboolean
look_for(Run *run, GError **error)
{
    g_autoptr(GError) own = NULL;
    gboolean news = FALSE;

    /* Where no way was open nothing was sent. */
    if (*error == NULL || !may_pass(*error) ||
        g_error_matches(*error, PST_ERROR, PST_ERROR_PATH_SHUT))
        return FALSE;
    /* Once, and not for long. */
    run->reached_us = G_MININT64 / 2;
    if (!turn(run, &news, &own) || run->outcome->last == NULL ||
        run->outcome->last->state == PST_EXEC_UNKNOWN)
        return FALSE;
    g_clear_error(error);
    return TRUE;
}

/* A detached one goes on without this process, which was to end. FALSE with the error then. */
static gboolean
heed_signals(Run *run, gboolean detached, GError **error)
{
    if (!detached || caught == 0)
        return TRUE;
    run->outcome->interrupted = TRUE;
    if (*error != NULL)
        return FALSE;
    g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                "interrupted: it was started, and goes on: exec attach %s", run->id);
    return FALSE;
}

gboolean
pst_exec_run_start(PstExecWay *way, PstExecStart *start, const PstExecRunWish *wish,
                   gint64 deadline_us, PstExecRunOutcome *outcome, GError **error)
{
    Run run = new_run(way, start->id, wish, outcome);
    struct sigaction former[G_N_ELEMENTS(passed)];
    g_autoptr(GError) cause = NULL;
    gboolean news = FALSE;

    start->wait_ms = start->detach || (wish->input != NULL && !start->input.end) ? 0 : WAIT_MS;
    run.is_unheard = start->detach;
    catch_signals(former);
    PstExecPage *page = begin(&run, start, deadline_us, &cause);
    run.fed_end = start->input.end;
    gboolean known = page != NULL ? take_page(&run, page, &news, &cause) : look_for(&run, &cause);
    gboolean well = heed_signals(&run, start->detach, &cause) && known &&
                    (start->detach || go_on(&run, &cause));
    finish(&run, well, cause);
    release_signals(former);
    if (!well)
        g_propagate_error(error, g_steal_pointer(&cause));
    return well;
}

gboolean
pst_exec_run_follow(PstExecWay *way, const char *id, const PstExecRunWish *wish,
                    PstExecRunOutcome *outcome, GError **error)
{
    Run run = new_run(way, id, wish, outcome);

    return go_on(&run, error);
}
