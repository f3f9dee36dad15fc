// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host-sidecar/commands.h"
#include "host-sidecar/escape.h"
#include "host-sidecar/exec-run.h"
#include "host-sidecar/exec-words.h"
#include "host-sidecar/exit-code.h"
#include "host-sidecar/output.h"
#include "host-sidecar/render.h"
#include "host-sidecar/write-all.h"
#include "protocol/error.h"
#include "protocol/json.h"
#include "protocol/limits.h"

#define DEFAULT_TIMEOUT_US (3600 * (gint64)G_USEC_PER_SEC)
/* What is fed is recorded before it is, so it is read to its end. */
#define MAX_STDIN (64 * 1024 * 1024)

typedef struct {
    char *user, *cwd, *timeout;
    char **env;
    gboolean input, detach, follow, end;
    gint64 timeout_us;
} Words;

static void
clear_words(Words *words)
{
    g_free(words->user);
    g_free(words->cwd);
    g_free(words->timeout);
    g_strfreev(words->env);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Words, clear_words)

static gboolean
misuse(GError **error, const char *why)
{
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "exec: %s", why);
    return FALSE;
}

/* ---- what it is fed ---- */

static GBytes *
read_input(GError **error)
{
    GByteArray *all = g_byte_array_new();
    guint8 buffer[65536];
    gssize n = 1;

    while (n != 0 && all->len <= MAX_STDIN) {
        n = read(STDIN_FILENO, buffer, sizeof(buffer));
        if (n < 0 && errno != EINTR)
            break;
        if (n > 0)
            g_byte_array_append(all, buffer, (guint)n);
    }
    g_autoptr(GBytes) input = g_byte_array_free_to_bytes(all);
    if (n == 0)
        return g_steal_pointer(&input);
    if (n < 0)
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "exec: standard input: %s",
                    g_strerror(errno));
    else
        misuse(error, "standard input holds more than 64 MiB");
    return NULL;
}

static void
set_input(PstExecStart *start, GBytes *input)
{
    gsize len = g_bytes_get_size(input);
    gsize n = MIN(len, PST_LIMIT_EXEC_INPUT);

    start->has_input = TRUE;
    start->input_bytes = (gint64)len;
    start->input_sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, input);
    start->input.data = n > 0 ? g_bytes_new_from_bytes(input, 0, n) : NULL;
    start->input.end = n == len;
}

/* ---- what it writes ---- */

typedef struct {
    gboolean kept; /* for the JSON; else it goes where the command's own would */
    PstExecWordsStream streams[PST_EXEC_N_STREAMS];
} Sink;

static const int fds[] = {STDOUT_FILENO, STDERR_FILENO};

static gboolean
await(PstExecStream stream, int timeout_ms, gpointer user_data)
{
    const Sink *sink = user_data;
    struct pollfd own = {fds[stream], POLLOUT, 0};

    /* What can't be polled is written to, which tells why. */
    return sink->kept || poll(&own, 1, timeout_ms) > 0 || own.revents != 0;
}

static gboolean
take(PstExecStream stream, gconstpointer data, gsize len, gpointer user_data)
{
    Sink *sink = user_data;
    PstExecWordsStream *words = &sink->streams[stream];

    words->bytes += len;
    if (!sink->kept)
        return pst_write_all(fds[stream], data, len);
    g_byte_array_append(words->kept, data, (guint)MIN(len, PST_EXEC_WORDS_KEPT - words->kept->len));
    return TRUE;
}

static void
init_sink(Sink *sink, gboolean kept)
{
    *sink = (Sink){.kept = kept};
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        sink->streams[i].kept = g_byte_array_new();
}

static void
clear_sink(Sink *sink)
{
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        g_byte_array_unref(sink->streams[i].kept);
}

/* ---- how it ended ---- */

static void
say(const char *text)
{
    g_autofree char *escaped = pst_escape_text(text, FALSE);

    fprintf(stderr, "postern: exec: %s\n", escaped);
}

static gboolean
conclude(const PstOptions *options, const PstExecRunOutcome *outcome, Sink *sink, int *exit_code,
         GError **error)
{
    g_autofree char *note = pst_exec_words_note(outcome->last);

    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        sink->streams[i].missed = outcome->missed[i];

    *exit_code = outcome->last->state == PST_EXEC_RUNNING ? PST_EXIT_OK
                                                          : pst_exec_words_exit_code(outcome->last);
    if (options->json) {
        g_autoptr(JsonObject) json =
            pst_exec_words_json(outcome->last, outcome->guest, outcome->via, sink->streams);
        g_autofree char *text = pst_render_json(json);
        return pst_output_write(options->output, text, error);
    }
    if (note != NULL && !options->quiet)
        say(note);
    return TRUE;
}

