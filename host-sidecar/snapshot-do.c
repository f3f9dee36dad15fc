// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/snapshot-do.h"

#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <stdlib.h>

#include "host-sidecar/domain-state.h"
#include "host-sidecar/task.h"
#include "host-sidecar/virt-error.h"
#include "protocol/error.h"

/* How long an agent may take to say that it is there. */
#define AGENT_SECONDS 5

/* What is done, in a task: it owns all of it. */
typedef struct {
    PstGuest *guest;
    char *name, *description; /* of the snapshot */
    PstSnapshotWish wish;     /* its words are those */
    gboolean claimed;         /* it is the guest's only revert, and is to be given back */
} Act;

static void
free_act(gpointer data)
{
    Act *act = data;

    pst_guest_unref(act->guest);
    g_free(act->name);
    g_free(act->description);
    g_free(act);
}

static Act *
act_new(PstGuest *guest, const char *name)
{
    Act *act = g_new0(Act, 1);

    act->guest = pst_guest_ref(guest);
    act->name = g_strdup(name);
    return act;
}

/* ---- looking ---- */

static char *
state_of(virDomainPtr domain, int *state)
{
    int reason = 0;

    *state = VIR_DOMAIN_NOSTATE;
    virDomainGetState(domain, state, &reason, 0);
    const char *why = pst_domain_state_reason(*state, reason);
    return why != NULL ? g_strdup_printf("%s (%s)", pst_domain_state_name(*state), why)
                       : g_strdup(pst_domain_state_name(*state));
}

static PstSnapshot *
read_row(virDomainSnapshotPtr handle, gint64 now_us, GError **error)
{
    char *text = virDomainSnapshotGetXMLDesc(handle, 0);

    if (text == NULL) {
        pst_virt_error_set(error, "a snapshot's XML");
        return NULL;
    }
    PstSnapshot *row = pst_snapshot_xml_read(text, now_us, error);
    free(text);
    if (row != NULL)
        row->current = PST_TRI(virDomainSnapshotIsCurrent(handle, 0) == 1);
    return row;
}

static void
free_handles(virDomainSnapshotPtr *handles)
{
    for (guint i = 0; handles != NULL && handles[i] != NULL; i++)
        virDomainSnapshotFree(handles[i]);
    free(handles);
}

static int
by_time(gconstpointer a, gconstpointer b)
{
    const PstSnapshot *one = *(PstSnapshot *const *)a, *other = *(PstSnapshot *const *)b;

    if (one->created_us != other->created_us)
        return one->created_us < other->created_us ? -1 : 1;
    return g_strcmp0(one->name, other->name);
}

/* One that is taken away meanwhile is not there. */
static gboolean
is_gone(void)
{
    virErrorPtr last = virGetLastError();

    return last != NULL && last->code == VIR_ERR_NO_DOMAIN_SNAPSHOT;
}

static gboolean
read_rows(virDomainSnapshotPtr *handles, PstSnapshotList *list, GError **error)
{
    gint64 now_us = g_get_real_time();

    list->snapshots = g_ptr_array_new();
    for (guint i = 0; handles[i] != NULL; i++) {
        g_autoptr(GError) cause = NULL;

        virResetLastError();
        PstSnapshot *row = read_row(handles[i], now_us, &cause);
        if (row != NULL) {
            g_ptr_array_add(list->snapshots, row);
        } else if (!is_gone()) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return FALSE;
        }
    }
    g_ptr_array_sort(list->snapshots, by_time);
    return TRUE;
}

static PstSnapshotList *
look(virDomainPtr domain, GError **error)
{
    virDomainSnapshotPtr *handles = NULL;
    g_autoptr(PstSnapshotList) list = pst_fields_new(&pst_snapshot_list_fields);
    int state = 0;

    if (virDomainListAllSnapshots(domain, &handles, 0) < 0) {
        pst_virt_error_set(error, "its snapshots");
        return NULL;
    }
    list->guest = g_strdup(virDomainGetName(domain));
    list->state = state_of(domain, &state);
    gboolean read = read_rows(handles, list, error);
    free_handles(handles);
    return read ? g_steal_pointer(&list) : NULL;
}

static gboolean
look_at_domain(virDomainPtr domain, PstSnapshotXmlDomain *read, GError **error)
{
    char *text = virDomainGetXMLDesc(domain, 0);

    if (text == NULL)
        return pst_virt_error_set(error, "its XML");
    gboolean good = pst_snapshot_xml_read_domain(text, read, error);
    free(text);
    return good;
}

