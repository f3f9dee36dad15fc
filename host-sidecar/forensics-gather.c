// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/forensics-gather.h"

#include <string.h>

#include "host-sidecar/ask.h"
#include "host-sidecar/domain-xml.h"
#include "host-sidecar/host-judge.h"
#include "host-sidecar/host-look.h"
#include "host-sidecar/html-page.h"
#include "host-sidecar/interrupt.h"
#include "host-sidecar/recorder-report.h"
#include "host-sidecar/render.h"
#include "host-sidecar/screenshot.h"
#include "host-sidecar/task.h"
#include "host-sidecar/volume.h"
#include "protocol/error.h"

/* What the ladder keeps for itself below a deadline, and a little more: who asks until the end
 * finds nobody who takes the answer. */
#define GRACE_US (200 * G_GINT64_CONSTANT(1000))
/* How long the counters are watched. */
#define WATCH_MS 1000

typedef struct Gathering Gathering;

/* Another source than the guest's own answers. */
typedef struct {
    const char *what;
    const char *via;
    gpointer (*look)(PstGuest *guest, gint64 deadline_us, GError **error);
    void (*take)(Gathering *gathering, PstManifestPart *part, gpointer result);
} Source;

typedef enum {
    NEWS_ANSWER,   /* one came */
    NEWS_ANSWERS,  /* all of them, at the ladder's end */
    NEWS_RECORDER, /* what is to be said of the recorder, after that */
    NEWS_SOURCE,   /* a source ended */
    NEWS_SIGNAL,
} NewsKind;

typedef struct {
    NewsKind kind;
    PstAnswer *answer;
    PstAnswer **answers;
    PstReport *host; /* what the ladder saw from outside, where it looked; or of the recorder */
    guint source;
    gpointer result;
    GError *error;
    const char *signal;
} News;

struct Gathering {
    PstForensicsGather *out;
    PstBundle *bundle;
    GAsyncQueue *news;
    gint64 begun_us;              /* monotonic */
    gboolean *ended;              /* of the sources */
    gint64 *had_us;               /* of the answers, monotonic: when each came first */
    gboolean answered, checked;   /* the questions, and after them the recorder */
    char *unasked;                /* why no question could be asked; NULL */
    PstReport *recorder;          /* what is to be said of it; NULL */
    PstReport *host, *asked_host; /* the source's, and the ladder's: which knows what it asked */
};

/* What a task owns. */
typedef struct {
    PstGuest *guest;
    GAsyncQueue *news;
    gint64 deadline_us;
    guint source;
    const char *method;
    PstAnswer **questions;
    guint n;
} Errand;

static gpointer
look_xml(PstGuest *guest, gint64 deadline_us G_GNUC_UNUSED, GError **error)
{
    return pst_domain_xml_read(guest, error);
}

/* The guest chooses how large it is: noise on a large screen makes for more than a page takes. */
typedef struct {
    GBytes *whole;
    GBytes *shown; /* what fits into the page; NULL where nothing does */
} Screen;

static gpointer
look_screen(PstGuest *guest, gint64 deadline_us G_GNUC_UNUSED, GError **error)
{
    g_autoptr(PstPicture) picture = pst_screenshot_take(guest, error);
    GBytes *whole = picture != NULL ? pst_picture_png_write(picture, error) : NULL;

    if (whole == NULL)
        return NULL;
    Screen *screen = g_new0(Screen, 1);
    screen->whole = whole;
    screen->shown = g_bytes_get_size(whole) <= PST_HTML_PAGE_MAX_SCREEN
                        ? g_bytes_ref(whole)
                        : pst_picture_png_write_within(picture, PST_HTML_PAGE_MAX_SCREEN, NULL);
    return screen;
}

static gpointer
look_records(PstGuest *guest, gint64 deadline_us G_GNUC_UNUSED, GError **error)
{
    return pst_volume_read(guest, PST_VOLUME_SHARE_ANY, error);
}

static gpointer
look_host(PstGuest *guest, gint64 deadline_us, GError **error)
{
    return pst_host_look_report(guest, WATCH_MS, deadline_us, error);
}

static void
take_host(Gathering *gathering, PstManifestPart *part, gpointer result)
{
    g_autoptr(JsonObject) json = pst_report_to_json(result);
    g_autofree char *text = pst_render_json(json);

    gathering->host = result;
    pst_bundle_write(gathering->bundle, part, "reports/host.json", text, strlen(text));
}

static void
take_xml(Gathering *gathering, PstManifestPart *part, gpointer result)
{
    gathering->out->xml = result;
    pst_bundle_write(gathering->bundle, part, "domain.xml", result, strlen(result));
}

