// SPDX-License-Identifier: LGPL-2.1-or-later
/* When the check of a recorder is content with what was read before, and when it reads anew: on
 * libvirt's own test driver, which has a domain and no pool, so that reading anew fails. */
#include <glib/gstdio.h>

#include "host-sidecar/recorder-check.h"
#include "protocol/error.h"
#include "tests/unit/record-streams.h"

#define SECOND G_GINT64_CONSTANT(1000000)
#define LAST 7
#define LAST_US (900 * SECOND)
#define HELLO_US (1000 * SECOND)

typedef struct {
    PstGuest *guest;
} Place;

static void
set_up(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new("test:///default");
    g_autoptr(GError) error = NULL;

    place->guest = pst_guest_open(hypervisor, "test", g_get_monotonic_time() + 20 * SECOND, &error);
    g_assert_no_error(error);
}

static void
tear_down(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    pst_guest_unref(place->guest);
}

/* As if a rung had read it: a volume that ends with record *SEQ, written that number of seconds
 * before the last one was due. */
static PstVolumeRecords *
read_earlier(gpointer seq, GError **error G_GNUC_UNUSED)
{
    static const PstRecordCounters counters = {1, 0, 0};
    const StreamRecord wanted = {STREAM_BOOT_A,
                                 STREAM_MACHINE_A,
                                 "test",
                                 *(gint64 *)seq,
                                 LAST_US - (LAST - *(gint64 *)seq) * SECOND,
                                 PST_RECORD_BOOT,
                                 NULL,
                                 0};
    GPtrArray *set = pst_record_set_new();

    g_ptr_array_add(set, stream_record(&wanted));
    return pst_volume_records_new(set, &counters, g_get_real_time() - 500 * SECOND, 1);
}

static void
read_before(Place *place, gint64 seq)
{
    g_autoptr(PstVolumeRecords) records =
        pst_volume_share_read(place->guest->volume, PST_VOLUME_SHARE_ANY, read_earlier, &seq, NULL);

    g_assert_nonnull(records);
    g_usleep(10);
}

static void
greet(Place *place)
{
    PstHelloRecorder recorder = {.written_bytes = 1, .seq = LAST, .last_us = LAST_US};
    char *capabilities[] = {NULL};
    const PstHello hello = {.protocol = PST_HELLO_PROTOCOL,
                            .shim = (char *)"0.1",
                            .boot_id = (char *)STREAM_BOOT_A,
                            .machine_id = (char *)STREAM_MACHINE_A,
                            .boottime_us = HELLO_US,
                            .realtime_us = g_get_real_time(),
                            .capabilities = capabilities,
                            .recorder = &recorder};

    pst_guest_note_greeting(place->guest, &hello);
    g_assert_nonnull(pst_guest_greeting(place->guest));
}

static PstRecorderCheck *
check(Place *place)
{
    return pst_recorder_check_make(place->guest, g_get_monotonic_time() + 20 * SECOND, 0);
}

/* That the last record is there, an earlier reading can tell. */
static void
test_there(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    read_before(place, LAST);
    greet(place);
    g_autoptr(PstRecorderCheck) made = check(place);

    g_assert_cmpint(made->state, ==, PST_RECORDER_STATE_WRITES);
    g_assert_null(made->note);
    g_assert_no_error(made->error);
    g_assert_cmpuint(made->records->records->len, ==, 1);
}

/* That it is missing, it can't: what came since is looked for. */
static void
test_missing(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    read_before(place, LAST - 1);
    greet(place);
    g_autoptr(PstRecorderCheck) made = check(place);

    g_assert_cmpint(made->state, ==, PST_RECORDER_STATE_UNREAD);
    g_assert_null(made->records);
    g_assert_error(made->error, PST_ERROR, PST_ERROR_PATH_SHUT);
    g_assert_nonnull(strstr(made->error->message, "there is no storage pool postern"));
    g_assert_nonnull(strstr(made->note, "there is no storage pool postern"));
}

/* Of the domain's XML alone, whose name for the file is right. */
static void
name_file(Place *place, const char *folder)
{
    place->guest->xml.recorder = TRUE;
    g_free(place->guest->xml.recorder_path);
    place->guest->xml.recorder_path = g_strdup_printf("%s/%s.records", folder, place->guest->uuid);
}