/* What a detached command is called from here on. */
static gboolean
conclude_start(const PstOptions *options, const PstExecRunOutcome *outcome, Sink *sink,
               int *exit_code, GError **error)
{
    g_autofree char *text = g_strconcat(outcome->last->id, "\n", NULL);

    /* It may be over already: then its id is what tells how it ended. */
    if (options->json || outcome->last->state >= PST_EXEC_FAILED)
        return conclude(options, outcome, sink, exit_code, error);
    *exit_code = PST_EXIT_OK;
    return pst_output_write(options->output, text, error);
}

/* Every failure of postern's own has one exit code, so that none is taken for the command's. */
static gboolean
fail(const PstOptions *options, const char *id, const GError *error, int *exit_code)
{
    *exit_code = pst_exec_words_error_code(error);
    say(error->message);
    if (options->json) {
        g_autoptr(JsonObject) json = pst_exec_words_error_json(id, error);
        g_autofree char *text = pst_render_json(json);
        pst_output_write(options->output, text, NULL);
    }
    return TRUE;
}

/* ---- a command ---- */

static PstExecStart *
make_start(const Words *words, char **argv)
{
    PstExecStart *start = g_new0(PstExecStart, 1);

    pst_exec_new_id(start->id);
    start->argv = g_strdupv(argv);
    start->env = words->env != NULL ? g_strdupv(words->env) : NULL;
    start->user = g_strdup(words->user);
    start->cwd = g_strdup(words->cwd);
    start->timeout_ms = MAX(1, words->timeout_us / 1000);
    start->input_bytes = -1;
    start->detach = words->detach;
    start->has_input = words->detach && words->input;
    return start;
}

/* Says here, and not by the door, what is wrong with the words. */
static gboolean
check_start(const PstExecStart *start, GError **error)
{
    g_autoptr(JsonObject) params = pst_exec_start_params(start);
    g_autoptr(GError) cause = NULL;
    g_autoptr(PstExecStart) read = pst_exec_start_read(params, &cause);

    if (read == NULL)
        return misuse(error, cause->message);
    /* Else it would run in another folder, or as another user. */
    if (g_strcmp0(read->cwd, start->cwd) != 0 || g_strcmp0(read->user, start->user) != 0)
        return misuse(error, "--cwd and --user take what is plain UTF-8");
    return TRUE;
}

static gboolean
run(const PstOptions *options, const char *domain, const Words *words, char **argv, const char **id,
    int *exit_code, GError **error)
{
    g_autoptr(PstExecStart) start = make_start(words, argv);
    gboolean feeds = words->input && !words->detach;
    g_autoptr(GBytes) input = feeds ? read_input(error) : NULL;
    /* Whoever writes the input may take as long as it likes. */
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    g_auto(PstExecRunOutcome) outcome = {NULL};
    g_autoptr(PstExecWay) way = NULL;
    Sink sink;

    *id = g_intern_string(start->id);
    if (feeds && input == NULL)
        return FALSE;
    if (input != NULL)
        set_input(start, input);
    if (!check_start(start, error))
        return FALSE;
    way = pst_exec_way_new(options, domain, deadline_us, error);
    if (way == NULL)
        return FALSE;
    init_sink(&sink, options->json);
    const PstExecRunWish wish = {.sink = take, .wait = await, .user_data = &sink, .input = input};
    gboolean well =
        pst_exec_run_start(way, start, &wish, deadline_us, &outcome, error) &&
        (words->detach ? conclude_start : conclude)(options, &outcome, &sink, exit_code, error);
    clear_sink(&sink);
    return well;
}

/* ---- what is done with one that was started ---- */

/* Nothing of its output is asked for: all of it lies before this. */
#define NO_OUTPUT (PST_LIMIT_INTEGER / 2)

static gboolean
follow(PstExecWay *way, const PstOptions *options, const PstExecRunWish *wanted, const char *id,
       gboolean is_its_own, int *exit_code, GError **error)
{
    g_auto(PstExecRunOutcome) outcome = {NULL};
    PstExecRunWish wish = *wanted;
    Sink sink;

    init_sink(&sink, options->json);
    wish.sink = take;
    wish.wait = await;
    wish.user_data = &sink;
    gboolean well = pst_exec_run_follow(way, id, &wish, &outcome, error) &&
                    conclude(options, &outcome, &sink, exit_code, error);
    /* Its logs were wanted, and there they are. */
    if (well && !is_its_own && outcome.last->state < PST_EXEC_LOST)
        *exit_code = PST_EXIT_OK;
    clear_sink(&sink);
    return well;
}