static gboolean
write_screen(Gathering *gathering, PstManifestPart *part, GBytes *png)
{
    gsize len = 0;
    gconstpointer data = g_bytes_get_data(png, &len);

    return pst_bundle_write(gathering->bundle, part, "screenshot.png", data, len);
}

static void
take_screen(Gathering *gathering, PstManifestPart *part, gpointer result)
{
    Screen *screen = result;
    gboolean scaled = screen->shown != screen->whole;

    gathering->out->screen = screen->shown;
    gathering->out->screen_scaled = scaled;
    if (!write_screen(gathering, part, screen->whole) && scaled && screen->shown != NULL &&
        write_screen(gathering, part, screen->shown))
        part->error = g_strdup("scaled down: the whole of it found no room");
    g_bytes_unref(screen->whole);
    g_free(screen);
}

/* The last of the sequence: what was dropped, lost and missed, and what else is to be said. */
static void
append_sum(GString *text, const PstVolumeRecords *records, gint64 now_us)
{
    g_autoptr(JsonObject) sum = pst_volume_records_to_json(records, 0, now_us);

    json_object_remove_member(sum, "records");
    g_autofree char *line = pst_render_json(sum);
    g_string_append_printf(text, "\x1e%s", line);
}

/* As a JSON text sequence (RFC 7464), in the order of the volume. */
static void
take_records(Gathering *gathering, PstManifestPart *part, gpointer result)
{
    PstVolumeRecords *records = result;
    g_autoptr(GString) text = g_string_new(NULL);
    gint64 now_us = g_get_real_time();

    gathering->out->records = records;
    for (guint i = 0; i < records->records->len; i++) {
        g_autoptr(JsonObject) json = pst_volume_records_item(records, i, now_us);
        g_autofree char *line = pst_render_json(json);
        g_string_append_printf(text, "\x1e%s", line);
    }
    if (records->records->len > 0)
        part->age_ms = pst_volume_records_age_us(
                           records, records->records->pdata[records->records->len - 1], now_us) /
                       1000;
    append_sum(text, records, now_us);
    if (pst_bundle_write(gathering->bundle, part, "records.json-seq", text->str, text->len))
        part->error = g_strdup(records->unread);
}

static const Source sources[] = {
    {"what the host sees of it", "host", look_host, take_host},
    {"the domain's XML", "libvirt", look_xml, take_xml},
    {"the screen", "libvirt", look_screen, take_screen},
    {"what the recorder wrote", "volume", look_records, take_records},
};

static News *
news_new(NewsKind kind)
{
    News *news = g_new0(News, 1);

    news->kind = kind;
    return news;
}

static void
free_errand(gpointer data)
{
    Errand *errand = data;

    pst_guest_unref(errand->guest);
    g_async_queue_unref(errand->news);
    g_free(errand);
}

static Errand *
errand_new(const Gathering *gathering, PstGuest *guest, gint64 deadline_us)
{
    Errand *errand = g_new0(Errand, 1);

    errand->guest = pst_guest_ref(guest);
    errand->news = g_async_queue_ref(gathering->news);
    errand->deadline_us = deadline_us;
    return errand;
}

static gpointer
run_source(gpointer data, GError **unused G_GNUC_UNUSED)
{
    Errand *errand = data;
    News *news = news_new(NEWS_SOURCE);

    news->source = errand->source;
    news->result = sources[errand->source].look(errand->guest, errand->deadline_us, &news->error);
    g_async_queue_push(errand->news, news);
    return NULL;
}

/* In the thread that asks: the answer is still the inquiry's. */
static void
hear_answer(PstAnswer *answer, gpointer user_data)
{
    News *news = news_new(NEWS_ANSWER);

    news->answer = pst_answer_copy(answer);
    g_async_queue_push(user_data, news);
}

/* The answers are let go of before the recorder is looked at, which may take a second. */
static gpointer
run_questions(gpointer data, GError **unused G_GNUC_UNUSED)
{
    Errand *errand = data;
    const PstInquiryListener listener = {hear_answer, errand->news};
    News *news = news_new(NEWS_ANSWERS), *recorder = news_new(NEWS_RECORDER);

    news->answers = pst_ask_guest(errand->guest, errand->method, errand->questions, errand->n,
                                  errand->deadline_us, &listener, &news->host);
    gboolean due = pst_recorder_report_is_due(errand->guest, news->answers, errand->n);
    g_async_queue_push(errand->news, news);
    if (due)
        recorder->host = pst_recorder_report_make(errand->guest, errand->deadline_us);
    g_async_queue_push(errand->news, recorder);
    return NULL;
}

