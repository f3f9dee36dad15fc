// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health-world.h"
#include "host-sidecar/health-file.h"
#include "protocol/error.h"

typedef struct {
    char *root, *folder, *file;
} Place;

static void
set_up(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    place->root = g_dir_make_tmp("pst-health-XXXXXX", NULL);
    place->folder = g_build_filename(place->root, "health", NULL);
    place->file = g_build_filename(place->folder, "here.health", NULL);
}

static void
tear_down(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GDir) folder = g_dir_open(place->folder, 0, NULL);
    const char *name;

    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *item = g_build_filename(place->folder, name, NULL);
        unlink(item);
    }
    rmdir(place->folder);
    rmdir(place->root);
    g_free(place->root);
    g_free(place->folder);
    g_free(place->file);
}

static PstHealthMemory *
two_guests(void)
{
    PstHealthMemory *memory = pst_health_memory_new();
    GPtrArray *sights = sights_of(make_silent("a\"\\\x1b"));
    PstHealthSight *sick = make_answering("b");

    pst_health_sight_add(sick, "ssh.x", PST_SEVERITY_CRITICAL, "line\nfeed \xe2\x80\xae");
    g_ptr_array_add(sights, sick);
    g_autoptr(PstHealth) health = sweep_at(memory, "", 0, sights);
    return memory;
}

/* ---- the text ---- */

static void
test_round_trip(void)
{
    g_autoptr(PstHealthMemory) memory = two_guests();
    g_autoptr(GError) error = NULL;
    gsize len = 0, again_len = 0;
    g_autofree char *text = pst_health_memory_to_text(memory, &len);
    g_autoptr(PstHealthMemory) again = pst_health_memory_parse(text, len, &error);

    g_assert_no_error(error);
    g_autofree char *again_text = pst_health_memory_to_text(again, &again_len);
    g_assert_cmpstr(again_text, ==, text);
    g_assert_cmpint(pst_health_memory_find(again, "uuid-b", "b")->answered_us, ==, NOW);
    g_assert_cmpint(pst_health_memory_find(again, NULL, "a\"\\\x1b")->misses, ==, 1);
}

static void
test_torn_at_every_byte(void)
{
    g_autoptr(PstHealthMemory) memory = two_guests();
    gsize len = 0;
    g_autofree char *text = pst_health_memory_to_text(memory, &len);

    for (gsize cut = 0; cut < len; cut++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(PstHealthMemory) torn = pst_health_memory_parse(text, cut, &error);

        g_assert_null(torn);
        g_assert_nonnull(error);
    }
}

static void
test_flipped_bytes(void)
{
    g_autoptr(PstHealthMemory) memory = two_guests();
    gsize len = 0;
    g_autofree char *text = pst_health_memory_to_text(memory, &len);

    for (guint i = 0; i < 5000; i++) {
        g_autofree char *copy = g_memdup2(text, len);
        copy[g_test_rand_int_range(0, (gint)len)] = (char)g_test_rand_int_range(0, 256);
        g_autoptr(PstHealthMemory) read = pst_health_memory_parse(copy, len, NULL);
        if (read == NULL)
            continue;
        gsize again_len = 0;
        g_autofree char *again = pst_health_memory_to_text(read, &again_len);
        g_assert_cmpuint(again_len, <=, PST_HEALTH_MEMORY_MAX_BYTES);
    }
}

static void
test_nonsense(void)
{
    static const char *const texts[] = {
        "[]",
        "{\"guests\":[{\"name\":\"a\"}]}",
        "{\"guests\":[{\"uuid\":\"u\",\"name\":\"a\"},{\"uuid\":\"u\",\"name\":\"b\"}]}",
        "{\"swept_us\":-1}",
        "{\"guests\":[{\"uuid\":\"u\",\"name\":\"a\",\"misses\":-1}]}",
        "{\"guests\":[{\"uuid\":\"u\",\"name\":\"a\",\"status\":"
        "\"0123456789012345678901234567890123456789\"}]}",
        "{\"guests\":{}}",
        "{\"guests\":[{\"uuid\":7,\"name\":\"a\"}]}",
    };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(PstHealthMemory) read = pst_health_memory_parse(texts[i], strlen(texts[i]), NULL);
        g_test_message("%s", texts[i]);
        g_assert_null(read);
    }
    g_autoptr(PstHealthMemory) empty = pst_health_memory_parse("{}", 2, NULL);
    g_assert_nonnull(empty);
}

/* More domains than there is room for, each with all that can be said of it. */
static void
test_bounds(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    g_autofree char *wide = g_strnfill(500, '\x01');
    gsize len = 0;

    for (guint i = 0; i < PST_HEALTH_MEMORY_MAX + 100; i++) {
        g_autofree char *uuid = g_strdup_printf("%036u", i);
        PstHealthEntry *entry = pst_health_memory_take(memory, uuid, wide);

        g_assert_cmpint(entry != NULL, ==, i < PST_HEALTH_MEMORY_MAX);
        if (entry == NULL)
            continue;
        entry->summary = g_strdup(wide);
        entry->missed_text = g_strdup(wide);
    }
    g_autofree char *text = pst_health_memory_to_text(memory, &len);
    g_autoptr(PstHealthMemory) again = pst_health_memory_parse(text, len, NULL);
    g_assert_cmpuint(len, <=, PST_HEALTH_MEMORY_MAX_BYTES);
    g_assert_nonnull(again);
    g_assert_cmpuint(again->guests->len, >, 50);
}

