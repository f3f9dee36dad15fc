// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/memory-groups.h"

#include <string.h>

#include "guest-shim/process-list.h"

#define ROOT "/sys/fs/cgroup"
#define MAX_GROUPS 2000
#define MAX_DEPTH 10
#define MAX_FILE (64 * 1024)
#define SEARCH_MS 2000
#define MANY_TASKS 64
#define OF_MEMORY(file) "memory." file

/* The names of one hierarchy's files; NULL where it has none of that sort. */
typedef struct {
    const char *root;
    const char *tasks, *tasks_max, *tasks_events;
    const char *memory, *memory_max, *memory_stat;
    const char *memory_events[2]; /* the first that is there */
    const char *cache[2];         /* keys in memory_stat of what can be dropped */
} Hierarchy;

static const Hierarchy unified = {
    .root = ROOT,
    .tasks = "pids.current",
    .tasks_max = "pids.max",
    .tasks_events = "pids.events",
    .memory = OF_MEMORY("current"),
    .memory_max = OF_MEMORY("max"),
    .memory_stat = OF_MEMORY("stat"),
    .memory_events = {OF_MEMORY("events.local"), OF_MEMORY("events")},
    .cache = {"active_file ", "inactive_file "},
};
static const Hierarchy legacy[] = {
    {.root = ROOT "/pids",
     .tasks = "pids.current",
     .tasks_max = "pids.max",
     .tasks_events = "pids.events"},
    {.root = ROOT "/memory",
     .memory = OF_MEMORY("usage_in_bytes"),
     .memory_max = OF_MEMORY("limit_in_bytes"),
     .memory_stat = OF_MEMORY("stat"),
     .memory_events = {OF_MEMORY("oom_control")},
     .cache = {"total_active_file ", "total_inactive_file "}},
};

typedef struct {
    const PstSysroot *sysroot;
    const Hierarchy *hierarchy;
    PstMemoryData *data;
    gint64 end_us;
    guint left;
    gboolean cut;
} Search;

/* The number in a file; unknown where there is none, as for "max". */
static gint64
read_number(const Search *search, const char *folder, const char *name)
{
    g_autofree char *path = name != NULL ? g_build_filename(folder, name, NULL) : NULL;
    g_autofree char *text =
        path != NULL ? pst_sysroot_read_line(search->sysroot, path, NULL) : NULL;

    return text != NULL && g_ascii_isdigit(*text) ? g_ascii_strtoll(text, NULL, 10)
                                                  : PST_INT_UNKNOWN;
}

/* The number behind KEY at the beginning of a line. */
static gint64
find_number(const char *text, const char *key)
{
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (g_str_has_prefix(line, key) && g_ascii_isdigit(line[strlen(key)]))
            return g_ascii_strtoll(line + strlen(key), NULL, 10);
    }
    return PST_INT_UNKNOWN;
}

static gint64
read_event(const Search *search, const char *folder, const char *name, const char *key)
{
    g_autofree char *path = name != NULL ? g_build_filename(folder, name, NULL) : NULL;
    g_autofree char *text =
        path != NULL ? pst_sysroot_read(search->sysroot, path, MAX_FILE, NULL, NULL) : NULL;

    return text != NULL ? find_number(text, key) : PST_INT_UNKNOWN;
}

static gint64
read_kept(const Search *search, const char *folder, gint64 bytes)
{
    g_autofree char *path = g_build_filename(folder, search->hierarchy->memory_stat, NULL);
    g_autofree char *text = pst_sysroot_read(search->sysroot, path, MAX_FILE, NULL, NULL);
    gint64 cache = 0;

    for (guint i = 0; text != NULL && i < G_N_ELEMENTS(search->hierarchy->cache); i++)
        cache += MAX(0, find_number(text, search->hierarchy->cache[i]));
    return text != NULL ? MAX(0, bytes - cache) : PST_INT_UNKNOWN;
}

/* No limit is "max" in v2 and a number beyond all memory in v1. */
static void
read_memory(const Search *search, const char *folder, PstMemoryGroup *group)
{
    const Hierarchy *hierarchy = search->hierarchy;
    gint64 max = read_number(search, folder, hierarchy->memory_max);

    for (guint i = 0;
         i < G_N_ELEMENTS(hierarchy->memory_events) && group->oom_kills == PST_INT_UNKNOWN; i++)
        group->oom_kills = read_event(search, folder, hierarchy->memory_events[i], "oom_kill ");
    if (max == PST_INT_UNKNOWN || max > G_MAXINT64 / 2)
        return;
    group->memory_max_bytes = max;
    group->memory_bytes = read_number(search, folder, hierarchy->memory);
    if (group->memory_bytes != PST_INT_UNKNOWN && group->memory_bytes >= max - max / 10)
        group->memory_kept_bytes = read_kept(search, folder, group->memory_bytes);
}