static PstSnapshotVersion
version_of(virDomainPtr domain)
{
    PstSnapshotVersion version = 0;

    return virConnectGetLibVersion(virDomainGetConnect(domain), &version) == 0 ? version : 0;
}

static gpointer
run_list(gpointer data, GError **error)
{
    const Act *act = data;
    virDomainPtr domain = pst_guest_connect(act->guest, error);

    if (domain == NULL)
        return NULL;
    PstSnapshotList *list = look(domain, error);
    pst_guest_disconnect(domain);
    return list;
}

/* The oldest of them. */
static void
leave_out(PstSnapshotList *list, guint n)
{
    for (guint i = 0; i < n; i++)
        pst_snapshot_free(list->snapshots->pdata[i]);
    g_ptr_array_remove_range(list->snapshots, 0, n);
    list->left_out = n;
}

PstSnapshotList *
pst_snapshot_do_list(PstGuest *guest, gint64 deadline_us, GError **error)
{
    PstSnapshotList *list =
        pst_task_call(run_list, act_new(guest, NULL), free_act,
                      (GDestroyNotify)pst_snapshot_list_free, deadline_us, "libvirt", error);

    if (list != NULL && list->snapshots->len > PST_SNAPSHOT_MAX)
        leave_out(list, list->snapshots->len - PST_SNAPSHOT_MAX);
    return list;
}

/* What a call that changes something said. Where libvirt was lost in the middle of it, it may have
 * been done. */
static gboolean
set_error(GError **error, const char *what)
{
    g_autoptr(GError) cause = NULL;

    pst_virt_error_set(&cause, what);
    if (cause->code == PST_ERROR_NO_HYPERVISOR)
        g_prefix_error(&cause, "libvirt was lost on the way, and whether it was done is not known "
                               "('postern snapshot DOMAIN list' tells): ");
    g_propagate_error(error, g_steal_pointer(&cause));
    return FALSE;
}

/* ---- one of them ---- */

static PstSnapshot *
take_row(PstSnapshotList *list, const char *name, GError **error)
{
    const PstSnapshot *found = pst_snapshot_find(list, name, error);
    guint at = 0;

    if (found == NULL || !g_ptr_array_find(list->snapshots, found, &at))
        return NULL;
    return g_ptr_array_steal_index(list->snapshots, at);
}

/* What a revert would do: NULL where it can't. */
static PstSnapshotDone *
preview(virDomainPtr domain, const char *name, GError **error)
{
    g_autoptr(PstSnapshotList) list = look(domain, error);
    g_auto(PstSnapshotXmlDomain) read = {.disks = NULL};
    g_autoptr(PstSnapshotDone) done = pst_fields_new(&pst_snapshot_done_fields);

    if (list == NULL || !look_at_domain(domain, &read, error))
        return NULL;
    done->snapshot = take_row(list, name, error);
    if (done->snapshot == NULL ||
        !pst_snapshot_judge_may_revert(done->snapshot, &read, version_of(domain), error))
        return NULL;
    done->state_before = g_strdup(list->state);
    done->lost_ms = done->snapshot->age_ms;
    done->lost = pst_snapshot_judge_lost(done->snapshot);
    done->stays = pst_snapshot_judge_stays(done->snapshot, &read);
    return g_steal_pointer(&done);
}

static gpointer
run_preview(gpointer data, GError **error)
{
    const Act *act = data;
    virDomainPtr domain = pst_guest_connect(act->guest, error);

    if (domain == NULL)
        return NULL;
    PstSnapshotDone *done = preview(domain, act->name, error);
    pst_guest_disconnect(domain);
    return done;
}

PstSnapshotDone *
pst_snapshot_do_preview(PstGuest *guest, const char *name, gint64 deadline_us, GError **error)
{
    return pst_task_call(run_preview, act_new(guest, name), free_act,
                         (GDestroyNotify)pst_snapshot_done_free, deadline_us, "libvirt", error);
}

/* ---- making one ---- */

static unsigned int
flags_of(const PstSnapshotWish *wish)
{
    unsigned int flags = 0;

    if (wish->disk_only)
        flags |= VIR_DOMAIN_SNAPSHOT_CREATE_DISK_ONLY | VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC;
    if (wish->live)
        flags |= VIR_DOMAIN_SNAPSHOT_CREATE_LIVE | VIR_DOMAIN_SNAPSHOT_CREATE_ATOMIC;
    if (wish->quiesce)
        flags |= VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE;
    return flags;
}

