// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/journal.h"

#include <string.h>

#include "guest-shim/journal-after.h"
#include "guest-shim/private-units.h"
#include "guest-shim/program.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define MAX_OUTPUT (4 * 1024 * 1024)
#define MAX_MESSAGE 8192
#define MAX_COMPLAINT 2048
/* A file that journald has just begun is whole after this, and journalctl worth starting with so
 * much time. */
#define GROWTH_US (200 * 1000)
#define LEAST_MS 500
/* What journald writes while a change is made and looked at; reading that is dearer than to look
 * for the entry by itself where it is more. */
#define MAX_RECENT 256

/* A message that is no text has a token for each byte. */
static const PstValidateLimits line_limits = {.max_bytes = 512 * 1024, .max_tokens = 150000};

static const char *const candidates[] = {"/usr/bin/journalctl", "/bin/journalctl",
                                         "/run/current-system/sw/bin/journalctl", NULL};

/* Those that every entry has are given without being asked for. */
#define FIELDS                                                                                     \
    "--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_COMM,_PID,_UID,_SYSTEMD_UNIT,UNIT,"       \
    "OBJECT_SYSTEMD_UNIT,COREDUMP_UNIT,CONTAINER_NAME,_TRANSPORT"

void
pst_journal_entry_free(PstJournalEntry *entry)
{
    g_free(entry->identifier);
    g_free(entry->unit);
    g_free(entry->writer);
    g_free(entry->comm);
    g_free(entry->message);
    g_free(entry->container);
    g_free(entry->pid);
    g_free(entry->boot_id);
    g_free(entry->cursor);
    g_free(entry);
}

void
pst_journal_page_free(PstJournalPage *page)
{
    g_ptr_array_unref(page->entries);
    g_free(page->complaint);
    g_free(page->problem);
    g_free(page);
}

static void
add(GPtrArray *argv, const char *argument)
{
    g_ptr_array_add(argv, g_strdup(argument));
}

static void
add_time(GPtrArray *argv, const char *option, gint64 time_us)
{
    if (time_us != 0)
        g_ptr_array_add(argv,
                        g_strdup_printf("%s=@%" G_GINT64_FORMAT ".%06d", option,
                                        time_us / G_USEC_PER_SEC, (int)(time_us % G_USEC_PER_SEC)));
}

/* A boot id is given as a match on its field: `--boot=ID` looks through all boots first. */
static void
add_boot(GPtrArray *argv, const char *boot)
{
    if (boot != NULL && strlen(boot) == 32)
        g_ptr_array_add(argv, g_strconcat("_BOOT_ID=", boot, NULL));
    else if (boot != NULL)
        g_ptr_array_add(argv, g_strconcat("--boot=", boot, NULL));
}

/* ---- units ---- */

#define SERVICE ".service"
#define MAX_COMM 15 /* TASK_COMM_LEN of the kernel */
/* A crash of a program, as systemd-coredump logs it. */
#define COREDUMP_MATCH "MESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1"

/* One of several that an entry may fit: journalctl joins the matches of one by "and", and what "+"
 * stands between by "or", so that the others of the query belong to each. */
static void
add_choice(GPtrArray *argv, const PstJournalQuery *query, gboolean *any, const char *const *matches)
{
    if (*any)
        add(argv, "+");
    *any = TRUE;
    for (; *matches != NULL; matches++)
        add(argv, *matches);
    if (query->boot != NULL && strlen(query->boot) == 32)
        add_boot(argv, query->boot);
    if (query->kernel)
        add(argv, "_TRANSPORT=kernel");
}

/* What --unit= takes for a unit's (add_matches_for_unit() of systemd). */
static void
add_unit(GPtrArray *argv, const PstJournalQuery *query, const char *unit, gboolean *any)
{
    g_autofree char *by = g_strconcat("_SYSTEMD_UNIT=", unit, NULL);
    g_autofree char *of = g_strconcat("UNIT=", unit, NULL);
    g_autofree char *object = g_strconcat("OBJECT_SYSTEMD_UNIT=", unit, NULL);
    g_autofree char *coredump = g_strconcat("COREDUMP_UNIT=", unit, NULL);
    g_autofree char *slice = g_strconcat("_SYSTEMD_SLICE=", unit, NULL);

    add_choice(argv, query, any, (const char *const[]){by, NULL});
    add_choice(argv, query, any, (const char *const[]){"_PID=1", of, NULL});
    add_choice(argv, query, any, (const char *const[]){"_UID=0", object, NULL});
    add_choice(argv, query, any, (const char *const[]){COREDUMP_MATCH, "_UID=0", coredump, NULL});
    if (g_str_has_suffix(unit, ".slice"))
        add_choice(argv, query, any, (const char *const[]){slice, NULL});
}