static gboolean
send_piece(PstExecWay *way, const char *id, GBytes *piece, gboolean end, gint64 deadline_us,
           GError **error)
{
    JsonObject *params = json_object_new();
    gsize len = g_bytes_get_size(piece);
    g_autofree char *digest = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, piece);
    g_autofree char *text = g_base64_encode(g_bytes_get_data(piece, NULL), len);

    pst_json_set_string(params, "id", id);
    if (len > 0) {
        json_object_set_string_member(params, "input_b64", text);
        json_object_set_string_member(params, "input_sha256", digest);
    }
    if (end)
        json_object_set_boolean_member(params, "input_end", TRUE);
    g_autoptr(JsonObject) result =
        pst_exec_way_call(way, "exec-send", params, deadline_us, NULL, error);
    return result != NULL;
}

/* The deadline is each piece's: whoever writes the input may take as long as it likes, and the
 * command as long to read it. */
static gboolean
send_input(PstExecWay *way, const char *id, gboolean end, gint64 piece_us, GError **error)
{
    g_autoptr(GBytes) input = read_input(error);
    gsize len = input != NULL ? g_bytes_get_size(input) : 0, at = 0;

    if (input == NULL)
        return FALSE;
    if (len == 0 && !end)
        return misuse(error, "standard input holds nothing that could be sent");
    do {
        gsize n = MIN(len - at, PST_LIMIT_EXEC_INPUT);
        g_autoptr(GBytes) piece = g_bytes_new_from_bytes(input, at, n);

        if (!send_piece(way, id, piece, end && at + n == len, g_get_monotonic_time() + piece_us,
                        error)) {
            if (at > 0)
                g_prefix_error(error, "after the first %" G_GSIZE_FORMAT " bytes: ", at);
            return FALSE;
        }
        at += n;
    } while (at < len);
    return TRUE;
}

static gboolean
send_signal(PstExecWay *way, const char *id, const char *name, gint64 deadline_us, GError **error)
{
    PstExecSignal wish = {.signal = name != NULL ? pst_exec_words_signal(name) : SIGTERM};
    gboolean sent = FALSE;

    if (wish.signal == 0)
        return misuse(error, "no signal is called so: say its name or its number");
    g_strlcpy(wish.id, id, sizeof(wish.id));
    g_autoptr(JsonObject) result = pst_exec_way_call(
        way, "exec-signal", pst_exec_signal_params(&wish), deadline_us, NULL, error);
    if (result == NULL || !pst_json_get_bool(result, "sent", PST_JSON_REQUIRED, &sent, error))
        return FALSE;
    if (!sent)
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "it does not run any more");
    return sent;
}

static gboolean
list(PstExecWay *way, const PstOptions *options, gint64 deadline_us, GError **error)
{
    g_autoptr(JsonObject) result =
        pst_exec_way_call(way, "exec-list", json_object_new(), deadline_us, NULL, error);

    if (result == NULL)
        return FALSE;
    g_autofree char *text =
        options->json ? pst_render_json(result) : pst_exec_words_list(result, error);
    return text != NULL && pst_output_write(options->output, text, error);
}

static const char *const actions[] = {"list", "attach", "logs", "wait", "send", "signal", NULL};

static gboolean
check_action(int argc, char **argv, GError **error)
{
    const char *action = argv[2];

    if (!g_strv_contains(actions, action)) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                    "exec: '%.64s' is none of list, attach, logs, wait, send, signal; a command "
                    "stands behind --",
                    action);
        return FALSE;
    }
    if (g_str_equal(action, "list"))
        return argc == 3 || misuse(error, "list takes no more words");
    if (argc < 4 || !pst_exec_is_id(argv[3]))
        return misuse(error, "say the command's id, as exec DOMAIN list tells it");
    return argc == 4 || g_str_equal(action, "signal") || misuse(error, "there are too many words");
}

