// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/containers-podman.h"

#include <string.h>
#include <unistd.h>

#include "guest-shim/containers-judge.h"
#include "guest-shim/containers-words.h"
#include "guest-shim/program.h"
#include "protocol/error.h"
#include "protocol/json.h"

#define PODMAN_MS 8000
#define MAX_LIST (4 * 1024 * 1024)
#define MAX_DETAILS (1024 * 1024)
#define MAX_LOG_TAIL (64 * 1024)
#define MAX_DETAILED 32
#define RECENT_US (G_GINT64_CONSTANT(10) * 60 * G_USEC_PER_SEC)
#define STORAGE "/var/lib/containers/storage"
#define ALIVE "/run/libpod/alive" /* made by the first run of podman in a boot */

static const char *const programs[] = {"/usr/bin/podman", "/bin/podman",
                                       "/run/current-system/sw/bin/podman", NULL};

/* Neither the environment of a container nor its command line is asked for, and the latter is not
 * taken out of the list: both hold secrets. */
static const char *const format =
    "{\"Id\":{{json .ID}},\"State\":{{json .State}},\"RestartCount\":{{json .RestartCount}},"
    "\"RestartPolicy\":{{json .HostConfig.RestartPolicy}},"
    "\"LogConfig\":{{json .HostConfig.LogConfig}}}";

static const char *
first_name(JsonObject *object)
{
    JsonArray *names = NULL;

    pst_json_get_array(object, "Names", PST_JSON_NULLABLE, &names, NULL);
    if (names == NULL || json_array_get_length(names) == 0)
        return NULL;
    JsonNode *node = json_array_get_element(names, 0);
    return JSON_NODE_HOLDS_VALUE(node) ? json_node_get_string(node) : NULL;
}

static gint64
moment(JsonObject *object, const char *name)
{
    gint64 seconds = pst_containers_words_int(object, name);

    return seconds > 0 && seconds < G_MAXINT64 / G_USEC_PER_SEC ? seconds * G_USEC_PER_SEC
                                                                : PST_INT_UNKNOWN;
}

static void
add_container(JsonObject *object, PstContainersData *data)
{
    PstContainersContainer *container =
        pst_fields_append(&pst_report_containers_container_fields, &data->containers);
    JsonObject *labels = pst_containers_words_object(object, "Labels");
    const char *status = pst_containers_words_string(object, "Status");

    container->runtime = g_strdup("podman");
    container->id = pst_containers_words_id(pst_containers_words_string(object, "Id"));
    container->name = g_strdup(first_name(object));
    container->image = g_strdup(pst_containers_words_string(object, "Image"));
    container->state = g_strdup(pst_containers_words_string(object, "State"));
    container->health = g_strdup(pst_containers_words_health(status));
    container->started_us = moment(object, "StartedAt");
    container->finished_us = moment(object, "ExitedAt");
    if (container->finished_us != PST_INT_UNKNOWN)
        container->exit_code = pst_containers_words_int(object, "ExitCode");
    if (labels != NULL)
        container->unit = g_strdup(pst_containers_words_string(labels, "PODMAN_SYSTEMD_UNIT"));
}

gboolean
pst_containers_podman_parse_list(const char *text, gsize len, PstContainersData *data,
                                 GError **error)
{
    g_autoptr(JsonObject) root = pst_containers_words_list(text, len, error);
    JsonArray *list = NULL;

    if (root == NULL || !pst_json_get_array(root, "list", PST_JSON_NULLABLE, &list, error))
        return FALSE;
    for (guint i = 0; list != NULL && i < json_array_get_length(list) && i < PST_CONTAINERS_MAX;
         i++) {
        JsonNode *node = json_array_get_element(list, i);
        if (JSON_NODE_HOLDS_OBJECT(node))
            add_container(json_node_get_object(node), data);
    }
    return TRUE;
}

static PstContainersContainer *
find(const PstContainersData *data, const char *id)
{
    g_autofree char *wanted = pst_containers_words_id(id);

    for (guint i = 0; data->containers != NULL && i < data->containers->len; i++) {
        PstContainersContainer *container = data->containers->pdata[i];
        if (g_strcmp0(container->id, wanted) == 0 && g_str_equal(container->runtime, "podman"))
            return container;
    }
    return NULL;
}

static void
take_details(JsonObject *details, PstContainersData *data, GHashTable *logs)
{
    const char *id = pst_containers_words_string(details, "Id");
    PstContainersContainer *container = id != NULL ? find(data, id) : NULL;
    JsonObject *log = pst_containers_words_object(details, "LogConfig");

    if (container == NULL)
        return;
    pst_containers_words_details(details, details, container);
    if (logs != NULL && log != NULL &&
        g_strcmp0(pst_containers_words_string(log, "Type"), "k8s-file") == 0)
        g_hash_table_insert(logs, container, g_strdup(pst_containers_words_string(log, "Path")));
}

void
pst_containers_podman_parse_details(const char *text, PstContainersData *data, GHashTable *logs)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (guint i = 0; lines[i] != NULL; i++) {
        g_autoptr(JsonObject) details =
            pst_json_parse(lines[i], strlen(lines[i]), &pst_validate_from_agent, NULL);
        if (details != NULL)
            take_details(details, data, logs);
    }
}

void
pst_containers_podman_lines(const char *text, PstContainersContainer *container)
{
    g_auto(GStrv) all = g_strsplit(text, "\n", -1);

    for (guint i = 0; all[i] != NULL; i++) {
        g_auto(GStrv) parts = g_strsplit(all[i], " ", 4);
        if (g_strv_length(parts) == 4)
            pst_containers_words_add_lines(&container->lines, parts[1], parts[3]);
    }
}