/* The name of the file is not all: its folder has to be the pool's. */
static void
test_folder(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *folder;
        gboolean greeted;
        PstRecorderState state;
    } cases[] = {
        {"/b", FALSE, PST_RECORDER_STATE_UNKNOWN},
        {"/c", FALSE, PST_RECORDER_STATE_ASTRAY},
        {"/b/", TRUE, PST_RECORDER_STATE_UNREAD},
        {"/c", TRUE, PST_RECORDER_STATE_ASTRAY},
    };
    virConnectPtr connection = virConnectOpen("test:///default");
    virStoragePoolPtr pool = virStoragePoolCreateXML(
        connection, "<pool type='dir'><name>postern</name><target><path>/b</path></target></pool>",
        0);

    g_assert_nonnull(pool);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        name_file(place, cases[i].folder);
        if (cases[i].greeted)
            greet(place);
        g_autoptr(PstRecorderCheck) made = check(place);
        g_assert_cmpint(made->state, ==, cases[i].state);
        g_assert_cmpint(made->note != NULL, ==, cases[i].state != PST_RECORDER_STATE_UNKNOWN);
    }
    g_assert_cmpint(virStoragePoolDestroy(pool), ==, 0);
    virStoragePoolFree(pool);
    virConnectClose(connection);
}

/* Of a shim that said nothing, nothing is missing. */
static void
test_not_greeted(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    read_before(place, LAST - 1);
    g_autoptr(PstRecorderCheck) made = check(place);

    g_assert_cmpint(made->state, ==, PST_RECORDER_STATE_UNKNOWN);
    g_assert_cmpuint(made->records->records->len, ==, 1);
}

/* Who looks the guest up anew reads anew. */
static void
test_anew(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    read_before(place, LAST);
    g_autoptr(PstGuest) again = pst_guest_open(place->guest->hypervisor, place->guest->uuid,
                                               g_get_monotonic_time() + 20 * SECOND, NULL);
    g_autoptr(PstRecorderCheck) made =
        pst_recorder_check_make(again, g_get_monotonic_time() + 20 * SECOND, 0);

    g_assert_null(made->records);
    g_assert_error(made->error, PST_ERROR, PST_ERROR_PATH_SHUT);
}

/* In passing, nothing is read of what was read. */
static void
test_in_passing(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    read_before(place, LAST);
    g_assert_true(
        pst_volume_harvest_until(place->guest, g_get_monotonic_time() + 20 * SECOND, NULL));
    g_autoptr(PstVolumeRecords) records =
        pst_volume_read_until(place->guest, g_get_monotonic_time() + 20 * SECOND, NULL);

    g_assert_nonnull(records);
    g_assert_cmpint(((PstRecord *)records->records->pdata[0])->seq, ==, LAST);
}

/* Where there is nothing to be read, that is said. */
static void
test_not_harvested(Place *place, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(
        pst_volume_harvest_until(place->guest, g_get_monotonic_time() + 20 * SECOND, &error));
    g_assert_error(error, PST_ERROR, PST_ERROR_PATH_SHUT);
    g_assert_nonnull(strstr(error->message, "there is no storage pool postern"));
}

/* With a store of its own, in which nothing is but what the look-ups noted. */
static int
run_in(const char *folder)
{
    g_autofree char *config = g_build_filename(folder, "postern.conf", NULL);
    g_autofree char *store = g_build_filename(folder, "store", NULL);
    g_autofree char *hypervisor = g_build_filename(store, "test%3A%2F%2F%2Fdefault", NULL);
    g_autofree char *text = g_strdup_printf("[store]\nfolder=%s\n", store);

    g_assert_true(g_file_set_contents(config, text, -1, NULL));
    g_setenv("POSTERN_CONFIG", config, TRUE);
    int failed = g_test_run();
    g_autoptr(GDir) noted = g_dir_open(hypervisor, 0, NULL);
    const char *name;
    while (noted != NULL && (name = g_dir_read_name(noted)) != NULL) {
        g_autofree char *path = g_build_filename(hypervisor, name, NULL);
        g_assert_true(g_str_has_suffix(name, ".lifecycle"));
        g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(hypervisor), ==, 0);
    g_assert_cmpint(g_rmdir(store), ==, 0);
    g_unlink(config);
    g_rmdir(folder);
    return failed;
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/recorder-check/there", Place, NULL, set_up, test_there, tear_down);
    g_test_add("/recorder-check/missing", Place, NULL, set_up, test_missing, tear_down);
    g_test_add("/recorder-check/folder", Place, NULL, set_up, test_folder, tear_down);
    g_test_add("/recorder-check/not-greeted", Place, NULL, set_up, test_not_greeted, tear_down);
    g_test_add("/recorder-check/anew", Place, NULL, set_up, test_anew, tear_down);
    g_test_add("/recorder-check/in-passing", Place, NULL, set_up, test_in_passing, tear_down);
    g_test_add("/recorder-check/not-harvested", Place, NULL, set_up, test_not_harvested, tear_down);
    g_autofree char *folder = g_dir_make_tmp("pst-check-XXXXXX", NULL);
    return run_in(folder);
}
