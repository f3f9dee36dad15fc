// SPDX-License-Identifier: LGPL-2.1-or-later
#include <signal.h>
#include <string.h>

#include "guest-shim/boot-clock.h"
#include "guest-shim/journal-group.h"
#include "guest-shim/journal-judge.h"
#include "guest-shim/journal.h"
#include "guest-shim/private-units.h"
#include "guest-shim/probe-journal.h"
#include "protocol/fold.h"
#include "protocol/error.h"
#include "protocol/report-journal.h"
#include "tests/unit/world.h"

#define TAIL                                                                                       \
    ",\"__REALTIME_TIMESTAMP\":\"1795342427015381\",\"__MONOTONIC_TIMESTAMP\":\"38265075\","       \
    "\"__CURSOR\":\"s=1;i=2;b=9296ef3853e5406c868deba62384c27e;m=3;t=4;x=5\"}"

static PstJournalEntry *
parse(const char *line)
{
    g_autoptr(GError) error = NULL;
    PstJournalEntry *entry = pst_journal_parse(line, strlen(line), &error);

    g_assert_no_error(error);
    return entry;
}

static void
assert_message(const char *value, const char *expected)
{
    g_autofree char *line = g_strconcat("{\"MESSAGE\":", value, TAIL, NULL);
    g_autoptr(PstJournalEntry) entry = parse(line);

    g_assert_cmpstr(entry->message, ==, expected);
}

static void
test_shapes(void)
{
    assert_message("\"plain\"", "plain");
    assert_message("\"two\\nlines\\u001b[31m\\n\"", "two\nlines?[31m");
    assert_message("null", NULL);
    assert_message("[98,105,110,1,97,114,121,32,255]", "bin?ary \357\277\275");
    assert_message("[65,0,66]", "A B");
    assert_message("[\"first\",\"second\"]", "first");
    assert_message("[[72,105],\"second\"]", "Hi");
    assert_message("[null,\"second\"]", NULL);
    assert_message("[]", NULL);
    assert_message("[256]", NULL);
    assert_message("[1,\"x\"]", NULL);
    assert_message("[[[1]]]", NULL);
    assert_message("7", NULL);
    assert_message("{\"a\":1}", NULL);
}

static void
test_fields(void)
{
    g_autoptr(PstJournalEntry) entry =
        parse("{\"MESSAGE\":\"m\",\"PRIORITY\":\"3\",\"SYSLOG_IDENTIFIER\":[\"sshd\",\"x\"],"
              "\"_PID\":\"233\",\"_SYSTEMD_UNIT\":\"init.scope\",\"UNIT\":\"ssh.service\","
              "\"_BOOT_ID\":\"9296ef3853e5406c868deba62384c27e\",\"_TRANSPORT\":\"kernel\"" TAIL);
    g_autoptr(PstJournalEntry) kernel =
        parse("{\"SYSLOG_IDENTIFIER\":\"kernel\",\"_TRANSPORT\":\"kernel\"" TAIL);
    g_autoptr(PstJournalEntry) feigned =
        parse("{\"SYSLOG_IDENTIFIER\":\"kernel\",\"_TRANSPORT\":\"syslog\"" TAIL);
    g_autoptr(PstJournalEntry) bare = parse("{\"_COMM\":\"cat\",\"PRIORITY\":\"9\"" TAIL);

    g_assert_cmpint(entry->realtime_us, ==, 1795342427015381);
    g_assert_cmpint(entry->monotonic_us, ==, 38265075);
    g_assert_cmpint(entry->priority, ==, 3);
    g_assert_cmpstr(entry->identifier, ==, "sshd");
    g_assert_cmpstr(entry->unit, ==, "ssh.service");
    g_assert_cmpstr(entry->pid, ==, "233");
    g_assert_false(entry->kernel);
    g_assert_cmpint(bare->priority, ==, PST_JOURNAL_PRIORITY_NONE);
    g_assert_cmpstr(bare->identifier, ==, "cat");
    g_assert_false(bare->kernel);
    g_assert_true(kernel->kernel);
    g_assert_false(feigned->kernel);
}

