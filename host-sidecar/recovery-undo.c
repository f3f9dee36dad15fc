// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recovery-undo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/escape.h"
#include "host-sidecar/exec-run.h"
#include "host-sidecar/power-proof.h"
#include "protocol/error.h"
#include "protocol/exec-list.h"
#include "protocol/json.h"
#include "protocol/limits.h"

G_STATIC_ASSERT(PST_RECOVERY_UNDO_MAX == PST_LIMIT_EXEC_INPUT);

#define VERB "recover"
/* For reaching the guest, and for asking it which boot it is in. */
#define REACH_US (30 * (gint64)G_USEC_PER_SEC)
#define BOOT_US (5 * (gint64)G_USEC_PER_SEC)
/* What a guest needs to end one that has had its time. */
#define ENDING_US (10 * (gint64)G_USEC_PER_SEC)
/* Of what it writes, the last is told. */
#define MAX_TOLD 200
/* A guest keeps the newest 64 commands that have ended, or 32 MiB of what they wrote, with at most
 * 1 MiB of each, and tells as many of them as fit into an answer: where it tells fewer than so
 * many, it has forgotten none. */
#define FORGETS_FROM 24

/* ---- the script ---- */

static GBytes *
fail(const char *path, PstErrorCode code, const char *why, GError **error)
{
    g_set_error(error, PST_ERROR, (int)code, "recover --undo: %s: %s", path, why);
    return NULL;
}

/* One byte more than it may have. */
static GBytes *
read_all(int fd)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 buffer[4096];
    gssize n;

    while (bytes->len <= PST_RECOVERY_UNDO_MAX && (n = read(fd, buffer, sizeof(buffer))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return NULL;
        g_byte_array_append(bytes, buffer, (guint)n);
    }
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

GBytes *
pst_recovery_undo_load(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0)
        return fail(path, errno == ENOENT ? PST_ERROR_ABSENT : PST_ERROR_USAGE, g_strerror(errno),
                    error);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return fail(path, PST_ERROR_USAGE, "it is no file", error);
    }
    g_autoptr(GBytes) script = read_all(fd);
    int number = errno;
    close(fd);
    if (script == NULL)
        return fail(path, PST_ERROR_USAGE, g_strerror(number), error);
    if (g_bytes_get_size(script) == 0)
        return fail(path, PST_ERROR_USAGE, "it is empty", error);
    if (g_bytes_get_size(script) > PST_RECOVERY_UNDO_MAX)
        return fail(path, PST_ERROR_USAGE, "it has more than 16 KiB", error);
    return g_steal_pointer(&script);
}

/* ---- what came of it ---- */

/* What it wrote last, of both streams as it came. */
static gboolean
take(PstExecStream stream G_GNUC_UNUSED, gconstpointer data, gsize len, gpointer user_data)
{
    GString *told = user_data;

    g_string_append_len(told, data, (gssize)len);
    if (told->len > MAX_TOLD)
        g_string_erase(told, 0, (gssize)(told->len - MAX_TOLD));
    return TRUE;
}

static void
come_to(PstRecoveryRow *row, PstRecoveryOutcome outcome, char *detail)
{
    row->outcome = (int)outcome;
    g_free(row->detail);
    row->detail = detail;
}

static char *
with_words(char *said, const GString *told)
{
    g_autofree char *own = said;
    g_autofree char *clean = pst_json_clean(told->str);

    g_strstrip(clean);
    return *clean != '\0' ? g_strdup_printf("%s; it wrote: %s", own, clean) : g_steal_pointer(&own);
}

