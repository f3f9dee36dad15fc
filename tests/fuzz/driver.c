// SPDX-License-Identifier: LGPL-2.1-or-later
/* Runs a fuzz target over the files of a folder: how the targets are ordinary tests where there is
 * no libFuzzer. */
#include <stdio.h>

#include "tests/fuzz/fuzz.h"

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) folder = argc == 2 ? g_dir_open(argv[1], 0, &error) : NULL;
    const char *name;
    guint n = 0;

    if (folder == NULL) {
        fprintf(stderr, "%s\n", error != NULL ? error->message : "usage: fuzz-TARGET FOLDER");
        return 1;
    }
    while ((name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *path = g_build_filename(argv[1], name, NULL);
        g_autofree char *bytes = NULL;
        gsize len;

        if (!g_file_get_contents(path, &bytes, &len, &error)) {
            fprintf(stderr, "%s\n", error->message);
            return 1;
        }
        /* A copy of the exact size, so that the address sanitizer sees a read beyond it. */
        g_autofree guint8 *copy = g_memdup2(bytes, len);
        LLVMFuzzerTestOneInput(copy, len);
        n++;
    }
    printf("%u files\n", n);
    return n > 0 ? 0 : 1;
}
