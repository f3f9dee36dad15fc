// SPDX-License-Identifier: LGPL-2.1-or-later
/* A guest fills its volume with valid records, as small as they can be: memory, what is stored and
 * the time for it keep their bounds, whatever the records say. */
#include <glib/gstdio.h>
#include <malloc.h>
#include <time.h>

#include "host-sidecar/record-intake.h"
#include "host-sidecar/store.h"
#include "host-sidecar/volume-records.h"
#include "protocol/crc32c.h"
#include "tests/unit/record-streams.h"

#define MIB (1024 * 1024)
#define UUID "3a4f5d6e-1111-4222-8333-444455556666"
#define NOW (G_GINT64_CONSTANT(1800000000) * G_USEC_PER_SEC)
/* Less than libvirt's stream gives at once: what is done for each piece must not cost. */
#define PIECE 512
#define DOMAIN_BYTES (256 * 1024)
#define MAX_HEAP (96 * MIB)

/* What differs from record to record. */
typedef enum {
    RISING,
    FALLING, /* a revert each */
    SAME,    /* one record, again and again */
    BOOTS,   /* a boot and a machine each */
    REPORTS, /* of probes that there are, and of others */
    TOKENS,  /* that are a hundred times as large in memory as their text is */
    SHAPES
} Shape;

typedef struct {
    Shape shape;
    gint64 n;
    GByteArray *bytes; /* the next records in their frames */
    gsize made;
} Flood;

static char *
token_body(void)
{
    GString *out = g_string_new("\"report\",\"body\":{\"probe\":\"x\",\"a\":[{}");

    for (guint i = 1; i < 9900; i++)
        g_string_append(out, ",{}");
    return g_string_free(g_string_append(out, "]}"), FALSE);
}

static void
append(Flood *flood)
{
    gint64 n = ++flood->n;
    const gint64 numbers[SHAPES] = {n, G_MAXINT - n, 1, n, n, n};
    g_autofree char *id =
        flood->shape == BOOTS ? g_strdup_printf("%x", (guint)n * 2654435761U) : g_strdup("");
    g_autofree char *tokens = flood->shape == TOKENS ? token_body() : NULL;
    const char *body = tokens != NULL            ? tokens
                       : flood->shape != REPORTS ? "\"shutdown\",\"body\":{}"
                       : n % 2 == 0              ? "\"report\",\"body\":{\"probe\":\"sudo\"}"
                                                 : "\"report\",\"body\":{\"probe\":\"x\"}";
    g_autofree char *rest = g_strdup_printf(
        "\"seq\":%" G_GINT64_FORMAT ",\"boot_id\":\"%s\",\"machine_id\":\"%s\",\"realtime_us\":0,"
        "\"boottime_us\":0,\"kind\":%s}",
        numbers[flood->shape], id, id, body);
    guint32 crc = pst_crc32c(PST_CRC32C_NONE, (const guint8 *)rest, strlen(rest));
    g_autofree char *text = g_strdup_printf("{\"crc32c\":\"%08x\",%s", crc, rest);

    pst_frame_append(flood->bytes, text, strlen(text));
}

static gdouble
processor_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (gdouble)now.tv_sec + (gdouble)now.tv_nsec / 1e9;
}

/* BYTES more of it, and how long it took to take them. */
static gdouble
take(PstRecordIntake *intake, Flood *flood, gsize bytes)
{
    gdouble took = 0;

    for (gsize end = flood->made + bytes; flood->made < end;) {
        g_byte_array_set_size(flood->bytes, 0);
        while (flood->bytes->len < 64 * 1024)
            append(flood);
        flood->made += flood->bytes->len;
        gdouble begun = processor_s();
        for (gsize at = 0; at < flood->bytes->len; at += PIECE)
            pst_record_intake_take(intake, flood->bytes->data + at,
                                   MIN(PIECE, flood->bytes->len - at));
        took += processor_s() - begun;
    }
    return took;
}

static gsize
heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return info.uordblks + info.hblkhd;
}

static void
check_set(const GPtrArray *records, gint64 last)
{
    const PstRecord *newest = records->pdata[records->len - 1];

    g_assert_cmpuint(records->len, <=, PST_RECORD_INTAKE_MAX);
    g_assert_cmpuint(pst_record_set_weight(records), <=, PST_RECORD_INTAKE_WEIGHT);
    g_assert_cmpuint(pst_record_set_weight(records), >, PST_RECORD_INTAKE_WEIGHT / 2);
    g_assert_cmpint(newest->seq, ==, last);
    g_assert_nonnull(newest->text);
}

/* Of a volume of 8 MiB each record is known, if only as a stub. */
static void
test_whole_volume(void)
{
    Flood flood = {.shape = RISING, .bytes = g_byte_array_new()};
    g_autoptr(PstRecordIntake) intake = pst_record_intake_new();
    PstRecordCounters counters;

    take(intake, &flood, 8 * MIB + MIB / 4);
    g_autoptr(GPtrArray) records = pst_record_intake_end(intake, &counters);
    g_assert_cmpuint(counters.records, ==, flood.n);
    g_assert_cmpuint(counters.dropped + counters.stray_bytes, ==, 0);
    g_assert_cmpuint(records->len, ==, flood.n);
    for (guint i = 0; i < records->len; i++)
        g_assert_cmpint(((PstRecord *)records->pdata[i])->seq, ==, i + 1);
    check_set(records, flood.n);
    g_byte_array_unref(flood.bytes);
}

