// SPDX-License-Identifier: LGPL-2.1-or-later
/* Real programs of this machine, run as a probe would. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest-shim/program.h"
#include "protocol/error.h"

static PstSysroot *live;

static const char *const shell[] = {"/nonexistent/sh", "/bin/sh", NULL};

static PstProgramResult *
run_as(const char *script, gint64 timeout_ms, gsize max_output, const PstProgramUser *user)
{
    const char *const argv[] = {"-c", script, NULL};
    PstProgram program = {.candidates = shell,
                          .argv = argv,
                          .user = user,
                          .timeout_ms = timeout_ms,
                          .max_output = max_output};
    g_autoptr(GError) error = NULL;
    PstProgramResult *result = pst_program_run(live, &program, &error);

    g_assert_no_error(error);
    g_assert_nonnull(result);
    return result;
}

static PstProgramResult *
run(const char *script, gint64 timeout_ms)
{
    return run_as(script, timeout_ms, 10000, NULL);
}

static void
test_result(void)
{
    g_autoptr(PstProgramResult) result = run("echo out; echo err >&2; exit 3", 20000);

    g_assert_cmpstr(result->out->str, ==, "out\n");
    g_assert_cmpstr(result->err->str, ==, "err\n");
    g_assert_cmpint(result->exit_status, ==, 3);
    g_assert_cmpint(result->signal, ==, 0);
    g_assert_false(result->timed_out);
    g_assert_false(result->truncated);
}

static void
test_signal(void)
{
    g_autoptr(PstProgramResult) result = run("kill -SEGV $$", 20000);

    g_assert_cmpint(result->exit_status, ==, -1);
    g_assert_cmpint(result->signal, ==, SIGSEGV);
    g_assert_false(result->timed_out);
}

static void
test_environment(void)
{
    g_setenv("POSTERN_TEST_SECRET", "x", TRUE);
    g_autoptr(PstProgramResult) result = run("env; pwd; cat", 20000);

    g_assert_null(strstr(result->out->str, "POSTERN_TEST_SECRET"));
    g_assert_nonnull(strstr(result->out->str, "LC_ALL=C\n"));
    g_assert_true(g_str_has_suffix(result->out->str, "\n/\n"));
    g_assert_cmpint(result->exit_status, ==, 0); /* standard input is empty, not ours */
}

static gboolean
is_running(const char *word)
{
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(proc)) != NULL) {
        g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", name);
        g_autofree char *text = NULL;
        gsize len = 0;
        if (!g_ascii_isdigit(name[0]) || !g_file_get_contents(path, &text, &len, NULL))
            continue;
        for (gsize i = 0; i < len; i++)
            if (text[i] == '\0')
                text[i] = ' ';
        if (len > 0 && strstr(text, word) != NULL)
            return TRUE;
    }
    return FALSE;
}

static void
assert_gone(const char *word)
{
    for (int i = 0; i < 100 && is_running(word); i++)
        g_usleep(20000);
    g_assert_false(is_running(word));
}

/* Killed at its deadline, and what it started in its group with it. */
static void
test_timeout(void)
{
    g_autoptr(PstProgramResult) result =
        run("trap '' TERM INT HUP; sleep 987654321 & sleep 987654322; :", 300);

    g_assert_true(result->timed_out);
    g_assert_cmpint(result->signal, ==, SIGKILL);
    g_assert_cmpint(result->took_ms, >=, 300);
    g_assert_cmpint(result->took_ms, <, 3000);
    assert_gone("sleep 987654321");
    assert_gone("sleep 987654322");
}

/* A background child that keeps the pipes open is not waited for longer than the deadline. */
static void
test_background(void)
{
    g_autoptr(PstProgramResult) result = run("sleep 987654323 & echo done", 400);

    g_assert_cmpstr(result->out->str, ==, "done\n");
    g_assert_true(result->timed_out);
    g_assert_cmpint(result->took_ms, <, 3000);
    assert_gone("sleep 987654323");
}

