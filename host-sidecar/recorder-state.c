// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/recorder-state.h"

#include "host-sidecar/render.h"
#include "host-sidecar/volume-pool.h"

/* Between a guest's write and the change of the file's time, and between two hosts' clocks. */
#define SLACK_US G_USEC_PER_SEC

static gboolean
tells_last(const PstHelloRecorder *recorder)
{
    return recorder->last_us != PST_INT_UNKNOWN;
}

/* Numbers run a second time after a revert, clocks to the microsecond do not. */
static gboolean
is_last(const PstHello *hello, const PstRecord *record)
{
    return record->seq == hello->recorder->seq &&
           (!tells_last(hello->recorder) || record->boottime_us == hello->recorder->last_us);
}

static gboolean
holds_last(const PstHello *hello, const GPtrArray *records)
{
    gboolean first = TRUE;

    for (guint i = records->len; i > 0; i--) {
        const PstRecord *record = records->pdata[i - 1];
        if (!g_str_equal(record->boot_id, hello->boot_id))
            continue;
        if (is_last(hello, record))
            return TRUE;
        /* What came after the hello. Without the time, the newest is all that can be told. */
        if (first && !tells_last(hello->recorder) && record->seq > hello->recorder->seq)
            return TRUE;
        first = FALSE;
    }
    return FALSE;
}

/* Whether the file was written to since the shim wrote its last record. */
static gboolean
was_written_since(const PstHello *hello, const PstVolumeRecords *records, gint64 now_us)
{
    if (!tells_last(hello->recorder) || records->volume_us == 0)
        return FALSE;
    return records->volume_us > now_us - (hello->boottime_us - hello->recorder->last_us) + SLACK_US;
}

PstRecorderState
pst_recorder_state_judge(const PstHello *hello, const PstVolumeRecords *records, gint64 now_us)
{
    if (hello->recorder == NULL)
        return PST_RECORDER_STATE_UNUSED;
    if (hello->recorder->seq == PST_INT_UNKNOWN || hello->recorder->seq < 1)
        return PST_RECORDER_STATE_UNKNOWN;
    /* What the store has kept says nothing of what came since it was harvested. */
    if (records == NULL || records->n_parts == 0)
        return PST_RECORDER_STATE_UNREAD;
    if (holds_last(hello, records->records))
        return PST_RECORDER_STATE_WRITES;
    if (records->unread != NULL)
        return PST_RECORDER_STATE_UNREAD;
    return was_written_since(hello, records, now_us) ? PST_RECORDER_STATE_WASHED
                                                     : PST_RECORDER_STATE_BEHIND;
}

PstRecorderState
pst_recorder_state_of_device(PstRecorderState state, const PstGuestXml *xml)
{
    switch (state) {
    case PST_RECORDER_STATE_BEHIND:
    case PST_RECORDER_STATE_UNREAD:
        return xml->recorder_elsewhere ? PST_RECORDER_STATE_ELSEWHERE : state;
    case PST_RECORDER_STATE_UNKNOWN:
        if (xml->recorder_elsewhere)
            return PST_RECORDER_STATE_ELSEWHERE;
        return xml->recorder_emptied ? PST_RECORDER_STATE_EMPTIED : state;
    case PST_RECORDER_STATE_WRITES:
        return xml->recorder_emptied ? PST_RECORDER_STATE_EMPTIED : state;
    case PST_RECORDER_STATE_WASHED:
    case PST_RECORDER_STATE_UNUSED:
    case PST_RECORDER_STATE_ELSEWHERE:
    case PST_RECORDER_STATE_ASTRAY:
    case PST_RECORDER_STATE_EMPTIED:
        return state;
    }
    g_return_val_if_reached(state);
}

gboolean
pst_recorder_state_may_be_astray(PstRecorderState state, const PstHello *hello,
                                 const PstVolumeRecords *records)
{
    guint n = records != NULL ? records->records->len : 0;

    if (state != PST_RECORDER_STATE_UNKNOWN && state != PST_RECORDER_STATE_BEHIND &&
        state != PST_RECORDER_STATE_UNREAD)
        return FALSE;
    if (hello == NULL)
        return n == 0;
    for (guint i = 0; i < n; i++)
        if (g_str_equal(((const PstRecord *)records->records->pdata[i])->boot_id, hello->boot_id))
            return FALSE;
    return TRUE;
}

gboolean
pst_recorder_state_is_astray(const char *path, const char *folder)
{
    if (path == NULL || folder == NULL || !g_path_is_absolute(path) || !g_path_is_absolute(folder))
        return FALSE;
    g_autofree char *parent = g_path_get_dirname(path);
    g_autofree char *own = g_canonicalize_filename(parent, "/");
    g_autofree char *pool = g_canonicalize_filename(folder, "/");
    return !g_str_equal(own, pool);
}

char *
pst_recorder_state_explain(PstRecorderState state, const PstHello *hello, const char *name,
                           const char *unread)
{
    g_autofree char *age = NULL;

    switch (state) {
    case PST_RECORDER_STATE_UNKNOWN:
    case PST_RECORDER_STATE_WRITES:
        return NULL;
    case PST_RECORDER_STATE_WASHED:
        return g_strdup("what its recorder wrote last is not in the volume, and other bytes were "
                        "written since: something floods the recorder's port");
    case PST_RECORDER_STATE_UNUSED:
        return g_strdup("the shim does not hold the recorder's port open: nothing is recorded");
    case PST_RECORDER_STATE_UNREAD:
        return g_strdup_printf("what its recorder writes can't be read: %s",
                               unread != NULL ? unread : "nobody says why");
    case PST_RECORDER_STATE_ELSEWHERE:
        return g_strdup("the domain's XML has its recorder write to a file that is not called "
                        "UUID" PST_VOLUME_SUFFIX " by its own UUID, where its records are looked "
                        "for");
    case PST_RECORDER_STATE_ASTRAY:
        return g_strdup("the domain's XML has its recorder write to another folder than that of "
                        "the storage pool " PST_VOLUME_POOL ", where its records are looked for");
    case PST_RECORDER_STATE_EMPTIED:
        return g_strdup("each start of the domain empties what its recorder wrote: its source has "
                        "no append='on'");
    case PST_RECORDER_STATE_BEHIND:
        age = tells_last(hello->recorder)
                  ? pst_render_ago(hello->boottime_us - hello->recorder->last_us)
                  : g_strdup("earlier");
        return g_strdup_printf("the recorder has fallen silent: record %" G_GINT64_FORMAT
                               ", written %s, did not arrive in the volume; postern records %s "
                               "--heal attaches its device anew",
                               hello->recorder->seq, age, name);
    }
    g_return_val_if_reached(NULL);
}
