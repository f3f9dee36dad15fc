// SPDX-License-Identifier: LGPL-2.1-or-later
/* Turns on real lock files, below /run/postern/turns for root and the user's runtime folder for
 * others, of a guest that does not exist. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host-sidecar/agent-places.h"
#include "host-sidecar/task.h"
#include "host-sidecar/turn.h"
#include "protocol/error.h"

static char *uuid;

static gint64
in_ms(gint64 ms)
{
    return g_get_monotonic_time() + ms * 1000;
}

/* The lock file, wherever this user's are. */
static char *
file_path_of(const char *turn)
{
    g_autofree char *name = g_strdup_printf("%s.turn", turn);
    char *path = g_build_filename("/run/postern/turns", name, NULL);

    if (access(path, F_OK) == 0)
        return path;
    g_free(path);
    return g_build_filename(g_get_user_runtime_dir(), "postern", name, NULL);
}

static char *
file_path(void)
{
    return file_path_of(uuid);
}

static void
test_one_at_a_time(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(PstTurn) mine = pst_turn_take(uuid, in_ms(5000), &error);
    g_autofree char *me = g_strdup_printf("*process %d *", getpid());
    gint64 start_us = g_get_monotonic_time();

    g_assert_no_error(error);
    g_assert_nonnull(mine);
    g_assert_null(pst_turn_take(uuid, in_ms(300), &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    g_assert_true(g_pattern_match_simple(me, error->message));
    g_assert_cmpint(g_get_monotonic_time() - start_us, >=, 300 * 1000);
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 3 * G_USEC_PER_SEC);

    /* Who waited in vain gets the turn when it is free, and gives it back at once. */
    g_clear_pointer(&mine, pst_turn_free);
    g_clear_error(&error);
    pst_task_settle(5 * G_USEC_PER_SEC);
    mine = pst_turn_take(uuid, in_ms(5000), &error);
    g_assert_no_error(error);
}

static gpointer
let_go(gpointer turn)
{
    g_usleep(300 * 1000);
    pst_turn_free(turn);
    return NULL;
}

static void
test_wait(void)
{
    PstTurn *first = pst_turn_take(uuid, in_ms(5000), NULL);
    GThread *thread = g_thread_new("holder", let_go, first);
    g_autoptr(GError) error = NULL;
    g_autoptr(PstTurn) second = pst_turn_take(uuid, in_ms(20000), &error);

    g_assert_no_error(error);
    g_assert_nonnull(second);
    g_thread_join(thread);
}

static guint
n_threads(void)
{
    g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
    guint n = 0;

    while (g_dir_read_name(tasks) != NULL)
        n++;
    return n;
}

static gpointer
take_and_let_go(gpointer taken)
{
    g_autoptr(PstTurn) turn = pst_turn_take(uuid, in_ms(20000), NULL);

    if (turn != NULL)
        g_atomic_int_inc((gint *)taken);
    return NULL;
}

/* Who gives up leaves nothing behind that grows with those who do, and those who wait together get
 * the turn one after the other. */
static void
test_many_wait(void)
{
    GThread *threads[8];
    gint taken = 0;
    PstTurn *first = pst_turn_take(uuid, in_ms(5000), NULL);
    guint before = n_threads();

    for (guint i = 0; i < 50; i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(pst_turn_take(uuid, in_ms(5), &error));
        g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    }
    g_assert_cmpuint(n_threads(), <=, before + 1);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("waiter", take_and_let_go, &taken);
    g_usleep(50 * 1000);
    g_assert_cmpint(g_atomic_int_get(&taken), ==, 0);
    pst_turn_free(first);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(taken, ==, (gint)G_N_ELEMENTS(threads));
}

/* Whichever of several places is free first is taken, whoever else holds on to theirs. */
static void
test_places(void)
{
    g_autofree char *name = g_strdup_printf("%s-agent", uuid);
    g_autoptr(PstTurn) first = pst_turn_take_place(name, 2, in_ms(5000), NULL);
    g_autoptr(GError) error = NULL;
    gint64 start_us = g_get_monotonic_time();

    for (guint i = 0; i < 8; i++) {
        PstTurn *second = pst_turn_take_place(name, 2, in_ms(5000), &error);
        g_assert_no_error(error);
        GThread *thread = g_thread_new("holder", let_go, second);
        g_autoptr(PstTurn) third = pst_turn_take_place(name, 2, in_ms(20000), &error);
        g_assert_no_error(error);
        g_assert_nonnull(third);
        g_thread_join(thread);
    }
    /* Not one of them waited for the place that is held. */
    g_assert_cmpint(g_get_monotonic_time() - start_us, <, 15 * G_USEC_PER_SEC);

    g_autoptr(PstTurn) other = pst_turn_take_place(name, 2, in_ms(5000), NULL);
    g_assert_null(pst_turn_take_place(name, 2, in_ms(100), &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    for (guint i = 0; i < 2; i++) {
        g_autofree char *place = g_strdup_printf("%s-agent-%u", uuid, i);
        g_autofree char *path = file_path_of(place);
        unlink(path);
    }
}

/* The kernel gives the turn back, however its holder ends. */
static void
remove_agent_places(const char *uri)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, uri, -1);

    for (guint i = 0; i < PST_AGENT_PLACES; i++) {
        g_autofree char *place = g_strdup_printf("agents-%.16s-%u", digest, i);
        g_autofree char *path = file_path_of(place);
        unlink(path);
    }
}

/* However many silent guests wait for an agent, one that can be asked by nothing else has a place.
 */
static void
test_kept_places(void)
{
    g_autofree char *uri = g_strdup_printf("qemu+ssh://kept/%s", uuid);
    g_autoptr(GPtrArray) held = g_ptr_array_new_with_free_func((GDestroyNotify)pst_turn_free);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < PST_AGENT_PLACES - PST_AGENT_PLACES_KEPT; i++) {
        g_ptr_array_add(held, pst_agent_places_take(uri, TRUE, in_ms(5000), &error));
        g_assert_no_error(error);
    }
    g_assert_null(pst_agent_places_take(uri, TRUE, in_ms(0), &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    g_clear_error(&error);
    for (guint i = 0; i < PST_AGENT_PLACES_KEPT; i++) {
        g_ptr_array_add(held, pst_agent_places_take(uri, FALSE, in_ms(0), &error));
        g_assert_no_error(error);
    }
    remove_agent_places(uri);
}

/* What is stuck at one hypervisor takes nothing from another. */
static void
test_agent_places(void)
{
    g_autofree char *one = g_strdup_printf("qemu+ssh://one/%s", uuid);
    g_autofree char *other = g_strdup_printf("qemu+ssh://other/%s", uuid);
    g_autoptr(GPtrArray) held = g_ptr_array_new_with_free_func((GDestroyNotify)pst_turn_free);
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < PST_AGENT_PLACES; i++) {
        g_ptr_array_add(held, pst_agent_places_take(one, FALSE, in_ms(5000), &error));
        g_assert_no_error(error);
    }
    g_autoptr(PstTurn) elsewhere = pst_agent_places_take(other, FALSE, in_ms(0), &error);
    g_assert_no_error(error);
    g_assert_nonnull(elsewhere);
    g_assert_null(pst_agent_places_take(one, FALSE, in_ms(0), &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_BUSY);
    remove_agent_places(one);
    remove_agent_places(other);
}

static void
test_killed(void)
{
    int ready[2];
    char byte;

    g_assert_cmpint(pipe(ready), ==, 0);
    pid_t pid = fork();
    if (pid == 0) {
        PstTurn *turn = pst_turn_take(uuid, in_ms(5000), NULL);
        if (turn == NULL || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);

    g_autoptr(GError) error = NULL;
    g_autofree char *holder = g_strdup_printf("*process %d *", pid);
    g_assert_null(pst_turn_take(uuid, in_ms(100), &error));
    g_assert_true(g_pattern_match_simple(holder, error->message));
    g_clear_error(&error);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    pst_task_settle(5 * G_USEC_PER_SEC);
    g_autoptr(PstTurn) turn = pst_turn_take(uuid, in_ms(5000), &error);
    g_assert_no_error(error);
    g_assert_nonnull(turn);
    close(ready[0]);
    close(ready[1]);
}

static void
test_last_answer(void)
{
    g_autofree char *path = file_path();

    unlink(path);
    g_assert_cmpint(pst_turn_last_answer_us(uuid), ==, 0);
    g_autoptr(PstTurn) turn = pst_turn_take(uuid, in_ms(5000), NULL);
    g_assert_cmpint(pst_turn_last_answer_us(uuid), ==, 0);

    gint64 before_us = g_get_real_time();
    pst_turn_note_answer(turn);
    gint64 noted_us = pst_turn_last_answer_us(uuid);
    /* A file's time comes from the kernel's tick, up to 10 ms old. */
    g_assert_cmpint(noted_us, >=, before_us - 20 * 1000);
    g_assert_cmpint(noted_us, <=, g_get_real_time());

    /* Another's turn without an answer leaves it as it was. */
    g_clear_pointer(&turn, pst_turn_free);
    g_usleep(30 * 1000);
    turn = pst_turn_take(uuid, in_ms(5000), NULL);
    g_assert_cmpint(pst_turn_last_answer_us(uuid), ==, noted_us);
}

/* It outlives whoever opened the port, and an answer ends it. */
static void
test_opening(void)
{
    PstTurn *turn = pst_turn_take(uuid, in_ms(5000), NULL);

    pst_turn_note_answer(turn);
    gint64 answered_us = pst_turn_last_answer_us(uuid);
    g_assert_false(pst_turn_note_opening(turn));
    pst_turn_free(turn);

    turn = pst_turn_take(uuid, in_ms(5000), NULL);
    g_assert_true(pst_turn_note_opening(turn));
    g_assert_cmpint(pst_turn_last_answer_us(uuid), ==, answered_us);
    pst_turn_note_answer(turn);
    g_assert_false(pst_turn_note_opening(turn));
    pst_turn_free(turn);
}

/* A file that was only just made says nothing yet of answers. */
static void
test_empty_file(void)
{
    g_autofree char *path = file_path();

    unlink(path);
    g_clear_pointer(&path, g_free);
    pst_turn_free(pst_turn_take(uuid, in_ms(5000), NULL));
    path = file_path();
    g_assert_true(g_file_set_contents(path, "", 0, NULL));
    g_assert_cmpint(pst_turn_last_answer_us(uuid), ==, 0);
}

/* The folder's group shares the files, whatever the umask of who made them. */
static void
test_mode(void)
{
    g_autofree char *path = file_path();
    struct stat st;
    mode_t before = umask(077);

    unlink(path);
    g_clear_pointer(&path, g_free);
    g_autoptr(PstTurn) turn = pst_turn_take(uuid, in_ms(5000), NULL);
    umask(before);
    path = file_path();
    g_assert_cmpint(stat(path, &st), ==, 0);
    g_assert_cmphex(st.st_mode & 07777, ==, 0660);
}

static void
test_no_link(void)
{
    g_autofree char *path = file_path();
    g_autoptr(GError) error = NULL;

    unlink(path);
    g_assert_cmpint(symlink("/dev/null", path), ==, 0);
    g_assert_null(pst_turn_take(uuid, in_ms(1000), &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE);
    unlink(path);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    uuid = g_uuid_string_random();
    g_test_add_func("/turn/one-at-a-time", test_one_at_a_time);
    g_test_add_func("/turn/wait", test_wait);
    g_test_add_func("/turn/many-wait", test_many_wait);
    g_test_add_func("/turn/places", test_places);
    g_test_add_func("/turn/agent-places", test_agent_places);
    g_test_add_func("/turn/kept-places", test_kept_places);
    g_test_add_func("/turn/killed", test_killed);
    g_test_add_func("/turn/last-answer", test_last_answer);
    g_test_add_func("/turn/opening", test_opening);
    g_test_add_func("/turn/empty-file", test_empty_file);
    g_test_add_func("/turn/mode", test_mode);
    g_test_add_func("/turn/no-link", test_no_link);
    int result = g_test_run();
    g_autofree char *path = file_path();
    unlink(path);
    g_free(uuid);
    return result;
}