static void
read_tasks(const Search *search, const char *folder, PstMemoryGroup *group)
{
    group->tasks_max = read_number(search, folder, search->hierarchy->tasks_max);
    if (group->tasks_max != PST_INT_UNKNOWN)
        group->tasks = read_number(search, folder, search->hierarchy->tasks);
}

static gboolean
are_tasks_near(const PstMemoryGroup *group)
{
    gint64 max = group->tasks_max, tasks = group->tasks;

    return max != PST_INT_UNKNOWN && tasks != PST_INT_UNKNOWN && max > 0 && max < G_MAXINT32 &&
           tasks >= max - max / 50;
}

/* A small limit is most often meant to be reached: there it takes a refusal. */
gboolean
pst_memory_groups_tasks_used_up(const PstMemoryGroup *group)
{
    return are_tasks_near(group) &&
           (group->tasks_max >= MANY_TASKS ||
            (group->forks_refused != PST_INT_UNKNOWN && group->forks_refused > 0));
}

gboolean
pst_memory_groups_memory_used_up(const PstMemoryGroup *group)
{
    gint64 max = group->memory_max_bytes;

    return max != PST_INT_UNKNOWN && max > 0 && group->memory_kept_bytes != PST_INT_UNKNOWN &&
           group->memory_kept_bytes >= max - max / 33;
}

static void
tell(const Search *search, const char *folder, PstMemoryGroup *group)
{
    const char *path = folder + strlen(search->hierarchy->root);
    gboolean killed = group->oom_kills != PST_INT_UNKNOWN && group->oom_kills > 0;

    if (!killed && !pst_memory_groups_tasks_used_up(group) &&
        !pst_memory_groups_memory_used_up(group)) {
        pst_fields_free(&pst_report_memory_group_fields, group);
        return;
    }
    group->group = g_strdup(*path != '\0' ? path : "/");
    group->unit = pst_process_list_unit_of_group(path);
    PstMemoryGroup *told =
        pst_fields_append(&pst_report_memory_group_fields, &search->data->groups);
    *told = *group;
    g_free(group);
}

typedef void (*Visit)(Search *search, const char *folder, guint depth, gpointer user_data);

static void
visit_below(Search *search, const char *folder, guint depth, Visit visit, gpointer user_data)
{
    g_auto(GStrv) names = pst_sysroot_list_folders(search->sysroot, folder, NULL);

    for (guint i = 0; names != NULL && names[i] != NULL; i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);

        if (search->left == 0 || depth == MAX_DEPTH || g_get_monotonic_time() > search->end_us) {
            search->cut = TRUE;
            return;
        }
        search->left--;
        visit(search, path, depth + 1, user_data);
    }
}

/* Kernels before 6.11 count a refused fork where it was tried, later ones where the limit is and
 * above. */
static void
add_refused(Search *search, const char *folder, guint depth, gpointer user_data)
{
    gint64 n = read_event(search, folder, search->hierarchy->tasks_events, "max ");
    gint64 *refused = user_data;

    if (n != PST_INT_UNKNOWN && n < G_MAXINT32)
        *refused = MAX(*refused, n);
    visit_below(search, folder, depth, add_refused, refused);
}

static void
look_at_group(Search *search, const char *folder, guint depth, gpointer user_data G_GNUC_UNUSED)
{
    PstMemoryGroup *group = pst_fields_new(&pst_report_memory_group_fields);

    if (search->hierarchy->tasks != NULL)
        read_tasks(search, folder, group);
    if (are_tasks_near(group))
        add_refused(search, folder, depth, &group->forks_refused);
    if (search->hierarchy->memory != NULL)
        read_memory(search, folder, group);
    tell(search, folder, group);
    visit_below(search, folder, depth, look_at_group, NULL);
}

static gboolean
search_hierarchy(const PstProbeContext *context, const Hierarchy *hierarchy, PstMemoryData *data)
{
    Search search = {
        .sysroot = context->sysroot,
        .hierarchy = hierarchy,
        .data = data,
        .end_us = g_get_monotonic_time() + pst_probe_time_left_ms(context, SEARCH_MS) * 1000,
        .left = MAX_GROUPS,
    };

    look_at_group(&search, hierarchy->root, 0, NULL);
    return search.cut;
}

gboolean
pst_memory_groups_read(const PstProbeContext *context, PstMemoryData *data)
{
    gboolean cut = FALSE;

    if (pst_sysroot_exists(context->sysroot, ROOT "/cgroup.controllers"))
        return search_hierarchy(context, &unified, data);
    for (guint i = 0; i < G_N_ELEMENTS(legacy); i++)
        if (pst_sysroot_exists(context->sysroot, legacy[i].root))
            cut |= search_hierarchy(context, &legacy[i], data);
    return cut;
}