static void
test_refused(void)
{
    static const char *const lines[] = {"",
                                        "{}",
                                        "[]",
                                        "{\"MESSAGE\":\"m\"}",
                                        "not json",
                                        "{\"MESSAGE\":\"a\",\"MESSAGE\":\"b\"" TAIL,
                                        "{\"MESSAGE\":\"\\u0000\"" TAIL,
                                        "{\"__REALTIME_TIMESTAMP\":\"x\",\"__CURSOR\":\"c\"}"};

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        g_assert_null(pst_journal_parse(lines[i], strlen(lines[i]), NULL));
}

/* Lines of a real journal, cut at every byte and with every byte changed: an entry or an error,
 * never more. */
static void
test_mangled(void)
{
    g_autofree char *path =
        g_test_build_filename(G_TEST_DIST, "data", "journal", "real.json", NULL);
    g_autofree char *text = NULL;
    gsize len;

    g_assert_true(g_file_get_contents(path, &text, &len, NULL));
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), >, 4);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_autoptr(PstJournalEntry) whole = parse(lines[i]);
        gsize n = strlen(lines[i]);

        g_assert_nonnull(whole->cursor);
        for (gsize at = 0; at < MIN(n, 2000); at++) {
            g_autofree char *changed = g_strdup(lines[i]);
            PstJournalEntry *entry = pst_journal_parse(lines[i], at, NULL);

            g_assert_null(entry);
            changed[at] = (char)(changed[at] ^ (char)g_test_rand_int_range(1, 255));
            entry = pst_journal_parse(changed, n, NULL);
            g_clear_pointer(&entry, pst_journal_entry_free);
        }
    }
}

static PstJournalPage *
new_page(void)
{
    PstJournalPage *page = g_new0(PstJournalPage, 1);

    page->entries = g_ptr_array_new_with_free_func((GDestroyNotify)pst_journal_entry_free);
    return page;
}

static void
test_whole_output(void)
{
    static const char output[] =
        "{\"MESSAGE\":\"a\"" TAIL "\nrubbish\n{\"MESSAGE\":\"b\"" TAIL "\n{\"MESSAGE\":\"cut of";
    g_autoptr(PstJournalPage) page = new_page();

    pst_journal_parse_all(page, output, strlen(output));
    g_assert_cmpuint(page->entries->len, ==, 2);
    g_assert_cmpuint(page->unreadable, ==, 1);
    g_assert_true(page->cut);
}

static void
test_cursor(void)
{
    gint64 monotonic_us = 0;
    g_autofree char *boot = pst_journal_cursor_boot(
        "s=6baa;i=236;b=9296ef3853e5406c868deba62384c27e;m=247e0f3;t=660d;x=bf", &monotonic_us);

    g_assert_cmpstr(boot, ==, "9296ef3853e5406c868deba62384c27e");
    g_assert_cmpint(monotonic_us, ==, 0x247e0f3);
    g_assert_null(pst_journal_cursor_boot("", &monotonic_us));
    g_assert_null(pst_journal_cursor_boot("s=1;i=2;b=9296;m=1", &monotonic_us));
    g_assert_null(pst_journal_cursor_boot("b=9296ef3853e5406c868deba62384c27e", &monotonic_us));
}

static void
test_fold(void)
{
    static const char *const rows[][2] = {
        {"worker 17 failed with 0xdead17", "worker # failed with #"},
        {"job 00ff12ab is dead", "job # is dead"},
        {"eth0 and eth1, vda2", "eth0 and eth1, vda2"},
        {"pid=4711: added face", "pid=#: added face"},
        {"", ""},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *folded = pst_fold(rows[i][0]);
        g_assert_cmpstr(folded, ==, rows[i][1]);
    }
}

