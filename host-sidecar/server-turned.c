// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/server-state.h"
#include "protocol/error.h"

/* One who calls again and again is turned away, or refused, in much less time than a record takes:
 * the first is recorded at once, those of the next ten seconds together. */
#define TOGETHER_S 10
/* With more users than that the rest is one. */
#define MAX_USERS 256
#define THE_REST G_MAXUINT32

/* As the audit names them. */
static const char *const names[PST_SERVER_TURNED_KINDS] = {"connect", "refused"};

typedef struct {
    PstServer *server;
    PstServerTurnedKind kind;
    guint uid;
    guint n;      /* since the last record */
    gint64 pid;   /* of the last */
    char *reason; /* the same */
    GSource *timer;
} Turned;

void
pst_server_turned_free(gpointer data)
{
    Turned *turned = data;

    pst_server_state_clear_source(&turned->timer);
    g_free(turned->reason);
    g_free(turned);
}

static char *
describe(const Turned *turned)
{
    if (turned->uid == THE_REST)
        return g_strdup("others");
    return g_strdup_printf("uid %u, process %" G_GINT64_FORMAT, turned->uid, turned->pid);
}

static void
record(Turned *turned)
{
    g_autoptr(JsonObject) args = json_object_new();
    g_autofree char *caller = describe(turned);

    json_object_set_int_member(args, "times", turned->n);
    g_autoptr(PstAnswer) answer = pst_answer_new("-", names[turned->kind], args);
    answer->error = g_error_new_literal(PST_ERROR, PST_ERROR_BUSY, turned->reason);
    turned->n = 0;
    const PstServerBackend *backend = &turned->server->backend;
    gboolean others = turned->uid == THE_REST;
    const PstAuditCaller who = {
        caller, {others ? -1 : (gint64)turned->uid, -1, others ? -1 : turned->pid, NULL}};
    (void)backend->audit(&who, names[turned->kind], &answer, 1, NULL, backend->user_data);
}

static gboolean
on_together(gpointer data)
{
    Turned *turned = data;

    if (turned->n > 0) {
        record(turned);
        return G_SOURCE_CONTINUE;
    }
    g_hash_table_remove(turned->server->turned[turned->kind], GUINT_TO_POINTER(turned->uid));
    return G_SOURCE_REMOVE;
}

static Turned *
find(PstServer *server, PstServerTurnedKind kind, guint uid)
{
    Turned *turned = g_hash_table_lookup(server->turned[kind], GUINT_TO_POINTER(uid));

    if (turned != NULL)
        return turned;
    if (uid != THE_REST && g_hash_table_size(server->turned[kind]) >= MAX_USERS)
        return find(server, kind, THE_REST);
    turned = g_new0(Turned, 1);
    turned->server = server;
    turned->kind = kind;
    turned->uid = uid;
    g_hash_table_insert(server->turned[kind], GUINT_TO_POINTER(uid), turned);
    return turned;
}

void
pst_server_turned_note(PstServer *server, PstServerTurnedKind kind, guint uid, gint64 pid, guint n,
                       const char *reason)
{
    Turned *turned = find(server, kind, uid);

    turned->n += n;
    turned->pid = pid;
    g_free(turned->reason);
    turned->reason = g_strdup(reason);
    if (turned->timer != NULL)
        return;
    record(turned);
    turned->timer = pst_server_state_attach(server, g_timeout_source_new_seconds(TOGETHER_S),
                                            on_together, turned);
}

static void
flush(GHashTable *table)
{
    GHashTableIter iter;
    gpointer turned;

    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, NULL, &turned))
        if (((Turned *)turned)->n > 0)
            record(turned);
}

void
pst_server_turned_flush(PstServer *server)
{
    for (guint kind = 0; kind < PST_SERVER_TURNED_KINDS; kind++)
        flush(server->turned[kind]);
}
