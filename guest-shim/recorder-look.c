// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/recorder-look.h"

#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/dispatcher.h"
#include "guest-shim/initramfs.h"
#include "guest-shim/loop-handles.h"
#include "guest-shim/probe.h"
#include "guest-shim/recorder-digest.h"
#include "guest-shim/token-bucket.h"
#include "guest-shim/worker.h"
#include "protocol/call.h"
#include "protocol/json.h"
#include "protocol/limits.h"

/* A probe that hangs is given up; the others wait for it. */
#define PROBE_US (15 * G_USEC_PER_SEC)
/* Half of what a record may have. */
#define MAX_REPORT (32 * 1024)
/* Whoever can make a report change can make it change at every look. */
#define BURST 8
#define EACH_S 120
/* A host has questions too, and only so many workers may hang in the kernel. */
#define ROOM (PST_LIMIT_STUCK_WORKERS - 1)
/* No parsed id has it. */
#define SESSION "recorder"
/* Until then a worker that was killed is gone, or counts as stuck. */
#define KILLED_MS 1500

typedef struct {
    const PstProbe *probe;
    char *user;   /* NULL: nobody */
    char *digest; /* of what it said the last time; NULL: nothing yet */
    gboolean due;
    PstTokenBucket bucket; /* for what it says anew */
} Asked;

struct PstRecorderLook {
    PstDispatcher *dispatcher;
    PstRecorderLookReport report;
    PstRecorderLookEnd end;
    gpointer user_data;
    GArray *asked;     /* of Asked */
    guint source;      /* of the next question */
    guint now;         /* who is asked; asked->len at rest */
    gboolean held;     /* something that changed in this look was not written */
    gboolean given_up; /* of this look, something was not asked for want of room */
    gint64 stopped_us; /* when somebody was given up who may not be gone yet; 0: never */
};

static void ask_next(PstRecorderLook *look);

static JsonObject *
member_of(JsonObject *object, const char *name)
{
    JsonObject *value = NULL;

    return pst_json_get_object(object, name, PST_JSON_REQUIRED, &value, NULL) ? value : NULL;
}

static Asked *
asked_at(const PstRecorderLook *look, guint i)
{
    return &g_array_index(look->asked, Asked, i);
}

/* One that was forgotten is written whatever was written before. */
static gboolean
may_be_written(Asked *asked)
{
    return pst_token_bucket_take(&asked->bucket, pst_boot_clock_us()) || asked->digest == NULL;
}

static void
take_report(PstRecorderLook *look, JsonObject *report)
{
    g_autofree char *digest = pst_recorder_digest(report);
    Asked *asked = asked_at(look, look->now);

    gboolean same = g_strcmp0(asked->digest, digest) == 0;
    if (same || !may_be_written(asked)) {
        look->held = look->held || !same;
        look->report(report, asked->user, FALSE, look->user_data);
        return;
    }
    g_free(asked->digest);
    asked->digest = g_steal_pointer(&digest);
    /* One that could not be written is news the next time too. */
    if (look->report(report, asked->user, TRUE, look->user_data))
        return;
    g_clear_pointer(&asked->digest, g_free);
    look->held = TRUE;
}

/* A probe that could not look must not leave its last good word as the newest. */
static JsonObject *
silence(const PstRecorderLook *look, const char *why)
{
    const PstProbe *probe = asked_at(look, look->now)->probe;
    JsonObject *report = json_object_new();

    json_object_set_string_member(report, "probe", probe->kind->name);
    json_object_set_string_member(report, "status", "unknown");
    pst_json_set_string(report, "summary", why);
    json_object_set_array_member(report, "findings", json_array_new());
    json_object_set_object_member(report, "data", json_object_new());
    json_object_set_int_member(report, "took_ms", 0);
    json_object_set_boolean_member(report, "truncated", FALSE);
    return report;
}

static JsonObject *
silence_of(const PstRecorderLook *look, JsonObject *answer)
{
    JsonObject *error = answer != NULL ? member_of(answer, "error") : NULL;
    const char *why = "no answer";

    if (error != NULL)
        pst_json_get_string(error, "message", PST_JSON_OPTIONAL, &why, NULL);
    return silence(look, why);
}

/* The place of a question is its number as long as there are looks. */
static PstMessageId
id_of(guint place)
{
    PstMessageId id = {.number = place};

    g_strlcpy(id.session, SESSION, sizeof(id.session));
    return id;
}