static void
add(PstJournalPage *page, gint64 time, int priority, const char *identifier, gboolean kernel,
    const char *message)
{
    PstJournalEntry *entry = g_new0(PstJournalEntry, 1);

    entry->realtime_us = time;
    entry->priority = priority;
    entry->identifier = g_strdup(identifier);
    entry->kernel = kernel;
    entry->message = g_strdup(message);
    entry->cursor = g_strdup("c");
    g_ptr_array_add(page->entries, entry);
}

static void
free_groups(GPtrArray *groups)
{
    for (guint i = 0; i < groups->len; i++)
        pst_fields_free(&pst_report_journal_group_fields, groups->pdata[i]);
    g_ptr_array_unref(groups);
}

static void
test_groups(void)
{
    g_autoptr(PstJournalPage) page = new_page();
    gboolean cut = FALSE;

    add(page, 50, 3, "app", FALSE, "worker 3 failed");
    add(page, 40, 3, "app", FALSE, "worker 2 failed");
    add(page, 30, 2, "app", FALSE, "worker 1 failed");
    add(page, 20, 3, "other", FALSE, "worker 1 failed");
    add(page, 10, PST_JOURNAL_PRIORITY_NONE, NULL, FALSE, NULL);

    GPtrArray *groups = pst_journal_group(page->entries, 10, &cut);
    const PstJournalGroup *first = groups->pdata[0], *last = groups->pdata[2];
    g_assert_cmpuint(groups->len, ==, 3);
    g_assert_false(cut);
    g_assert_cmpint(first->count, ==, 3);
    g_assert_cmpint(first->priority, ==, 2);
    g_assert_cmpint(first->first_us, ==, 30);
    g_assert_cmpint(first->last_us, ==, 50);
    g_assert_cmpstr(first->message, ==, "worker 3 failed");
    g_assert_cmpint(last->priority, ==, PST_INT_UNKNOWN);
    free_groups(groups);

    groups = pst_journal_group(page->entries, 1, &cut);
    g_assert_cmpuint(groups->len, ==, 1);
    g_assert_true(cut);
    free_groups(groups);
}

static const PstFinding *
only_finding(const PstReport *report, const char *id)
{
    g_assert_cmpuint(report->findings->len, ==, 1);
    const PstFinding *finding = report->findings->pdata[0];
    g_assert_cmpstr(finding->id, ==, id);
    return finding;
}

static void
assert_recognised(int priority, const char *identifier, gboolean kernel, const char *message,
                  const char *id, PstSeverity severity)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_journal_kind);
    g_autoptr(PstJournalPage) page = new_page();

    add(page, 1, priority, identifier, kernel, message);
    pst_journal_judge_entries(page->entries, report);
    if (id == NULL)
        g_assert_cmpuint(report->findings->len, ==, 0);
    else
        g_assert_cmpint(only_finding(report, id)->severity, ==, (int)severity);
}

static void
test_recognised(void)
{
    assert_recognised(3, "kernel", TRUE, "Out of memory: Killed process 5 (x)", "journal.oom-kill",
                      PST_SEVERITY_WARNING);
    assert_recognised(3, "kernel", TRUE, "Memory cgroup out of memory: Killed process 5 (x)",
                      "journal.oom-kill", PST_SEVERITY_WARNING);
    assert_recognised(3, "kernel", FALSE, "Out of memory: Killed process 5 (x)", "journal.errors",
                      PST_SEVERITY_INFORMATION);
    assert_recognised(3, "kernel", TRUE, "I/O error, dev vda, sector 8", "journal.io-error",
                      PST_SEVERITY_CRITICAL);
    assert_recognised(2, "kernel", TRUE, "EXT4-fs (vda): Remounting filesystem read-only",
                      "journal.io-error", PST_SEVERITY_CRITICAL);
    assert_recognised(3, "kernel", TRUE, "INFO: task x:5 blocked for more than 120 seconds.",
                      "journal.hung-task", PST_SEVERITY_WARNING);
    assert_recognised(1, "kernel", TRUE, "BUG: unable to handle page fault for address: 0",
                      "journal.kernel-oops", PST_SEVERITY_CRITICAL);
    assert_recognised(3, "app", FALSE, "write: No space left on device", "journal.no-space",
                      PST_SEVERITY_WARNING);
    assert_recognised(0, "systemd", FALSE, "Freezing execution.", "journal.pid1-crashed",
                      PST_SEVERITY_CRITICAL);
    assert_recognised(2, "app", FALSE, "on fire", "journal.critical-entries", PST_SEVERITY_WARNING);
    assert_recognised(3, "app", FALSE, "oops", "journal.errors", PST_SEVERITY_INFORMATION);
    assert_recognised(4, "app", FALSE, "well", NULL, PST_SEVERITY_INFORMATION);
    assert_recognised(3, NULL, FALSE, NULL, "journal.errors", PST_SEVERITY_INFORMATION);
}