/* A program that runs in its caller's session, as sudo does, is of no unit of its own. */
static void
add_program(GPtrArray *argv, const PstJournalQuery *query, const char *unit, gboolean *any)
{
    gsize len = strlen(unit);

    if (!g_str_has_suffix(unit, SERVICE) || strchr(unit, '@') != NULL)
        return;
    g_autofree char *name = g_strndup(unit, len - strlen(SERVICE));
    g_autofree char *identifier = g_strconcat("SYSLOG_IDENTIFIER=", name, NULL);
    g_autofree char *comm = g_strdup_printf("_COMM=%.*s", MAX_COMM, name);
    add_choice(argv, query, any, (const char *const[]){identifier, NULL});
    add_choice(argv, query, any, (const char *const[]){comm, NULL});
}

static void
add_units_by_name(GPtrArray *argv, const PstJournalQuery *query)
{
    gboolean any = FALSE;

    for (const char *const *unit = query->units; *unit != NULL; unit++) {
        add_unit(argv, query, *unit, &any);
        add_program(argv, query, *unit, &any);
    }
    if (query->boot != NULL && strlen(query->boot) != 32)
        add_boot(argv, query->boot);
}

char **
pst_journal_argv(const PstJournalQuery *query)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    add(argv, "--no-pager");
    if (query->from == NULL)
        add(argv, "--reverse");
    add(argv, "--all");
    add(argv, "--output=json");
    add(argv, FIELDS);
    g_ptr_array_add(argv, g_strdup_printf("--lines=%u", query->lines));
    if (query->max_priority < 7)
        g_ptr_array_add(argv, g_strdup_printf("--priority=%d", query->max_priority));
    add_time(argv, "--since", query->since_us);
    add_time(argv, "--until", query->until_us);
    /* It refuses a time before 1970; nothing is older than that. */
    if (query->since_us == 0 && query->since_ago_s != 0 &&
        query->since_ago_s < g_get_real_time() / G_USEC_PER_SEC)
        g_ptr_array_add(argv,
                        g_strdup_printf("--since=-%" G_GINT64_FORMAT "s", query->since_ago_s));
    if (query->cursor != NULL)
        g_ptr_array_add(argv, g_strconcat("--cursor=", query->cursor, NULL));
    if (query->from != NULL)
        g_ptr_array_add(argv, g_strconcat("--cursor=", query->from, NULL));
    if (query->identifier != NULL)
        g_ptr_array_add(argv, g_strconcat("--identifier=", query->identifier, NULL));
    if (query->by_name && query->units != NULL && query->units[0] != NULL) {
        add_units_by_name(argv, query);
    } else {
        for (guint i = 0; query->units != NULL && query->units[i] != NULL; i++)
            g_ptr_array_add(argv, g_strconcat("--unit=", query->units[i], NULL));
        add_boot(argv, query->boot);
        if (query->kernel)
            add(argv, "_TRANSPORT=kernel");
    }
    g_ptr_array_add(argv, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&argv), FALSE);
}

/* Bytes that came as an array of integers, as valid UTF-8; NULL where it is not such an array. */
static char *
text_of_bytes(JsonArray *array)
{
    g_autoptr(GString) bytes = g_string_new(NULL);

    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        gint64 byte;

        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
            return NULL;
        byte = json_node_get_int(node);
        if (byte < 0 || byte > 255)
            return NULL;
        if (i < MAX_MESSAGE)
            g_string_append_c(bytes, (char)(byte == 0 ? ' ' : byte));
    }
    return g_utf8_make_valid(bytes->str, (gssize)bytes->len);
}

static char *
text_of_node(JsonNode *node, guint depth)
{
    if (node == NULL || JSON_NODE_HOLDS_NULL(node))
        return NULL;
    if (JSON_NODE_HOLDS_VALUE(node))
        return json_node_get_value_type(node) == G_TYPE_STRING ? json_node_dup_string(node) : NULL;
    if (!JSON_NODE_HOLDS_ARRAY(node) || json_array_get_length(json_node_get_array(node)) == 0)
        return NULL;

    JsonArray *array = json_node_get_array(node);
    JsonNode *first = json_array_get_element(array, 0);
    if (JSON_NODE_HOLDS_VALUE(first) && json_node_get_value_type(first) == G_TYPE_INT64)
        return text_of_bytes(array);
    /* A field that was given several times: the first one stands for all. */
    return depth == 0 ? text_of_node(first, 1) : NULL;
}

