// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/exec-server.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-shim/exec-child.h"
#include "guest-shim/exec-ended.h"
#include "guest-shim/exec-job.h"
#include "guest-shim/loop-handles.h"
#include "protocol/error.h"
#include "protocol/limits.h"

#define MAX_PEERS 64
/* The exit status of a supervisor whose command was refused. */
#define REFUSED 1
/* A request comes at once, or not at all. */
#define PATIENCE_S 5
#define IDLE_S 60
/* A start that is asked for once more comes within a request's longest deadline. */
#define FORGET_US (PST_EXEC_STORE_FORGET_S * (gint64)G_USEC_PER_SEC)

typedef struct {
    PstExecServer *server;
    PstExecPeer *peer;
    guint source, timer;
} Visitor;

/* A command that was started, by its supervisor; later one that has ended. */
typedef struct {
    char id[PST_EXEC_ID_DIGITS + 1];
    gint64 ended_us, bytes;
    gboolean told;
} Command;

struct PstExecServer {
    const PstSysroot *sysroot;
    PstExecStore *store;
    char *boot_id;
    int listener, signals;
    guint listener_source, signals_source, idle_source;
    GPtrArray *visitors;
    GHashTable *running; /* of Command, by pid */
    GQueue others;       /* of Command, those that another process before it has started */
    /* Of Command, those that have ended, the oldest first: with results that were told or were not,
     * and only ids. */
    GQueue told, untold, claimed;
    gint64 kept_bytes;
    void (*idle)(gpointer user_data);
    gpointer user_data;
    gboolean by_agent;
};

static void
free_visitor(gpointer data)
{
    Visitor *visitor = data;

    pst_loop_handles_remove(&visitor->source);
    pst_loop_handles_remove(&visitor->timer);
    g_clear_pointer(&visitor->peer, pst_exec_peer_free);
    g_free(visitor);
}

/* ---- at rest ---- */

static gboolean
on_idle(gpointer user_data)
{
    PstExecServer *server = user_data;

    server->idle_source = 0;
    server->idle(server->user_data);
    return G_SOURCE_REMOVE;
}

static void
rest(PstExecServer *server)
{
    pst_loop_handles_remove(&server->idle_source);
    if (server->visitors->len == 0 && g_hash_table_size(server->running) == 0)
        server->idle_source = g_timeout_add_seconds(IDLE_S, on_idle, server);
}

/* ---- what ended commands leave behind ---- */

static Command *
new_command(const char *id)
{
    Command *command = g_new0(Command, 1);

    g_strlcpy(command->id, id, sizeof(command->id));
    return command;
}

/* Whose oldest has to go; NULL where there is room. */
static GQueue *
find_full(PstExecServer *server)
{
    if (server->untold.length > PST_EXEC_STORE_KEPT_UNTOLD)
        return &server->untold;
    if (server->told.length > PST_EXEC_STORE_KEPT)
        return &server->told;
    if (server->kept_bytes <= PST_EXEC_STORE_KEPT_BYTES)
        return NULL;
    return server->told.length > 0 ? &server->told : &server->untold;
}

static void
bound(PstExecServer *server)
{
    gint64 now_us = g_get_monotonic_time();

    for (GQueue *full; (full = find_full(server)) != NULL;) {
        Command *command = g_queue_pop_head(full);
        server->kept_bytes -= command->bytes;
        pst_exec_store_empty(server->store, command->id);
        g_queue_push_tail(&server->claimed, command);
    }
    for (Command *command; (command = g_queue_peek_head(&server->claimed)) != NULL &&
                           command->ended_us < now_us - FORGET_US;) {
        pst_exec_store_forget(server->store, command->id);
        g_free(g_queue_pop_head(&server->claimed));
    }
}

/* Takes COMMAND over, which has ended. */
static void
keep(PstExecServer *server, Command *command)
{
    command->ended_us = g_get_monotonic_time();
    command->bytes = pst_exec_store_bytes(server->store, command->id, &command->told);
    server->kept_bytes += command->bytes;
    g_queue_push_tail(command->bytes == 0 ? &server->claimed
                      : command->told     ? &server->told
                                          : &server->untold,
                      command);
}

static int
has_id(gconstpointer command, gconstpointer id)
{
    return strcmp(((const Command *)command)->id, id);
}

