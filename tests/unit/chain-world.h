// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

/* An audit log in a folder of its own. */
#include <glib/gstdio.h>
#include <string.h>

#include "host-sidecar/chain-head.h"
#include "host-sidecar/chain-verify.h"
#include "host-sidecar/chain.h"

typedef struct {
    char *folder, *log, *head;
} World;

static inline void
set_up(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    world->folder = g_dir_make_tmp("postern-chain-XXXXXX", NULL);
    world->log = g_build_filename(world->folder, "audit.jsonl", NULL);
    world->head = pst_chain_head_path(world->log);
}

static inline void
empty_folder(const World *world)
{
    g_autoptr(GDir) dir = g_dir_open(world->folder, 0, NULL);

    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(world->folder, name, NULL);
        g_assert_cmpint(g_remove(path), ==, 0);
    }
}

static inline void
tear_down(World *world, gconstpointer unused G_GNUC_UNUSED)
{
    empty_folder(world);
    g_assert_cmpint(g_rmdir(world->folder), ==, 0);
    g_free(world->folder);
    g_free(world->log);
    g_free(world->head);
}

static inline PstChainEntry
append_text(const World *world, const char *json)
{
    g_autoptr(GError) error = NULL;
    PstChainEntry entry = {0};
    gboolean done = pst_chain_append(world->log, json, FALSE, &entry, &error);

    g_assert_no_error(error);
    g_assert_true(done);
    return entry;
}

static inline PstChainEntry
append_number(const World *world, int i)
{
    g_autofree char *json =
        g_strdup_printf("{\"realtime_us\":%d,\"method\":\"probe\",\"guest\":\"web\"}", i);

    return append_text(world, json);
}

static inline PstChainOutcome *
verify_holds(const World *world, const char *sought)
{
    g_autoptr(GError) error = NULL;
    PstChainOutcome *result = pst_chain_verify(world->log, sought, &error);

    g_assert_no_error(error);
    g_assert_nonnull(result);
    return result;
}

static inline PstChainOutcome *
verify(const World *world)
{
    return verify_holds(world, NULL);
}

/* N lines, the first of which is the log's own. */
static inline void
assert_intact(const World *world, guint64 n_lines, guint n_notes)
{
    g_autoptr(PstChainOutcome) result = verify(world);
    g_autofree char *text = pst_chain_verify_to_text(result, world->log);

    if (result->n_faults > 0 || result->notes->len != n_notes)
        g_test_message("%s", text);
    g_assert_cmpuint(result->n_faults, ==, 0);
    g_assert_cmpuint(result->notes->len, ==, n_notes);
    g_assert_cmpuint(result->n_lines, ==, n_lines);
    g_assert_cmpuint(result->last - result->first + 1, ==, n_lines);
}

/* The first fault, which the result owns. */
static inline const PstChainFault *
first_fault(const PstChainOutcome *result)
{
    g_assert_cmpuint(result->n_faults, >, 0);
    return result->faults->pdata[0];
}

static inline GString *
read_file(const char *path)
{
    char *bytes = NULL;
    gsize len = 0;

    g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
    GString *text = g_string_new_len(bytes, (gssize)len);
    g_free(bytes);
    return text;
}

static inline void
write_file(const char *path, const char *bytes, gsize len)
{
    g_autoptr(GError) error = NULL;

    g_file_set_contents(path, bytes, (gssize)len, &error);
    g_assert_no_error(error);
}