static char *
text_of(JsonObject *object, const char *name)
{
    return text_of_node(json_object_get_member(object, name), 0);
}

/* journald prints numbers as strings. -1 where there is none. */
static gint64
number_of(JsonObject *object, const char *name)
{
    g_autofree char *text = text_of(object, name);
    gint64 number = -1;

    if (text == NULL || !g_ascii_string_to_signed(text, 10, 0, G_MAXINT64, &number, NULL))
        return -1;
    return number;
}

static char *
first_of(JsonObject *object, const char *const *names)
{
    for (guint i = 0; names[i] != NULL; i++) {
        char *text = text_of(object, names[i]);
        if (text != NULL)
            return text;
    }
    return NULL;
}

static char *
clean_message(char *message)
{
    if (message == NULL)
        return NULL;
    if (strlen(message) > MAX_MESSAGE)
        *g_utf8_find_prev_char(message, message + MAX_MESSAGE + 1) = '\0';
    for (char *c = message; *c != '\0'; c++)
        if ((g_ascii_iscntrl(*c) && *c != '\t' && *c != '\n'))
            *c = '?';
    return g_strchomp(message);
}

PstJournalEntry *
pst_journal_parse(const char *line, gsize len, GError **error)
{
    /* Of the unit that PID 1 or a crash handler writes about, before that of the writer. */
    static const char *const units[] = {"UNIT", "COREDUMP_UNIT", "OBJECT_SYSTEMD_UNIT",
                                        "_SYSTEMD_UNIT", NULL};
    static const char *const identifiers[] = {"SYSLOG_IDENTIFIER", "_COMM", NULL};
    g_autoptr(JsonObject) object = pst_json_parse(line, len, &line_limits, error);

    if (object == NULL)
        return NULL;
    g_autoptr(PstJournalEntry) entry = g_new0(PstJournalEntry, 1);
    g_autofree char *transport = text_of(object, "_TRANSPORT");
    gint64 priority = number_of(object, "PRIORITY");

    entry->realtime_us = number_of(object, "__REALTIME_TIMESTAMP");
    entry->monotonic_us = number_of(object, "__MONOTONIC_TIMESTAMP");
    entry->cursor = text_of(object, "__CURSOR");
    entry->boot_id = text_of(object, "_BOOT_ID");
    if (entry->realtime_us < 0 || entry->cursor == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "a journal entry without its time or cursor");
        return NULL;
    }
    entry->priority = priority >= 0 && priority <= 7 ? (int)priority : PST_JOURNAL_PRIORITY_NONE;
    entry->identifier = first_of(object, identifiers);
    entry->unit = first_of(object, units);
    entry->writer = text_of(object, "_SYSTEMD_UNIT");
    entry->comm = text_of(object, "_COMM");
    entry->is_root = number_of(object, "_UID") == 0;
    entry->by_kernel = g_strcmp0(transport, "kernel") == 0;
    entry->pid = text_of(object, "_PID");
    entry->container = text_of(object, "CONTAINER_NAME");
    entry->message = clean_message(text_of(object, "MESSAGE"));
    /* Root can write to the kernel's log as well, under a name of its own. */
    entry->kernel = entry->by_kernel && g_strcmp0(entry->identifier, "kernel") == 0;
    return g_steal_pointer(&entry);
}

void
pst_journal_parse_all(PstJournalPage *page, const char *output, gsize len)
{
    const char *line = output, *end = output + len;

    while (line < end) {
        const char *stop = memchr(line, '\n', (gsize)(end - line));
        PstJournalEntry *entry;

        if (stop == NULL) {
            page->cut = TRUE;
            return;
        }
        entry = pst_journal_parse(line, (gsize)(stop - line), NULL);
        if (entry != NULL)
            g_ptr_array_add(page->entries, entry);
        else
            page->unreadable++;
        line = stop + 1;
    }
}

static void
take_complaint(PstJournalPage *page, const PstProgramResult *result)
{
    g_autofree char *text =
        g_utf8_make_valid(result->err->str, (gssize)MIN(result->err->len, MAX_COMPLAINT));

    g_strstrip(text);
    if (*text != '\0')
        page->complaint = g_steal_pointer(&text);
    page->exit_status = result->exit_status;
    page->signal = result->timed_out ? 0 : result->signal;
    page->timed_out = result->timed_out;
    page->cut |= result->truncated || result->timed_out;
}