/* The answer to somebody is PAGE. */
static void
note_told(PstExecServer *server, const PstExecPage *page)
{
    GList *item = g_queue_find_custom(&server->untold, page->id, has_id);

    if (!pst_exec_page_is_last(page))
        return;
    /* Whoever serves it yet, or comes after this process, goes by the file. */
    if (page->state != PST_EXEC_LOST && page->state != PST_EXEC_UNKNOWN)
        pst_exec_store_tell(server->store, page->id);
    if (item == NULL)
        return;
    g_queue_unlink(&server->untold, item);
    ((Command *)item->data)->told = TRUE;
    g_queue_push_tail_link(&server->told, item);
    bound(server);
}

static gboolean
on_child(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstExecServer *server = user_data;
    struct signalfd_siginfo info;
    int status = 0;
    pid_t pid;

    while (read(fd, &info, sizeof(info)) > 0)
        continue;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        gpointer command = NULL;

        if (!g_hash_table_steal_extended(server->running, GINT_TO_POINTER(pid), NULL, &command))
            continue;
        /* By then another may have been started by that id. */
        if (WIFEXITED(status) && WEXITSTATUS(status) == REFUSED)
            g_free(command);
        else
            keep(server, command);
    }
    bound(server);
    rest(server);
    return G_SOURCE_CONTINUE;
}

/* ---- requests ---- */

static void
answer(Visitor *visitor, const PstMessageId *id, JsonObject *result)
{
    g_autofree char *text = pst_message_result(id, result);

    pst_exec_peer_answer(visitor->peer, text);
}

static void
answer_error(Visitor *visitor, const PstMessageId *id, const GError *error)
{
    g_autofree char *text = pst_message_error(id, error);

    pst_exec_peer_answer(visitor->peer, text);
}

static int
compare(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

/* Whatever is another's: connections, and what this server listens by. */
static void
close_others(int *kept, guint n)
{
    int from = STDERR_FILENO + 1;

    qsort(kept, n, sizeof(*kept), compare);
    for (guint i = 0; i < n; i++) {
        if (kept[i] > from)
            syscall(SYS_close_range, (unsigned)from, (unsigned)kept[i] - 1, 0);
        from = kept[i] + 1;
    }
    syscall(SYS_close_range, (unsigned)from, ~0U, 0);
}

/* Whoever started this server may wait for their end. */
static void
leave_streams(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int stream = STDIN_FILENO; fd >= 0 && stream <= STDERR_FILENO; stream++)
        dup2(fd, stream);
    if (fd > STDERR_FILENO)
        close(fd);
}

static void G_GNUC_NORETURN
run(const PstExecServer *server, const PstExecJob *job)
{
    int kept[] = {job->listener, pst_exec_peer_fd(job->asker), pst_sysroot_fd(server->sysroot),
                  pst_exec_store_fd(server->store)};

    close_others(kept, G_N_ELEMENTS(kept));
    leave_streams();
    /* A session of its own: what is sent to this server's group is not meant for it. */
    setsid();
    _exit(pst_exec_job_run(job) ? 0 : REFUSED);
}

/* Takes LISTENER over. */
static gboolean
start(PstExecServer *server, Visitor *visitor, const PstMessage *message, const PstExecStart *wish,
      int listener, GError **error)
{
    const PstExecJob job = {.sysroot = server->sysroot,
                            .store = server->store,
                            .start = wish,
                            .listener = listener,
                            .asker = visitor->peer,
                            .id = message->id,
                            .by_agent = server->by_agent};
    pid_t pid = fork();

    if (pid == 0)
        run(server, &job);
    int number = errno;
    close(listener);
    if (pid < 0) {
        pst_exec_store_forget(server->store, wish->id);
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "the guest can't start a command: fork: %s", g_strerror(number));
        return FALSE;
    }
    g_hash_table_insert(server->running, GINT_TO_POINTER(pid), new_command(wish->id));
    return TRUE;
}

/* Nobody tells when another's has ended: that is looked for where it matters. */
static gboolean
is_full(PstExecServer *server)
{
    for (GList *item = server->others.head, *next;
         item != NULL &&
         g_hash_table_size(server->running) + server->others.length >= PST_LIMIT_EXEC_RUNNING;
         item = next) {
        Command *command = item->data;

        next = item->next;
        if (pst_exec_store_is_served(server->store, command->id))
            continue;
        g_queue_delete_link(&server->others, item);
        keep(server, command);
    }
    return g_hash_table_size(server->running) + server->others.length >= PST_LIMIT_EXEC_RUNNING;
}