static void
conclude(const PstExecPage *page, const GString *told, PstRecoveryRow *row)
{
    const char *why = page->why != NULL ? page->why : "it does not say why";

    switch (page->state) {
    case PST_EXEC_EXITED:
        come_to(row, PST_RECOVERY_DONE,
                with_words(g_strdup_printf("it exited with %d", page->status), told));
        return;
    case PST_EXEC_KILLED:
        come_to(row, PST_RECOVERY_DONE,
                with_words(page->why != NULL
                               ? g_strdup_printf("it was killed: %s", page->why)
                               : g_strdup_printf("it was killed by signal %d", page->signal),
                           told));
        return;
    case PST_EXEC_FAILED:
        come_to(row, PST_RECOVERY_NOT_DONE, g_strdup_printf("it was not started: %s", why));
        return;
    default:
        come_to(row, PST_RECOVERY_UNKNOWN,
                g_strdup_printf("it was started, and what came of it is not known: %s", why));
        return;
    }
}

/* Errors that leave no doubt that nothing was started. */
static gboolean
is_refusal(const GError *error)
{
    switch (error->code) {
    case PST_ERROR_NOT_ALLOWED:
    case PST_ERROR_NO_PERMISSION:
    case PST_ERROR_INVALID_PARAMS:
    case PST_ERROR_UNKNOWN_METHOD:
    case PST_ERROR_PATH_SHUT:
    case PST_ERROR_NO_DOMAIN:
        return TRUE;
    default:
        return FALSE;
    }
}

/* ---- starting it ---- */

static PstExecStart *
make_start(const PstRecoveryState *state, GBytes *script, gint64 timeout_us)
{
    static const char *const argv[] = {"sh", "-s", NULL};
    PstExecStart *start = g_new0(PstExecStart, 1);

    g_strlcpy(start->id, state->run, sizeof(start->id));
    start->argv = g_strdupv((char **)argv);
    start->timeout_ms = MAX(1, timeout_us / 1000);
    start->detach = TRUE;
    start->has_input = TRUE;
    start->input_bytes = (gint64)g_bytes_get_size(script);
    start->input_sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, script);
    start->input.data = g_bytes_ref(script);
    start->input.end = TRUE;
    return start;
}

typedef struct {
    PstExecWay *way;
    const PstRecoveryState *state;
    GString *told;
    PstExecRunWish wish;
} Undo;

static void
follow(const Undo *undo, PstRecoveryRow *row)
{
    g_auto(PstExecRunOutcome) outcome = {NULL};
    g_autoptr(GError) cause = NULL;

    if (pst_exec_run_follow(undo->way, undo->state->run, &undo->wish, &outcome, &cause))
        conclude(outcome.last, undo->told, row);
    else
        come_to(row, PST_RECOVERY_UNKNOWN, g_strdup(cause->message));
}

static gboolean
start(const Undo *undo, GBytes *script, gint64 timeout_us, PstRecoveryRow *row, GError **error)
{
    g_autoptr(PstExecStart) wish = make_start(undo->state, script, timeout_us);
    g_auto(PstExecRunOutcome) outcome = {NULL};
    g_autoptr(GError) cause = NULL;

    if (pst_exec_run_start(undo->way, wish, &undo->wish, g_get_monotonic_time() + REACH_US,
                           &outcome, &cause)) {
        /* What came of it by then is told again by the first page. */
        g_string_truncate(undo->told, 0);
        follow(undo, row);
        return TRUE;
    }
    if (outcome.interrupted) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    come_to(row, is_refusal(cause) ? PST_RECOVERY_NOT_DONE : PST_RECOVERY_UNKNOWN,
            g_strdup(cause->message));
    return TRUE;
}

/* ---- taking it up again ---- */

/* 32 hexadecimal digits; NULL where the guest did not tell. */
static char *
boot_of(const PstOptions *options, const char *domain)
{
    g_auto(PstPowerSight) sight = {NULL};

    pst_power_proof_take(options, VERB, domain, g_get_monotonic_time() + BOOT_US, &sight);
    return sight.mark != NULL ? g_strdup(sight.mark->boot_id) : NULL;
}

/* Whether the guest has forgotten none of the commands of this boot. */
static gboolean
knows_all(const Undo *undo)
{
    g_autoptr(JsonObject) told = pst_exec_way_call(undo->way, "exec-list", json_object_new(),
                                                   g_get_monotonic_time() + REACH_US, NULL, NULL);
    PstExecList *list = told != NULL ? pst_fields_decode(&pst_exec_list_fields, told, NULL) : NULL;

    if (list == NULL)
        return FALSE;
    guint n = list->commands != NULL ? list->commands->len : 0;
    gboolean all = n < FORGETS_FROM && list->truncated != PST_TRI_YES;
    pst_fields_free(&pst_exec_list_fields, list);
    return all;
}