static gboolean
act(const PstOptions *options, const Words *words, int argc, char **argv, const char **id,
    int *exit_code, GError **error)
{
    gint64 deadline_us = g_get_monotonic_time() + options->deadline_us;
    PstExecRunWish wish = {.end = FALSE};
    g_autoptr(PstExecWay) way = NULL;
    const char *action = argv[2];

    if (!check_action(argc, argv, error))
        return FALSE;
    way = pst_exec_way_new(options, argv[1], deadline_us, error);
    if (way == NULL)
        return FALSE;
    *exit_code = PST_EXIT_OK;
    *id = argv[3];
    if (g_str_equal(action, "list"))
        return list(way, options, deadline_us, error);
    if (g_str_equal(action, "send"))
        return send_input(way, argv[3], words->end, options->deadline_us, error);
    if (g_str_equal(action, "signal"))
        return send_signal(way, argv[3], argv[4], deadline_us, error);
    wish.joins = !g_str_equal(action, "wait");
    wish.end = g_str_equal(action, "logs") && !words->follow;
    for (guint i = 0; g_str_equal(action, "wait") && i < PST_EXEC_N_STREAMS; i++)
        wish.from[i] = NO_OUTPUT;
    return follow(way, options, &wish, argv[3], !g_str_equal(action, "logs"), exit_code, error);
}

/* ---- the words ---- */

/* What stands behind `--` is the command's: *ARGV becomes it, and the rest is cut off. */
static void
split(int *argc, char **argv, char ***command)
{
    *command = NULL;
    for (int i = 0; i < *argc; i++) {
        if (!g_str_equal(argv[i], "--"))
            continue;
        *command = argv + i + 1;
        argv[i] = NULL;
        *argc = i;
        return;
    }
}

static gboolean
read_timeout(Words *words, GError **error)
{
    words->timeout_us = DEFAULT_TIMEOUT_US;
    if (words->timeout == NULL)
        return TRUE;
    if (!pst_options_parse_span(words->timeout, &words->timeout_us, error))
        return FALSE;
    if (words->timeout_us >= 1000 && words->timeout_us / 1000 <= PST_LIMIT_EXEC_TIMEOUT_MS)
        return TRUE;
    return misuse(error, "--timeout: say 1ms to 7d");
}

static gboolean
do_it(const PstOptions *options, const Words *words, int argc, char **argv, char **command,
      const char **id, int *exit_code, GError **error)
{
    if (argc > 2 && command == NULL)
        return act(options, words, argc, argv, id, exit_code, error);
    if (argc > 2 || command == NULL || command[0] == NULL)
        return misuse(error, "say -- and then the program and its arguments");
    return run(options, argv[1], words, command, id, exit_code, error);
}

gboolean
pst_command_exec_run(const PstCommand *command, PstOptions *options, int argc, char **argv,
                     int *exit_code, GError **error G_GNUC_UNUSED)
{
    g_auto(Words) words = {.input = FALSE};
    const GOptionEntry entries[] = {
        {"user", 'u', 0, G_OPTION_ARG_STRING, &words.user, "As this user of its /etc/passwd (root)",
         "NAME"},
        {"stdin", 'i', 0, G_OPTION_ARG_NONE, &words.input,
         "Feed it standard input (at most 64 MiB)", NULL},
        {"timeout", 't', 0, G_OPTION_ARG_STRING, &words.timeout,
         "Kill it, with all that it started, after this time (1h)", "SPAN"},
        {"cwd", 0, 0, G_OPTION_ARG_FILENAME, &words.cwd, "In this folder (the user's home)", "DIR"},
        {"detach", 'd', 0, G_OPTION_ARG_NONE, &words.detach,
         "Print its id and leave it running; with --stdin, for send", NULL},
        {"follow", 'f', 0, G_OPTION_ARG_NONE, &words.follow, "Of logs: until it ends", NULL},
        {"end", 0, 0, G_OPTION_ARG_NONE, &words.end, "Of send: nothing comes after it", NULL},
        {"env", 'e', 0, G_OPTION_ARG_FILENAME_ARRAY, &words.env,
         "With this in its environment; as often as needed", "KEY=VALUE"},
        {NULL},
    };
    g_autoptr(GError) cause = NULL;
    const char *id = NULL;
    char **argv_of_command = NULL;

    split(&argc, argv, &argv_of_command);
    if (pst_options_parse(options, command->name, command->arguments, command->summary, entries, 1,
                          4, &argc, &argv, &cause) &&
        read_timeout(&words, &cause) &&
        do_it(options, &words, argc, argv, argv_of_command, &id, exit_code, &cause))
        return TRUE;
    return fail(options, id, cause, exit_code);
}