/* As many as there may be, with what domains usually have, all come through. */
static void
test_usual_size(void)
{
    g_autoptr(PstHealthMemory) memory = pst_health_memory_new();
    gsize len = 0;

    for (guint i = 0; i < PST_HEALTH_MEMORY_MAX; i++) {
        g_autofree char *uuid = g_strdup_printf("%036u", i);
        PstHealthEntry *entry = pst_health_memory_take(memory, uuid, "a-domain-of-many");
        entry->summary = g_strnfill(200, 'x');
        entry->told =
            g_strsplit("ssh.not-running services.failed@a.service storage.full@/", " ", 0);
    }
    g_autofree char *text = pst_health_memory_to_text(memory, &len);
    g_autoptr(PstHealthMemory) again = pst_health_memory_parse(text, len, NULL);
    g_assert_nonnull(again);
    g_assert_cmpuint(again->guests->len, ==, PST_HEALTH_MEMORY_MAX);
}

/* ---- the file ---- */

static PstHealthFile *
open_file(const Place *place)
{
    g_autoptr(GError) error = NULL;
    PstHealthFile *file = pst_health_file_open(place->folder, "here", &error);

    g_assert_no_error(error);
    return file;
}

static guint
count_read(const Place *place)
{
    g_autoptr(PstHealthFile) file = open_file(place);
    g_autoptr(PstHealthMemory) memory = pst_health_file_read(file);

    return memory->guests != NULL ? memory->guests->len : 0;
}

static void
write_two(const Place *place)
{
    g_autoptr(PstHealthFile) file = open_file(place);
    g_autoptr(PstHealthMemory) memory = two_guests();
    g_autoptr(GError) error = NULL;

    g_assert_true(pst_health_file_write(file, memory, &error));
    g_assert_no_error(error);
}

static void
test_file(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    struct stat st;

    g_assert_cmpuint(count_read(place), ==, 0);
    write_two(place);
    g_assert_cmpuint(count_read(place), ==, 2);
    g_assert_cmpint(stat(place->file, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0600);
}

/* Lost or spoilt, it is begun anew. */
static void
test_spoilt_file(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    static const char rubbish[] = "\x00\xff{[[[[";

    write_two(place);
    g_assert_cmpint(truncate(place->file, 40), ==, 0);
    g_assert_cmpuint(count_read(place), ==, 0);
    g_assert_true(g_file_set_contents(place->file, rubbish, sizeof(rubbish), NULL));
    g_assert_cmpuint(count_read(place), ==, 0);
    g_assert_cmpint(truncate(place->file, (off_t)PST_HEALTH_MEMORY_MAX_BYTES * 64), ==, 0);
    g_assert_cmpuint(count_read(place), ==, 0);
    write_two(place);
    g_assert_cmpuint(count_read(place), ==, 2);
    unlink(place->file);
    g_assert_cmpuint(count_read(place), ==, 0);
    /* No link is followed, and nobody waits for a FIFO. */
    g_assert_cmpint(symlink("/etc/passwd", place->file), ==, 0);
    g_assert_cmpuint(count_read(place), ==, 0);
    unlink(place->file);
    g_assert_cmpint(mkfifo(place->file, 0600), ==, 0);
    g_assert_cmpuint(count_read(place), ==, 0);
}

static void
test_never_two(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstHealthFile) first = open_file(place);
    g_autoptr(GError) error = NULL;
    g_autofree char *holder = g_strdup_printf("process %d", (int)getpid());

    g_assert_null(pst_health_file_open(place->folder, "here", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    g_assert_nonnull(strstr(error->message, holder));
    /* Another hypervisor's is none of its business. */
    g_autoptr(PstHealthFile) other = pst_health_file_open(place->folder, "there", NULL);
    g_assert_nonnull(other);
    g_clear_pointer(&first, pst_health_file_free);
    g_autoptr(PstHealthFile) again = open_file(place);
    g_assert_nonnull(again);
}

/* The kernel gives it back, however its holder ends. */
static void
test_killed_holder(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    int ready[2];
    char byte;

    g_assert_cmpint(pipe(ready), ==, 0);
    pid_t child = fork();
    if (child == 0) {
        PstHealthFile *file = pst_health_file_open(place->folder, "here", NULL);
        (void)!write(ready[1], file != NULL ? "y" : "n", 1);
        pause();
        _exit(0);
    }
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    g_assert_cmpint(byte, ==, 'y');
    g_autoptr(GError) error = NULL;
    g_assert_null(pst_health_file_open(place->folder, "here", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    g_assert_cmpint(kill(child, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
    close(ready[0]);
    close(ready[1]);
    g_autoptr(PstHealthFile) again = open_file(place);
    g_assert_nonnull(again);
}

static void
test_no_place(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(pst_health_file_open("/dev/null/health", "here", &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    g_assert_false(g_file_test(place->folder, G_FILE_TEST_EXISTS));
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/health-memory/round-trip", test_round_trip);
    g_test_add_func("/health-memory/torn", test_torn_at_every_byte);
    g_test_add_func("/health-memory/flipped", test_flipped_bytes);
    g_test_add_func("/health-memory/nonsense", test_nonsense);
    g_test_add_func("/health-memory/bounds", test_bounds);
    g_test_add_func("/health-memory/usual-size", test_usual_size);
    g_test_add("/health-file/file", Place, NULL, set_up, test_file, tear_down);
    g_test_add("/health-file/spoilt", Place, NULL, set_up, test_spoilt_file, tear_down);
    g_test_add("/health-file/never-two", Place, NULL, set_up, test_never_two, tear_down);
    g_test_add("/health-file/killed", Place, NULL, set_up, test_killed_holder, tear_down);
    g_test_add("/health-file/no-place", Place, NULL, set_up, test_no_place, tear_down);
    return g_test_run();
}