gboolean
pst_journal_may_be_growing(const char *complaint)
{
    static const char words[] = ".journal is truncated";
    const char *at = complaint;

    while (at != NULL && (at = strstr(at, words)) != NULL) {
        const char *name = at;

        while (name > complaint && strchr("/\n", name[-1]) == NULL)
            name--;
        if (memchr(name, '@', (gsize)(at - name)) == NULL)
            return TRUE;
        at += strlen(words);
    }
    return FALSE;
}

static PstJournalPage *
ask_once(const PstSysroot *sysroot, const PstJournalQuery *query, GError **error)
{
    PstJournalQuery wanted = *query;

    wanted.lines++; /* to see whether there is more */
    g_auto(GStrv) argv = pst_journal_argv(&wanted);
    PstProgram program = {
        .candidates = candidates,
        .argv = (const char *const *)argv,
        .timeout_ms = query->timeout_ms,
        .max_output = MAX_OUTPUT,
    };
    g_autoptr(PstProgramResult) result = pst_program_run(sysroot, &program, error);
    if (result == NULL)
        return NULL;

    PstJournalPage *page = g_new0(PstJournalPage, 1);
    page->entries = g_ptr_array_new_with_free_func((GDestroyNotify)pst_journal_entry_free);
    pst_journal_parse_all(page, result->out->str, result->out->len);
    take_complaint(page, result);
    if (page->entries->len > query->lines) {
        g_ptr_array_set_size(page->entries, (int)query->lines);
        page->more = TRUE;
    }
    return page;
}

static PstJournalPage *
ask(const PstSysroot *sysroot, const PstJournalQuery *query, GError **error)
{
    gint64 begun_us = g_get_monotonic_time();
    PstJournalPage *page = ask_once(sysroot, query, error);

    if (page == NULL || !pst_journal_may_be_growing(page->complaint))
        return page;
    PstJournalQuery again = *query;
    g_usleep(GROWTH_US);
    again.timeout_ms -= (g_get_monotonic_time() - begun_us) / 1000;
    if (again.timeout_ms < LEAST_MS)
        return page;
    PstJournalPage *second = ask_once(sysroot, &again, NULL);
    if (second == NULL)
        return page;
    pst_journal_page_free(page);
    return second;
}

PstJournalPage *
pst_journal_read(const PstSysroot *sysroot, const PstJournalQuery *query, GError **error)
{
    PstJournalPage *page = ask(sysroot, query, error);

    if (page != NULL)
        page->n_private = pst_private_units_hide(sysroot, page->entries, &page->problem);
    return page;
}

PstJournalPage *
pst_journal_read_after(const PstSysroot *sysroot, const PstJournalQuery *query, const char *after)
{
    const PstJournalQuery all = {
        .max_priority = 7,
        .from = after,
        .lines = MAX_RECENT,
        .timeout_ms = query->timeout_ms,
    };
    g_autoptr(PstJournalPage) page = ask(sysroot, &all, NULL);

    if (page == NULL || !pst_journal_after_take(page, after, query))
        return NULL;
    page->n_private = pst_private_units_hide(sysroot, page->entries, &page->problem);
    return g_steal_pointer(&page);
}

char *
pst_journal_boot(const PstSysroot *sysroot)
{
    g_autofree char *id = pst_sysroot_read_line(sysroot, "/proc/sys/kernel/random/boot_id", NULL);

    if (id == NULL)
        return NULL;
    g_auto(GStrv) parts = g_strsplit(id, "-", -1);
    return g_strjoinv("", parts);
}

char *
pst_journal_cursor_boot(const char *cursor, gint64 *monotonic_us)
{
    g_auto(GStrv) parts = g_strsplit(cursor, ";", 8);
    g_autofree char *boot = NULL;
    guint64 monotonic = 0;
    gboolean timed = FALSE;

    for (guint i = 0; parts[i] != NULL; i++) {
        if (g_str_has_prefix(parts[i], "b=") && strlen(parts[i]) == 34 &&
            strspn(parts[i] + 2, "0123456789abcdef") == 32 && boot == NULL)
            boot = g_strdup(parts[i] + 2);
        if (g_str_has_prefix(parts[i], "m="))
            timed = g_ascii_string_to_unsigned(parts[i] + 2, 16, 0, G_MAXINT64, &monotonic, NULL);
    }
    if (!timed)
        return NULL;
    *monotonic_us = (gint64)monotonic;
    return g_steal_pointer(&boot);
}