static void
test_closed_pipes(void)
{
    g_autoptr(PstProgramResult) result = run("exec >&- 2>&-; sleep 987654324", 400);

    g_assert_true(result->timed_out);
    g_assert_cmpint(result->took_ms, <, 3000);
    assert_gone("sleep 987654324");
}

/* What exceeds the cap is read and discarded, so that the program is not held up by its pipe. */
static void
test_cap(void)
{
    g_autoptr(PstProgramResult) result =
        run_as("i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; "
               "i=$((i+1)); done; echo last >&2",
               30000, 1000, NULL);
    g_autoptr(PstProgramResult) none = run_as("echo x", 20000, 0, NULL);

    g_assert_cmpuint(result->out->len, ==, 1000);
    g_assert_true(result->truncated);
    g_assert_cmpint(result->exit_status, ==, 0);
    g_assert_cmpstr(result->err->str, ==, "last\n");
    g_assert_cmpuint(none->out->len, ==, 0);
    g_assert_true(none->truncated);
}

static void
test_any_bytes(void)
{
    g_autoptr(PstProgramResult) result = run("printf 'a\\000b\\377'", 20000);

    g_assert_cmpmem(result->out->str, result->out->len, "a\0b\xff", 4);
}

static void
test_user(void)
{
    const gid_t groups[] = {65534, 12345};
    const PstProgramUser user = {65534, 65533, groups, G_N_ELEMENTS(groups)};

    if (geteuid() != 0) {
        g_test_skip("needs root to become another user");
        return;
    }
    g_autoptr(PstProgramResult) result = run_as("id -u; id -g; id -G", 20000, 1000, &user);
    g_assert_cmpstr(result->out->str, ==, "65534\n65533\n65533 12345 65534\n");
}

static void
test_without_network(void)
{
    static const char *const cat[] = {"/bin/cat", "/usr/bin/cat", NULL};
    static const char *const argv[] = {"/proc/net/dev", NULL};
    PstProgram program = {.candidates = cat,
                          .argv = argv,
                          .without_network = TRUE,
                          .timeout_ms = 20000,
                          .max_output = 10000};

    if (geteuid() != 0) {
        g_test_skip("needs root for a network namespace");
        return;
    }
    g_autoptr(PstProgramResult) result = pst_program_run(live, &program, NULL);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(result->out->str), "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 3);
    g_assert_true(g_str_has_prefix(g_strchug(lines[2]), "lo:"));
}

static void
assert_refused(const char *path, PstErrorCode code)
{
    const char *const candidates[] = {path, NULL};
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_program_find(live, candidates, &error));
    g_assert_error(error, PST_ERROR, (int)code);
}

