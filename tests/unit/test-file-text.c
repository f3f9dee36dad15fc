// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "guest-shim/file-text.h"
#include "protocol/error.h"

#define LEN 10000

/* What the size says and what there is. */
static const struct {
    gsize size, max;
    gboolean read;
} rows[] = {
    {LEN, LEN, TRUE},         {LEN, G_MAXSIZE / 2, TRUE}, {0, LEN, TRUE}, /* not known */
    {1, LEN, TRUE},                                                       /* it grew */
    {LEN - 1, LEN, TRUE},     /* it grew by as much as the first read asks for more */
    {2 * LEN, 2 * LEN, TRUE}, /* it shrank */
    {LEN, LEN - 1, FALSE},    {0, LEN - 1, FALSE},        {1, LEN - 1, FALSE},
    {1 << 30, 100, FALSE},
};

static int
open_filled(char **path)
{
    g_autofree char *bytes = g_malloc(LEN);
    int fd = g_file_open_tmp("postern-file-text-XXXXXX", path, NULL);

    memset(bytes, 'x', LEN);
    g_assert_cmpint(write(fd, bytes, LEN), ==, LEN);
    return fd;
}

static void
test_sizes(void)
{
    g_autofree char *path = NULL;
    int fd = open_filled(&path);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        gsize len = 0;

        g_test_message("row %u", i);
        g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
        g_autofree char *text =
            pst_file_text_read(fd, "/a", rows[i].size, rows[i].max, &len, &error);
        g_assert_true((text != NULL) == rows[i].read);
        if (text == NULL) {
            g_assert_error(error, PST_ERROR, PST_ERROR_TOO_LARGE);
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpuint(len, ==, LEN);
        g_assert_cmpuint(strlen(text), ==, LEN);
    }
    close(fd);
    unlink(path);
}

/* A pipe's writer may pause: only its end is the end where no size is known. */
static void
test_pieces(void)
{
    g_autoptr(GError) error = NULL;
    gsize len = 0;
    int ends[2];

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_assert_cmpint(write(ends[1], "ab", 2), ==, 2);
    close(ends[1]);
    g_autofree char *text = pst_file_text_read(ends[0], "/a", 0, 100, &len, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, "ab");
    close(ends[0]);
}

static void
test_unreadable(void)
{
    g_autoptr(GError) error = NULL;
    gsize len = 0;
    int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    g_assert_null(pst_file_text_read(fd, "/a", 0, 100, &len, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_nonnull(strstr(error->message, "/a: "));
    close(fd);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/file-text/sizes", test_sizes);
    g_test_add_func("/file-text/pieces", test_pieces);
    g_test_add_func("/file-text/unreadable", test_unreadable);
    return g_test_run();
}