static gboolean
is_held(guint place)
{
    PstMessageId id = id_of(place);

    return pst_worker_is_held(&id);
}

/* Not from within the dispatcher that replies. */
static gboolean
on_next(gpointer user_data)
{
    PstRecorderLook *look = user_data;

    look->source = 0;
    ask_next(look);
    return G_SOURCE_REMOVE;
}

static void
go_on(PstRecorderLook *look)
{
    if (look->source != 0)
        return;
    /* How much room there is for the next one has to be known before it. */
    look->source =
        is_held(look->now) ? g_timeout_add(KILLED_MS, on_next, look) : g_idle_add(on_next, look);
}

static void
on_reply(const char *text, gpointer user_data)
{
    PstRecorderLook *look = user_data;
    g_autoptr(JsonObject) json = pst_json_parse_validated(text, strlen(text), NULL);
    JsonObject *report = json != NULL ? member_of(json, "result") : NULL;
    g_autoptr(JsonObject) silent = report == NULL ? silence_of(look, json) : NULL;

    take_report(look, report != NULL ? report : silent);
    go_on(look);
}

static gboolean
has_row(const PstFields *fields, const char *name)
{
    for (guint i = 0; i < fields->n_rows; i++)
        if (g_str_equal(fields->rows[i].name, name))
            return TRUE;
    return FALSE;
}

static gboolean
has_passive(const PstReportKind *kind)
{
    return has_row(kind->args, "passive");
}

/* Whether it says of a user what it does not say of others. Some take one only as a hint at what
 * else to look at. */
static gboolean
judges_user(const PstReportKind *kind)
{
    return has_row(kind->args, "user") && has_row(kind->data, "user");
}

static void
ask(PstRecorderLook *look, const Asked *asked)
{
    const PstProbe *probe = asked->probe;
    g_autoptr(JsonObject) args = json_object_new();
    PstCall call = {.name = probe->kind->name,
                    .args = args,
                    .caller = "recorder",
                    .not_after_us = pst_boot_clock_us() + PROBE_US};
    g_autoptr(PstMessage) message = g_new0(PstMessage, 1);

    if (has_passive(probe->kind))
        json_object_set_boolean_member(args, "passive", TRUE);
    pst_json_set_string(args, "user", asked->user);
    message->type = PST_MESSAGE_REQUEST;
    message->method = g_strdup("probe");
    message->id = id_of(look->now);
    message->params = pst_call_params(&call);
    pst_dispatcher_take(look->dispatcher, message);
    pst_dispatcher_run(look->dispatcher);
}

/* What holds up a probe's question about one user, such as a mount of homes, may hold up those
 * about the others. */
static gboolean
is_suspect(const PstRecorderLook *look, guint place)
{
    const Asked *asked = asked_at(look, place);

    for (guint i = 0; asked->user != NULL && i < look->asked->len; i++)
        if (i != place && asked_at(look, i)->probe == asked->probe && is_held(i))
            return TRUE;
    return FALSE;
}

/* The next that is due, those that are suspect last. */
static guint
find_due(const PstRecorderLook *look)
{
    guint suspect = look->asked->len;

    for (guint i = 0; i < look->asked->len; i++) {
        if (!asked_at(look, i)->due)
            continue;
        if (!is_suspect(look, i))
            return i;
        suspect = MIN(suspect, i);
    }
    return suspect;
}

/* Why the question is not asked now; NULL: it is. Free with g_free(). */
static char *
why_not(PstRecorderLook *look)
{
    guint n_stuck = pst_worker_n_stuck();

    if (is_held(look->now))
        return g_strdup("not asked: an earlier one hangs in the kernel and can't be killed");
    look->given_up |= n_stuck >= ROOM;
    /* One that is suspect must not take the room of the whole system's questions. */
    if (n_stuck < (is_suspect(look, look->now) ? ROOM - 1 : ROOM))
        return NULL;
    return g_strdup_printf("not asked: %u earlier probes hang in the kernel and can't be killed",
                           n_stuck);
}

static void
end_look(PstRecorderLook *look)
{
    PstRecorderLookResult result = PST_RECORDER_LOOK_WHOLE;

    if (look->given_up)
        result = PST_RECORDER_LOOK_GIVEN_UP;
    else if (look->held)
        result = PST_RECORDER_LOOK_PART;
    look->held = look->given_up = FALSE;
    look->end(result, look->user_data);
}