static void
test_find(void)
{
    g_autofree char *folder = g_dir_make_tmp("postern-program-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "program", NULL);

    g_assert_cmpstr(pst_program_find(live, shell, NULL), ==, "/bin/sh");
    assert_refused("/nonexistent", PST_ERROR_ABSENT);
    assert_refused("/etc", PST_ERROR_ABSENT);
    assert_refused("/etc/passwd", PST_ERROR_ABSENT);

    g_assert_true(g_file_set_contents(path, "#!/bin/sh\n", -1, NULL));
    g_assert_cmpint(chmod(path, 0777), ==, 0);
    assert_refused(path, PST_ERROR_NOT_ALLOWED);
    g_assert_cmpint(chmod(path, 0775), ==, 0);
    assert_refused(path, PST_ERROR_NOT_ALLOWED);
    if (geteuid() == 0) {
        g_assert_cmpint(chmod(path, 0755), ==, 0);
        g_assert_cmpint(chown(path, 65534, 65534), ==, 0);
        assert_refused(path, PST_ERROR_NOT_ALLOWED);
    }
    unlink(path);
    rmdir(folder);
}

static void
test_not_live(void)
{
    g_autofree char *folder = g_dir_make_tmp("postern-program-XXXXXX", NULL);
    g_autofree char *bin = g_build_filename(folder, "bin", NULL);
    g_autofree char *path = g_build_filename(bin, "sh", NULL);
    g_autoptr(PstSysroot) root = pst_sysroot_new(folder, NULL);
    const char *const argv[] = {NULL};
    PstProgram program = {.candidates = shell, .argv = argv, .timeout_ms = 1000};
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(mkdir(bin, 0755), ==, 0);
    g_assert_true(g_file_set_contents(path, "", -1, NULL));
    g_assert_cmpint(chmod(path, 0755), ==, 0);
    g_assert_null(pst_program_run(root, &program, &error));
    if (geteuid() == 0)
        g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    else
        g_assert_error(error, PST_ERROR, PST_ERROR_NOT_ALLOWED);
    unlink(path);
    rmdir(bin);
    rmdir(folder);
}

/* The kernel's word, and not a status that a program could have given too. */
static void
test_not_started(void)
{
    g_autofree char *folder = g_dir_make_tmp("postern-program-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "program", NULL);
    const char *const candidates[] = {path, NULL}, *const argv[] = {NULL};
    const PstProgramUser user = {65534, 65534, NULL, 0};
    PstProgram program = {
        .candidates = candidates, .argv = argv, .timeout_ms = 20000, .max_output = 1000};
    g_autoptr(GError) no_format = NULL, not_allowed = NULL;

    if (geteuid() != 0) {
        g_test_skip("not run: only root can make programs that belong to root");
        return;
    }
    g_assert_true(g_file_set_contents(path, "neither ELF nor a script", -1, NULL));
    g_assert_cmpint(chmod(path, 0755), ==, 0);
    g_assert_null(pst_program_run(live, &program, &no_format));
    g_assert_error(no_format, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_true(g_str_has_prefix(no_format->message, path));
    g_assert_nonnull(strstr(no_format->message, ": could not be started: "));
    g_assert_true(g_str_has_suffix(no_format->message, g_strerror(ENOEXEC)));

    /* The folder is its maker's alone. */
    program.user = &user;
    g_assert_null(pst_program_run(live, &program, &not_allowed));
    g_assert_error(not_allowed, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_true(g_str_has_suffix(not_allowed->message, g_strerror(EACCES)));
    unlink(path);
    rmdir(folder);

    g_autoptr(PstProgramResult) own = run("exit 127", 20000);
    g_assert_cmpint(own->exit_status, ==, 127);
}

static guint
n_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    guint n = 0;

    while (readdir(folder) != NULL)
        n++;
    closedir(folder);
    return n;
}

static void
test_descriptors(void)
{
    guint before = n_descriptors();

    for (int i = 0; i < 20; i++)
        pst_program_result_free(run(i % 4 == 0 ? "sleep 5" : "echo x", i % 4 == 0 ? 30 : 20000));
    g_assert_cmpuint(n_descriptors(), ==, before);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    live = pst_sysroot_new("/", NULL);
    g_test_add_func("/program/result", test_result);
    g_test_add_func("/program/signal", test_signal);
    g_test_add_func("/program/environment", test_environment);
    g_test_add_func("/program/timeout", test_timeout);
    g_test_add_func("/program/background", test_background);
    g_test_add_func("/program/closed-pipes", test_closed_pipes);
    g_test_add_func("/program/cap", test_cap);
    g_test_add_func("/program/any-bytes", test_any_bytes);
    g_test_add_func("/program/user", test_user);
    g_test_add_func("/program/without-network", test_without_network);
    g_test_add_func("/program/find", test_find);
    g_test_add_func("/program/not-live", test_not_live);
    g_test_add_func("/program/not-started", test_not_started);
    g_test_add_func("/program/descriptors", test_descriptors);
    int result = g_test_run();
    pst_sysroot_free(live);
    return result;
}
