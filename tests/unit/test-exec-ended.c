// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-shim/exec-ended.h"
#include "protocol/exec-list.h"
#include "protocol/json.h"
#include "protocol/limits.h"

/* As many as it takes for one to end between two looks at it. */
#define ROUNDS 500

static void
end(const PstExecStore *store, const char *id)
{
    g_autoptr(PstExecPage) page = g_new0(PstExecPage, 1);
    gsize len = 0;

    g_strlcpy(page->id, id, sizeof(page->id));
    page->state = PST_EXEC_EXITED;
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        page->piece[i].end = TRUE;
    g_autoptr(JsonObject) result = pst_exec_page_result(page);
    g_autofree char *text = pst_json_to_text(result, &len);
    pst_exec_store_write(store, id, "end", text, len);
    pst_exec_store_end(store, id);
}

/* Looks at a command until it has ended: it is never lost. */
static void
look_on(const PstExecStore *store)
{
    PstExecAsk ask = {.wait_ms = 0};
    g_autoptr(GError) error = NULL;
    gboolean taken = FALSE;
    int state = PST_EXEC_RUNNING;

    pst_exec_new_id(ask.id);
    int listener = pst_exec_store_claim(store, ask.id, &taken, &error);
    g_assert_no_error(error);
    pid_t pid = fork();
    if (pid == 0) {
        end(store, ask.id);
        _exit(0);
    }
    close(listener);
    while (state == PST_EXEC_RUNNING) {
        g_autoptr(PstExecPage) page = pst_exec_ended_page(store, &ask);
        state = page->state;
    }
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    g_assert_cmpstr(pst_exec_state_names[state], ==, "exited");
    pst_exec_store_forget(store, ask.id);
}

static void
test_between(void)
{
    g_autofree char *folder = g_dir_make_tmp("pst-XXXXXX", NULL);
    g_autoptr(PstExecStore) store = pst_exec_store_open(folder, NULL);

    for (guint i = 0; i < ROUNDS; i++)
        look_on(store);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void
make_old(const char *folder, const char *id)
{
    static const struct timespec times[] = {{1, 0}, {1, 0}};
    g_autofree char *path = g_build_filename(folder, id, NULL);

    g_assert_cmpint(utimensat(AT_FDCWD, path, times, 0), ==, 0);
}

static const char *
state_of(const PstExecStore *store, const PstExecAsk *ask)
{
    g_autoptr(PstExecPage) page = pst_exec_ended_page(store, ask);

    return pst_exec_state_names[page->state];
}

/* A supervisor that is killed before it has written anything: long afterwards it is known still
 * that something was begun. */
static void
test_lost(void)
{
    g_autofree char *folder = g_dir_make_tmp("pst-XXXXXX", NULL);
    g_autoptr(PstExecStore) store = pst_exec_store_open(folder, NULL);
    PstExecAsk ask = {.wait_ms = 0};
    gboolean taken = FALSE, told = FALSE;

    pst_exec_new_id(ask.id);
    close(pst_exec_store_claim(store, ask.id, &taken, NULL));
    make_old(folder, ask.id);
    pst_exec_store_sweep(store);
    g_assert_cmpstr(state_of(store, &ask), ==, "lost");
    g_assert_cmpint(pst_exec_store_bytes(store, ask.id, &told), >, 0);
    /* What has had to make room for others is only claimed, and not for ever. */
    pst_exec_store_empty(store, ask.id);
    g_assert_cmpint(pst_exec_store_bytes(store, ask.id, &told), ==, 0);
    make_old(folder, ask.id);
    pst_exec_store_sweep(store);
    g_assert_cmpstr(state_of(store, &ask), ==, "unknown");
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

/* A command of LEN bytes of words that take six each in JSON. */
static void
claim_loud(const PstExecStore *store, gsize len, char id[PST_EXEC_ID_DIGITS + 1])
{
    g_autofree char *words = g_strnfill(len, '\001');
    g_autoptr(JsonObject) meta = json_object_new();
    gboolean taken = FALSE;

    pst_exec_new_id(id);
    close(pst_exec_store_claim(store, id, &taken, NULL));
    pst_json_set_string(meta, "id", id);
    pst_json_set_string(meta, "command", words);
    g_autofree char *text = pst_json_to_text(meta, &len);
    pst_exec_store_write(store, id, "meta", text, len);
}

/* However much its rows hold, a list fits into an answer, and says that there is more. What has no
 * end comes first, however old it is. */
static void
list_of(gsize len, guint n_ended, guint at_least, gboolean truncated)
{
    g_autofree char *folder = g_dir_make_tmp("pst-XXXXXX", NULL);
    g_autoptr(PstExecStore) store = pst_exec_store_open(folder, NULL);
    char ids[PST_EXEC_LIST_MAX + 1][PST_EXEC_ID_DIGITS + 1];
    gsize text_len = 0;

    for (guint i = 0; i <= n_ended; i++) {
        claim_loud(store, len, ids[i]);
        if (i == 0)
            make_old(folder, ids[i]);
        else
            end(store, ids[i]);
    }
    g_autoptr(JsonObject) list = pst_exec_ended_list(store);
    g_autofree char *text = pst_json_to_text(list, &text_len);
    JsonArray *rows = json_object_get_array_member(list, "commands");
    guint n = json_array_get_length(rows);
    g_assert_cmpuint(text_len, <, PST_LIMIT_FRAME_FROM_GUEST - 1024);
    g_assert_cmpuint(n, >=, at_least);
    g_assert_cmpint(n < n_ended + 1, ==, truncated);
    g_assert_cmpint(json_object_get_boolean_member(list, "truncated"), ==, truncated);
    g_assert_cmpstr(json_object_get_string_member(json_array_get_object_element(rows, 0), "id"), ==,
                    ids[0]);
    for (guint i = 0; i <= n_ended; i++)
        pst_exec_store_forget(store, ids[i]);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

static void
test_long_list(void)
{
    list_of(1000, PST_EXEC_LIST_MAX - 2, 30, TRUE);
    list_of(10, PST_EXEC_LIST_MAX - 1, PST_EXEC_LIST_MAX, FALSE);
    list_of(10, PST_EXEC_LIST_MAX, PST_EXEC_LIST_MAX, TRUE);
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/exec-ended/between", test_between);
    g_test_add_func("/exec-ended/lost", test_lost);
    g_test_add_func("/exec-ended/long-list", test_long_list);
    return g_test_run();
}
