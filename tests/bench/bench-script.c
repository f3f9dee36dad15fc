// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-script [--pause=MS] GUEST FILE SECTION…: runs the commands in those sections of FILE
 * through the guest agent's guest-exec, one after the other, over one connection, each polled until
 * it has ended, without a pause or with one after each look that found it running. Prints one JSON
 * object: the whole time, and of each command time, exit status, polls and bytes of output. */
#include <stdio.h>
#include <string.h>

#include "host-sidecar/agent.h"
#include "protocol/json.h"
#include "tests/bench/bench-guest.h"

#define LIMIT_US (30 * G_USEC_PER_SEC)

/* The member `return` of the answer, owned by the caller. */
static JsonObject *
call(PstAgent *agent, const char *command, JsonObject *arguments)
{
    g_autoptr(GError) error = NULL;
    JsonObject *result = NULL;
    g_autoptr(JsonObject) answer =
        pst_agent_command(agent, command, arguments, g_get_monotonic_time() + LIMIT_US, &error);

    if (answer == NULL ||
        !pst_json_get_object(answer, "return", PST_JSON_REQUIRED, &result, &error))
        pst_bench_die(command, error);
    return json_object_ref(result);
}

static gint64
start(PstAgent *agent, char *const *argv)
{
    g_autoptr(JsonObject) arguments = json_object_new();
    JsonArray *words = json_array_new();

    for (guint i = 1; argv[i] != NULL; i++)
        json_array_add_string_element(words, argv[i]);
    json_object_set_string_member(arguments, "path", argv[0]);
    json_object_set_array_member(arguments, "arg", words);
    json_object_set_boolean_member(arguments, "capture-output", TRUE);

    g_autoptr(JsonObject) result = call(agent, "guest-exec", arguments);
    return json_object_get_int_member(result, "pid");
}

/* The answer of guest-exec-status once the program has ended. */
static JsonObject *
await(PstAgent *agent, gint64 pid, gint64 pause_ms, gint64 *polls)
{
    g_autoptr(JsonObject) arguments = json_object_new();

    json_object_set_int_member(arguments, "pid", pid);
    for (*polls = 1;; (*polls)++) {
        g_autoptr(JsonObject) status = call(agent, "guest-exec-status", arguments);
        if (json_object_get_boolean_member(status, "exited"))
            return g_steal_pointer(&status);
        g_usleep((gulong)pause_ms * 1000);
    }
}

static gsize
output_bytes(JsonObject *status, const char *name)
{
    gsize len = 0;
    g_autofree guchar *bytes =
        g_base64_decode(json_object_get_string_member_with_default(status, name, ""), &len);

    return bytes != NULL ? len : 0;
}

static void
run(PstAgent *agent, const char *line, gint64 pause_ms, JsonArray *commands)
{
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) error = NULL;
    gint64 start_us = g_get_monotonic_time(), polls = 0;

    if (!g_shell_parse_argv(line, NULL, &argv, &error))
        pst_bench_die(line, error);
    g_autoptr(JsonObject) status = await(agent, start(agent, argv), pause_ms, &polls);
    gsize len = output_bytes(status, "out-data") + output_bytes(status, "err-data");

    JsonObject *told = json_object_new();
    json_object_set_string_member(told, "command", line);
    json_object_set_int_member(told, "took_us", g_get_monotonic_time() - start_us);
    json_object_set_int_member(told, "exit_status",
                               json_object_get_int_member_with_default(status, "exitcode", -1));
    json_object_set_int_member(told, "polls", polls);
    json_object_set_int_member(told, "output_bytes", (gint64)len);
    json_array_add_object_element(commands, told);
}

/* The lines of the wanted sections, in the file's order; a section that is not there ends the
 * program, for what it would compare were not the same. */
static GPtrArray *
read_lines(const char *path, char *const *sections)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    GPtrArray *chosen = g_ptr_array_new_with_free_func(g_free);
    gboolean wanted = FALSE;
    guint found = 0;

    if (!g_file_get_contents(path, &text, NULL, &error))
        pst_bench_die(path, error);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        const char *line = g_strstrip(lines[i]);
        g_autofree char *name = g_strndup(line + 1, MAX(strlen(line), 2) - 2);

        if (line[0] == '[') {
            wanted = g_strv_contains((const char *const *)sections, name);
            found += wanted;
        } else if (wanted && line[0] != '\0' && line[0] != '#') {
            g_ptr_array_add(chosen, g_strdup(line));
        }
    }
    if (found != g_strv_length((char **)sections))
        pst_bench_die("a probe has no section in the file of commands", NULL);
    return chosen;
}

int
main(int argc, char **argv)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonObject) json = json_object_new();
    JsonArray *commands = json_array_new();
    gint64 pause_ms = 0;

    if (argc > 1 && sscanf(argv[1], "--pause=%" G_GINT64_FORMAT, &pause_ms) == 1) {
        argc--;
        argv++;
    }
    if (argc < 4) {
        fprintf(stderr, "usage: bench-script [--pause=MS] GUEST FILE SECTION...\n");
        return 64;
    }
    g_autoptr(GPtrArray) lines = read_lines(argv[2], argv + 3);
    g_autoptr(PstGuest) guest = pst_bench_guest_open(hypervisor, argv[1]);
    g_autoptr(PstAgent) agent =
        pst_agent_open(guest, FALSE, g_get_monotonic_time() + LIMIT_US, &error);
    if (agent == NULL)
        pst_bench_die(argv[1], error);

    gint64 start_us = g_get_monotonic_time();
    for (guint i = 0; i < lines->len; i++)
        run(agent, lines->pdata[i], pause_ms, commands);
    json_object_set_int_member(json, "took_us", g_get_monotonic_time() - start_us);
    json_object_set_array_member(json, "commands", commands);
    g_autofree char *text = pst_json_to_text(json, NULL);
    puts(text);
    return 0;
}