/* The end of a log of any size, inside of podman's own folder. */
static void
read_log(const PstSysroot *sysroot, const char *path, PstContainersContainer *container)
{
    g_autofree char *tail = g_malloc0(MAX_LOG_TAIL + 1);
    struct stat st;
    int fd = path != NULL && g_str_has_prefix(path, STORAGE "/")
                 ? pst_sysroot_open_file(sysroot, path, 0, NULL)
                 : -1;

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        pread(fd, tail, MAX_LOG_TAIL, MAX(0, st.st_size - MAX_LOG_TAIL)) > 0)
        pst_containers_podman_lines(tail, container);
    close(fd);
}

static PstProgramResult *
run(const PstProbeContext *context, const char *const *argv, gsize max, GError **error)
{
    const PstProgram program = {
        .candidates = programs,
        .argv = argv,
        .any_address_space = TRUE,
        .timeout_ms = pst_probe_time_left_ms(context, PODMAN_MS),
        .max_output = max,
    };
    g_autoptr(PstProgramResult) result = pst_program_run(context->sysroot, &program, error);

    if (result == NULL)
        return NULL;
    if (result->timed_out) {
        g_set_error(error, PST_ERROR, PST_ERROR_DEADLINE, "podman %s: no answer within its time",
                    argv[0]);
        return NULL;
    }
    return g_steal_pointer(&result);
}

static gboolean
list(const PstProbeContext *context, PstContainersData *data, GError **error)
{
    static const char *const argv[] = {"ps", "--all", "--format", "json", NULL};
    g_autoptr(PstProgramResult) result = run(context, argv, MAX_LIST, error);

    if (result == NULL)
        return FALSE;
    if (result->exit_status != 0) {
        g_strdelimit(result->err->str, "\n", '\0');
        g_set_error(error, PST_ERROR, PST_ERROR_UNAVAILABLE,
                    "podman ps ends with the status %d: %s", result->exit_status, result->err->str);
        return FALSE;
    }
    return pst_containers_podman_parse_list(result->out->str, result->out->len, data, error);
}

/* What has run for long needs no second look. */
static gboolean
is_settled(const PstContainersContainer *container)
{
    return g_strcmp0(container->state, "running") == 0 &&
           container->started_us != PST_INT_UNKNOWN &&
           g_get_real_time() - container->started_us > RECENT_US;
}

static GPtrArray *
details_argv(const PstContainersData *data)
{
    GPtrArray *argv = g_ptr_array_new();

    g_ptr_array_add(argv, (gpointer) "container");
    g_ptr_array_add(argv, (gpointer) "inspect");
    g_ptr_array_add(argv, (gpointer) "--format");
    g_ptr_array_add(argv, (gpointer)format);
    for (guint i = 0;
         data->containers != NULL && i < data->containers->len && argv->len < MAX_DETAILED; i++) {
        const PstContainersContainer *container = data->containers->pdata[i];
        if (g_str_equal(container->runtime, "podman") && container->id != NULL &&
            strspn(container->id, "0123456789abcdef") == strlen(container->id) &&
            !is_settled(container))
            g_ptr_array_add(argv, container->id);
    }
    return argv;
}

/* One that went away meanwhile has podman fail, and tell of the others all the same. */
static gboolean
read_details(const PstProbeContext *context, PstContainersData *data, GError **error)
{
    g_autoptr(GPtrArray) argv = details_argv(data);
    g_autoptr(GHashTable) logs = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    GHashTableIter iter;
    gpointer container, path;

    if (argv->len == 4)
        return TRUE;
    g_ptr_array_add(argv, NULL);
    g_autoptr(PstProgramResult) result =
        run(context, (const char *const *)argv->pdata, MAX_DETAILS, error);
    if (result == NULL)
        return FALSE;
    pst_containers_podman_parse_details(result->out->str, data, logs);
    g_hash_table_iter_init(&iter, logs);
    while (g_hash_table_iter_next(&iter, &container, &path))
        if (pst_containers_judge_is_troubled(container))
            read_log(context->sysroot, path, container);
    return TRUE;
}

static void
ask(const PstProbeContext *context, PstContainersRuntime *runtime, PstReport *report)
{
    gint64 start_us = g_get_monotonic_time();
    g_autoptr(GError) cause = NULL;

    gboolean done =
        list(context, report->data, &cause) && read_details(context, report->data, &cause);
    runtime->took_ms = (g_get_monotonic_time() - start_us) / 1000;
    if (done)
        runtime->state = g_strdup("answers");
    else
        pst_containers_judge_failure(runtime, cause, report);
}

void
pst_containers_podman_read(const PstProbeContext *context, gboolean passive, PstReport *report)
{
    const PstSysroot *sysroot = context->sysroot;
    PstContainersData *data = report->data;
    const char *program = pst_program_find(sysroot, programs, NULL);

    if (program == NULL || !pst_sysroot_exists(sysroot, STORAGE))
        return;
    PstContainersRuntime *runtime =
        pst_fields_append(&pst_report_containers_runtime_fields, &data->runtimes);
    runtime->name = g_strdup("podman");
    runtime->source = g_strdup(program);
    if (!pst_sysroot_exists(sysroot, ALIVE))
        runtime->state = g_strdup("not-used");
    else if (passive || !pst_sysroot_is_live(sysroot))
        runtime->state = g_strdup("not-asked");
    else
        ask(context, runtime, report);
}
