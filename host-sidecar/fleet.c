// SPDX-License-Identifier: LGPL-2.1-or-later
#include "host-sidecar/fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host-sidecar/remote.h"
#include "host-sidecar/task.h"
#include "protocol/error.h"

#define MAX_FILE_KIB 64
#define MAX_FILE (MAX_FILE_KIB * 1024)
/* The last words of those that end at the deadline. */
#define GRACE_US (G_USEC_PER_SEC)

/* ---- who they are ---- */

static gboolean
add_host(GPtrArray *hosts, const char *path, guint line, const char *host, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *why = NULL;

    if (!pst_remote_check_host(host, &cause))
        why = "say a host, as ssh knows it";
    else if (hosts->len == PST_FLEET_MAX_HOSTS)
        why = "there are more than " G_STRINGIFY(PST_FLEET_MAX_HOSTS) " hosts";
    for (guint i = 0; why == NULL && i < hosts->len; i++)
        if (g_str_equal(hosts->pdata[i], host))
            why = "this host is named twice";
    if (why == NULL) {
        g_ptr_array_add(hosts, g_strdup(host));
        return TRUE;
    }
    g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "--fleet %s, line %u: '%.64s': %s", path, line,
                host, why);
    return FALSE;
}

static gboolean
refuse_file(GError **error, const char *why)
{
    g_set_error_literal(error, PST_ERROR, PST_ERROR_USAGE, why);
    return FALSE;
}

/* The whole of it, as text. */
static gboolean
read_text(int fd, char *text, GError **error)
{
    struct stat status;
    gsize len = 0;

    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
        return refuse_file(error, "it is no regular file");
    while (len <= MAX_FILE) {
        gssize n = read(fd, text + len, MAX_FILE + 1 - len);

        if (n < 0 && errno != EINTR)
            return refuse_file(error, g_strerror(errno));
        if (n == 0)
            break;
        len += n > 0 ? (gsize)n : 0;
    }
    if (len > MAX_FILE)
        return refuse_file(error, "it is larger than " G_STRINGIFY(MAX_FILE_KIB) " KiB");
    text[len] = '\0';
    return strlen(text) == len || refuse_file(error, "it is no text");
}

static char *
read_file(const char *path, GError **error)
{
    g_autofree char *text = g_malloc(MAX_FILE + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        refuse_file(error, g_strerror(errno));
        return NULL;
    }
    gboolean read = read_text(fd, text, error);
    close(fd);
    return read ? g_steal_pointer(&text) : NULL;
}

char **
pst_fleet_read_hosts(const char *path, GError **error)
{
    g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = read_file(path, &cause);

    if (text == NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "--fleet %s: %s", path, cause->message);
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        char *comment = strchr(lines[i], '#');

        if (comment != NULL)
            *comment = '\0';
        if (*g_strstrip(lines[i]) != '\0' && !add_host(hosts, path, i + 1, lines[i], error))
            return NULL;
    }
    if (hosts->len == 0) {
        g_set_error(error, PST_ERROR, PST_ERROR_USAGE, "--fleet %s: it names no host", path);
        return NULL;
    }
    g_ptr_array_add(hosts, NULL);
    return (char **)g_ptr_array_steal(hosts, NULL);
}

/* ---- the sweep ---- */

/* Shared with threads that may come back after everybody else has gone. */
typedef struct {
    gint references;
    GMutex lock;
    GCond one_ended;
    guint n_open;
    PstFleetAsk ask;
    gint64 begun_us, deadline_us;
    guint n;
    PstFleetHost *hosts[];
} Sweep;

typedef struct {
    Sweep *sweep;
    guint place;
    char *host;
} Part;

static void
free_host(gpointer data)
{
    PstFleetHost *host = data;

    g_clear_pointer(&host->health, pst_health_free);
    g_clear_error(&host->error);
    g_free(host->host);
    g_free(host);
}

static void
release(Sweep *sweep)
{
    if (!g_atomic_int_dec_and_test(&sweep->references))
        return;
    for (guint i = 0; i < sweep->n; i++)
        g_clear_pointer(&sweep->hosts[i], free_host);
    g_mutex_clear(&sweep->lock);
    g_cond_clear(&sweep->one_ended);
    g_free(sweep);
}

static void
free_part(gpointer data)
{
    Part *part = data;

    release(part->sweep);
    g_free(part->host);
    g_free(part);
}

/* Who comes too late finds the place taken. Takes HEALTH and CAUSE over. */
static void
note(Sweep *sweep, guint place, const char *name, PstHealth *health, GError *cause)
{
    PstFleetHost *host = g_new0(PstFleetHost, 1);

    host->host = g_strdup(name);
    host->health = health;
    host->error = cause;
    host->status = health != NULL ? health->status : PST_STATUS_UNKNOWN;
    host->took_ms = (g_get_monotonic_time() - sweep->begun_us) / 1000;
    g_mutex_lock(&sweep->lock);
    if (sweep->hosts[place] == NULL) {
        sweep->hosts[place] = g_steal_pointer(&host);
        sweep->n_open--;
        g_cond_signal(&sweep->one_ended);
    }
    g_mutex_unlock(&sweep->lock);
    g_clear_pointer(&host, free_host);
}

