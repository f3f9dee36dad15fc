// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/output.h"
#include "protocol/error.h"

static void
assert_holds(const char *path, const char *text)
{
    g_autofree char *found = NULL;

    g_assert_true(g_file_get_contents(path, &found, NULL, NULL));
    g_assert_cmpstr(found, ==, text);
}

static void
assert_fails(const char *path)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(pst_output_write(path, "text\n", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_OUTPUT);
}

static void
test_file(void)
{
    g_autofree char *folder = g_dir_make_tmp("postern-output-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "file", NULL);
    g_autofree char *link = g_build_filename(folder, "link", NULL);
    g_autofree char *none = g_build_filename(folder, "none", "file", NULL);
    struct stat st;

    g_assert_true(pst_output_write(path, "one\n", NULL));
    assert_holds(path, "one\n");
    g_assert_true(pst_output_write(path, "two\n", NULL));
    assert_holds(path, "two\n");

    /* What a link leads to is replaced, not the link. */
    g_assert_cmpint(symlink("file", link), ==, 0);
    g_assert_true(pst_output_write(link, "three\n", NULL));
    assert_holds(path, "three\n");
    g_assert_cmpint(lstat(link, &st), ==, 0);
    g_assert_true(S_ISLNK(st.st_mode));

    assert_fails(none);
    assert_fails(folder);
    unlink(link);
    unlink(path);
    g_assert_cmpint(rmdir(folder), ==, 0); /* nothing is left beside it */
}

/* As root, a file renamed over /dev/null would break the machine. */
static void
test_device(void)
{
    struct stat st;

    g_assert_true(pst_output_write("/dev/null", "text\n", NULL));
    g_assert_cmpint(stat("/dev/null", &st), ==, 0);
    g_assert_true(S_ISCHR(st.st_mode));
    assert_fails("/dev/full");
    g_assert_cmpint(stat("/dev/full", &st), ==, 0);
    g_assert_true(S_ISCHR(st.st_mode));
}

static gpointer
read_fifo(gpointer path)
{
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void
test_fifo(void)
{
    g_autofree char *folder = g_dir_make_tmp("postern-output-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "fifo", NULL);
    struct stat st;

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    GThread *thread = g_thread_new("reader", read_fifo, path);
    g_assert_true(pst_output_write(path, "text\n", NULL));
    g_autofree char *text = g_thread_join(thread);
    g_assert_cmpstr(text, ==, "text\n");
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_true(S_ISFIFO(st.st_mode));
    unlink(path);
    rmdir(folder);
}

/* Standard output is FD for as long as WRITE_IT runs. */
static gboolean
write_to(int fd, const char *text, GError **error)
{
    int saved = dup(STDOUT_FILENO);

    dup2(fd, STDOUT_FILENO);
    gboolean written = pst_output_write(NULL, text, error);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    return written;
}

static void
test_stdout(void)
{
    g_autofree char *large = g_strnfill(50000, 'x');
    g_autoptr(GError) error = NULL;
    int ends[2];
    char buffer[65536];

    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_true(write_to(ends[1], large, NULL));
    g_assert_cmpint(read(ends[0], buffer, sizeof(buffer)), ==, 50000);

    close(ends[0]);
    g_assert_false(write_to(ends[1], "text\n", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_OUTPUT);
    g_assert_cmpstr(error->message, ==, "standard output: Broken pipe");
    close(ends[1]);

    g_clear_error(&error);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    g_assert_false(write_to(full, "text\n", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_OUTPUT);
    close(full);
}

int
main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/output/file", test_file);
    g_test_add_func("/output/device", test_device);
    g_test_add_func("/output/fifo", test_fifo);
    g_test_add_func("/output/stdout", test_stdout);
    return g_test_run();
}