static gboolean
may_start(PstExecServer *server, const PstExecStart *wish, GError **error)
{
    if (wish->boot_id != NULL && g_strcmp0(wish->boot_id, server->boot_id) != 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "the guest was booted since: in this boot the command was not started");
        return FALSE;
    }
    if (pst_exec_child_is_late(wish)) {
        g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE,
                    "the command was not started: the deadline for that had passed");
        return FALSE;
    }
    if (!is_full(server))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_BUSY, "%d commands are running in this guest",
                PST_LIMIT_EXEC_RUNNING);
    return FALSE;
}

/* Asked for once more, it is not started once more: the answer is how it is. */
static void
answer_known(PstExecServer *server, Visitor *visitor, const PstMessage *message, const char *id)
{
    PstExecAsk ask = {.wait_ms = 0};

    g_strlcpy(ask.id, id, sizeof(ask.id));
    g_autoptr(PstExecPage) page = pst_exec_ended_page(server->store, &ask);
    g_autoptr(JsonObject) result = pst_exec_page_result(page);
    answer(visitor, &message->id, result);
    note_told(server, page);
}

/* TRUE where its own process answers. */
static gboolean
take_start(PstExecServer *server, Visitor *visitor, const PstMessage *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstExecStart) wish = pst_exec_start_read(message->params, &error);
    gboolean taken = FALSE, started = FALSE;

    if (wish != NULL && pst_exec_store_has(server->store, wish->id)) {
        answer_known(server, visitor, message, wish->id);
        return FALSE;
    }
    if (wish != NULL && may_start(server, wish, &error)) {
        int listener = pst_exec_store_claim(server->store, wish->id, &taken, &error);
        started = listener >= 0 && start(server, visitor, message, wish, listener, &error);
    }
    if (started)
        return TRUE;
    if (taken)
        answer_known(server, visitor, message, wish->id);
    else
        answer_error(visitor, &message->id, error);
    return FALSE;
}

static void
take_page(PstExecServer *server, Visitor *visitor, const PstMessage *message)
{
    g_auto(PstExecAsk) ask = {.wait_ms = 0};
    g_autoptr(GError) error = NULL;

    if (!pst_exec_ask_read(message->params, &ask, &error)) {
        answer_error(visitor, &message->id, error);
        return;
    }
    g_autoptr(PstExecPage) page = pst_exec_ended_page(server->store, &ask);
    g_autoptr(JsonObject) result = pst_exec_page_result(page);
    answer(visitor, &message->id, result);
    note_told(server, page);
}

/* To one that nobody serves any more, or that is asked by more than can wait. */
static void
take_signal(const PstExecServer *server, Visitor *visitor, const PstMessage *message)
{
    g_autoptr(JsonObject) result = json_object_new();
    g_autoptr(GError) error = NULL;
    PstExecSignal wish;

    if (!pst_exec_signal_read(message->params, &wish, &error)) {
        answer_error(visitor, &message->id, error);
        return;
    }
    if (pst_exec_store_is_served(server->store, wish.id)) {
        g_set_error(&error, PST_ERROR, PST_ERROR_BUSY, "too many ask about this command");
        answer_error(visitor, &message->id, error);
        return;
    }
    json_object_set_boolean_member(result, "sent", FALSE);
    answer(visitor, &message->id, result);
}

static gboolean
take_request(PstExecServer *server, Visitor *visitor, const PstMessage *message)
{
    if (g_str_equal(message->method, PST_EXEC_START))
        return take_start(server, visitor, message);
    if (g_str_equal(message->method, PST_EXEC_PAGE)) {
        take_page(server, visitor, message);
    } else if (g_str_equal(message->method, PST_EXEC_SIGNAL)) {
        take_signal(server, visitor, message);
    } else if (g_str_equal(message->method, PST_EXEC_LIST)) {
        g_autoptr(JsonObject) result = pst_exec_ended_list(server->store);
        answer(visitor, &message->id, result);
    } else {
        g_autoptr(GError) error = g_error_new(PST_ERROR, PST_ERROR_UNKNOWN_METHOD,
                                              "unknown method '%.64s'", message->method);
        answer_error(visitor, &message->id, error);
    }
    return FALSE;
}

/* ---- visitors ---- */

static void
drop_visitor(Visitor *visitor)
{
    PstExecServer *server = visitor->server;

    g_ptr_array_remove_fast(server->visitors, visitor);
    rest(server);
}

static gboolean
on_impatient(gpointer user_data)
{
    Visitor *visitor = user_data;

    visitor->timer = 0;
    drop_visitor(visitor);
    return G_SOURCE_REMOVE;
}