static void
assert_reading(const char *complaint, int exit_status, int signal, const char *id)
{
    g_autoptr(PstReport) report = pst_report_new(&pst_report_journal_kind);
    g_autoptr(PstJournalPage) page = new_page();

    page->complaint = g_strdup(complaint);
    page->exit_status = exit_status;
    page->signal = signal;
    pst_journal_judge_reading(page, report);
    if (id == NULL)
        g_assert_cmpuint(report->findings->len, ==, 0);
    else
        g_assert_cmpint(only_finding(report, id)->severity, ==, PST_SEVERITY_UNKNOWN);
}

static void
test_reading(void)
{
    assert_reading(NULL, 0, 0, NULL);
    assert_reading("Journal file /x is truncated, ignoring file.", 0, 0, "journal.damaged");
    assert_reading(NULL, -1, 7, "journal.damaged");
    assert_reading("No journal files were found.", 0, 0, "journal.no-files");
    assert_reading("Data from the specified boot (-1) is not available: No such boot ID in journal",
                   1, 0, "journal.no-such-boot");
    assert_reading(NULL, 1, 0, "journal.could-not-look");
    assert_reading("Journal file /x corrupted, ignoring file.", 0, 0, "journal.damaged");
    assert_reading("Failed to iterate through journal: Bad message", 1, 0, "journal.damaged");
    assert_reading(NULL, -1, SIGSEGV, "journal.damaged");
    assert_reading(NULL, -1, SIGKILL, "journal.could-not-look"); /* for want of memory */
    assert_reading("Journal file /x uses an unsupported feature, ignoring file.", 0, 0,
                   "journal.could-not-look");
    assert_reading("No journal files were opened due to insufficient permissions.", 0, 0,
                   "journal.could-not-look");
    assert_reading("Failed to parse timestamp: -99999999999s", 1, 0, "journal.could-not-look");
}

/* What was read by the time-out is no whole answer, unless the page was full by then. */
static void
test_timed_out(void)
{
    static const struct {
        gboolean timed_out, cut, more;
        guint n;
        const char *id, *words;
    } rows[] = {
        {TRUE, TRUE, FALSE, 2, "journal.partly-read", "2026-11-22T10:13:47Z"},
        {TRUE, FALSE, FALSE, 1, "journal.partly-read", "2026-11-22T10:13:48Z"},
        {TRUE, TRUE, TRUE, 2, NULL, NULL},
        {FALSE, TRUE, FALSE, 2, NULL, NULL},
        {TRUE, TRUE, FALSE, 0, "journal.could-not-look", "within its time"},
        {FALSE, TRUE, FALSE, 0, "journal.could-not-look", "no whole entry"},
        {FALSE, FALSE, FALSE, 0, NULL, NULL},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(PstReport) report = pst_report_new(&pst_report_journal_kind);
        g_autoptr(PstJournalPage) page = new_page();

        for (guint n = 0; n < rows[i].n; n++)
            add(page, 1795342428000001 - n * G_USEC_PER_SEC, 3, "app", FALSE, "oops");
        page->timed_out = rows[i].timed_out;
        page->cut = rows[i].cut;
        page->more = rows[i].more;
        pst_journal_judge_reading(page, report);
        g_test_message("row %u", i);
        if (rows[i].id == NULL) {
            g_assert_cmpuint(report->findings->len, ==, 0);
            continue;
        }
        const PstFinding *finding = only_finding(report, rows[i].id);
        g_assert_cmpint(finding->severity, ==, PST_SEVERITY_UNKNOWN);
        g_assert_nonnull(strstr(finding->message, rows[i].words));
    }
}