static gboolean
has_room(virDomainPtr domain, const PstSnapshotList *list, const char *name, GError **error)
{
    if (list->snapshots->len >= PST_SNAPSHOT_MAX) {
        g_set_error(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                    "it has %u snapshots, and gets no more: nothing was changed; virsh "
                    "snapshot-delete takes one away",
                    list->snapshots->len);
        return FALSE;
    }
    if (pst_snapshot_find(list, name, NULL) == NULL)
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE,
                "a snapshot of %.64s is called '%.100s' already: nothing was changed; say another "
                "--name",
                virDomainGetName(domain), name);
    return FALSE;
}

/* What libvirt said, and what is known to be the reason. */
static gboolean
explain(GError **error, const PstSnapshotWish *wish, const PstSnapshotXmlDomain *read)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *obstacle = pst_snapshot_judge_obstacle(wish, read);

    set_error(&cause, "libvirt made no snapshot");
    if (obstacle == NULL || cause->code != PST_ERROR_PATH_SHUT)
        g_propagate_error(error, g_steal_pointer(&cause));
    else
        g_set_error(error, PST_ERROR, cause->code, "%s; %s", cause->message, obstacle);
    return FALSE;
}

/* libvirt, which has greeted the agent once, waits for one that hangs for as long as that does
 * (qemuAgentGuestSync() in qemu_agent.c), and nobody else gets at the domain meanwhile. Why else it
 * can't be asked is for libvirt to say. */
static gboolean
has_agent(virDomainPtr domain, GError **error)
{
    char *answer =
        virDomainQemuAgentCommand(domain, "{\"execute\":\"guest-ping\"}", AGENT_SECONDS, 0);
    int code = answer == NULL ? virGetLastErrorCode() : VIR_ERR_OK;

    free(answer);
    if (code != VIR_ERR_AGENT_UNRESPONSIVE && code != VIR_ERR_OPERATION_TIMEOUT)
        return TRUE;
    g_set_error_literal(error, PST_ERROR, PST_ERROR_PATH_SHUT,
                        "its agent does not answer: nothing was changed; without --quiesce it is "
                        "not needed");
    return FALSE;
}

static gboolean
make(virDomainPtr domain, const Act *act, const PstSnapshotXmlDomain *read, PstSnapshotDone *done,
     GError **error)
{
    g_autofree char *memory =
        act->wish.live ? pst_snapshot_xml_memory(read, virDomainGetName(domain), act->name, error)
                       : NULL;
    gint64 begun_us = g_get_monotonic_time();

    if ((act->wish.live && memory == NULL) ||
        (act->wish.quiesce && read->qemu && !has_agent(domain, error)))
        return FALSE;
    g_autofree char *xml = pst_snapshot_xml_write(&act->wish, act->name, memory);
    virDomainSnapshotPtr handle = virDomainSnapshotCreateXML(domain, xml, flags_of(&act->wish));
    if (handle == NULL)
        return explain(error, &act->wish, read);
    done->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
    done->snapshot = read_row(handle, g_get_real_time(), error);
    virDomainSnapshotFree(handle);
    if (done->snapshot == NULL)
        g_prefix_error(error,
                       "the snapshot '%.100s' was made, and can't be looked at: ", act->name);
    return done->snapshot != NULL;
}

static PstSnapshotDone *
create(virDomainPtr domain, const Act *act, GError **error)
{
    g_autoptr(PstSnapshotList) list = look(domain, error);
    g_auto(PstSnapshotXmlDomain) read = {.disks = NULL};
    g_autoptr(PstSnapshotDone) done = pst_fields_new(&pst_snapshot_done_fields);
    int state = 0;

    if (list == NULL || !look_at_domain(domain, &read, error) ||
        !has_room(domain, list, act->name, error) || !make(domain, act, &read, done, error))
        return NULL;
    done->state_before = g_strdup(list->state);
    done->state_after = state_of(domain, &state);
    done->notes = pst_snapshot_judge_fragile(done->snapshot, &act->wish, &read, version_of(domain));
    return g_steal_pointer(&done);
}

static gpointer
run_create(gpointer data, GError **error)
{
    const Act *act = data;
    virDomainPtr domain = pst_guest_connect(act->guest, error);

    if (domain == NULL)
        return NULL;
    PstSnapshotDone *done = create(domain, act, error);
    pst_guest_disconnect(domain);
    return done;
}

/* What is not known to be over. */
static gboolean
say_unknown(GError **error, const char *what, const PstGuest *guest)
{
    if (error != NULL && g_error_matches(*error, PST_ERROR, PST_ERROR_DEADLINE))
        g_prefix_error(error,
                       "whether it was %s is not known, and it may yet be: 'postern snapshot "
                       "%.64s list' tells: ",
                       what, guest->name);
    return FALSE;
}