static gboolean
on_writable(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    Visitor *visitor = user_data;

    if (pst_exec_peer_write(visitor->peer) && !pst_exec_peer_is_done(visitor->peer))
        return G_SOURCE_CONTINUE;
    visitor->source = 0;
    drop_visitor(visitor);
    return G_SOURCE_REMOVE;
}

static gboolean
on_readable(gint fd, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    Visitor *visitor = user_data;
    g_autoptr(PstMessage) message = NULL;
    gboolean alive = pst_exec_peer_read(visitor->peer, &message);

    if (alive && message == NULL)
        return G_SOURCE_CONTINUE;
    visitor->source = 0;
    if (alive && !take_request(visitor->server, visitor, message) &&
        pst_exec_peer_is_writing(visitor->peer)) {
        visitor->source = g_unix_fd_add(fd, G_IO_OUT, on_writable, visitor);
        return G_SOURCE_REMOVE;
    }
    drop_visitor(visitor);
    return G_SOURCE_REMOVE;
}

static gboolean
on_visitor(gint listener, GIOCondition condition G_GNUC_UNUSED, gpointer user_data)
{
    PstExecServer *server = user_data;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return G_SOURCE_CONTINUE;
    if (server->visitors->len >= MAX_PEERS) {
        close(fd);
        return G_SOURCE_CONTINUE;
    }
    Visitor *visitor = g_new0(Visitor, 1);
    visitor->server = server;
    visitor->peer = pst_exec_peer_new(fd);
    visitor->source = g_unix_fd_add(fd, G_IO_IN, on_readable, visitor);
    visitor->timer = g_timeout_add_seconds(PATIENCE_S, on_impatient, visitor);
    g_ptr_array_add(server->visitors, visitor);
    pst_loop_handles_remove(&server->idle_source);
    return G_SOURCE_CONTINUE;
}

/* ---- the whole ---- */

static gboolean
watch_children(PstExecServer *server, GError **error)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (server->signals < 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE, "signalfd: %s", g_strerror(errno));
        return FALSE;
    }
    server->signals_source = g_unix_fd_add(server->signals, G_IO_IN, on_child, server);
    return TRUE;
}

/* What others before it have left behind counts as its own. */
static void
adopt(PstExecServer *server)
{
    g_auto(GStrv) ids = NULL;

    pst_exec_store_sweep(server->store);
    ids = pst_exec_store_ids(server->store);
    for (guint i = 0; ids[i] != NULL; i++) {
        Command *command = new_command(ids[i]);

        if (pst_exec_store_is_served(server->store, ids[i]))
            g_queue_push_tail(&server->others, command);
        else
            keep(server, command);
    }
    bound(server);
}

PstExecServer *
pst_exec_server_new(const PstSysroot *sysroot, PstExecStore *store, int listener,
                    void (*idle)(gpointer user_data), gpointer user_data, GError **error)
{
    g_autoptr(PstExecServer) server = g_new0(PstExecServer, 1);

    server->sysroot = sysroot;
    server->store = store;
    server->listener = listener;
    server->signals = -1;
    server->idle = idle;
    server->user_data = user_data;
    server->visitors = g_ptr_array_new_with_free_func(free_visitor);
    server->running = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    server->boot_id = pst_sysroot_read_line(sysroot, "/proc/sys/kernel/random/boot_id", NULL);
    if (!watch_children(server, error))
        return NULL;
    adopt(server);
    g_unix_set_fd_nonblocking(listener, TRUE, NULL);
    server->listener_source = g_unix_fd_add(listener, G_IO_IN, on_visitor, server);
    rest(server);
    return g_steal_pointer(&server);
}

void
pst_exec_server_set_by_agent(PstExecServer *server)
{
    server->by_agent = TRUE;
}

void
pst_exec_server_free(PstExecServer *server)
{
    g_ptr_array_unref(server->visitors);
    pst_loop_handles_remove(&server->listener_source);
    pst_loop_handles_remove(&server->signals_source);
    pst_loop_handles_remove(&server->idle_source);
    pst_loop_handles_close(&server->listener);
    pst_loop_handles_close(&server->signals);
    g_hash_table_unref(server->running);
    g_queue_clear_full(&server->others, g_free);
    g_queue_clear_full(&server->told, g_free);
    g_queue_clear_full(&server->untold, g_free);
    g_queue_clear_full(&server->claimed, g_free);
    g_free(server->boot_id);
    g_free(server);
}