static void
ask_next(PstRecorderLook *look)
{
    look->now = find_due(look);
    if (look->now >= look->asked->len) {
        end_look(look);
        return;
    }
    asked_at(look, look->now)->due = FALSE;
    g_autofree char *why = why_not(look);
    if (why == NULL) {
        ask(look, asked_at(look, look->now));
        return;
    }
    g_autoptr(JsonObject) silent = silence(look, why);
    take_report(look, silent);
    if (look->source == 0)
        look->source = g_idle_add(on_next, look);
}

static gboolean
leaves_no_trace(const PstReportKind *kind)
{
    return *kind->footprint == '\0' || has_passive(kind);
}

static gboolean
is_wanted(const PstProbe *probe, const char *const *names)
{
    return names != NULL ? g_strv_contains(names, probe->kind->name) : leaves_no_trace(probe->kind);
}

static void
add_question(PstRecorderLook *look, const PstProbe *probe, const char *user)
{
    Asked asked = {.probe = probe,
                   .user = g_strdup(user),
                   .bucket = {.size = BURST, .each_us = EACH_S * G_USEC_PER_SEC}};

    g_array_append_val(look->asked, asked);
}

static void
clear_question(gpointer data)
{
    Asked *asked = data;

    g_free(asked->user);
    g_free(asked->digest);
}

PstRecorderLook *
pst_recorder_look_new(const PstSysroot *sysroot, const char *const *probes,
                      const char *const *users, PstRecorderLookReport report,
                      PstRecorderLookEnd end, gpointer user_data)
{
    PstRecorderLook *look = g_new0(PstRecorderLook, 1);
    /* What the installed system last said stays the newest word on it. */
    gboolean early_alone = pst_initramfs_is_root(sysroot);

    look->dispatcher = pst_dispatcher_new(sysroot, on_reply, look);
    pst_dispatcher_set_max_report(look->dispatcher, MAX_REPORT);
    look->report = report;
    look->end = end;
    look->user_data = user_data;
    look->asked = g_array_new(FALSE, TRUE, sizeof(Asked));
    g_array_set_clear_func(look->asked, clear_question);
    for (guint i = 0; i < pst_probe_table_n; i++) {
        const PstProbe *probe = &pst_probe_table[i];

        if (!is_wanted(probe, probes) || (early_alone && !probe->early))
            continue;
        add_question(look, probe, NULL);
        for (guint j = 0; judges_user(probe->kind) && users[j] != NULL; j++)
            add_question(look, probe, users[j]);
    }
    look->now = look->asked->len;
    return look;
}

void
pst_recorder_look_free(PstRecorderLook *look)
{
    pst_loop_handles_remove(&look->source);
    pst_dispatcher_free(look->dispatcher);
    g_array_unref(look->asked);
    g_free(look);
}

void
pst_recorder_look_begin(PstRecorderLook *look, const char *const *probes)
{
    gboolean at_rest = look->now >= look->asked->len;

    for (guint i = 0; i < look->asked->len; i++)
        if (probes == NULL || g_strv_contains(probes, asked_at(look, i)->probe->kind->name))
            asked_at(look, i)->due = TRUE;
    if (!at_rest || look->source != 0 || find_due(look) >= look->asked->len)
        return;
    if (look->stopped_us > 0 && pst_boot_clock_us() - look->stopped_us < KILLED_MS * 1000)
        look->source = g_timeout_add(KILLED_MS, on_next, look);
    else
        ask_next(look);
}

void
pst_recorder_look_forget(PstRecorderLook *look)
{
    for (guint i = 0; i < look->asked->len; i++)
        g_clear_pointer(&asked_at(look, i)->digest, g_free);
}

void
pst_recorder_look_stop(PstRecorderLook *look)
{
    if (!pst_dispatcher_is_idle(look->dispatcher))
        look->stopped_us = pst_boot_clock_us();
    pst_dispatcher_clear(look->dispatcher);
    pst_loop_handles_remove(&look->source);
    for (guint i = 0; i < look->asked->len; i++)
        asked_at(look, i)->due = FALSE;
    look->now = look->asked->len;
    look->held = look->given_up = FALSE;
}