/* An id that the guest does not know, in the boot in which it would, was never started. Where it
 * may have been forgotten it counts as one that may have run. */
static gboolean
was_never_started(const Undo *undo, const PstOptions *options, const char *domain)
{
    g_autofree char *boot = boot_of(options, domain);

    return boot != NULL && g_strcmp0(boot, undo->state->undo_boot) == 0 && knows_all(undo);
}

static void
take_up(const Undo *undo, const PstOptions *options, const char *domain, PstRecoveryRow *row,
        gboolean *open)
{
    g_auto(PstExecRunOutcome) outcome = {NULL};
    g_autoptr(GError) cause = NULL;

    if (!pst_exec_run_follow(undo->way, undo->state->run, &undo->wish, &outcome, &cause)) {
        come_to(row, PST_RECOVERY_UNKNOWN, g_strdup(cause->message));
        return;
    }
    if (outcome.last->state != PST_EXEC_UNKNOWN) {
        conclude(outcome.last, undo->told, row);
        return;
    }
    *open = was_never_started(undo, options, domain);
    if (!*open)
        come_to(row, PST_RECOVERY_UNKNOWN,
                g_strdup("it may have run before this was interrupted, and the guest does not know "
                         "any more: it is not run again"));
}

/* ---- the step ---- */

void
pst_recovery_undo_prepare(const PstOptions *options, const char *domain, PstRecoveryState *state)
{
    g_free(state->undo_boot);
    state->undo_boot = boot_of(options, domain);
}

/* It may go on in the guest for that long, whoever is cut off from it. */
static PstExecRunWish
wish_of(GString *told, gint64 timeout_us)
{
    return (PstExecRunWish){.sink = take, .user_data = told, .patience_us = timeout_us + ENDING_US};
}

/* FALSE with the error where nobody can be asked; *WAY is NULL where the guest can't be. */
static gboolean
find_way(const PstOptions *options, const char *domain, PstRecoveryOutcome otherwise,
         PstExecWay **way, PstRecoveryRow *row, GError **error)
{
    g_autoptr(GError) cause = NULL;

    *way = pst_exec_way_new(options, domain, g_get_monotonic_time() + REACH_US, &cause);
    if (*way != NULL)
        return TRUE;
    if (g_error_matches(cause, PST_ERROR, PST_ERROR_NO_HYPERVISOR)) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return FALSE;
    }
    come_to(row, otherwise, g_strdup(cause->message));
    return TRUE;
}

gboolean
pst_recovery_undo_look(const PstOptions *options, const char *domain, const PstRecoveryState *state,
                       gint64 timeout_us, PstRecoveryRow *row, gboolean *open, GError **error)
{
    g_autoptr(GString) told = g_string_new(NULL);
    g_autoptr(PstExecWay) way = NULL;

    *open = FALSE;
    if (!find_way(options, domain, PST_RECOVERY_UNKNOWN, &way, row, error))
        return FALSE;
    const Undo undo = {way, state, told, wish_of(told, timeout_us)};
    if (way != NULL)
        take_up(&undo, options, domain, row, open);
    return TRUE;
}

gboolean
pst_recovery_undo_run(const PstOptions *options, const char *domain, const PstRecoveryState *state,
                      GBytes *script, gint64 timeout_us, PstRecoveryRow *row, GError **error)
{
    g_autoptr(GString) told = g_string_new(NULL);
    g_autoptr(PstExecWay) way = NULL;

    if (!find_way(options, domain, PST_RECOVERY_NOT_DONE, &way, row, error))
        return FALSE;
    const Undo undo = {way, state, told, wish_of(told, timeout_us)};
    return way == NULL || start(&undo, script, timeout_us, row, error);
}