/* virtlogd may have been told to keep far more: memory has its bound. How long each half took is
 * told. */
static void
test_more_than_is_kept(void)
{
    Flood flood = {.shape = RISING, .bytes = g_byte_array_new()};
    g_autoptr(PstRecordIntake) intake = pst_record_intake_new();
    PstRecordCounters counters;
    gsize before = heap_bytes();
    gdouble first = take(intake, &flood, 8 * MIB), second = take(intake, &flood, 8 * MIB);

    g_test_message("8 MiB: %.2f s, 8 more: %.2f s, heap %" G_GSIZE_FORMAT " KiB", first, second,
                   (heap_bytes() - before) / 1024);
    g_assert_cmpuint(heap_bytes(), <, before + MAX_HEAP);
    g_autoptr(GPtrArray) records = pst_record_intake_end(intake, &counters);
    g_assert_cmpuint(counters.records, ==, flood.n);
    g_assert_cmpuint(records->len, ==, PST_RECORD_INTAKE_MAX);
    check_set(records, flood.n);
    g_byte_array_unref(flood.bytes);
}

static void
test_tokens(void)
{
    Flood flood = {.shape = TOKENS, .bytes = g_byte_array_new()};
    g_autoptr(PstRecordIntake) intake = pst_record_intake_new();
    PstRecordCounters counters;
    gsize before = heap_bytes();

    take(intake, &flood, 8 * MIB);
    g_test_message("heap %" G_GSIZE_FORMAT " KiB", (heap_bytes() - before) / 1024);
    g_assert_cmpuint(heap_bytes(), <, before + MAX_HEAP);
    g_autoptr(GPtrArray) records = pst_record_intake_end(intake, &counters);
    g_assert_cmpuint(counters.records, ==, flood.n);
    g_assert_cmpuint(records->len, ==, flood.n);
    g_assert_cmpuint(heap_bytes(), <, before + MAX_HEAP / 2);
    check_set(records, flood.n);
    g_byte_array_unref(flood.bytes);
}

/* The newest record that counts, in front of whatever the guest wrote after it. */
static void
append_report(PstRecordIntake *intake)
{
    const StreamRecord wanted = {STREAM_BOOT_A,     STREAM_MACHINE_A, "web", 5, 5,
                                 PST_RECORD_REPORT, "memory",         10};
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    stream_append(bytes, &wanted);
    pst_record_intake_take(intake, bytes->data, bytes->len);
}

static void
test_shape(gconstpointer data)
{
    Flood flood = {.shape = (Shape)GPOINTER_TO_INT(data), .bytes = g_byte_array_new()};
    g_autoptr(PstRecordIntake) intake = pst_record_intake_new();
    g_autofree char *root = g_dir_make_tmp("pst-flood-XXXXXX", NULL);
    const PstStoreSettings settings = {root, DOMAIN_BYTES, MIB, 0};
    g_autoptr(PstStore) store = pst_store_open(&settings, "test:///default", NULL);
    PstStoreView view = {0};
    PstRecordCounters counters;
    gdouble begun = processor_s();

    append_report(intake);
    take(intake, &flood, 5 * MIB);
    GPtrArray *records = pst_record_intake_end(intake, &counters);
    check_set(records, ((PstRecord *)records->pdata[records->len - 1])->seq);
    g_assert_true(pst_store_harvest(store, UUID, records, NOW, &view, NULL));
    g_autoptr(GPtrArray) files = pst_store_list(store);
    g_assert_cmpuint(files->len, ==, 1);
    g_assert_cmpuint(((PstStoreFile *)files->pdata[0])->bytes, <=, DOMAIN_BYTES);
    g_autoptr(PstVolumeRecords) volume = pst_volume_records_new(view.records, &counters, NOW, 4);
    /* Not one boot's flood takes away what another one's record says. */
    g_assert_nonnull(pst_volume_records_find(volume, "memory", NULL, "web"));
    g_assert_null(pst_volume_records_find(volume, "system", NULL, "web"));
    g_autofree char *text = pst_volume_records_to_text(volume, G_MAXUINT, NOW);
    g_assert_nonnull(text);
    g_test_message("%.2f s", processor_s() - begun);
    g_assert_true(pst_store_remove(store, UUID, NULL));
    g_assert_cmpint(g_rmdir(pst_store_folder(store)->path), ==, 0);
    g_assert_cmpint(g_rmdir(root), ==, 0);
    g_byte_array_unref(flood.bytes);
}

int
main(int argc, char **argv)
{
    static const char *const names[SHAPES] = {"rising", "falling", "same",
                                              "boots",  "reports", "tokens"};

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record-flood/whole-volume", test_whole_volume);
    g_test_add_func("/record-flood/more-than-is-kept", test_more_than_is_kept);
    g_test_add_func("/record-flood/tokens-in-memory", test_tokens);
    for (guint i = 0; i < SHAPES; i++) {
        g_autofree char *path = g_strconcat("/record-flood/", names[i], NULL);
        g_test_add_data_func(path, GINT_TO_POINTER(i), test_shape);
    }
    return g_test_run();
}