/* A millisecond is not enough for journalctl to begin in. */
static void
test_killed(void)
{
    PstJournalQuery query = {.max_priority = 7, .lines = 1, .timeout_ms = 1};
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new("/", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(PstJournalPage) page = pst_journal_read(sysroot, &query, &error);

    if (g_error_matches(error, PST_ERROR, PST_ERROR_ABSENT)) {
        g_test_skip("there is no journalctl here");
        return;
    }
    g_assert_no_error(error);
    g_assert_true(page->timed_out);
    g_assert_true(page->cut);
    g_assert_cmpint(page->signal, ==, 0);
}

/* What journald still writes to is asked for again; what it has put aside stays as it is. */
static void
test_growing(void)
{
    static const struct {
        const char *complaint;
        gboolean growing;
    } rows[] = {
        {NULL, FALSE},
        {"", FALSE},
        {"Journal file /var/log/journal/0/system.journal is truncated, ignoring file.", TRUE},
        {"Journal file /var/log/journal/0/user-1000.journal is truncated, ignoring file.", TRUE},
        {"Journal file /var/log/journal/0/system@0-1.journal is truncated, ignoring file.", FALSE},
        {"Journal file /j/system@0.journal is truncated, ignoring file.\n"
         "Journal file /j/system.journal is truncated, ignoring file.",
         TRUE},
        {"Journal file /j/system.journal corrupted, ignoring file.", FALSE},
        {".journal is truncated", TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_test_message("row %u", i);
        g_assert_cmpint(pst_journal_may_be_growing(rows[i].complaint), ==, rows[i].growing);
    }
}

static PstReport *
run_probe(const char *world, const PstJournalArgs *args)
{
    g_autofree char *folder = g_test_build_filename(G_TEST_DIST, "data", "sysroot", world, NULL);
    g_autoptr(PstSysroot) sysroot = pst_sysroot_new(folder, NULL);
    PstProbeContext context = {sysroot, pst_boot_clock_us() + 5 * G_USEC_PER_SEC};
    PstReport *report = pst_report_new(&pst_report_journal_kind);
    gsize len;

    pst_probe_journal_run(&context, args, report);
    g_autofree char *text = pst_report_to_text(report, 256 * 1024, &len);
    g_assert_nonnull(text);
    return report;
}

static gboolean
has(const PstReport *report, const char *id)
{
    for (guint i = 0; i < report->findings->len; i++)
        if (g_str_equal(((PstFinding *)report->findings->pdata[i])->id, id))
            return TRUE;
    return FALSE;
}

/* Where journalctl can't be run the answer is unknown, never ok. */
static void
test_worlds(void)
{
    static const char *const worlds[] = {"system-complete", "system-broken", "system-garbage",
                                         "system-absent"};
    PstJournalArgs *args = pst_fields_new(pst_report_journal_kind.args);

    for (guint i = 0; i < G_N_ELEMENTS(worlds); i++) {
        g_autoptr(PstReport) report = run_probe(worlds[i], args);
        g_assert_true(has(report, "journal.could-not-look"));
        g_assert_cmpint(report->status, >=, PST_STATUS_UNKNOWN);
        g_assert_cmpint(has(report, "journal.stuck"), ==, i == 1);
    }
    pst_fields_free(pst_report_journal_kind.args, args);
}

static PstReport *
ask(const char *word)
{
    const char *words[] = {word, NULL};
    g_autoptr(JsonObject) json = pst_fields_from_words(pst_report_journal_kind.args, words, NULL);
    PstJournalArgs *args = pst_fields_decode_exact(pst_report_journal_kind.args, json, NULL);
    PstReport *report = run_probe("system-complete", args);

    pst_fields_free(pst_report_journal_kind.args, args);
    return report;
}

static void
assert_refused(const char *word, const char *id)
{
    g_autoptr(PstReport) report = ask(word);

    only_finding(report, id);
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
}

/* The finding names the argument itself, not only that nothing could be read. */
static void
assert_named(const char *word)
{
    g_autoptr(PstReport) report = ask(word);
    const PstFinding *finding = only_finding(report, "journal.could-not-look");

    g_assert_true(g_str_has_prefix(finding->message, word));
    g_assert_cmpint(report->status, ==, PST_STATUS_UNKNOWN);
}

static void
add_entry(GPtrArray *entries, const char *unit, const char *identifier, const char *container)
{
    PstJournalEntry *entry = g_new0(PstJournalEntry, 1);

    entry->unit = g_strdup(unit);
    entry->identifier = g_strdup(identifier);
    entry->container = g_strdup(container);
    entry->message = g_strdup("words");
    g_ptr_array_add(entries, entry);
}

static void
test_private(World *world, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GPtrArray) entries =
        g_ptr_array_new_with_free_func((GDestroyNotify)pst_journal_entry_free);
    static const gboolean hidden[] = {TRUE, TRUE, TRUE, TRUE, FALSE, FALSE, FALSE};
    g_autofree char *problem = NULL, *none = NULL;

    put_text(world, "/etc/postern/shim.conf", "[private]\nunits=diary\n");
    add_entry(entries, "n8n.service", "node", NULL);
    add_entry(entries, NULL, "gitlab-runsvdir", NULL);
    add_entry(entries, "docker.service", "4f5a", "compose-zammad-1");
    add_entry(entries, "diary.service", "diary", NULL);
    add_entry(entries, "ssh.service", "sshd", NULL);
    add_entry(entries, "n8n.service", "systemd", NULL);
    add_entry(entries, NULL, NULL, NULL);
    g_assert_cmpuint(pst_private_units_hide(world->sysroot, entries, &none), ==, 4);
    g_assert_null(none);
    for (guint i = 0; i < entries->len; i++)
        g_assert_cmpstr(((PstJournalEntry *)entries->pdata[i])->message, ==,
                        hidden[i] ? "[private]" : "words");

    put_text(world, "/etc/postern/shim.conf", "[privat]\nunits=diary\n");
    pst_private_units_hide(world->sysroot, entries, &problem);
    g_assert_nonnull(problem);
}

static void
test_arguments(void)
{
    assert_refused("boot=yesterday", "journal.no-such-boot");
    assert_refused("boot=-1x", "journal.no-such-boot");
    assert_refused("boot=", "journal.no-such-boot");
    assert_refused("cursor=hello", "journal.foreign-cursor");
    assert_refused("cursor=s=1;i=2;b=9296;m=1", "journal.foreign-cursor");
    assert_refused("after=--vacuum-size=1", "journal.foreign-cursor");
    assert_refused("units=ssh,*", "journal.could-not-look");
    assert_refused("boot=-1", "journal.could-not-look");
    assert_named("since_s=-1");
    assert_named("since_us=-1");
    assert_named("until_us=-5");
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal/shapes", test_shapes);
    g_test_add_func("/journal/fields", test_fields);
    g_test_add_func("/journal/refused", test_refused);
    g_test_add_func("/journal/mangled", test_mangled);
    g_test_add_func("/journal/whole-output", test_whole_output);
    g_test_add_func("/journal/cursor", test_cursor);
    g_test_add_func("/journal/fold", test_fold);
    g_test_add_func("/journal/groups", test_groups);
    g_test_add_func("/journal/recognised", test_recognised);
    g_test_add_func("/journal/reading", test_reading);
    g_test_add_func("/journal/timed-out", test_timed_out);
    g_test_add_func("/journal/killed", test_killed);
    g_test_add_func("/journal/worlds", test_worlds);
    g_test_add_func("/journal/growing", test_growing);
    g_test_add("/journal/private", World, NULL, set_up, test_private, tear_down);
    g_test_add_func("/journal/arguments", test_arguments);
    return g_test_run();
}
