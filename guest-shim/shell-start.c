// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/shell-start.h"

#include <string.h>
#include <sys/stat.h>

#include "guest-shim/shell-run.h"
#include "guest-shim/shell-syntax.h"
#include "protocol/error.h"

#define MAX_FILE (256 * 1024)
#define BYTES_A_STEP 64

/* A line that begins so, in what was not understood. */
static void
look_behind(PstShellRun *run, const char *text, guint from)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        const char *line = g_strstrip(lines[i]);

        if (i + 1 < from || run->kind != PST_SHELL_START_BASHRC ||
            (!g_str_equal(line, "exit") && !g_str_has_prefix(line, "exit ") &&
             !(g_str_has_prefix(line, "exec ") && g_ascii_isalpha(line[5]))))
            continue;
        run->unsure++;
        pst_shell_run_end(run, i + 1, FALSE);
        run->unsure--;
        return;
    }
}

/* Whoever opens a pipe that nobody writes to waits. */
static gboolean
is_pipe(PstShellRun *run, const char *path)
{
    const char *reader = run->path;
    struct stat st;

    if (!pst_sysroot_stat(run->world.sysroot, path, &st, NULL) || !S_ISFIFO(st.st_mode))
        return FALSE;
    run->path = path;
    pst_shell_run_end(run, 1, TRUE);
    run->path = reader;
    return TRUE;
}

/* Too large, or no file: what it does to the shell is not known. */
static void
tell_unread(PstShellRun *run, const char *path)
{
    const char *reader = run->path;

    run->path = path;
    pst_shell_run_may_end(run, 1, FALSE);
    run->path = reader;
}

static void
read_file(PstShellRun *run, const char *named)
{
    /* GLib leaves two slashes at the beginning as they are. */
    g_autofree char *path = g_canonicalize_filename(named + strspn(named, "/"), "/");

    /* What the kernel makes, some of which reading takes away, no shell begins with. */
    if (g_str_has_prefix(path, "/proc/") || g_str_has_prefix(path, "/sys/") ||
        !pst_shell_value_may_read(&run->world, path) || is_pipe(run, path))
        return;
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = pst_sysroot_read(run->world.sysroot, path, MAX_FILE, NULL, &cause);
    guint cut;

    if (text == NULL) {
        if (cause->code != PST_ERROR_ABSENT)
            tell_unread(run, path);
        return;
    }
    g_autoptr(GPtrArray) words = pst_shell_words_split(text, &cut);
    run->steps += words->len + (guint)strlen(text) / BYTES_A_STEP;
    PstShellRun inner = *run;
    inner.words = words;
    inner.path = path;
    inner.at = 0;
    inner.unsure += run->may_be_gone;
    inner.may_be_gone = inner.gone = inner.gone_for_good = FALSE;
    inner.loops = 0;
    inner.commands = g_hash_table_new(NULL, NULL);
    inner.lists = g_hash_table_new(NULL, NULL);
    inner.functions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    pst_shell_syntax_list(&inner);
    if (!inner.gone && !inner.ended && (inner.broken || cut > 0 || inner.at < words->len)) {
        guint at = inner.at < words->len ? ((PstShellWord *)words->pdata[inner.at])->line : cut;
        look_behind(&inner, text, at);
    }
    g_hash_table_unref(inner.commands);
    g_hash_table_unref(inner.lists);
    g_hash_table_unref(inner.functions);
    run->ended = inner.ended;
    run->steps = inner.steps;
    run->exits_on_error = inner.exits_on_error;
    run->traps = inner.traps;
    run->seconds = inner.seconds;
    run->gone |= inner.gone && inner.gone_for_good;
    run->gone_for_good |= inner.gone_for_good;
}

static void
call(PstShellRun *run, guint body)
{
    guint back = run->at, loops = run->loops;
    gboolean gone = run->gone, may = run->may_be_gone;

    run->unsure += may;
    run->may_be_gone = FALSE;
    run->loops = 0;
    run->at = body;
    pst_shell_syntax_command(run);
    run->at = back;
    run->loops = loops;
    run->unsure -= may;
    run->may_be_gone = may;
    run->gone = gone || (run->gone && run->gone_for_good);
}

void
pst_shell_start_judge(const PstSysroot *sysroot, PstShellStartKind kind, const char *path,
                      const PstShellUser *user, PstShellStart *start)
{
    g_autoptr(GHashTable) variables =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    PstShellRun run = {
        .kind = kind,
        .start = start,
        .read_file = read_file,
        .call = call,
        .world = {sysroot, user, kind == PST_SHELL_START_BASHRC, variables},
    };

    *start = (PstShellStart){PST_SHELL_START_GOES_ON, FALSE, NULL, 0};
    read_file(&run, path);
}

void
pst_shell_start_clear(PstShellStart *start)
{
    g_clear_pointer(&start->path, g_free);
}