static gpointer
ask_one(gpointer data, GError **unused G_GNUC_UNUSED)
{
    const Part *part = data;
    Sweep *sweep = part->sweep;
    GError *cause = NULL;
    PstHealth *health = sweep->ask(part->host, sweep->deadline_us, &cause);

    note(sweep, part->place, part->host, health, cause);
    return NULL;
}

static void
begin(Sweep *sweep, guint place, const char *host)
{
    Part *part = g_new0(Part, 1);
    GError *cause = NULL;

    g_atomic_int_inc(&sweep->references);
    *part = (Part){sweep, place, g_strdup(host)};
    if (!pst_task_start(ask_one, part, free_part, "host", &cause))
        note(sweep, place, host, NULL, cause);
}

static gint
worst_first(gconstpointer a, gconstpointer b)
{
    const PstFleetHost *one = *(PstFleetHost *const *)a, *other = *(PstFleetHost *const *)b;

    if (one->status != other->status)
        return other->status - one->status;
    return strcmp(one->host, other->host);
}

/* Hands the hosts over; of those still out it is said. */
static PstFleet *
gather(Sweep *sweep, char *const *names)
{
    PstFleet *fleet = g_new0(PstFleet, 1);

    fleet->hosts = g_ptr_array_new_with_free_func(free_host);
    for (guint i = 0; i < sweep->n; i++)
        note(sweep, i, names[i], NULL,
             g_error_new(PST_ERROR, PST_ERROR_DEADLINE, "%s: no answer in time", names[i]));
    g_mutex_lock(&sweep->lock);
    for (guint i = 0; i < sweep->n; i++) {
        PstFleetHost *host = sweep->hosts[i];

        /* The place stays taken. */
        sweep->hosts[i] = g_new0(PstFleetHost, 1);
        fleet->status = MAX(fleet->status, host->status);
        g_ptr_array_add(fleet->hosts, host);
    }
    g_mutex_unlock(&sweep->lock);
    g_ptr_array_sort(fleet->hosts, worst_first);
    fleet->took_ms = (g_get_monotonic_time() - sweep->begun_us) / 1000;
    return fleet;
}

PstFleet *
pst_fleet_sweep(char *const *hosts, PstFleetAsk ask, gint64 deadline_us)
{
    guint n = g_strv_length((char **)hosts);
    Sweep *sweep = g_malloc0(sizeof(Sweep) + n * sizeof(PstFleetHost *));

    sweep->references = 1;
    g_mutex_init(&sweep->lock);
    g_cond_init(&sweep->one_ended);
    sweep->n = sweep->n_open = n;
    sweep->ask = ask;
    sweep->begun_us = g_get_monotonic_time();
    sweep->deadline_us = deadline_us;
    for (guint i = 0; i < n; i++)
        begin(sweep, i, hosts[i]);
    g_mutex_lock(&sweep->lock);
    while (sweep->n_open > 0 &&
           g_cond_wait_until(&sweep->one_ended, &sweep->lock, deadline_us + GRACE_US))
        continue;
    g_mutex_unlock(&sweep->lock);
    PstFleet *fleet = gather(sweep, hosts);
    release(sweep);
    return fleet;
}

void
pst_fleet_free(PstFleet *fleet)
{
    g_ptr_array_unref(fleet->hosts);
    g_free(fleet);
}

/* ---- what is in it ---- */

guint
pst_fleet_count_hosts(const PstFleet *fleet, PstStatus status)
{
    guint n = 0;

    for (guint i = 0; i < fleet->hosts->len; i++)
        n += ((PstFleetHost *)fleet->hosts->pdata[i])->status == (int)status;
    return n;
}

guint
pst_fleet_count_domains(const PstFleet *fleet, PstStatus status)
{
    guint n = 0;

    for (guint i = 0; i < fleet->hosts->len; i++) {
        const PstFleetHost *host = fleet->hosts->pdata[i];
        n += host->health != NULL ? pst_health_count(host->health, status) : 0;
    }
    return n;
}

guint
pst_fleet_count_unseen(const PstFleet *fleet)
{
    guint n = 0;

    for (guint i = 0; i < fleet->hosts->len; i++)
        n += ((PstFleetHost *)fleet->hosts->pdata[i])->health == NULL;
    return n;
}

gboolean
pst_fleet_has_news(const PstFleet *fleet)
{
    for (guint i = 0; i < fleet->hosts->len; i++) {
        const PstFleetHost *host = fleet->hosts->pdata[i];
        if (host->health == NULL || pst_health_has_news(host->health))
            return TRUE;
    }
    return FALSE;
}