static void
hear_signal(const char *name, gpointer queue)
{
    News *news = news_new(NEWS_SIGNAL);

    news->signal = name;
    g_async_queue_push(queue, news);
}

static gint64
passed_ms(const Gathering *gathering)
{
    return (g_get_monotonic_time() - gathering->begun_us) / 1000;
}

static PstManifestPart *
add_part(const Gathering *gathering, const char *what, const char *via)
{
    PstManifestPart *part = pst_manifest_add(pst_bundle_manifest(gathering->bundle), what, via);

    part->took_ms = passed_ms(gathering);
    return part;
}

static void
end_source(Gathering *gathering, guint i, gpointer result, const char *error)
{
    const Source *source = &sources[i];
    PstManifestPart *part = add_part(gathering, source->what, source->via);

    gathering->ended[i] = TRUE;
    if (result != NULL)
        source->take(gathering, part, result);
    else
        part->error = g_strdup(error);
}

static void
write_answer(Gathering *gathering, PstAnswer *answer)
{
    g_autofree char *what = g_strdup_printf("report %s", answer->probe);
    g_autofree char *path = g_strdup_printf("reports/%s.json", answer->probe);
    PstManifestPart *part = add_part(gathering, what, pst_answer_via_names[answer->via]);

    part->age_ms = answer->age_ms;
    if (answer->report == NULL) {
        part->error = pst_answer_explain(answer);
        return;
    }
    g_autoptr(JsonObject) json = pst_answer_to_json(answer);
    g_autofree char *text = pst_render_json(json);
    pst_bundle_write(gathering->bundle, part, path, text, strlen(text));
}

static guint
find_answer(const Gathering *gathering, const char *probe)
{
    guint i = 0;

    while (i < gathering->out->n && !g_str_equal(gathering->out->answers[i]->probe, probe))
        i++;
    return i;
}

/* Takes ANSWER over. Each is written once, the first time that it has a report. */
static void
put_answer(Gathering *gathering, PstAnswer *answer)
{
    guint i = find_answer(gathering, answer->probe);

    if (i == gathering->out->n) {
        pst_answer_free(answer);
        return;
    }
    if (gathering->out->answers[i]->report == NULL && answer->report != NULL) {
        write_answer(gathering, answer);
        gathering->had_us[i] = g_get_monotonic_time();
    }
    pst_answer_free(gathering->out->answers[i]);
    gathering->out->answers[i] = answer;
}

static void
put_answers(Gathering *gathering, PstAnswer **answers, guint n)
{
    for (guint i = 0; i < n; i++)
        put_answer(gathering, answers[i]);
    g_free(answers);
    gathering->answered = TRUE;
}

static void
take_news(Gathering *gathering, News *news, guint n)
{
    switch (news->kind) {
    case NEWS_ANSWER:
        put_answer(gathering, news->answer);
        break;
    case NEWS_ANSWERS:
        put_answers(gathering, news->answers, n);
        gathering->asked_host = news->host;
        break;
    case NEWS_RECORDER:
        gathering->recorder = news->host;
        gathering->checked = TRUE;
        break;
    case NEWS_SOURCE:
        end_source(gathering, news->source, news->result,
                   news->error != NULL ? news->error->message : "no reason given");
        break;
    case NEWS_SIGNAL:
        gathering->out->interrupted = g_strdup(news->signal);
        break;
    }
    g_clear_error(&news->error);
    g_free(news);
}

static gboolean
is_waited_for(const Gathering *gathering)
{
    gboolean open = !gathering->answered || !gathering->checked;

    for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
        open |= !gathering->ended[i];
    return open && gathering->out->interrupted == NULL;
}

static void
wait_for_news(Gathering *gathering, guint n, gint64 deadline_us)
{
    while (is_waited_for(gathering)) {
        gint64 left_us = deadline_us - g_get_monotonic_time();
        News *news = left_us > 0 ? g_async_queue_timeout_pop(gathering->news, (guint64)left_us)
                                 : g_async_queue_try_pop(gathering->news);

        if (news == NULL)
            return;
        take_news(gathering, news, n);
    }
}