PstSnapshotDone *
pst_snapshot_do_create(PstGuest *guest, const PstSnapshotWish *wish, gint64 deadline_us,
                       GError **error)
{
    Act *act = act_new(guest, NULL);

    act->name = wish->name != NULL ? g_strdup(wish->name) : pst_snapshot_name_of(g_get_real_time());
    act->description = g_strdup(wish->description);
    act->wish = *wish;
    act->wish.name = act->name;
    act->wish.description = act->description;
    PstSnapshotDone *done =
        pst_task_call(run_create, act, free_act, (GDestroyNotify)pst_snapshot_done_free,
                      deadline_us, "libvirt", error);
    if (done == NULL)
        say_unknown(error, "made", guest);
    return done;
}

/* ---- reverting ---- */

/* The UUIDs of the guests of which a revert is under way, or was left behind and is not over. */
static GMutex under_way_lock;
static GHashTable *under_way;

static gboolean
begin(const PstGuest *guest, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&under_way_lock);

    if (under_way == NULL)
        under_way = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (g_hash_table_add(under_way, g_strdup(guest->uuid)))
        return TRUE;
    g_set_error(error, PST_ERROR, PST_ERROR_BUSY,
                "a revert of it is not over, and there is no second: nothing was changed");
    return FALSE;
}

static void
give_back(Act *act)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&under_way_lock);

    if (act->claimed)
        g_hash_table_remove(under_way, act->guest->uuid);
    act->claimed = FALSE;
}

static void
end_revert(gpointer data)
{
    give_back(data);
    free_act(data);
}

static gboolean
push(virDomainPtr domain, const char *name, PstSnapshotDone *done, GError **error)
{
    virDomainSnapshotPtr handle = virDomainSnapshotLookupByName(domain, name, 0);
    gint64 begun_us = g_get_monotonic_time();

    if (handle == NULL)
        return pst_virt_error_set(error, "nothing was changed");
    gboolean pushed = virDomainRevertToSnapshot(handle, 0) == 0;
    done->took_ms = (g_get_monotonic_time() - begun_us) / 1000;
    if (!pushed)
        set_error(error, "libvirt did not revert it");
    else
        done->snapshot->current = PST_TRI(virDomainSnapshotIsCurrent(handle, 0) == 1);
    virDomainSnapshotFree(handle);
    return pushed;
}

static void
note_after(virDomainPtr domain, PstSnapshotDone *done)
{
    int state = 0;
    g_autoptr(GStrvBuilder) notes = g_strv_builder_new();

    done->state_after = state_of(domain, &state);
    done->runs = PST_TRI(state == VIR_DOMAIN_RUNNING || state == VIR_DOMAIN_BLOCKED);
    if (state == VIR_DOMAIN_SHUTOFF)
        g_strv_builder_add(notes, "it is off, as it was then: postern power starts it");
    else if (done->runs != PST_TRI_YES)
        g_strv_builder_add(notes,
                           "it does not run, as it did not then: virsh resume lets it go on");
    if (done->snapshot->current != PST_TRI_YES)
        g_strv_builder_add(notes, "libvirt does not tell it as the current one");
    done->notes = g_strv_builder_end(notes);
}

static PstSnapshotDone *
revert(virDomainPtr domain, const Act *act, GError **error)
{
    g_autoptr(PstSnapshotDone) done = preview(domain, act->name, error);
    gboolean reverted = done != NULL && push(domain, act->name, done, error);
    if (reverted)
        note_after(domain, done);
    return reverted ? g_steal_pointer(&done) : NULL;
}

/* It is given back here and not when the task's data is freed, some time after its result is had.
 */
static gpointer
run_revert(gpointer data, GError **error)
{
    virDomainPtr domain = pst_guest_connect(((Act *)data)->guest, error);
    PstSnapshotDone *done = NULL;

    if (domain != NULL) {
        done = revert(domain, data, error);
        pst_guest_disconnect(domain);
    }
    give_back(data);
    return done;
}

PstSnapshotDone *
pst_snapshot_do_revert(PstGuest *guest, const char *name, gint64 deadline_us, GError **error)
{
    if (!begin(guest, error))
        return NULL;
    Act *act = act_new(guest, name);
    act->claimed = TRUE;
    PstSnapshotDone *done =
        pst_task_call(run_revert, act, end_revert, (GDestroyNotify)pst_snapshot_done_free,
                      deadline_us, "libvirt", error);
    if (done == NULL)
        say_unknown(error, "reverted", guest);
    return done;
}
