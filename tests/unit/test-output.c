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
    unlink(link);
    g_assert_cmpint(symlink("nowhere", link), ==, 0);
    assert_fails(link);
    g_assert_cmpint(lstat(link, &st), ==, 0);
    g_assert_true(S_ISLNK(st.st_mode));

    /* A new file is its owner's; one that was there keeps its mode. */
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0600);
    g_assert_cmpint(chmod(path, 0640), ==, 0);
    g_assert_true(pst_output_write(path, "four\n", NULL));
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0640);

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

    /* Nobody reads it. */
    assert_fails(path);
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

/* Reads a million bytes, and says how many there were. */
static gpointer
read_late(gpointer fd)
{
    char buffer[65536];
    gssize n = 1;
    int total = 0;

    g_usleep(200000);
    while (total < 1000000 && (n = read(GPOINTER_TO_INT(fd), buffer, sizeof(buffer))) > 0)
        total += (int)n;
    return GINT_TO_POINTER(total);
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

    /* One that somebody made non-blocking, and whose reader is late. */
    g_autofree char *huge = g_strnfill(1000000, 'x');
    g_assert_cmpint(fcntl(ends[1], F_SETFL, O_NONBLOCK), ==, 0);
    GThread *thread = g_thread_new("late", read_late, GINT_TO_POINTER(ends[0]));
    g_assert_true(write_to(ends[1], huge, NULL));
    g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(thread)), ==, 1000000);

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

/* By its name in /proc or /dev, whatever it is: a pipe, and a file that has lost its own name. */
static void
test_descriptor(void)
{
    g_autofree char *folder = g_dir_make_tmp("postern-output-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "file", NULL);
    char buffer[16] = "";
    int ends[2];

    g_assert_cmpint(pipe(ends), ==, 0);
    g_autofree char *pipe_path = g_strdup_printf("/dev/fd/%d", ends[1]);
    g_assert_true(pst_output_write(pipe_path, "text\n", NULL));
    g_assert_cmpint(read(ends[0], buffer, sizeof(buffer)), ==, 5);
    close(ends[0]);
    close(ends[1]);

    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    g_autofree char *lost_path = g_strdup_printf("/proc/self/fd/%d", fd);
    g_assert_cmpint(unlink(path), ==, 0);
    g_assert_true(pst_output_write(lost_path, "lost\n", NULL));
    g_assert_cmpint(pread(fd, buffer, sizeof(buffer), 0), ==, 5);
    close(fd);
    g_assert_cmpint(rmdir(folder), ==, 0);
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
    g_test_add_func("/output/descriptor", test_descriptor);
    return g_test_run();
}