/* Why what did not come did not. */
static void
give_up(Gathering *gathering)
{
    const char *why = gathering->out->interrupted != NULL ? "it was interrupted before it came"
                                                          : "it did not come in time";

    for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
        if (!gathering->ended[i])
            end_source(gathering, i, NULL, why);
    for (guint i = 0; i < gathering->out->n; i++) {
        PstAnswer *answer = gathering->out->answers[i];

        if (answer->report != NULL)
            continue;
        if (answer->error == NULL && gathering->unasked != NULL)
            answer->error =
                g_error_new_literal(PST_ERROR, PST_ERROR_UNAVAILABLE, gathering->unasked);
        if (answer->error == NULL)
            answer->error = g_error_new_literal(PST_ERROR, PST_ERROR_DEADLINE, why);
        write_answer(gathering, answer);
    }
}

/* What came early is older by now. */
static void
let_age(Gathering *gathering)
{
    gint64 now_us = g_get_monotonic_time();

    for (guint i = 0; i < gathering->out->n; i++)
        if (gathering->out->answers[i]->report != NULL)
            pst_answer_let_age(gathering->out->answers[i], (now_us - gathering->had_us[i]) / 1000);
}

/* Before all others, whether it is well or not: the page needs it. */
static void
add_host(Gathering *gathering, const char *guest)
{
    PstForensicsGather *out = gathering->out;
    PstReport *report = gathering->asked_host != NULL ? gathering->asked_host : gathering->host;

    if (report != gathering->host)
        g_clear_pointer(&gathering->host, pst_report_free);
    if (report != NULL && gathering->recorder != NULL)
        pst_host_judge_merge(report, gathering->recorder);
    else if (gathering->recorder != NULL)
        report = gathering->recorder;
    if (report == NULL)
        return;
    out->answers = g_renew(PstAnswer *, out->answers, out->n + 1);
    memmove(out->answers + 1, out->answers, out->n * sizeof *out->answers);
    out->answers[0] = pst_answer_new(guest, report->probe, NULL);
    out->answers[0]->via = PST_VIA_HOST;
    out->answers[0]->report = report;
    out->n++;
}

static void
start_questions(Gathering *gathering, PstGuest *guest, const char *method,
                const PstDiagnoseWish *wish, gint64 deadline_us)
{
    Errand *errand = errand_new(gathering, guest, deadline_us);
    g_autoptr(GError) error = NULL;

    errand->method = method;
    errand->questions = pst_diagnose_questions(guest->name, wish, &errand->n);
    if (pst_task_start(run_questions, errand, free_errand, "the questions", &error))
        return;
    gathering->answered = gathering->checked = TRUE;
    gathering->unasked = g_strdup(error->message);
}

static void
start_source(Gathering *gathering, guint i, PstGuest *guest, gint64 deadline_us)
{
    Errand *errand = errand_new(gathering, guest, deadline_us);
    g_autoptr(GError) error = NULL;

    errand->source = i;
    if (!pst_task_start(run_source, errand, free_errand, sources[i].via, &error))
        end_source(gathering, i, NULL, error->message);
}

PstForensicsGather *
pst_forensics_gather(PstGuest *guest, const char *method, const PstDiagnoseWish *wish,
                     PstBundle *bundle, gboolean interruptible, gint64 deadline_us)
{
    PstForensicsGather *out = g_new0(PstForensicsGather, 1);
    gboolean ended[G_N_ELEMENTS(sources)] = {FALSE};
    Gathering gathering = {
        .out = out,
        .bundle = bundle,
        .news = g_async_queue_new(),
        .begun_us = g_get_monotonic_time(),
        .ended = ended,
    };

    out->answers = pst_diagnose_questions(guest->name, wish, &out->n);
    g_autofree gint64 *had_us = g_new0(gint64, out->n);
    gathering.had_us = had_us;
    guint n = out->n;
    /* The queue outlives this: what comes too late is put there, and nobody looks. */
    if (interruptible)
        pst_interrupt_catch(hear_signal, g_async_queue_ref(gathering.news));
    start_questions(&gathering, guest, method, wish, deadline_us - GRACE_US);
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
        start_source(&gathering, i, guest, deadline_us - GRACE_US);
    wait_for_news(&gathering, n, deadline_us);
    give_up(&gathering);
    let_age(&gathering);
    out->answers = pst_diagnose_derive(out->answers, &out->n, wish);
    add_host(&gathering, guest->name);
    out->now_us = g_get_real_time();
    g_free(gathering.unasked);
    g_async_queue_unref(gathering.news);
    return out;
}

void
pst_forensics_gather_free(PstForensicsGather *gather)
{
    for (guint i = 0; i < gather->n; i++)
        pst_answer_free(gather->answers[i]);
    g_free(gather->answers);
    g_clear_pointer(&gather->records, pst_volume_records_free);
    g_clear_pointer(&gather->screen, g_bytes_unref);
    g_free(gather->xml);
    g_free(gather->interrupted);
    g_free(gather);
}
